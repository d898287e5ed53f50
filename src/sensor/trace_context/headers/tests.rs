use proptest::prelude::*;

use super::*;

/// The ids of the examples in W3C Trace Context §3.2.3.
const TRACE: [u8; 16] =
    [0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36];
const SPAN: [u8; 8] = [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7];

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn example(flags: u8) -> Option<SpanContext> {
    Some(SpanContext { trace_id: TRACE, span_id: SPAN, flags })
}

fn read(fields: &[(&str, &str)]) -> Option<SpanContext> {
    super::read(fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())))
}

#[test]
fn the_examples_of_the_specification_are_read() {
    assert_eq!(traceparent(PARENT.as_bytes()), example(1));
    assert_eq!(traceparent(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"), example(0));
    let fields = [("traceparent", PARENT), ("tracestate", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")];
    assert_eq!(read(&fields), example(1));
}

#[test]
fn versions_are_read_as_far_as_they_are_known() {
    let of = |version: &str, rest: &str| traceparent(format!("{version}{}{rest}", &PARENT[2..]).as_bytes());
    assert_eq!(of("00", "-what-the-future-will-be-like"), None);
    assert_eq!(of("cc", ""), example(1));
    assert_eq!(of("cc", "-what-the-future-will-be-like"), example(1));
    assert_eq!(of("cc", "-"), example(1));
    assert_eq!(of("cc", ".what-the-future-will-be-like"), None);
    assert_eq!(of("ff", ""), None);
    for version in ["0", "000", "0x", ".0", "0.", "CC", "  0"] {
        assert_eq!(of(version, ""), None, "{version}");
    }
}

#[test]
fn what_is_not_exactly_an_id_is_none() {
    for value in [
        "",
        "00",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473.-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e47367-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-.0",
        "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        "é0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ] {
        assert_eq!(traceparent(value.as_bytes()), None, "{value}");
    }
}

#[test]
fn flags_that_mean_nothing_are_not_repeated() {
    for (flags, known) in [("ff", 3), ("03", 3), ("02", 2), ("04", 0), ("f8", 0)] {
        let value = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}");
        assert_eq!(traceparent(value.as_bytes()), example(known), "{flags}");
    }
}

#[test]
fn a_field_that_is_there_twice_counts_if_it_says_the_same() {
    let other = PARENT.replace("b7-01", "b8-01");
    assert_eq!(read(&[("traceparent", PARENT), ("Traceparent", &format!(" {PARENT}\t"))]), example(1));
    assert_eq!(read(&[("traceparent", PARENT), ("traceparent", &other)]), None);
}

#[test]
fn b3_is_read_in_one_field_and_in_several() {
    // The examples of Zipkin's description of the format.
    let trace_id = 0x80f1_98ee_5634_3ba8_64fe_8b2a_57d3_eff7_u128.to_be_bytes();
    let span_id = 0xe457_b5a2_e4d8_6bd1_u64.to_be_bytes();
    let context = |flags| Some(SpanContext { trace_id, span_id, flags });
    for (value, flags) in [
        ("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90", 1),
        ("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-d", 1),
        ("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-0", 0),
        ("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1", 0),
    ] {
        assert_eq!(read(&[("b3", value)]), context(flags), "{value}");
    }
    for value in ["0", "1", "d", "", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-2", "a-b", "----"] {
        assert_eq!(read(&[("b3", value)]), None, "{value}");
    }
    let ids = [("X-B3-TraceId", "80f198ee56343ba864fe8b2a57d3eff7"), ("X-B3-SpanId", "e457b5a2e4d86bd1")];
    assert_eq!(read(&ids), context(0));
    for (name, value) in [("X-B3-Sampled", "1"), ("X-B3-Sampled", "true"), ("X-B3-Flags", "1")] {
        assert_eq!(read(&[ids[0], ids[1], (name, value)]), context(1), "{name}: {value}");
    }
    assert_eq!(read(&ids[..1]), None);
    let short = b3_single(b"64fe8b2a57d3eff7-e457b5a2e4d86bd1-1");
    assert_eq!(short.map(|context| u128::from_be_bytes(context.trace_id)), Some(0x64fe_8b2a_57d3_eff7));
}

#[test]
fn the_trace_ids_of_aws_are_read() {
    // The example of AWS's description of the header.
    let trace_id = 0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793_u128.to_be_bytes();
    let span_id = 0x5399_5c3f_42cd_8ad8_u64.to_be_bytes();
    let context = |span_id, flags| Some(SpanContext { trace_id, span_id, flags });
    let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
    for (value, expected) in [
        (format!("{root};Parent=53995c3f42cd8ad8;Sampled=1"), context(span_id, 1)),
        (format!("Sampled=0; Parent=53995c3f42cd8ad8 ;{root};Lineage=a:b"), context(span_id, 0)),
        (format!("Self=1-67891234-12456789abcdef012345678;{root}"), context([0; 8], 0)),
        ("Root=2-5759e988-bd862e3fe1be46a994272793".to_owned(), None),
        ("Root=1-00000000-000000000000000000000000".to_owned(), None),
        ("Parent=53995c3f42cd8ad8;Sampled=1".to_owned(), None),
        (";=;Root=".to_owned(), None),
    ] {
        assert_eq!(read(&[("x-amzn-trace-id", &value)]), expected, "{value}");
    }
}

#[test]
fn the_first_kind_that_can_be_read_counts() {
    let b3 = ("b3", "64fe8b2a57d3eff7-e457b5a2e4d86bd1-1");
    let amazon = ("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793");
    assert_eq!(read(&[amazon, b3, ("traceparent", PARENT)]), example(1));
    assert_eq!(read(&[amazon, b3, ("traceparent", "00-x")]), b3_single(b3.1.as_bytes()));
    assert_eq!(read(&[amazon, ("host", "a")]), amzn_trace_id(amazon.1.as_bytes()));
}

proptest! {
    #[test]
    fn any_bytes_are_a_context_or_none(value in prop::collection::vec(any::<u8>(), 0..120)) {
        for name in ["traceparent", "tracestate", "b3", "x-b3-traceid", "x-b3-spanid", "x-amzn-trace-id"] {
            let _ = super::read([(name.as_bytes(), &value[..]), (b"x-b3-spanid", b"e457b5a2e4d86bd1")]);
        }
    }

    #[test]
    fn what_resembles_a_context_never_panics(value in "[0-9a-fA-F=;:, .-]{0,80}|Root=[0-9a-f;-]{0,60}") {
        for read in [traceparent, b3_single, amzn_trace_id] {
            if let Some(context) = read(value.as_bytes()) {
                prop_assert!(context.trace_id != [0; 16] && context.flags <= 3);
            }
        }
    }

    #[test]
    fn what_is_written_is_read(trace_id in 1..=u128::MAX, span_id in 1..=u64::MAX, flags in 0..4_u8) {
        let expected = Some(SpanContext { trace_id: trace_id.to_be_bytes(), span_id: span_id.to_be_bytes(), flags });
        let written = format!("00-{trace_id:032x}-{span_id:016x}-{flags:02x}");
        prop_assert_eq!(traceparent(written.as_bytes()), expected);
        let single = b3_single(format!("{trace_id:032x}-{span_id:016X}-1").as_bytes());
        prop_assert_eq!(single, expected.map(|context| SpanContext { flags: 1, ..context }));
    }
}
