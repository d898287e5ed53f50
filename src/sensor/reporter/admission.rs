//! Whether an exchange is reported: decided at the end of its request's head, so that the content of what is not reported
//! is not kept; what was refused there gets a second chance at its end.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::Reporter;
use super::findings::field;
use crate::packet::Timestamp;
use crate::record::{Completeness, Connection, DropStage, Exchange, Sampling, Span, Vantage};
use crate::sensor::exchanges::Pending;
use crate::sensor::policy::{Cause, Verdict, hands_out_secrets};
use crate::sensor::rate::{Refusal, Share};
use crate::sensor::trace_context;

/// What was decided so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Admission {
    /// Nobody has asked.
    #[default]
    Undecided,
    /// It is not of interest.
    Unwanted(DropStage),
    /// What its endpoint's share says.
    Shared { share: Share, endpoint: u64 },
}

impl From<Result<(Share, u64), DropStage>> for Admission {
    fn from(decided: Result<(Share, u64), DropStage>) -> Self {
        match decided {
            Ok((share, endpoint)) => Admission::Shared { share, endpoint },
            Err(stage) => Admission::Unwanted(stage),
        }
    }
}

impl Reporter {
    /// The head of a request was read.
    pub fn begin(&mut self, connection: &Connection, pending: &mut Pending) {
        match pending.admission {
            Admission::Undecided => pending.admission = self.admit(connection, pending).into(),
            // Its response came first. Only now is it known whom it was for.
            Admission::Shared { .. } => {
                let exchange = &pending.exchange;
                let verdict = self.policy.judge(connection, exchange.get(exchange.host), exchange.get(exchange.path));
                if let Verdict::Unwanted(cause) = verdict {
                    self.limiter.abandon();
                    pending.admission = Admission::Unwanted(stage(cause));
                }
            }
            Admission::Unwanted(_) => {}
        }
        let Admission::Shared { share: Share::Kept(_), .. } = pending.admission else { return };
        pending.room[0] = self.content_wanted(&pending.exchange, pending.exchange.request_fields);
    }

    /// The head of a response was read.
    pub fn begin_response(&mut self, connection: &Connection, pending: &mut Pending) {
        if pending.admission == Admission::Undecided {
            pending.admission = self.admit(connection, pending).into();
        }
        let Admission::Shared { share: Share::Kept(_), .. } = pending.admission else { return };
        pending.room[1] = self.content_wanted(&pending.exchange, pending.exchange.response_fields);
    }

    /// What was decided of an exchange, now if not before.
    pub(super) fn decided(&mut self, connection: &Connection, pending: &Pending) -> Result<(Share, u64), DropStage> {
        match pending.admission {
            Admission::Undecided => self.admit(connection, pending),
            Admission::Unwanted(stage) => Err(stage),
            Admission::Shared { share, endpoint } => Ok((share, endpoint)),
        }
    }

    /// What its endpoint's share says, unless it is not of interest.
    fn admit(&mut self, connection: &Connection, pending: &Pending) -> Result<(Share, u64), DropStage> {
        let exchange = &pending.exchange;
        if let Verdict::Unwanted(cause) =
            self.policy.judge(connection, exchange.get(exchange.host), exchange.get(exchange.path))
        {
            return Err(stage(cause));
        }
        let vantage = self.home.vantage(connection);
        let now = Timestamp::from_nanos(exchange.start_unix_nanos());
        let (endpoint, random) = match self.limiter.is_limited() {
            true => (self.endpoint(connection, vantage, exchange), self.random(connection, vantage, pending)),
            false => (0, 0),
        };
        Ok((self.limiter.begin(endpoint, is_health_check(exchange), random, now), endpoint))
    }

    /// What the limiter says at the end of an exchange of this endpoint.
    pub(super) fn finish(
        &mut self,
        (share, begun): (Share, u64),
        endpoint: u64,
        exchange: &Exchange,
        now: Timestamp,
    ) -> Result<Sampling, DropStage> {
        let endpoint = if self.limiter.is_limited() { begun } else { endpoint };
        self.limiter.end(share, kind(endpoint, exchange), has_failed(exchange), now).map_err(|refusal| match refusal {
            Refusal::Guard => DropStage::RateGuard,
            Refusal::Fair | Refusal::Off => DropStage::RateFair,
        })
    }

