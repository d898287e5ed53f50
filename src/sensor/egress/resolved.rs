//! What DNS said: which names an address has, for whom, and until when.
//!
//! A connection often outlives the answer that led to it, so that an address keeps the names of before, and a name is
//! found by the time at which the connection began.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::name::{self, Host};
use super::recent::{Heap, Recent};
use super::seen::Seen;
use crate::packet::{Realm, Timestamp};
use crate::record::{Connection, DnsAnswer};

/// How long a name is used beyond its time to live. Many programs keep addresses longer than they should.
const GRACE: Duration = Duration::from_secs(600);
/// The longest time to live that is believed (RFC 8767 §4).
const LONGEST_TTL: Duration = Duration::from_secs(7 * 86_400);
/// Names of one address.
const MOST_NAMES: usize = 4;
/// Names that a CNAME chain leads through.
const MOST_ALIASES: usize = 8;
/// Clients of which it is known that they ask.
const MOST_ASKERS: usize = 256;
/// Names that were ever resolved, for each address that is remembered.
const NAMES_AN_ADDRESS: usize = 4;

/// A name, and those that its CNAME records lead to.
#[derive(Debug, PartialEq, Eq)]
pub struct Names {
    pub name: Arc<str>,
    pub aliases: Vec<Box<str>>,
}

impl Names {
    /// Whether a host is this one, in full, by an alias, or without the domains that a resolver searches.
    pub fn is(&self, host: &str) -> bool {
        let short = |name: &str| name.strip_prefix(host).is_some_and(|rest| rest.starts_with('.'));
        *self.name == *host || self.aliases.iter().any(|alias| **alias == *host) || short(&self.name)
    }

    /// Bytes. Several that hold the same names count them each: none knows whether he is the last.
    fn heap(&self) -> usize {
        let aliases: usize = self.aliases.iter().map(|alias| alias.len() + size_of::<Box<str>>()).sum();
        size_of::<Names>() + self.name.len() + aliases
    }

    /// Whether one of two names leads to the other.
    fn is_alias_of(&self, other: &Names) -> bool {
        let leads = |from: &Names, to: &Names| from.aliases.iter().any(|alias| **alias == *to.name);
        leads(self, other) || leads(other, self)
    }
}

/// Whom an answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Client(IpAddr),
    /// Who asks from a loopback address, or for addresses of the other version of IP, connects from an address that is
    /// not the one that asked.
    Anyone,
}

/// A name of an address.
#[derive(Debug, Clone)]
struct Known {
    names: Arc<Names>,
    first: Timestamp,
    last: Timestamp,
    until: Timestamp,
}

/// The names of an address, the one that was told last at the end.
#[derive(Debug, Default)]
struct Address(Vec<Known>);

impl Heap for Address {
    fn heap(&self) -> usize {
        self.0.capacity() * size_of::<Known>() + self.0.iter().map(|known| known.names.heap()).sum::<usize>()
    }
}

impl Heap for Timestamp {
    fn heap(&self) -> usize {
        0
    }
}

/// What an address is called.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// The name that was told last.
    pub names: Arc<Names>,
    /// Others that were told, too.
    pub others: Vec<Arc<Names>>,
    /// One of them is not just another name of the same host.
    pub ambiguous: bool,
}

impl Lookup {
    /// The names that a host agrees with.
    pub fn agrees(&self, host: &str) -> Option<&Arc<Names>> {
        self.all().find(|names| names.is(host))
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Names>> {
        std::iter::once(&self.names).chain(&self.others)
    }
}

impl Heap for Lookup {
    fn heap(&self) -> usize {
        self.others.capacity() * size_of::<Arc<Names>>() + self.all().map(|names| names.heap()).sum::<usize>()
    }
}

/// What DNS said.
#[derive(Debug)]
pub struct Resolved {
    addresses: Recent<(Realm, Who, IpAddr), Address>,
    /// Names with an address, ever.
    names: Seen,
    /// Since when answers are seen, of a client and in a realm.
    asks: Recent<(Realm, Option<Who>), Timestamp>,
    forgotten: u64,
    buffer: String,
}

impl Resolved {
    /// Room for so many addresses, whose names take so many bytes.
    pub fn new(addresses: usize, bytes: usize) -> Self {
        Resolved {
            addresses: Recent::new(addresses, bytes),
            names: Seen::new(addresses * NAMES_AN_ADDRESS),
            asks: Recent::new(MOST_ASKERS, 0),
            forgotten: 0,
            buffer: String::new(),
        }
    }

