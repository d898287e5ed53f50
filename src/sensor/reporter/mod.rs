//! What of what was seen is reported, and in what form.
//!
//! Every record goes through here, on the thread that reads packets and before any queue: the rules say whether it is of
//! interest, the rate limit whether it is told by itself, and privacy what of it may leave. What is counted over all
//! transactions, told by itself or not, is counted here, too.
//!
//! - [`admission`]: whether an exchange is reported
//! - [`annotating`]: what is said of one beyond its messages
//! - [`rewrite`]: its text without what may not leave
//! - [`findings`]: what comes of many: endpoints, sites, metrics
//! - [`settings`]: what the user decides

pub mod admission;
mod annotating;
mod findings;
mod rewrite;
pub mod settings;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use self::findings::Findings;
use self::rewrite::Rewriting;
pub use self::settings::Settings;
use super::egress::Flow;
use super::exchanges::{Fate, Pending};
use super::policy::{Policy, Verdict};
use super::privacy::{Location, Privacy};
use super::rate::{ByteBudget, Governor, Level, Limiter, RateLimit};
use super::routes::{RouteLimits, Routes};
use super::trace_context::{TraceContexts, headers};
use super::vantage::Home;
use crate::export::Exports;
use crate::export::monitor::Report;
use crate::flow::Key;
use crate::packet::Timestamp;
use crate::record::{
    Annotations, Connection, Content, DnsAnswer, DropStage, Exchange, PrivacyLevel, SpanContext, TlsHandshake, Vantage,
    WebSocketSession,
};

/// What an exchange takes when it leaves, in bytes, without its own text.
const RECORD_BYTES: u64 = 512;
/// DNS answers, TLS handshakes and WebSocket sessions that are told in a minute, if transactions have a limit, too.
const EVENTS_PER_MINUTE: u64 = 600;
/// The status of a call whose procedure the server does not know: a 404 in all but name.
const GRPC_UNIMPLEMENTED: u32 = 12;

/// Takes what readers find, and hands on what may leave.
pub struct Reporter {
    exports: Exports,
    home: Home,
    policy: Policy,
    routes: Routes,
    limiter: Limiter,
    bytes: Option<ByteBudget>,
    /// DNS answers, TLS handshakes and WebSocket sessions a minute.
    events: Option<ByteBudget>,
    privacy: Privacy,
    contexts: TraceContexts,
    findings: Findings,
    rewriting: Rewriting,
    /// What may leave of the host of an exchange.
    host: Vec<u8>,
    annotations: Annotations,
    /// Bytes of a body that are looked at.
    content: u32,
    governor: Option<Governor>,
    level: Level,
    /// Whether anybody is shown the ids of exchanges.
    ids: bool,
    counts: ReporterCounts,
}

/// What became of records that are no exchanges, and of parts of exchanges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReporterCounts {
    /// DNS answers, TLS handshakes and WebSocket sessions that the rules leave out.
    pub unwanted_events: u64,
    /// Those that were more than are told in a minute.
    pub limited_events: u64,
    /// Bodies that were left out because the bytes of the minute were used up.
    pub limited_bodies: u64,
}

impl ReporterCounts {
    fn describe(&self, report: &mut Report) {
        let causes = [("rule", self.unwanted_events), ("rate", self.limited_events)];
        report
            .counter("sidetap_left_out_events", "TLS handshakes, DNS answers and WebSocket sessions that are not told")
            .by("cause", causes);
        report
            .counter(
                "sidetap_left_out_bodies",
                "Transactions told without their bodies, to keep to the bytes of a minute",
            )
            .is(self.limited_bodies);
    }
}

impl Default for Reporter {
    fn default() -> Self {
        Reporter::new(Settings::default(), Exports::default())
    }
}

impl From<Exports> for Reporter {
    fn from(exports: Exports) -> Self {
        Reporter::new(Settings::default(), exports)
    }
}