    /// A hash of what makes an endpoint. Leaves its template in the annotations.
    pub(super) fn endpoint(&mut self, connection: &Connection, vantage: Vantage, exchange: &Exchange) -> u64 {
        let port = connection.server.port.to_be_bytes();
        let service = service(&port, vantage, exchange);
        let route = &mut self.annotations.route;
        route.source = self.routes.template(
            service,
            exchange.get(exchange.path),
            &mut route.template,
            &mut self.annotations.surrogate_target,
        );
        let mut hasher = DefaultHasher::new();
        (service, vantage, exchange.get(exchange.method), &route.template).hash(&mut hasher);
        hasher.finish()
    }

    /// The randomness that consistent sampling uses: of the ids that the exchange has by itself.
    pub(super) fn random(&self, connection: &Connection, vantage: Vantage, pending: &Pending) -> u64 {
        let (trace_id, _) = self.own_ids(connection, vantage, pending);
        trace_context::randomness(&trace_id)
    }

    /// Bytes of a message's content that are worth keeping.
    fn content_wanted(&self, exchange: &Exchange, fields: Span) -> u32 {
        if !self.looks_at_content() || hands_out_secrets(exchange.get(exchange.host)) {
            return 0;
        }
        let media_type = exchange.text.fields(fields).find(|(name, _)| *name == b"content-type");
        match media_type {
            Some((_, value)) if self.privacy.reads(value) => self.content,
            _ => 0,
        }
    }
}

/// Whose paths are templates of one another: of the server's port if the server is here, of the host that is asked for
/// elsewhere. The host of a request to a server here is anybody's word.
pub(super) fn service<'a>(port: &'a [u8; 2], vantage: Vantage, exchange: &'a Exchange) -> &'a [u8] {
    match vantage {
        Vantage::Client => exchange.get(exchange.host),
        Vantage::Server | Vantage::Both => port,
    }
}

fn stage(cause: Cause) -> DropStage {
    match cause {
        Cause::Own => DropStage::Own,
        Cause::Credentials | Cause::InstanceMetadata => DropStage::Credentials,
        Cause::HostExcluded | Cause::PathExcluded | Cause::HostNotAllowed | Cause::PathNotAllowed => DropStage::Rule,
    }
}

/// A hash of what a transaction is like: its endpoint, the class of its status, and the media type of its request. The
/// parameters of a media type do not count: the boundary of a form is another one in every request.
pub(super) fn kind(endpoint: u64, exchange: &Exchange) -> u64 {
    let content_type = field(exchange, exchange.request_fields, b"content-type");
    let media_type = content_type.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
    let mut hasher = DefaultHasher::new();
    (endpoint, exchange.status.unwrap_or_default() / 100).hash(&mut hasher);
    media_type.iter().for_each(|byte| byte.to_ascii_lowercase().hash(&mut hasher));
    hasher.finish()
}

/// The server could not, or nobody knows how it went.
fn has_failed(exchange: &Exchange) -> bool {
    let more = exchange.more.as_ref();
    exchange.status.is_some_and(|status| status >= 500)
        || exchange.completeness != Completeness::Complete
        || more.is_some_and(|more| more.reset_code.is_some())
        || more.and_then(|more| more.rpc.as_ref()).is_some_and(|rpc| rpc.status.is_some_and(|status| status != 0))
}

/// Whether somebody only asks whether the server is well, as load balancers and orchestrators do all the time.
fn is_health_check(exchange: &Exchange) -> bool {
    const PATHS: [&[u8]; 14] = [
        b"/health",
        b"/healthz",
        b"/healthcheck",
        b"/health-check",
        b"/ready",
        b"/readyz",
        b"/live",
        b"/livez",
        b"/ping",
        b"/-/healthy",
        b"/-/ready",
        b"/status/health",
        b"/actuator/health",
        b"/elb-status",
    ];
    const AGENTS: [&[u8]; 4] = [b"ELB-HealthChecker", b"kube-probe", b"Amazon-Route53-Health-Check", b"GoogleHC"];
    let (path, agent) = (exchange.get(exchange.path), exchange.get(exchange.user_agent));
    let below = |known: &[u8]| path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"));
    PATHS.into_iter().any(below) || AGENTS.iter().any(|known| agent.starts_with(known))
}
