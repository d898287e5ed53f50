//! Finds out where a collector is, and opens sockets to it.
//!
//! An address that a name still has is kept; so is the last one of a name that has none any more. Where sending to it
//! goes badly, the name's other addresses come first, each in turn. An address of this host is never taken: what is sent
//! there would be captured and sent again.

use std::net::SocketAddr;
use std::time::Duration;

use super::destination::{Destination, is_own};
use super::link::Link;
use super::ports::PortRange;
use crate::packet::interfaces;

/// How often a name is looked up.
pub const EVERY: Duration = Duration::from_secs(60);
/// How soon again where that failed, or found nothing to send to.
pub const SOON: Duration = Duration::from_secs(5);

/// What has been found out about a collector.
#[derive(Debug)]
pub enum News {
    /// It has this address now, or new sockets to the one that it had.
    Link(Link),
    /// New sockets to the address that it had, since its name could not be looked up.
    Kept { link: Link, why: String },
    /// Its name still has the address.
    Same,
    /// Its name could not be looked up.
    Failed(String),
    /// It has this address, and none that can be connected to.
    Unconnected { address: SocketAddr, why: String },
    /// All of its addresses are this host's; whether the one that was used is, too.
    Own { address: SocketAddr, used: bool },
}

/// Why the packet path asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// The collector refuses: another address would be better.
    Refused,
    /// Nothing can be sent: another address would be better, else new sockets to the same.
    Broken,
}

impl Ask {
    /// No two requests come sooner after one another.
    pub fn shortest_pause(self) -> Duration {
        match self {
            Ask::Refused => Duration::from_secs(5),
            Ask::Broken => Duration::from_secs(1),
        }
    }
}

/// What answers.
pub trait Network {
    /// All addresses that a collector has; at least one. May take many seconds.
    fn resolve(&self, destination: &Destination) -> Result<Vec<SocketAddr>, String>;

    /// Which addresses are this host's.
    fn own(&self) -> Result<impl Fn(&SocketAddr) -> bool, String>;

    /// Opens sockets.
    fn connect(&self, address: SocketAddr) -> Result<Link, String>;
}

/// The system's resolver, interfaces and sockets, which have these ports.
#[derive(Debug, Clone, Copy)]
pub struct System(pub PortRange);

impl Network for System {
    fn resolve(&self, destination: &Destination) -> Result<Vec<SocketAddr>, String> {
        destination.resolve().map_err(|error| format!("cannot look it up: {error}"))
    }

    fn own(&self) -> Result<impl Fn(&SocketAddr) -> bool, String> {
        let interfaces = interfaces::list().map_err(|error| error.to_string())?;
        Ok(move |address: &SocketAddr| is_own(address.ip(), &interfaces))
    }

    fn connect(&self, address: SocketAddr) -> Result<Link, String> {
        Link::open(address, self.0).map_err(|error| error.to_string())
    }
}

/// A collector, and where it was found last.
#[derive(Debug)]
pub struct Lookup {
    destination: Destination,
    current: Option<SocketAddr>,
    /// Nothing could be sent, and no sockets have been opened since.
    is_broken: bool,
}

impl Lookup {
    /// Of a collector that datagrams are sent to at this address.
    pub fn new(destination: Destination, current: Option<SocketAddr>) -> Self {
        Lookup { destination, current, is_broken: false }
    }

    /// Looks a collector up, and opens sockets where that is wanted; and when to do so again.
    pub fn find(&mut self, asked: Option<Ask>, network: &impl Network) -> (News, Duration) {
        self.is_broken |= asked == Some(Ask::Broken);
        let news = self.look(asked, network).unwrap_or_else(|why| match self.reopen(network) {
            Some(link) => News::Kept { link, why },
            None => News::Failed(why),
        });
        match &news {
            News::Link(link) => self.current = Some(link.address()),
            News::Own { used: true, .. } => self.current = None,
            _ => {}
        }
        self.is_broken &= !matches!(news, News::Link(_) | News::Kept { .. });
        let pause = if matches!(news, News::Link(_) | News::Same) { EVERY } else { SOON };
        (news, pause)
    }

