//! From flags to what is reported.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;

use super::super::context::Context;
use super::SensorArgs;
use crate::export::own_sockets::OwnSockets;
use crate::record::{Connection, PrivacyLevel};
use crate::sensor::Budget;
use crate::sensor::policy::Policy;
use crate::sensor::privacy::acknowledgement::AFTER_FULL;
use crate::sensor::privacy::{FullAcknowledgement, FullRefused, Privacy};
use crate::sensor::rate::RateLimit;
use crate::sensor::reporter::Settings;
use crate::sensor::routes::Patterns;
use crate::sensor::vantage::Home;

/// What is reported by a command whose usual limit this is. `own` are the connections that its exports make.
pub fn settings(
    args: &SensorArgs,
    (usual, budget): (RateLimit, &Budget),
    home: Home,
    own: &Arc<OwnSockets>,
    cx: &Context,
) -> anyhow::Result<Settings> {
    let report = &args.report;
    let rate_limit = report.rate_limit(usual);
    let own = Arc::clone(own);
    let is_own = move |connection: &Connection| {
        let [client, server] = [connection.client, connection.server].map(|end| (end.address, end.port).into());
        own.contains(client, server)
    };
    Ok(Settings {
        policy: Policy::new(args.rules()?).without(Box::new(is_own)),
        rate_limit,
        bytes_per_minute: report.bytes_per_minute(rate_limit),
        privacy: privacy(args, cx)?,
        patterns: Patterns::parse(&report.route)?,
        trace_context: report.trace_context,
        home,
        findings_bytes: budget.findings_bytes,
        content: report.content(),
        cpu_limit: report.cpu_limit,
        schemas: report.openapi.is_some(),
    })
}

/// How much leaves. Where secrets are not found that were made for this, no value does.
fn privacy(args: &SensorArgs, cx: &Context) -> anyhow::Result<Privacy> {
    let report = &args.report;
    let now = nanos(SystemTime::now());
    let expires = report.privacy_expires.map(|time| nanos(time.into()));
    let asked = FullAcknowledgement::check(report.privacy_level, report.privacy_acknowledge.as_deref(), expires, now);
    let level = match asked {
        // A task that is started again goes on as one that was not.
        Err(FullRefused::Over { .. }) => {
            cx.printer.note("the time of the privacy level `full` is over: it is `redacted`");
            AFTER_FULL
        }
        asked => asked?,
    };
    let level = match Privacy::canary() {
        Ok(()) => level,
        Err(failure) => {
            cx.printer.note(&format!("the privacy level is `metadata`: {failure}"));
            PrivacyLevel::Metadata
        }
    };
    if level == PrivacyLevel::Full {
        let ticket = report.privacy_acknowledge.as_deref().unwrap_or_default();
        let until = report.privacy_expires.context("`full` has an end")?;
        cx.printer.note(&format!("all but credentials leaves until {until}, for {ticket}"));
    }
    let names = report.allow_header.iter().map(String::as_str);
    Ok(Privacy::new(level).with_headers(names).with_full_until(expires.unwrap_or(u64::MAX)))
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
