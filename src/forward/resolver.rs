//! Looks names up again and opens sockets, in a thread of its own: either may take seconds.
//!
//! Every name is looked up each [`EVERY`], and within [`SOON`](super::lookup::SOON) where the last time failed; and when
//! the packet path asks. Collectors are served in turn, so that none waits for more than one request of each other one.

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::destination::Destination;
use super::lookup::{Ask, EVERY, Lookup, Network, News, SOON};

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
    /// Puts news down. Those that nobody has taken yet, and that change where datagrams go, are not lost to news that
    /// do not.
    fn put(&mut self, news: News) {
        let is_kept = match &self.news {
            Some(News::Link(_) | News::Kept { .. }) => {
                !matches!(news, News::Link(_) | News::Kept { .. } | News::Own { used: true, .. })
            }
            Some(News::Own { used: true, .. }) => !matches!(news, News::Link(_)),
            _ => false,
        };
        if !is_kept {
            self.news = Some(news);
        }
    }
}

/// What the thread knows of a collector.
struct Known {
    lookup: Lookup,
    next: Instant,
}

impl Resolver {
    /// Starts the thread for collectors with the addresses that they have now.
    pub fn start(
        collectors: impl Iterator<Item = (Destination, Option<SocketAddr>)>,
        network: impl Network + Send + 'static,
    ) -> std::io::Result<Self> {
        let now = Instant::now();
        let known: Vec<Known> = collectors
            .map(|(destination, current)| {
                let pause = if current.is_some() { EVERY } else { SOON };
                Known { lookup: Lookup::new(destination, current), next: now + pause }
            })
            .collect();
        let desks = Mutex::new(known.iter().map(|_| Desk::default()).collect());
        let shared = Arc::new(Shared { desks, wake: Condvar::new() });
        let theirs = Arc::clone(&shared);
        // The system's resolver wants more than the smallest stack.
        let thread = std::thread::Builder::new().name("resolver".to_owned()).stack_size(256 << 10);
        thread.spawn(move || work(&theirs, known, &network))?;
        Ok(Resolver(shared))
    }

    /// What is new of a collector. Never waits.
    pub fn news(&self, collector: usize) -> Option<News> {
        self.0.desks.try_lock().ok()?.get_mut(collector)?.news.take()
    }

    /// Asks about a collector; whether that could be done. Never waits: where the thread is looking at the desks, another
    /// time will do.
    pub fn ask(&self, collector: usize, ask: Ask) -> bool {
        let Ok(mut desks) = self.0.desks.try_lock() else { return false };
        let Some(desk) = desks.get_mut(collector) else { return false };
        desk.asked = desk.asked.max(Some(ask));
        self.0.wake.notify_one();
        true
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

fn work(shared: &Shared, mut known: Vec<Known>, network: &impl Network) {
    let mut served = 0;
    loop {
        let mut desks = shared.lock();
        served = loop {
            if desks.iter().all(|desk| desk.closed) {
                return;
            }
            let now = Instant::now();
            let is_due = |place: &usize| desks[*place].asked.is_some() || known[*place].next <= now;
            let mut in_turn = (1..=known.len()).map(|step| (served + step) % known.len());
            if let Some(due) = in_turn.find(is_due) {
                break due;
            }
            let next = known.iter().map(|known| known.next).min().unwrap_or(now + EVERY);
            let wait = next.saturating_duration_since(now);
            (desks, _) = shared.wake.wait_timeout(desks, wait).unwrap_or_else(PoisonError::into_inner);
        };
        let asked = desks[served].asked.take();
        drop(desks);
        let (news, pause) = known[served].lookup.find(asked, network);
        known[served].next = Instant::now() + pause;
        shared.lock()[served].put(news);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::link::Link;
    use super::super::lookup::System;
    use super::super::lookup::tests::Fake;
    use super::super::ports::Claim;
    use super::*;

    const ADDRESS: &str = "127.0.0.1:9";

    #[test]
    fn sockets_that_nobody_has_taken_are_not_lost() {
        let network = Fake::new(&[]);
        let address: SocketAddr = ADDRESS.parse().unwrap();
        let mut desk = Desk::default();
        desk.put(News::Link(network.link(ADDRESS)));
        for nothing in [
            News::Same,
            News::Failed("why".into()),
            News::Unconnected { address, why: "why".into() },
            News::Own { address, used: false },
        ] {
            desk.put(nothing);
            assert!(matches!(desk.news, Some(News::Link(_))));
        }
        desk.put(News::Own { address, used: true });
        assert!(matches!(desk.news, Some(News::Own { used: true, .. })));
    }

    #[test]
    fn that_the_address_in_use_is_our_own_is_not_lost_but_to_another_one() {
        let network = Fake::new(&[]);
        let address: SocketAddr = ADDRESS.parse().unwrap();
        let mut desk = Desk::default();
        desk.put(News::Own { address, used: true });
        for nothing in [
            News::Own { address, used: false },
            News::Same,
            News::Failed("why".into()),
            News::Unconnected { address, why: "why".into() },
            News::Kept { link: network.link(ADDRESS), why: "why".into() },
        ] {
            desk.put(nothing);
            assert!(matches!(desk.news, Some(News::Own { used: true, .. })), "{:?}", desk.news);
        }
        desk.put(News::Link(network.link(ADDRESS)));
        assert!(matches!(desk.news, Some(News::Link(_))));
    }

    /// A name that takes a while to be given up, beside one that does not.
    struct Slow(Fake);

    impl Network for Slow {
        fn resolve(&self, destination: &Destination) -> Result<Vec<SocketAddr>, String> {
            if destination.to_string().starts_with("slow") {
                std::thread::sleep(Duration::from_millis(50));
                return Err("no answer".into());
            }
            self.0.resolve(destination)
        }

        fn own(&self) -> Result<impl Fn(&SocketAddr) -> bool, String> {
            self.0.own()
        }

        fn connect(&self, address: SocketAddr) -> Result<Link, String> {
            self.0.connect(address)
        }
    }

    #[test]
    fn a_name_that_is_asked_for_all_the_time_does_not_keep_others_waiting() {
        let collectors = ["slow.test", "quick.test"].map(|name| (name.parse().unwrap(), None));
        let resolver = Resolver::start(collectors.into_iter(), Slow(Fake::new(&[ADDRESS]))).unwrap();
        let (mut has_asked, end) = (false, Instant::now() + Duration::from_secs(4));
        let found = loop {
            resolver.ask(0, Ask::Broken);
            has_asked = has_asked || resolver.ask(1, Ask::Refused);
            match resolver.news(1) {
                Some(news) => break Some(news),
                None if Instant::now() > end => break None,
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        resolver.close();
        assert!(matches!(found, Some(News::Link(_))), "{found:?}");
    }

    #[test]
    fn the_thread_answers_what_it_is_asked() {
        let claim = Claim::new(99).unwrap();
        // Of the networks for documentation (RFC 5737): whether there is a route or none, it is not ours.
        let texts = ["192.0.2.77:4789", "127.0.0.1:4789", "no.such.name.invalid"];
        let collectors = texts.iter().map(|text| (text.parse().unwrap(), None));
        let resolver = Resolver::start(collectors, System(claim.range)).unwrap();
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
        assert!(matches!(news(1, Ask::Refused), News::Own { used: false, .. }));
        assert!(matches!(news(2, Ask::Refused), News::Failed(_)));
        assert!(matches!(news(0, Ask::Refused), News::Link(_) | News::Unconnected { .. }));
        resolver.close();
    }
}