    fn look(&self, asked: Option<Ask>, network: &impl Network) -> Result<News, String> {
        let answers = network.resolve(&self.destination)?;
        let own = network.own()?;
        let is_troubled = asked.is_some() || self.is_broken;
        let mut failed = None;
        for address in candidates(&answers, self.current, is_troubled, &own) {
            if self.current == Some(address) && !self.is_broken {
                return Ok(News::Same);
            }
            match network.connect(address) {
                Ok(link) => return Ok(News::Link(link)),
                Err(why) => failed = failed.or(Some(News::Unconnected { address, why })),
            }
        }
        let used = self.current.is_some_and(|current| own(&current));
        Ok(failed.unwrap_or(News::Own { address: answers[0], used }))
    }

    /// New sockets to the address that there was, where those that there are are of no use.
    fn reopen(&self, network: &impl Network) -> Option<Link> {
        let current = self.current.filter(|_| self.is_broken)?;
        let own = network.own().ok()?;
        if own(&current) { None } else { network.connect(current).ok() }
    }
}

/// The addresses to try, one after the other: only the one that is used, if it is still among the answers, and all is
/// well. If not, those behind it in their order come first, so that each gets its turn, and itself last.
fn candidates(
    answers: &[SocketAddr],
    current: Option<SocketAddr>,
    is_troubled: bool,
    own: impl Fn(&SocketAddr) -> bool,
) -> Vec<SocketAddr> {
    let canonical = |address: &SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    let mut usable: Vec<SocketAddr> = answers.iter().filter(|answer| !own(answer)).map(canonical).collect();
    let Some(current) = current.filter(|current| usable.contains(current)) else { return usable };
    if !is_troubled {
        return vec![current];
    }
    usable.sort_unstable();
    usable.dedup();
    let behind = usable.partition_point(|address| *address <= current);
    usable.rotate_left(behind);
    usable
}

#[cfg(test)]
pub mod tests {
    use super::super::ports::Claim;
    use super::*;

    /// Answers that a test gives. Sockets are real, and go to addresses of this host.
    #[derive(Debug)]
    pub struct Fake {
        pub answers: Result<Vec<SocketAddr>, String>,
        pub own: Vec<SocketAddr>,
        /// Those that cannot be connected to.
        pub closed: Vec<SocketAddr>,
        claim: Claim,
    }

    impl Fake {
        pub fn new(answers: &[&str]) -> Self {
            let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0_u8);
            let claim = Claim::new(seed).unwrap();
            Fake { answers: Ok(addresses(answers)), own: Vec::new(), closed: Vec::new(), claim }
        }

