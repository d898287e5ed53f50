//! Whether the service has a tracer of its own.
//!
//! Between the request that comes in and those that it leads to, a tracer puts its own span: those that go out have the
//! trace id of the one that came in, and another parent. Who only forwards the fields repeats the parent as it is.
//!
//! Requests are told of when they end, so that those that go out are told of first. Which came before is known by when they
//! began: a request that the service sends to itself goes out before it comes in, and says nothing.

use super::slots::Slots;
use crate::packet::Timestamp;
use crate::record::SpanContext;

/// Traces that are remembered. Each is needed from the first request of it that ends to the last.
const TRACES: usize = 512;
/// Requests of one trace that are remembered, each way.
const REQUESTS: usize = 4;
/// So much is enough to know; what came before counts half from then on.
const ENOUGH: u32 = 64;
/// Of so many requests that are forwarded, one may look otherwise: the request that it belongs to was not seen.
const FORWARDED: u32 = 4;

/// What is known of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tracer {
    #[default]
    Unknown,
    /// It forwards contexts as they come.
    Forwards,
    /// It puts spans of its own between them.
    Own,
}

impl Tracer {
    /// As it is shown.
    pub fn name(self) -> &'static str {
        match self {
            Tracer::Unknown => "unknown",
            Tracer::Forwards => "forwards",
            Tracer::Own => "own",
        }
    }
}

/// Which way a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    In,
    Out,
}

/// What was seen of contexts.
#[derive(Debug)]
pub struct Tracers {
    traces: Slots<Requests>,
    forwarded: u32,
    replaced: u32,
}

/// Requests of one trace.
#[derive(Debug, Clone, Default)]
struct Requests {
    inbound: [Request; REQUESTS],
    outbound: [Request; REQUESTS],
    /// Where the next one goes, each way.
    next: [u8; 2],
}

#[derive(Debug, Clone, Copy, Default)]
struct Request {
    /// `None` is an empty place.
    parent: Option<[u8; 8]>,
    start: Timestamp,
    says: Says,
}

/// What an outbound request was counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Says {
    #[default]
    Nothing,
    Replaced,
    Forwarded,
}

impl Default for Tracers {
    fn default() -> Self {
        Tracers { traces: Slots::new(TRACES), forwarded: 0, replaced: 0 }
    }
}

impl Tracers {
    /// Takes in the context of a request and when it began.
    pub fn learn(&mut self, way: Way, context: &SpanContext, start: Timestamp) {
        let Some(requests) = self.traces.entry(context.trace_id) else { return };
        let request = Request { parent: Some(context.span_id), start, says: Says::Nothing };
        let [inbound, outbound] = &mut requests.next;
        let (ring, next) = match way {
            Way::In => (&mut requests.inbound, inbound),
            Way::Out => (&mut requests.outbound, outbound),
        };
        // Many with one parent are as good as one.
        if ring.iter().any(|known| known.parent == request.parent && known.start <= start) {
            return;
        }
        if let Some(place) = ring.get_mut(usize::from(*next) % REQUESTS) {
            *place = request;
        }
        *next = next.wrapping_add(1);
        let inbound = requests.inbound;
        for outbound in &mut requests.outbound {
            let says = outbound.judge(&inbound);
            if says == outbound.says {
                continue;
            }
            // What looked replaced may turn out to be forwarded, when the request that it belongs to has ended.
            if outbound.says == Says::Replaced {
                self.replaced = self.replaced.saturating_sub(1);
            }
            match says {
                Says::Forwarded => self.forwarded += 1,
                Says::Replaced => self.replaced += 1,
                Says::Nothing => {}
            }
            outbound.says = says;
        }
        if self.forwarded + self.replaced >= ENOUGH {
            self.forwarded /= 2;
            self.replaced /= 2;
        }
    }

    /// What it comes to.
    pub fn tracer(&self) -> Tracer {
        match (self.forwarded, self.replaced) {
            (0, 0) => Tracer::Unknown,
            (forwarded, replaced) if forwarded >= replaced * FORWARDED => Tracer::Forwards,
            _ => Tracer::Own,
        }
    }

    /// Bytes that it holds.
    pub fn memory(&self) -> usize {
        self.traces.memory()
    }
}

