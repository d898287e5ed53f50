//! What becomes of the trace context of each request.

use super::crowd::Crowds;
use super::policy::TraceContextPolicy;
use super::tracers::{Tracer, Tracers, Way};
use crate::export::monitor::Report;
use crate::packet::Timestamp;
use crate::record::{SpanContext, Trace, Vantage};

/// Decides whether spans go on with the trace of their request. It belongs to one service, and takes the memory of its
/// tables, of fixed size, when the first context comes.
#[derive(Debug, Default)]
pub struct TraceContexts {
    policy: TraceContextPolicy,
    tracers: Tracers,
    crowds: Crowds,
    counts: ContextCounts,
}

/// What became of requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContextCounts {
    /// They go on with the trace that they carry.
    pub joined: u64,
    /// They have a trace of their own that points there.
    pub linked: u64,
    /// They would have been joined, had not many others the same parent.
    pub crowded: u64,
    /// They carry nothing that they could go on with or point to, or it is not looked at.
    pub own: u64,
    pub tracer: Tracer,
}

impl TraceContexts {
    /// Of a service of which nothing is known yet.
    pub fn new(policy: TraceContextPolicy) -> Self {
        TraceContexts { policy, ..TraceContexts::default() }
    }

    /// The ids of a request's span, out of what the request carries and the ids that are its own. `start` is when the
    /// request began; it need not grow from one to the next.
    pub fn resolve(
        &mut self,
        vantage: Vantage,
        incoming: Option<SpanContext>,
        (trace_id, span_id): ([u8; 16], [u8; 8]),
        start: Timestamp,
    ) -> Trace {
        let own = Trace { trace_id, span_id, ..Trace::default() };
        let incoming = incoming.filter(|context| context.trace_id != [0; 16]);
        let (Some(context), true) = (incoming, self.policy != TraceContextPolicy::Off) else {
            self.counts.own += 1;
            return own;
        };
        let wanted = match self.policy {
            TraceContextPolicy::Auto => {
                self.learn(vantage, &context, start);
                self.tracers.tracer() == Tracer::Forwards
            }
            policy => policy == TraceContextPolicy::Join,
        };
        let crowded = self.policy != TraceContextPolicy::Link && self.crowds.joins(&context, start);
        // A load balancer writes a trace id, and has no span that one could point to.
        let parent = Some(context.span_id).filter(|span_id| *span_id != [0; 8]);
        if wanted && !crowded {
            self.counts.joined += 1;
            return Trace { trace_id: context.trace_id, parent, flags: context.flags, ..own };
        }
        match (wanted, parent) {
            (true, _) => self.counts.crowded += 1,
            (false, Some(_)) => self.counts.linked += 1,
            (false, None) => self.counts.own += 1,
        }
        Trace { link: parent.map(|_| context), ..own }
    }

    /// What became of requests so far.
    pub fn counts(&self) -> ContextCounts {
        ContextCounts { tracer: self.tracers.tracer(), ..self.counts }
    }

    /// Bytes that it holds beside its own size.
    pub fn memory(&self) -> usize {
        self.tracers.memory() + self.crowds.memory()
    }

    fn learn(&mut self, vantage: Vantage, context: &SpanContext, start: Timestamp) {
        match vantage {
            Vantage::Server => self.tracers.learn(Way::In, context, start),
            Vantage::Client => self.tracers.learn(Way::Out, context, start),
            // Between two parts of the task it comes in and goes out at once.
            Vantage::Both => {}
        }
    }
}

