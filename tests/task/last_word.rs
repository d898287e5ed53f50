//! What a sensor says at its end, read by its form.

use std::collections::BTreeMap;

/// The lines from how much there was to the ledger.
#[derive(Debug)]
pub struct LastWord<'a> {
    lines: Vec<&'a str>,
}

/// What there was, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equation {
    pub total: u64,
    pub parts: BTreeMap<String, u64>,
}

impl<'a> LastWord<'a> {
    /// The last of what a sensor said.
    #[track_caller]
    pub fn of(said: &'a str) -> Self {
        let lines: Vec<&str> = said.lines().collect();
        let last = lines.iter().rposition(|line| line.starts_with("ledger: "));
        let last = last.unwrap_or_else(|| panic!("no ledger: {said}"));
        // The line that comes now and then tells of connections as well, but does not end with them.
        let is_first = |line: &&str| [" connection", " connections"].iter().any(|end| line.ends_with(end));
        let first = lines[..last].iter().rposition(is_first);
        let first = first.unwrap_or_else(|| panic!("not how much there was: {said}"));
        LastWord { lines: lines[first..=last].to_vec() }
    }

    /// Packets that came, those included that were not read.
    pub fn packets(&self) -> u64 {
        self.first(" packet")
    }

    /// Connections that were opened.
    pub fn connections(&self) -> u64 {
        self.first(" connection")
    }

    /// Packets that came when the ring was full.
    pub fn dropped(&self) -> u64 {
        self.lost("dropped by the kernel because the ring was full")
    }

    /// How many there are of a loss, by the words that tell it; none if it is not told.
    pub fn lost(&self, how: &str) -> u64 {
        let before = self.lines.iter().find_map(|line| line.split_once(how)).map(|(before, _)| before);
        before.map_or(0, |before| last_number(before).unwrap_or_else(|| panic!("no number: {before}")))
    }

    /// Whether nothing was lost.
    pub fn has_lost_nothing(&self) -> bool {
        self.lines.contains(&"nothing was lost")
    }

    /// What was seen, and what became of it.
    #[track_caller]
    pub fn transactions(&self) -> Equation {
        let ledger = self.ledger().trim_start_matches("ledger: ");
        Equation::of(ledger.split("; ").next().unwrap_or_default())
    }

    /// What of `traces`, `logs` or `metrics` the export over OTLP was given, and what became of that.
    #[track_caller]
    pub fn items(&self, kind: &str) -> Equation {
        let of_kind = self.ledger().split_once(&format!(" {kind} given ")).map(|(_, rest)| rest);
        let of_kind = of_kind.unwrap_or_else(|| panic!("no {kind}: {}", self.ledger()));
        Equation::of(of_kind.split(", ").next().unwrap_or_default())
    }

    fn ledger(&self) -> &'a str {
        self.lines[self.lines.len() - 1]
    }

    fn first(&self, what: &str) -> u64 {
        let before = self.lines[0].split_once(what).map(|(before, _)| before);
        before.and_then(last_number).unwrap_or_else(|| panic!("no number of{what}: {}", self.lines[0]))
    }
}

/// The last number of a text.
fn last_number(text: &str) -> Option<u64> {
    text.split_whitespace().rev().find_map(|word| word.replace(',', "").parse().ok())
}

impl Equation {
    /// Reads `seen 12 = emitted 9 + rule 3`, and requires that it adds up.
    #[track_caller]
    fn of(text: &str) -> Equation {
        let (total, parts) = text.split_once(" = ").unwrap_or_else(|| panic!("no equation: {text}"));
        let parts = Self::summands(parts);
        let equation = Equation { total: Self::summands(total).values().sum(), parts };
        assert_eq!(equation.total, equation.parts.values().sum::<u64>(), "{text}");
        equation
    }

    fn summands(text: &str) -> BTreeMap<String, u64> {
        let summand = |part: &str| -> Option<(String, u64)> {
            let (name, number) = part.rsplit_once(' ').unwrap_or(("", part));
            Some((name.to_owned(), number.parse().ok()?))
        };
        text.split(" + ").map(|part| summand(part).unwrap_or_else(|| panic!("no summand: {part}"))).collect()
    }

    /// How many of them became that.
    pub fn part(&self, name: &str) -> u64 {
        self.parts.get(name).copied().unwrap_or(0)
    }

    /// Whether all of them became that.
    pub fn is_all(&self, name: &str) -> bool {
        self.part(name) == self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "listening on eth1
10 packets, 3 dropped, 4 transactions, 0/s, 2 connections, 19.5 MiB
1,234 packets, 20,003 connections
100 transactions
lost:
  5,678 packets dropped by the kernel because the ring was full
  12 bytes sent but not in the capture
ledger: seen 112 = emitted 100 + rule 10 + pending 2; otlp:http://a:1: traces given 100 = accepted 99 + shutdown 1, logs given 0 = 0, resent 0";

    #[test]
    fn it_is_read_as_it_is_written() {
        let word = LastWord::of(SAID);
        assert_eq!((word.packets(), word.connections(), word.dropped()), (1_234, 20_003, 5_678));
        assert!(!word.has_lost_nothing());
        assert_eq!((word.transactions().total, word.transactions().part("rule")), (112, 10));
        let traces = word.items("traces");
        assert_eq!(word.items("logs").total, 0);
        assert!((traces.total, traces.part("shutdown")) == (100, 1) && !traces.is_all("accepted"));
    }

    #[test]
    #[should_panic(expected = "seen 5 = emitted 4")]
    fn what_does_not_add_up_is_found() {
        LastWord::of("1 packet, 1 connection\nledger: seen 5 = emitted 4").transactions();
    }
}