impl Reporter {
    /// Reports to these as the settings say.
    pub fn new(settings: Settings, exports: Exports) -> Self {
        let Settings { policy, rate_limit, privacy, home, content, .. } = settings;
        let is_limited = rate_limit != RateLimit::Unlimited;
        Reporter {
            ids: exports.want_ids(),
            exports,
            home,
            policy,
            routes: Routes::new(
                RouteLimits { bytes: settings.findings_bytes / 4, ..RouteLimits::default() },
                settings.patterns,
            )
            .with_detector(Privacy::finds_in),
            limiter: Limiter::new(rate_limit),
            bytes: settings.bytes_per_minute.map(ByteBudget::per_minute),
            events: is_limited.then(|| ByteBudget::per_minute(EVENTS_PER_MINUTE)),
            privacy,
            contexts: TraceContexts::new(settings.trace_context),
            findings: Findings::new(settings.schemas, settings.findings_bytes / 2),
            rewriting: Rewriting::default(),
            host: Vec::new(),
            annotations: Annotations::default(),
            content,
            governor: settings.cpu_limit.map(Governor::new),
            level: Level::Normal,
            counts: ReporterCounts::default(),
        }
    }

    /// Where records go.
    pub fn exports(&mut self) -> &mut Exports {
        &mut self.exports
    }

    /// What became of records that are no exchanges, and of parts of exchanges.
    pub fn counts(&self) -> ReporterCounts {
        self.counts
    }

    /// An exchange is over.
    pub fn exchange(&mut self, connection: Connection, pending: &mut Pending) -> Fate {
        let admitted = match self.decided(&connection, pending) {
            Ok(admitted) => admitted,
            Err(stage) => return Fate::Dropped(stage),
        };
        let vantage = self.home.vantage(&connection);
        let exchange = &pending.exchange;
        let now = Timestamp::from_nanos(exchange.start_unix_nanos().saturating_add(exchange.duration_nanos()));
        let client = pending.forwarded_for.unwrap_or(connection.client.address);
        self.learn(&connection, vantage, exchange, client);
        let endpoint = self.endpoint(&connection, vantage, exchange);
        self.host.clear();
        self.privacy.text(Location::Host, exchange.get(exchange.host), &mut self.host);
        let route = &self.annotations.route.template;
        self.findings.count(&connection, vantage, exchange, &self.host, route);
        if self.ids {
            self.annotate_trace(&connection, vantage, pending);
        }
        let exchange = &pending.exchange;
        let sampling = match self.finish(admitted, endpoint, exchange, now) {
            Ok(sampling) => sampling,
            Err(stage) => return Fate::Dropped(stage),
        };
        self.annotations.vantage = vantage;
        self.annotations.sampling = sampling;
        self.annotations.auth = pending.auth;
        if self.exports.is_empty() {
            self.findings.observe(&connection, &pending.exchange, &self.host, &self.annotations, &mut self.privacy);
            return Fate::Emitted;
        }
        self.annotate_bodies(&pending.exchange);
        if !self.has_bytes(&pending.exchange, now) {
            return Fate::Dropped(DropStage::RateBytes);
        }
        self.findings.observe(&connection, &pending.exchange, &self.host, &self.annotations, &mut self.privacy);
        let Annotations { route, surrogate_target, .. } = &mut self.annotations;
        self.rewriting.rewrite(&mut pending.exchange, &self.host, route, surrogate_target, &mut self.privacy);
        self.exports.tell(connection, Content::Exchange(&pending.exchange, &self.annotations));
        Fate::Emitted
    }