    /// Takes in an answer.
    pub fn answer(&mut self, connection: &Connection, answer: &DnsAnswer) {
        let time = Timestamp::from_nanos(answer.time_unix_nanos);
        let (realm, client) = (connection.realm, connection.client.address.to_canonical());
        let own = if client.is_loopback() { Who::Anyone } else { Who::Client(client) };
        self.asks_since(realm, own, time);
        if !matches!(answer.question_type.as_str(), "A" | "AAAA") {
            return;
        }
        let mut addresses = answer.answers.iter().filter_map(|data| data.parse::<IpAddr>().ok()).peekable();
        if addresses.peek().is_none() {
            return;
        }
        let Some((Host::Name(name), _)) = name::read(answer.question.as_bytes(), &mut self.buffer) else { return };
        let name: Arc<str> = name.into();
        let aliases = self.aliases(&answer.answers);
        self.names.add((realm, &*name));
        for alias in &aliases {
            self.names.add((realm, &**alias));
        }
        let names = Arc::new(Names { name, aliases });
        let ttl = Duration::from_secs(answer.ttl_min.unwrap_or_default().into()).min(LONGEST_TTL);
        let until = time.after(ttl + GRACE);
        for address in addresses {
            let who = if address.is_ipv4() == client.is_ipv4() { own } else { Who::Anyone };
            if who != own {
                self.asks_since(realm, who, time);
            }
            self.addresses.change(
                &(realm, who, address.to_canonical()),
                Address::default,
                |address| address.told(&names, time, until),
                |_, _| self.forgotten += 1,
            );
        }
    }

    /// What an address that a client connected to at this time is called.
    pub fn lookup(&self, realm: Realm, client: IpAddr, address: IpAddr, time: Timestamp) -> Option<Lookup> {
        let of = |who| self.addresses.get(&(realm, who, address))?.at(time);
        of(Who::Client(client)).or_else(|| of(Who::Anyone))
    }

    /// Whether a name certainly never had an address, in a realm.
    pub fn never(&self, realm: Realm, name: &str) -> bool {
        self.names.never((realm, name))
    }

    /// Whether answers to a client were seen before this time.
    pub fn sees(&self, realm: Realm, client: IpAddr, time: Timestamp) -> bool {
        let before = |who| self.asks.get(&(realm, Some(who))).is_some_and(|&since| since <= time);
        before(Who::Client(client)) || before(Who::Anyone)
    }

    /// Whether answers to anybody were.
    pub fn sees_any(&self, realm: Realm, time: Timestamp) -> bool {
        self.asks.get(&(realm, None)).is_some_and(|&since| since <= time)
    }

    /// Whether there were any answers at all.
    pub fn is_seen(&self) -> bool {
        self.asks.len() > 0
    }

    /// Addresses whose names were forgotten, and names of which it is not known that they were resolved.
    pub fn forgotten(&self) -> (u64, u64) {
        (self.forgotten, self.names.left_out())
    }

    /// Bytes that it holds.
    pub fn memory(&self) -> usize {
        self.addresses.memory() + self.names.memory() + self.asks.memory()
    }

    fn asks_since(&mut self, realm: Realm, who: Who, time: Timestamp) {
        for who in [Some(who), None] {
            // If the clock was set back, it has been seen all the same.
            self.asks.change(&(realm, who), || time, |since| *since = time.min(*since), |_, _| ());
        }
    }

    fn aliases(&mut self, answers: &[String]) -> Vec<Box<str>> {
        let mut aliases = Vec::new();
        for data in answers {
            if aliases.len() == MOST_ALIASES {
                break;
            }
            if let Some((Host::Name(name), _)) = name::read(data.as_bytes(), &mut self.buffer) {
                aliases.push(name.into());
            }
        }
        aliases
    }
}

impl Address {
    fn told(&mut self, names: &Arc<Names>, time: Timestamp, until: Timestamp) {
        let known = self.0.iter().position(|known| known.names.name == names.name).map(|at| self.0.remove(at));
        // A name that had expired, or was told in what is the future now, begins anew.
        let first = match known {
            Some(known) if known.first <= time && time <= known.until => known.first,
            _ => time,
        };
        if self.0.len() == MOST_NAMES {
            self.0.remove(0);
        }
        self.0.push(Known { names: names.clone(), first, last: time, until });
    }

    /// Its names at a time: of those that are valid, the one that was told last before; if all came later, the last one.
    fn at(&self, time: Timestamp) -> Option<Lookup> {
        let valid = || self.0.iter().filter(|known| time <= known.until);
        let before = valid().filter(|known| known.first <= time).max_by_key(|known| known.last);
        let best = before.or(valid().next_back())?;
        let others = valid().filter(|known| known.names.name != best.names.name);
        let others: Vec<Arc<Names>> = others.map(|known| known.names.clone()).collect();
        let ambiguous = others.iter().any(|other| !other.is_alias_of(&best.names));
        Some(Lookup { names: best.names.clone(), others, ambiguous })
    }
}
