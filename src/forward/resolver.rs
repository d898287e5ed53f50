//! Looks names up again and opens sockets, in a thread of its own: either may take seconds.
//!
//! Every name is looked up each [`EVERY`], and within [`SOON`] where the last time failed. An address that it still has
//! is kept; so is the last one of a name that has none any more. An address of this host is never taken: what is sent
//! there would be captured and sent again.

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::destination::{Destination, is_own};
use super::link::Link;
use super::ports::PortRange;
use crate::packet::interfaces;

/// How often a name is looked up.
pub const EVERY: Duration = Duration::from_secs(60);
/// How soon again where that failed.
pub const SOON: Duration = Duration::from_secs(5);

/// What has been found out about a collector.
#[derive(Debug)]
pub enum News {
    /// It has this address now, or new sockets to the one that it had.
    Link(Link),
    /// Its name still has the address.
    Same,
    /// Its name could not be looked up, or its address not be connected to.
    Failed(String),
    /// All of its addresses are this host's; whether the one that was used is, too.
    Own { address: SocketAddr, used: bool },
}

/// What the packet path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// To look the name up.
    LookUp,
    /// And to open new sockets, even to the same address.
    Reopen,
}

/// The thread's end that the packet path holds.
#[derive(Debug, Clone)]
pub struct Resolver(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    desks: Mutex<Vec<Desk>>,
    wake: Condvar,
}

/// What lies between the thread and the packet path, for one collector.
#[derive(Debug, Default)]
struct Desk {
    asked: Option<Ask>,
    news: Option<News>,
    closed: bool,
}

impl Desk {
    /// Puts news down. New sockets that nobody has taken yet are not lost to news that change nothing about them.
    fn put(&mut self, news: News) {
        let changes = matches!(news, News::Link(_) | News::Own { used: true, .. });
        if changes || !matches!(self.news, Some(News::Link(_))) {
            self.news = Some(news);
        }
    }
}

/// What the thread knows of a collector.
struct Known {
    destination: Destination,
    current: Option<SocketAddr>,
    next: Instant,
}

impl Resolver {
    /// Starts the thread for collectors with the addresses that they have now.
    pub fn start(
        collectors: impl Iterator<Item = (Destination, Option<SocketAddr>)>,
        range: PortRange,
    ) -> std::io::Result<Self> {
        let now = Instant::now();
        let known: Vec<Known> = collectors
            .map(|(destination, current)| {
                let wait = if current.is_some() { EVERY } else { SOON };
                Known { destination, current, next: now + wait }
            })
            .collect();
        let desks = Mutex::new(known.iter().map(|_| Desk::default()).collect());
        let shared = Arc::new(Shared { desks, wake: Condvar::new() });
        let theirs = Arc::clone(&shared);
        // The system's resolver wants more than the smallest stack.
        let thread = std::thread::Builder::new().name("resolver".to_owned()).stack_size(256 << 10);
        thread.spawn(move || work(&theirs, known, range))?;
        Ok(Resolver(shared))
    }

    /// What is new of a collector. Never waits.
    pub fn news(&self, collector: usize) -> Option<News> {
        self.0.desks.try_lock().ok()?.get_mut(collector)?.news.take()
    }

    /// Asks about a collector. Never waits; where the thread is looking at the desks, another time will do.
    pub fn ask(&self, collector: usize, ask: Ask) {
        if let Ok(mut desks) = self.0.desks.try_lock()
            && let Some(desk) = desks.get_mut(collector)
        {
            desk.asked = desk.asked.max(Some(ask));
            self.0.wake.notify_one();
        }
    }

