//! Services: the hosts that were asked for, each with what is known of it.
//!
//! A host has a place from its first transaction that teaches something. Hosts that come when all places are taken share
//! one. Nobody loses a place: what is shown for a path would be forgotten with it.

use super::hash;

/// Hosts that are longer than names may be (RFC 1035 §2.3.4) have no place of their own.
const LONGEST_NAME: usize = 255;
/// The part of a service's templates that need not be learned to be shown.
const UNLEARNED_PART: usize = 5;
/// What the allocator needs for a service's three allocations, beside what it gives.
const ALLOCATIONS: usize = 48;

/// All services.
#[derive(Debug)]
pub struct Services {
    /// The one that others share; then those with a name, sorted by it.
    shared: Service,
    named: Vec<Named>,
    /// The name that was looked up last, in lower case, and whose it is.
    name: Vec<u8>,
    last: Option<usize>,
    limit: usize,
    templates: usize,
    names: usize,
}

#[derive(Debug)]
struct Named {
    name: Box<[u8]>,
    service: Service,
}

/// What is known of a service.
#[derive(Debug)]
pub struct Service {
    /// The root of its tree.
    pub root: Option<u32>,
    pub templates: Templates,
}

/// Templates that are shown, as their hashes: those that were learned, and some that were not. None is ever taken out, so
/// that there are never more.
#[derive(Debug)]
pub struct Templates {
    learned: Vec<u64>,
    unlearned: Vec<u64>,
    limit: usize,
}

/// Where a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Shared,
    Named(usize),
}

impl Services {
    /// Places for so many services, with so many templates each.
    pub fn new(limit: usize, templates: usize) -> Self {
        Services {
            shared: Service { root: None, templates: Templates::with_limit(templates) },
            named: Vec::with_capacity(limit),
            name: Vec::with_capacity(LONGEST_NAME),
            last: None,
            limit,
            templates,
            names: 0,
        }
    }

    /// Looks for a host. Upper case is lower case, and a dot at the end is none.
    pub fn find(&mut self, host: &[u8]) -> Place {
        let host = host.strip_suffix(b".").unwrap_or(host);
        if let Some(last) = self.last
            && self.name.eq_ignore_ascii_case(host)
        {
            return Place::Named(last);
        }
        match self.search(host) {
            Ok(found) if host.len() <= LONGEST_NAME => {
                self.last = Some(found);
                Place::Named(found)
            }
            _ => Place::Shared,
        }
    }

    fn search(&mut self, host: &[u8]) -> Result<usize, usize> {
        self.last = None;
        self.name.clear();
        self.name.extend_from_slice(&host[..host.len().min(LONGEST_NAME)]);
        self.name.make_ascii_lowercase();
        self.named.binary_search_by(|named| named.name[..].cmp(&self.name))
    }

    /// Looks for a host, and gives it a place if it has none, there is one, and so many bytes suffice.
    pub fn find_or_add(&mut self, host: &[u8], room: usize) -> Place {
        if let found @ Place::Named(_) = self.find(host) {
            return found;
        }
        let host = host.strip_suffix(b".").unwrap_or(host);
        let cost = host.len() + Templates::bytes(self.templates) + ALLOCATIONS;
        if self.named.len() == self.limit || host.len() > LONGEST_NAME || host.is_empty() || cost > room {
            return Place::Shared;
        }
        let Err(place) = self.search(host) else { return Place::Shared };
        let service = Service { root: None, templates: Templates::with_limit(self.templates) };
        self.named.insert(place, Named { name: self.name[..].into(), service });
        self.names += host.len();
        self.last = Some(place);
        Place::Named(place)
    }