impl ContextCounts {
    /// Adds all of it.
    pub fn describe(&self, report: &mut Report) {
        report.counter("sidetap_trace_contexts", "What became of the trace contexts that requests carry").by(
            "outcome",
            [("joined", self.joined), ("linked", self.linked), ("crowded", self.crowded), ("own", self.own)],
        );
        report.fact("tracer", self.tracer.name());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: ([u8; 16], [u8; 8]) = ([9; 16], [8; 8]);

    fn context(trace: u8, span: u8) -> Option<SpanContext> {
        Some(SpanContext { trace_id: [trace; 16], span_id: [span; 8], flags: 1 })
    }

    fn at(nanos: u64) -> Timestamp {
        Timestamp::from_nanos(nanos)
    }

    fn joined(trace: u8, span: u8) -> Trace {
        Trace { trace_id: [trace; 16], span_id: OWN.1, parent: Some([span; 8]), flags: 1, ..Trace::default() }
    }

    fn linked(trace: u8, span: u8) -> Trace {
        Trace { link: context(trace, span), ..own() }
    }

    fn own() -> Trace {
        Trace { trace_id: OWN.0, span_id: OWN.1, ..Trace::default() }
    }

    #[test]
    fn the_user_decides_if_he_wants_to() {
        for (policy, expected) in [
            (TraceContextPolicy::Join, joined(1, 2)),
            (TraceContextPolicy::Link, linked(1, 2)),
            (TraceContextPolicy::Off, own()),
            (TraceContextPolicy::Auto, linked(1, 2)),
        ] {
            let mut contexts = TraceContexts::new(policy);
            assert_eq!(contexts.resolve(Vantage::Server, context(1, 2), OWN, at(1)), expected, "{policy}");
            assert_eq!(contexts.resolve(Vantage::Server, None, OWN, at(2)), own(), "{policy}");
        }
    }

    #[test]
    fn a_trace_that_the_service_only_forwards_is_joined_once_that_is_known() {
        let mut contexts = TraceContexts::default();
        assert_eq!(contexts.resolve(Vantage::Client, context(1, 2), OWN, at(20)), linked(1, 2));
        assert_eq!(contexts.resolve(Vantage::Server, context(1, 2), OWN, at(10)), joined(1, 2));
        assert_eq!(contexts.resolve(Vantage::Server, context(3, 4), OWN, at(30)), joined(3, 4));
        let counts = contexts.counts();
        assert_eq!((counts.joined, counts.linked, counts.tracer), (2, 1, Tracer::Forwards));
    }

    #[test]
    fn a_service_with_a_tracer_is_pointed_to() {
        let mut contexts = TraceContexts::default();
        contexts.resolve(Vantage::Client, context(1, 3), OWN, at(20));
        assert_eq!(contexts.resolve(Vantage::Server, context(1, 2), OWN, at(10)), linked(1, 2));
        assert_eq!(contexts.counts().tracer, Tracer::Own);
    }

    #[test]
    fn what_passes_between_containers_of_the_task_says_nothing() {
        let mut contexts = TraceContexts::default();
        for start in 0..5 {
            contexts.resolve(Vantage::Both, context(1, 2), OWN, at(start));
            contexts.resolve(Vantage::Server, context(1, 2), OWN, at(start));
        }
        assert_eq!(contexts.counts().tracer, Tracer::Unknown);
    }

    #[test]
    fn a_parent_that_a_crowd_has_is_pointed_to_even_if_the_user_wants_to_join() {
        let mut contexts = TraceContexts::new(TraceContextPolicy::Join);
        let traces: Vec<Trace> =
            (0..20).map(|start| contexts.resolve(Vantage::Server, context(1, 2), OWN, at(start))).collect();
        assert!(traces[..15].iter().all(|trace| *trace == joined(1, 2)));
        assert!(traces[15..].iter().all(|trace| *trace == linked(1, 2)));
        assert_eq!(contexts.counts().crowded, 5);
    }

    #[test]
    fn the_trace_id_of_a_load_balancer_is_joined_without_a_parent_and_cannot_be_pointed_to() {
        let root = Some(SpanContext { trace_id: [1; 16], span_id: [0; 8], flags: 0 });
        let trace = TraceContexts::new(TraceContextPolicy::Join).resolve(Vantage::Server, root, OWN, at(1));
        assert_eq!(trace, Trace { trace_id: [1; 16], ..own() });
        let trace = TraceContexts::new(TraceContextPolicy::Link).resolve(Vantage::Server, root, OWN, at(1));
        assert_eq!(trace, own());
    }

    #[test]
    fn the_tables_keep_their_size() {
        let mut contexts = TraceContexts::default();
        let mut resolve = |number: u64| {
            let mut trace_id = [1; 16];
            trace_id[..8].copy_from_slice(&number.to_be_bytes());
            let incoming = Some(SpanContext { trace_id, span_id: number.to_be_bytes(), flags: 0 });
            let vantage = if number.is_multiple_of(2) { Vantage::Server } else { Vantage::Client };
            contexts.resolve(vantage, incoming, OWN, at(number));
            contexts.memory()
        };
        let memory = resolve(1);
        assert!(memory < 256 << 10, "{memory}");
        assert!((2..100_000).all(|number| resolve(number) == memory));
    }
}
