//! Connections that give no transactions: why a sensor that sees traffic may have nothing to tell.

use super::EngineCounts;

/// Ports and names that are told apart; more are counted together.
const MOST: usize = 16;

/// Connections that were not read, by what they are and by the server's port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    encrypted: Ports,
    unknown: Ports,
    names: Vec<String>,
}

/// Connections by port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Ports {
    by_port: Vec<(u16, u64)>,
    others: u64,
}

impl Unread {
    /// A connection is encrypted; the name that its client asked for, if it did in the clear.
    pub fn encrypted(&mut self, port: u16, name: Option<&str>) {
        self.encrypted.add(port);
        if let Some(name) = name
            && self.names.len() < MOST
            && !self.names.iter().any(|known| known == name)
        {
            self.names.push(name.to_owned());
        }
    }

    /// A connection speaks something that is not known.
    pub fn unknown(&mut self, port: u16) {
        self.unknown.add(port);
    }

    /// Why there are no transactions, in a sentence; `None` if there are some.
    pub fn why(&self, counts: &EngineCounts) -> Option<String> {
        if counts.transactions.seen > 0 {
            return None;
        }
        let mut reasons = Vec::new();
        if !self.encrypted.is_empty() {
            let names = match self.names.is_empty() {
                true => String::new(),
                false => {
                    format!(", {} {}", if self.names.len() == 1 { "name" } else { "names" }, self.names.join(", "))
                }
            };
            reasons.push(format!("encrypted traffic: {}{names}", self.encrypted.list()));
        }
        if !self.unknown.is_empty() {
            reasons.push(format!("traffic that is not HTTP: {}", self.unknown.list()));
        }
        let what = match (reasons.is_empty(), counts.packets.frames, counts.packets.tcp) {
            (false, ..) => format!("only {}", reasons.join("; ")),
            (true, 0, _) => "no packets at all".to_owned(),
            (true, _, 0) => "no TCP".to_owned(),
            (true, ..) => "only connections without data that is known".to_owned(),
        };
        Some(format!("no HTTP was seen: {what}"))
    }
}

impl Ports {
    fn add(&mut self, port: u16) {
        match self.by_port.iter().position(|(known, _)| *known == port) {
            Some(place) => self.by_port[place].1 += 1,
            None if self.by_port.len() < MOST => self.by_port.push((port, 1)),
            None => self.others += 1,
        }
    }

    fn is_empty(&self) -> bool {
        self.by_port.is_empty()
    }

    /// The ports, the busiest first.
    fn list(&self) -> String {
        let mut ports = self.by_port.clone();
        ports.sort_by_key(|&(port, count)| (std::cmp::Reverse(count), port));
        let connections = |count| if count == 1 { "1 connection".to_owned() } else { format!("{count} connections") };
        let mut list: Vec<String> =
            ports.iter().map(|(port, count)| format!("{port} ({})", connections(*count))).collect();
        if self.others > 0 {
            list.push(format!("others ({})", connections(self.others)));
        }
        let ports = if list.len() == 1 { "port" } else { "ports" };
        format!("{ports} {}", list.join(", "))
    }
}