impl Request {
    /// What it says of the service that sent it, going by those that came in.
    fn judge(&self, inbound: &[Request]) -> Says {
        let Some(parent) = self.parent else { return Says::Nothing };
        if self.says == Says::Forwarded {
            return Says::Forwarded;
        }
        let of_parent = |request: &&Request| request.parent == Some(parent);
        let mut before = inbound.iter().filter(|request| request.parent.is_some() && request.start <= self.start);
        match (before.clone().any(|request| of_parent(&request)), before.next().is_some()) {
            (true, _) => Says::Forwarded,
            (false, true) => Says::Replaced,
            // Those that came before may have given up their places since.
            (false, false) => self.says,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Service {
        tracers: Tracers,
        trace: u8,
    }

    impl Service {
        fn new() -> Self {
            Service { tracers: Tracers::default(), trace: 0 }
        }

        /// Requests of one trace, in the order in which they end: the way, the parent, and when they began.
        fn trace(&mut self, requests: &[(Way, u8, u64)]) -> &mut Self {
            self.trace = self.trace.wrapping_add(1).max(1);
            for &(way, span, start) in requests {
                let context = SpanContext { trace_id: [self.trace; 16], span_id: [span; 8], flags: 1 };
                self.tracers.learn(way, &context, Timestamp::from_nanos(start));
            }
            self
        }

        #[track_caller]
        fn is(&self, tracer: Tracer) {
            assert_eq!(self.tracers.tracer(), tracer, "{} {}", self.tracers.forwarded, self.tracers.replaced);
        }
    }

    #[test]
    fn a_service_that_repeats_the_parent_forwards() {
        Service::new().trace(&[(Way::Out, 1, 20), (Way::Out, 1, 30), (Way::In, 1, 10)]).is(Tracer::Forwards);
        Service::new().trace(&[(Way::In, 1, 10), (Way::Out, 1, 20)]).is(Tracer::Forwards);
    }

    #[test]
    fn a_service_that_puts_another_parent_there_has_a_tracer() {
        Service::new().trace(&[(Way::Out, 2, 20), (Way::Out, 3, 30), (Way::In, 1, 10)]).is(Tracer::Own);
        Service::new().trace(&[(Way::In, 1, 10), (Way::Out, 2, 20)]).is(Tracer::Own);
    }

    #[test]
    fn one_way_alone_says_nothing() {
        Service::new().trace(&[(Way::In, 1, 10), (Way::In, 2, 20)]).is(Tracer::Unknown);
        Service::new().trace(&[(Way::Out, 1, 10), (Way::Out, 2, 20)]).is(Tracer::Unknown);
        Service::new().trace(&[(Way::In, 1, 10)]).trace(&[(Way::Out, 1, 20)]).is(Tracer::Unknown);
    }

    #[test]
    fn requests_of_a_service_to_itself_say_nothing() {
        Service::new().trace(&[(Way::In, 1, 11), (Way::Out, 1, 10)]).is(Tracer::Unknown);
        Service::new().trace(&[(Way::In, 2, 21), (Way::Out, 2, 20), (Way::In, 1, 10)]).is(Tracer::Own);
    }

    #[test]
    fn two_requests_of_a_trace_at_once_do_not_make_a_tracer() {
        let mut service = Service::new();
        // The second one that came in ends last, and until then looks as if somebody had made its parent.
        service.trace(&[(Way::Out, 1, 20), (Way::In, 1, 10), (Way::Out, 2, 25), (Way::In, 2, 15)]);
        service.is(Tracer::Forwards);
        assert_eq!((service.tracers.forwarded, service.tracers.replaced), (2, 0));
    }

    #[test]
    fn most_of_what_was_seen_lately_decides() {
        let mut service = Service::new();
        for _ in 0..100 {
            service.trace(&[(Way::In, 1, 10), (Way::Out, 1, 20)]);
        }
        service.trace(&[(Way::In, 1, 10), (Way::Out, 2, 20)]).is(Tracer::Forwards);
        for _ in 0..100 {
            service.trace(&[(Way::In, 1, 10), (Way::Out, 2, 20)]);
        }
        service.is(Tracer::Own);
    }
}
