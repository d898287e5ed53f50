use proptest::prelude::*;

use super::csv::cell;
use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_parts(1_700_000_000 + seconds, 250_000_000)
}

fn site(name: &str, address: &str, port: u16, totals: Totals) -> SiteReport {
    SiteReport {
        name: name.to_owned(),
        name_source: NameSource::TlsSni,
        address: address.parse().unwrap(),
        port,
        protocol: Protocol::Tls,
        totals,
        ambiguous: false,
        mismatches: Vec::new(),
    }
}

fn totals(flows: u64, sent_bytes: u64, received_bytes: u64) -> Totals {
    Totals { flows, sent_bytes, received_bytes, first: at(1), last: at(3_601) }
}

fn report() -> EgressReport {
    let s3 = site("bucket.s3.eu-central-1.amazonaws.com", "52.219.47.1", 443, totals(12, 5_000_000, 91_234_567));
    let database = SiteReport {
        name_source: NameSource::Dns,
        protocol: Protocol::Tcp,
        ambiguous: true,
        ..site("db.internal", "10.0.3.7", 5432, totals(2, 12_345, 67_890))
    };
    let address = SiteReport {
        name_source: NameSource::Address,
        protocol: Protocol::Http,
        mismatches: vec!["direct_to_ip", "host_differs"],
        ..site("2001:db8::9", "2001:db8::9", 80, totals(1, 80, 0))
    };
    // No other name can come this far; the formats hold all the same.
    let formula = site("-2+cmd,\"x\"", "192.0.2.9", 443, totals(1, 1, 1));
    EgressReport {
        period: Some((at(0), at(3_700))),
        dns_seen: true,
        sites: vec![s3, database, address, formula],
        other: totals(7, 1_024, 2_048),
        other_sites: 5,
    }
}

fn assert_snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn people_get_a_table() {
    assert_snapshot("egress-text", &report().render(ReportFormat::Text));
}

#[test]
fn scripts_get_json() {
    assert_snapshot("egress-json", &report().render(ReportFormat::Json));
}

#[test]
fn spreadsheets_get_csv() {
    let text = report().render(ReportFormat::Csv);
    assert!(text.lines().count() == 6 && text.matches("\r\n").count() == 6);
    assert_snapshot("egress-csv", &text.replace("\r\n", "\n"));
}

#[test]
fn a_report_of_nothing_says_so() {
    let nothing = EgressReport::default();
    let heard = EgressReport { period: Some((at(0), at(60))), dns_seen: true, ..EgressReport::default() };
    let unnamed = EgressReport { dns_seen: false, sites: report().sites[..1].to_vec(), ..heard.clone() };
    let texts = [nothing.clone(), heard, unnamed].map(|report| report.render(ReportFormat::Text));
    assert_snapshot("egress-text-of-little", &texts.join("----\n"));
    let json: serde_json::Value = serde_json::from_str(&nothing.render(ReportFormat::Json)).unwrap();
    assert_eq!(json["since"], serde_json::Value::Null);
    assert_eq!(json["sites"], serde_json::json!([]));
    assert_eq!(nothing.render(ReportFormat::Csv).lines().count(), 1);
}

#[test]
fn json_has_every_number_as_it_is() {
    let json: serde_json::Value = serde_json::from_str(&report().render(ReportFormat::Json)).unwrap();
    assert_eq!(json["format_version"], "1.0");
    assert_eq!(json["sites"][0]["received_bytes"], 91_234_567);
    assert_eq!(json["sites"][2]["mismatches"], serde_json::json!(["direct_to_ip", "host_differs"]));
    assert_eq!(json["sites"][3]["name"], "-2+cmd,\"x\"");
    assert_eq!(json["other"]["sites"], 5);
}

#[test]
fn the_extension_of_a_file_chooses() {
    for (path, format) in [
        ("sites.json", ReportFormat::Json),
        ("/tmp/Sites.CSV", ReportFormat::Csv),
        ("sites.txt", ReportFormat::Text),
        ("sites", ReportFormat::Text),
        (".json", ReportFormat::Text),
        ("-", ReportFormat::Text),
    ] {
        assert_eq!(ReportFormat::of(Path::new(path)), format, "{path}");
    }
}

/// Reads one cell as RFC 4180 has it.
fn unquoted(cell: &str) -> String {
    match cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => cell.to_owned(),
    }
}

proptest! {
    #[test]
    fn no_cell_is_a_formula_or_breaks_its_row(text in "[=+@\\-\t\r\n,\"a]{0,6}|.{0,20}") {
        let mut written = String::new();
        cell(&mut written, &text);
        let read = unquoted(&written);
        prop_assert!(!read.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
        prop_assert_eq!(read.strip_prefix('\'').filter(|_| !text.starts_with('\'')).unwrap_or(&read), &text);
        let quoted = written.starts_with('"') && written.ends_with('"') && written.len() > 1;
        prop_assert!(quoted || !written.contains([',', '"', '\r', '\n']));
    }
}