    /// A TLS handshake is over. Returns what may be shown of the name that the client asked for, whether or not the
    /// handshake is told.
    pub fn tls(&mut self, connection: Connection, mut handshake: TlsHandshake) -> Option<String> {
        let name = handshake.server_name.as_deref().unwrap_or_default();
        let is_wanted = self.is_wanted(&connection, name.as_bytes(), handshake.time_unix_nanos);
        if let Some(name) = &mut handshake.server_name {
            self.scrub(Location::ServerName, name);
        }
        for protocol in handshake.offered_protocols.iter_mut().chain(&mut handshake.next_protocol) {
            self.scrub(Location::ServerName, protocol);
        }
        // Sites are known by handshakes that nobody is told of, too.
        if self.is_outgoing(&connection) {
            self.findings.egress.tls(&connection, &handshake);
        }
        if is_wanted {
            self.exports.tell(connection, Content::Tls(&handshake));
        }
        handshake.server_name
    }

    /// A DNS response came.
    pub fn dns(&mut self, connection: Connection, answer: &DnsAnswer) {
        self.findings.metrics.dns(answer);
        let is_wanted = self.is_wanted(&connection, answer.question.as_bytes(), answer.time_unix_nanos);
        let mut answer = answer.clone();
        self.scrub(Location::ServerName, &mut answer.question);
        for data in &mut answer.answers {
            self.scrub(Location::ServerName, data);
        }
        // Names are known by answers that nobody is told of, too.
        self.findings.egress.dns(&connection, &answer);
        if !is_wanted {
            return;
        }
        self.exports.tell(connection, Content::Dns(&answer));
    }

    /// A WebSocket session is over.
    pub fn web_socket(&mut self, connection: Connection, session: &WebSocketSession) {
        if !self.is_wanted(&connection, session.host.as_bytes(), session.end_unix_nanos) {
            return;
        }
        let mut session = session.clone();
        self.scrub(Location::Host, &mut session.host);
        self.exports.tell(connection, Content::WebSocket(&session));
    }

    /// A TCP connection is over, or not followed any longer.
    pub fn flow(&mut self, connection: &Connection, flow: &Flow) {
        if self.is_outgoing(connection) {
            self.findings.egress.flow(connection, flow);
        }
    }

    /// Whether a connection is read at all: a few are, where too much CPU was used. The same ones everywhere.
    #[inline]
    pub fn reads(&self, key: &Key) -> bool {
        self.level == Level::Normal || {
            let mut hasher = DefaultHasher::new();
            Hash::hash(key, &mut hasher);
            self.level.keeps_flow(hasher.finish())
        }
    }

    /// Takes into account how much CPU was used, in the unit of what may be used; how much is given up for it.
    pub fn observe_cpu(&mut self, used: f64, now: Timestamp) -> Level {
        let Some(governor) = &mut self.governor else { return Level::Normal };
        let level = governor.observe(used, now);
        if level != self.level {
            self.level = level;
            self.limiter.set_level(level);
        }
        level
    }

    /// What may be taken of a head.
    pub fn privacy(&self) -> &Privacy {
        &self.privacy
    }