        pub fn link(&self, address: &str) -> Link {
            Link::open(address.parse().unwrap(), self.claim.range).unwrap()
        }
    }

    impl Network for Fake {
        fn resolve(&self, _: &Destination) -> Result<Vec<SocketAddr>, String> {
            self.answers.clone()
        }

        fn own(&self) -> Result<impl Fn(&SocketAddr) -> bool, String> {
            Ok(|address: &SocketAddr| self.own.contains(address))
        }

        fn connect(&self, address: SocketAddr) -> Result<Link, String> {
            if self.closed.contains(&address) {
                return Err("closed".to_owned());
            }
            Link::open(address, self.claim.range).map_err(|error| error.to_string())
        }
    }

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    const A: &str = "127.0.0.1:9";
    const B: &str = "127.0.0.2:9";
    const C: &str = "127.0.0.3:9";

    fn collector(current: Option<&str>) -> Lookup {
        Lookup::new("collector.test".parse().unwrap(), current.map(|current| current.parse().unwrap()))
    }

    /// What was found, in a word, and where.
    fn found(lookup: &mut Lookup, asked: Option<Ask>, network: &Fake) -> (&'static str, String) {
        let (news, pause) = lookup.find(asked, network);
        let is_good = matches!(news, News::Link(_) | News::Same);
        assert_eq!(pause, if is_good { EVERY } else { SOON }, "{news:?}");
        match news {
            News::Link(link) => ("link", link.address().to_string()),
            News::Kept { link, .. } => ("kept", link.address().to_string()),
            News::Same => ("same", String::new()),
            News::Failed(why) => ("failed", why),
            News::Unconnected { address, .. } => ("unconnected", address.to_string()),
            News::Own { used, .. } => ("own", used.to_string()),
        }
    }

    #[test]
    fn an_address_is_kept_while_the_name_has_it_and_an_own_one_is_never_taken() {
        let mut network = Fake::new(&[A, B, C]);
        network.own = addresses(&[A]);
        let mut lookup = collector(None);
        assert_eq!(found(&mut lookup, None, &network), ("link", B.into()));
        network.answers = Ok(addresses(&[C, A, B]));
        assert_eq!(found(&mut lookup, None, &network), ("same", "".into()));
        network.answers = Ok(addresses(&[C, A]));
        assert_eq!(found(&mut lookup, None, &network), ("link", C.into()));
        network.answers = Err("no answer".into());
        assert_eq!(found(&mut lookup, None, &network), ("failed", "no answer".into()));
        network.answers = Ok(addresses(&[A]));
        assert_eq!(found(&mut lookup, None, &network), ("own", "false".into()));
        network.own = addresses(&[A, C]);
        assert_eq!(found(&mut lookup, None, &network), ("own", "true".into()));
    }

    #[test]
    fn where_it_goes_badly_the_other_answers_have_their_turn() {
        let network = Fake::new(&[B, A, C]);
        let mut lookup = collector(None);
        let places = [None, Some(Ask::Refused), Some(Ask::Refused), Some(Ask::Broken), None].map(|asked| {
            let (what, address) = found(&mut lookup, asked, &network);
            if what == "link" { address } else { what.to_owned() }
        });
        assert_eq!(places, [B, C, A, B, "same"]);
    }

    #[test]
    fn the_only_answer_is_kept_where_it_refuses_and_connected_to_again_where_it_is_broken() {
        let mut network = Fake::new(&[A]);
        let mut lookup = collector(Some(A));
        assert_eq!(found(&mut lookup, Some(Ask::Refused), &network), ("same", "".into()));
        assert_eq!(found(&mut lookup, Some(Ask::Broken), &network), ("link", A.into()));
        // Also where nobody can be asked for its address.
        network.answers = Err("no answer".into());
        assert_eq!(found(&mut lookup, Some(Ask::Refused), &network), ("failed", "no answer".into()));
        assert_eq!(found(&mut lookup, Some(Ask::Broken), &network), ("kept", A.into()));
        network.own = addresses(&[A]);
        assert_eq!(found(&mut lookup, Some(Ask::Broken), &network), ("failed", "no answer".into()));
    }

    #[test]
    fn where_one_cannot_be_connected_to_the_next_is() {
        let mut network = Fake::new(&[A, B]);
        network.closed = addresses(&[A]);
        assert_eq!(found(&mut collector(None), None, &network), ("link", B.into()));
        network.closed = addresses(&[A, B]);
        let mut lookup = collector(None);
        assert_eq!(found(&mut lookup, None, &network), ("unconnected", A.into()));
        assert_eq!(found(&mut lookup, None, &network), ("unconnected", A.into()));
    }

    #[test]
    fn what_is_broken_is_tried_until_there_are_sockets() {
        let mut network = Fake::new(&[A]);
        network.closed = addresses(&[A]);
        let mut lookup = collector(Some(A));
        assert_eq!(found(&mut lookup, Some(Ask::Broken), &network), ("unconnected", A.into()));
        assert_eq!(found(&mut lookup, None, &network), ("unconnected", A.into()));
        network.closed.clear();
        assert_eq!(found(&mut lookup, None, &network), ("link", A.into()));
        assert_eq!(found(&mut lookup, None, &network), ("same", "".into()));
    }
}