    /// Tells the thread to end, which it does when the name that it looks up now is found or given up.
    pub fn close(&self) {
        for desk in self.0.lock().iter_mut() {
            desk.closed = true;
        }
        self.0.wake.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Desk>> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn work(shared: &Shared, mut known: Vec<Known>, range: PortRange) {
    loop {
        let mut desks = shared.lock();
        let due = loop {
            if desks.iter().all(|desk| desk.closed) {
                return;
            }
            let now = Instant::now();
            let due =
                known.iter().zip(desks.iter()).position(|(known, desk)| desk.asked.is_some() || known.next <= now);
            if let Some(due) = due {
                break due;
            }
            let next = known.iter().map(|known| known.next).min().unwrap_or(now + EVERY);
            let wait = next.saturating_duration_since(now);
            (desks, _) = shared.wake.wait_timeout(desks, wait).unwrap_or_else(PoisonError::into_inner);
        };
        let asked = desks[due].asked.take();
        drop(desks);
        let news = find(&mut known[due], asked, range);
        shared.lock()[due].put(news);
    }
}

/// Looks a collector up, and opens sockets where that is wanted.
fn find(known: &mut Known, asked: Option<Ask>, range: PortRange) -> News {
    let news = look(known, asked, range).unwrap_or_else(News::Failed);
    known.next = Instant::now() + if matches!(news, News::Failed(_)) { SOON } else { EVERY };
    news
}

fn look(known: &mut Known, asked: Option<Ask>, range: PortRange) -> Result<News, String> {
    let answers = known.destination.resolve().map_err(|error| format!("cannot look it up: {error}"))?;
    let interfaces = interfaces::list().map_err(|error| error.to_string())?;
    let own = |address: &SocketAddr| is_own(address.ip(), &interfaces);
    let Some(chosen) = choose(&answers, known.current, own) else {
        let used = known.current.filter(own).is_some();
        if used {
            known.current = None;
        }
        return Ok(News::Own { address: answers[0], used });
    };
    if known.current == Some(chosen) && asked != Some(Ask::Reopen) {
        return Ok(News::Same);
    }
    let link = Link::open(chosen, range).map_err(|error| format!("cannot connect to {chosen}: {error}"))?;
    known.current = Some(chosen);
    Ok(News::Link(link))
}

/// The address to use: the one that is used, if it is still among the answers, else the first that is not our own.
pub(super) fn choose(
    answers: &[SocketAddr],
    current: Option<SocketAddr>,
    own: impl Fn(&SocketAddr) -> bool,
) -> Option<SocketAddr> {
    let mut usable = answers.iter().filter(|answer| !own(answer)).copied();
    current.filter(|current| usable.clone().any(|answer| answer == *current)).or_else(|| usable.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn an_address_is_kept_while_the_name_has_it_and_an_own_one_is_never_taken() {
        let answers = addresses(&["10.0.0.5:1", "10.0.0.6:1", "10.0.0.7:1"]);
        let own = |address: &SocketAddr| *address == answers[0];
        let nobodys = |_: &SocketAddr| false;
        assert_eq!(choose(&answers, None, nobodys), Some(answers[0]));
        assert_eq!(choose(&answers, None, own), Some(answers[1]));
        assert_eq!(choose(&answers, Some(answers[2]), own), Some(answers[2]));
        assert_eq!(choose(&answers[..2], Some(answers[2]), own), Some(answers[1]));
        assert_eq!(choose(&answers[..1], Some(answers[0]), own), None);
    }

    #[test]
    fn sockets_that_nobody_has_taken_are_not_lost() {
        let claim = super::super::ports::Claim::new(98).unwrap();
        let address: SocketAddr = "127.0.0.1:9".parse().unwrap();
        let mut desk = Desk::default();
        desk.put(News::Link(Link::open(address, claim.range).unwrap()));
        for nothing in [News::Same, News::Failed("why".into()), News::Own { address, used: false }] {
            desk.put(nothing);
            assert!(matches!(desk.news, Some(News::Link(_))));
        }
        desk.put(News::Own { address, used: true });
        assert!(matches!(desk.news, Some(News::Own { used: true, .. })));
    }

    #[test]
    fn the_thread_answers_what_it_is_asked() {
        let claim = super::super::ports::Claim::new(99).unwrap();
        // Of the networks for documentation (RFC 5737): whether there is a route or none, it is not ours.
        let texts = ["192.0.2.77:4789", "127.0.0.1:4789", "no.such.name.invalid"];
        let collectors = texts.iter().map(|text| (text.parse().unwrap(), None));
        let resolver = Resolver::start(collectors, claim.range).unwrap();
        let news = |collector: usize, ask: Ask| {
            resolver.ask(collector, ask);
            let end = Instant::now() + Duration::from_secs(20);
            loop {
                if let Some(news) = resolver.news(collector) {
                    return news;
                }
                assert!(Instant::now() < end, "no news of {collector}");
                std::thread::sleep(Duration::from_millis(5));
                resolver.ask(collector, ask);
            }
        };
        assert!(matches!(news(1, Ask::LookUp), News::Own { used: false, .. }));
        assert!(matches!(news(2, Ask::LookUp), News::Failed(_)));
        assert!(matches!(news(0, Ask::LookUp), News::Link(_) | News::Failed(_)));
        resolver.close();
    }
}