    /// The trace that a request names, if anybody wants to know.
    pub fn context<'a>(&self, fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<SpanContext> {
        if self.ids { headers::read(fields) } else { None }
    }

    /// Ends the privacy level `full` when its time is over, by the clock on the wall.
    pub fn expire(&mut self, now: Timestamp) {
        self.privacy.expire(now.nanos());
    }

    /// Time has passed, that of packets: what was found out meanwhile is handed on.
    pub fn tick(&mut self, now: Timestamp) {
        self.findings.tell(now, self.privacy.level(), &mut self.exports);
    }

    /// There is nothing more to come.
    pub fn finish_findings(&mut self, now: Timestamp) {
        if !self.exports.readers_are_gone() {
            self.findings.tell_rest(now, self.privacy.level(), &mut self.exports);
        }
    }

    /// What was found out over all connections.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Adds what is counted over all transactions, told one by one or not.
    pub fn describe(&self, report: &mut Report) {
        self.findings.describe(report);
        self.contexts.counts().describe(report);
        self.counts.describe(report);
        self.describe_limits(report);
        report
            .gauge(
                "sidetap_governor_level",
                "How much is given up to use less CPU: 1 bodies, 2 half of the rate, 3 flows",
            )
            .is(self.level.number().into());
        for (rule, location, redactions) in self.privacy.counts().redactions() {
            report
                .counter("sidetap_redactions", "Values in which something personal or secret was found")
                .of(&[("rule", rule.name()), ("location", location.name())], redactions);
        }
        for (reason, messages) in self.privacy.counts().fail_closed() {
            report
                .counter("sidetap_left_out_contents", "Values that were left out because they could not be judged")
                .of(&[("reason", reason.name())], messages);
        }
    }

    fn describe_limits(&self, report: &mut Report) {
        let routes = self.routes.counts();
        report.gauge("sidetap_routes", "Path templates that are known").is(routes.templates as u64);
        report
            .counter("sidetap_routes_overflowed", "Paths shown as `/_overflow`, as there are too many templates")
            .is(routes.overflowed);
        report
            .counter("sidetap_routes_refused", "Transactions that no route was learned from, for lack of room")
            .is(routes.refused);
        report
            .counter("sidetap_rate_overflowed", "Transactions whose endpoint shared its rate, as there are too many")
            .is(self.limiter.counts().overflowed);
    }

    /// Whether it leads from here to somebody else, and is not our own.
    fn is_outgoing(&self, connection: &Connection) -> bool {
        self.policy.judge_connection(connection) == Verdict::Wanted && self.home.vantage(connection) == Vantage::Client
    }

    /// Takes an exchange as evidence of its route. The client is who asked: load balancers do for many.
    fn learn(&mut self, connection: &Connection, vantage: Vantage, exchange: &Exchange, client: IpAddr) {
        let port = connection.server.port.to_be_bytes();
        let service = admission::service(&port, vantage, exchange);
        let rpc = exchange.more.as_deref().and_then(|more| more.rpc.as_ref());
        let is_unknown = rpc.is_some_and(|rpc| rpc.status == Some(GRPC_UNIMPLEMENTED));
        let status = if is_unknown { Some(404) } else { exchange.status };
        self.routes.learn(service, exchange.get(exchange.path), client, status);
    }

    fn looks_at_content(&self) -> bool {
        self.level.keeps_bodies() && (self.privacy.level() >= PrivacyLevel::Schema || self.findings.keeps_schemas())
    }

    /// Whether the exchange may leave, with its bodies or at least without them.
    fn has_bytes(&mut self, exchange: &Exchange, now: Timestamp) -> bool {
        let Some(budget) = &mut self.bytes else { return true };
        let bare = RECORD_BYTES + exchange.text.len() as u64;
        let Annotations { request_body, response_body, .. } = &mut self.annotations;
        let bodies: u64 =
            [&*request_body, &*response_body].into_iter().flatten().map(|body| body.text.len() as u64).sum();
        if bodies > 0 {
            if budget.take(bare + bodies, now) {
                return true;
            }
            self.counts.limited_bodies += 1;
            (*request_body, *response_body) = (None, None);
        }
        budget.take(bare, now)
    }

    /// Whether something that is no exchange is told.
    fn is_wanted(&mut self, connection: &Connection, host: &[u8], time_unix_nanos: u64) -> bool {
        if let Verdict::Unwanted(_) = self.policy.judge_host(connection, host) {
            self.counts.unwanted_events += 1;
            return false;
        }
        let has_room = self.events.as_mut().is_none_or(|events| events.take(1, Timestamp::from_nanos(time_unix_nanos)));
        self.counts.limited_events += u64::from(!has_room);
        has_room
    }

    /// Takes out of a text what may not leave.
    fn scrub(&mut self, location: Location, text: &mut String) {
        let mut out = Vec::with_capacity(text.len());
        self.privacy.text(location, text.as_bytes(), &mut out);
        if out != text.as_bytes() {
            *text = String::from_utf8_lossy(&out).into_owned();
        }
    }
}

#[cfg(test)]
mod tests;