    /// The service at a place.
    pub fn get(&mut self, place: Place) -> &mut Service {
        match place {
            Place::Named(place) if place < self.named.len() => &mut self.named[place].service,
            _ => &mut self.shared,
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Service> {
        std::iter::once(&self.shared).chain(self.named.iter().map(|named| &named.service))
    }

    /// How many have a place of their own.
    pub fn len(&self) -> usize {
        self.named.len()
    }

    /// Bytes that they take.
    pub fn memory(&self) -> usize {
        let each = Templates::bytes(self.templates) + ALLOCATIONS;
        self.named.capacity() * size_of::<Named>() + self.name.capacity() + self.names + (self.named.len() + 1) * each
    }
}

impl Templates {
    fn with_limit(limit: usize) -> Self {
        let unlearned = limit / UNLEARNED_PART;
        Templates { learned: Vec::with_capacity(limit - unlearned), unlearned: Vec::with_capacity(unlearned), limit }
    }

    fn bytes(limit: usize) -> usize {
        limit * size_of::<u64>()
    }

    /// Whether a template may be shown.
    pub fn show(&mut self, template: &str) -> Shown {
        let hash = hash::of(template.as_bytes());
        if self.learned.binary_search(&hash).is_ok() {
            return Shown::Learned;
        }
        if insert(&mut self.unlearned, hash, self.limit / UNLEARNED_PART) { Shown::Unlearned } else { Shown::Not }
    }

    /// Takes in a template that was learned; whether there was room.
    pub fn learn(&mut self, template: &str) -> bool {
        let hash = hash::of(template.as_bytes());
        let there = insert(&mut self.learned, hash, self.limit - self.limit / UNLEARNED_PART);
        if there && let Ok(place) = self.unlearned.binary_search(&hash) {
            self.unlearned.remove(place);
        }
        there
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.learned.len() + self.unlearned.len()
    }
}

/// Whether a template is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Learned,
    Unlearned,
    /// There are too many.
    Not,
}

/// Inserts into a sorted list of so many at most. Whether it is there now.
fn insert(list: &mut Vec<u64>, hash: u64, limit: usize) -> bool {
    match list.binary_search(&hash) {
        Ok(_) => true,
        Err(_) if list.len() >= limit => false,
        Err(place) => {
            list.insert(place, hash);
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_whatever_its_case() {
        let mut services = Services::new(2, 10);
        assert_eq!(services.find(b"b.test"), Place::Shared);
        assert_eq!(services.find_or_add(b"B.test", usize::MAX), Place::Named(0));
        assert_eq!(services.find_or_add(b"a.test.", usize::MAX), Place::Named(0));
        assert_eq!(services.find(b"b.TEST."), Place::Named(1));
        assert_eq!(services.find(b"A.test"), Place::Named(0));
        assert_eq!(services.find(b"a.tes"), Place::Shared);
    }

    #[test]
    fn hosts_without_a_place_share_one() {
        let mut services = Services::new(1, 10);
        assert_eq!(services.find_or_add(b"a", 10), Place::Shared);
        assert_eq!(services.find_or_add(&[b'x'; 300], usize::MAX), Place::Shared);
        assert_eq!(services.find_or_add(b"", usize::MAX), Place::Shared);
        assert_eq!(services.find_or_add(b"a", usize::MAX), Place::Named(0));
        assert_eq!(services.find_or_add(b"b", usize::MAX), Place::Shared);
        assert_eq!(services.find(b"b"), Place::Shared);
        assert_eq!(services.find(b"a"), Place::Named(0));
    }

    #[test]
    fn a_template_that_is_learned_leaves_its_place_to_another() {
        let mut templates = Templates::with_limit(10);
        assert_eq!(templates.show("/a"), Shown::Unlearned);
        assert_eq!(templates.show("/b"), Shown::Unlearned);
        assert_eq!(templates.show("/c"), Shown::Not);
        assert!(templates.learn("/a"));
        assert_eq!(templates.show("/a"), Shown::Learned);
        assert_eq!(templates.show("/c"), Shown::Unlearned);
        assert_eq!(templates.show("/d"), Shown::Not);
    }

    #[test]
    fn there_are_never_more_templates_than_the_limit() {
        let mut templates = Templates::with_limit(10);
        let learned = (0..100).filter(|number| templates.learn(&format!("/{number}"))).count();
        for number in 0..100 {
            templates.show(&format!("/x/{number}"));
        }
        assert_eq!((learned, templates.len()), (8, 10));
    }
}
