//! What holds whatever comes.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::node::{Node, edges_bytes};
use super::super::trie::MOST_CHILDREN;
use super::*;

const SMALL: RouteLimits = RouteLimits { services: 3, templates: 40, children: 3, bytes: 30_000 };

/// Secrets, and words that are somebody's: none may be seen that one client alone asks for.
const PRIVATE: [&str; 14] = [
    "john.smith",
    "acme",
    "globex-corp",
    "john@example.com",
    "john%40example.com",
    "AKIAIOSFODNN7EXAMPLE",
    "4111111111111111",
    "4111-1111-1111-1111",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqb2huIn0.c2lnbmF0dXJl",
    "123e4567-e89b-12d3-a456-426614174000",
    "+4917012345678",
    "CfMkAGbE_aivhFydEpaRafPuGWbmHfG",
    "jsmith1985",
    "2024-05-01",
];

#[derive(Debug, Clone)]
struct Request {
    host: u8,
    client: u8,
    path: Vec<u8>,
    status: u16,
}

/// Segments that meet each other often.
fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-c][a-d]{3}(co|te)?",
        2 => "(users|orders|items|search|v1|\\{segment\\}|\\{id\\}|_overflow)",
        1 => "[0-9]{1,9}",
        1 => "[a-d]{3}\\.(png|js|world)",
        1 => "[a-zA-Z0-9_-]{8,30}",
        1 => "(\\.\\.|\\.|%2e%2E|;x=1|%2f|%|)",
        1 => "[!-~]{0,20}",
    ]
}

/// Few words in few places, so that many are proven, and places become parameters.
fn busy() -> impl Strategy<Value = Vec<u8>> {
    let word = "(ma|ne|ri)(co|de|fi)(ba|tu)?(\\.png)?";
    let segment = prop_oneof![6 => word, 2 => Just("users".to_owned()), 1 => Just("7".to_owned())];
    vec(segment, 1..5).prop_map(|segments| format!("/{}", segments.join("/")).into_bytes())
}

fn path() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        20 => busy(),
        9 => vec(segment(), 0..6).prop_map(|segments| format!("/{}", segments.join("/")).into_bytes()),
        1 => vec(any::<u8>(), 0..200),
        1 => vec(any::<u8>(), 0..60).prop_map(|bytes| [&b"/"[..], &bytes].concat()),
        1 => (1usize..60).prop_map(|depth| "/aaaa".repeat(depth).into_bytes()),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let status = prop_oneof![5 => Just(200), 1 => Just(404)];
    (prop_oneof![9 => Just(0u8), 1 => 0u8..5], 0u8..4, path(), status)
        .prop_map(|(host, client, path, status)| Request { host, client, path, status })
}

fn learn(routes: &mut Routes, request: &Request) {
    let host = [b'a' + request.host];
    routes.learn(&host, &request.path, IpAddr::from([192, 0, 2, request.client]), Some(request.status));
}

fn template(routes: &mut Routes, request: &Request, path: &[u8]) -> (String, String, RouteSource) {
    let (mut template, mut surrogate) = (String::new(), String::new());
    let source = routes.template(&[b'a' + request.host], path, &mut template, &mut surrogate);
    (template, surrogate, source)
}

fn routes(limits: RouteLimits) -> Routes {
    Routes::new(limits, Patterns::parse(["/config/{name}", "/v1/{a}-x/{rest...}"]).expect("the patterns are right"))
}

/// How many words of a template are not hidden.
fn hides(template: &str) -> Vec<bool> {
    template.split('/').map(|segment| segment.starts_with("{segment}")).collect()
}

/// Checks what holds for a node and those below it, of which one may be shown if those above it may.
fn check(trie: &Trie, at: u32, shown: bool) {
    let node = &trie.nodes[at as usize];
    let (words, others): (Vec<_>, Vec<_>) =
        node.edges.iter().map(|edge| edge.node).partition(|&below| trie.nodes[below as usize].label.is_word());
    assert_eq!(words.len(), usize::from(node.words));
    assert!(words.len().max(others.len()) <= SMALL.children * MOST_CHILDREN);
    assert!(!node.collapsed || (words.is_empty() && node.pinned));
    assert!(!node.barred || node.edges.is_empty());
    for below in words.into_iter().chain(others) {
        let child = &trie.nodes[below as usize];
        assert!(!child.proven || (shown && child.label.is_word()));
        assert!(!child.pinned || node.pinned);
        check(trie, below, shown && (child.proven || !child.label.is_word()));
    }
}

#[test]
fn words_that_become_one_have_no_more_below_them_than_any() {
    let mut routes = routes(RouteLimits { bytes: 1 << 20, ..SMALL });
    let word = |number: usize| [b'a' + (number / 20) as u8, b'o', b'a' + (number % 20) as u8, b'e'];
    // Each has some of its own, then all get the same.
    let own = (0..48).map(|below| (100 + below, below / 4));
    let same = (0..20).flat_map(|below| (0..12).map(move |above| (below, above)));
    for (below, above) in own.chain(same) {
        let path = [b"/orgs/", &word(above)[..], b"/", &word(below)].concat();
        routes.learn(b"a", &path, IpAddr::from([192, 0, 2, 1]), Some(200));
        if routes.counts().revision > 0 {
            break;
        }
    }
    assert_eq!(routes.counts().revision, 1);
    assert!(routes.counts().forgotten > 0);
    routes.services.iter().for_each(|service| service.root.iter().for_each(|root| check(&routes.trie, *root, true)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_template_is_its_own_template(requests in vec(request(), 0..800)) {
        let mut routes = routes(SMALL);
        for request in &requests {
            learn(&mut routes, request);
            let first = template(&mut routes, request, &request.path).0;
            if !first.is_empty() {
                let again = template(&mut routes, request, first.as_bytes()).0;
                prop_assert_eq!(&again, &first);
            }
        }
        for request in &requests {
            let first = template(&mut routes, request, &request.path).0;
            if !first.is_empty() {
                let again = template(&mut routes, request, first.as_bytes()).0;
                prop_assert_eq!(&again, &first);
            }
        }
    }

    #[test]
    fn memory_stays_within_its_bound(requests in vec(request(), 0..800), bytes in 0usize..40_000) {
        let limits = RouteLimits { bytes, ..SMALL };
        let mut routes = routes(limits);
        let bound = bytes.max(routes.memory());
        for request in &requests {
            learn(&mut routes, request);
            template(&mut routes, request, &request.path);
            prop_assert!(routes.memory() <= bound, "{} of {}", routes.memory(), bound);
        }
        for service in routes.services.iter() {
            service.root.iter().for_each(|root| check(&routes.trie, *root, true));
        }
        let owned = |node: &Node| node.label.bytes() + edges_bytes(node.edges.capacity());
        let nodes = &routes.trie.nodes;
        let counted = nodes.capacity() * size_of::<Node>() + nodes.iter().map(owned).sum::<usize>();
        prop_assert_eq!(routes.trie.memory(), counted);
    }

    #[test]
    fn the_same_requests_give_the_same_templates(requests in vec(request(), 0..800)) {
        let (mut one, mut other) = (routes(SMALL), routes(SMALL));
        for request in &requests {
            learn(&mut one, request);
            learn(&mut other, request);
            let first = template(&mut one, request, &request.path);
            prop_assert_eq!(first, template(&mut other, request, &request.path));
        }
        prop_assert_eq!(one.counts(), other.counts());
    }

    #[test]
    fn a_template_begins_like_a_path_and_has_no_wildcard(requests in vec(request(), 0..50)) {
        let mut routes = routes(SMALL);
        for request in &requests {
            learn(&mut routes, request);
            let (template, surrogate, source) = template(&mut routes, request, &request.path);
            prop_assert!(!template.contains(['*', '%', '?', '\\', '@', ' ']) && template.is_ascii());
            prop_assert_eq!(template.is_empty(), source == RouteSource::None && template != OVERFLOW);
            prop_assert!(template.is_empty() || template.starts_with('/'));
            prop_assert!(!surrogate.contains('{'), "{}", surrogate);
            if template != OVERFLOW && source != RouteSource::None && source != RouteSource::Config {
                prop_assert_eq!(template.split('/').count(), surrogate.split('/').count());
            }
        }
    }

    #[test]
    fn what_one_client_asks_for_is_never_shown(
        others in vec(request(), 0..100),
        asked in vec((0..PRIVATE.len(), "(/users|/v1|/zzzz|)", "(/items|/yyyy|\\.png|)"), 1..60),
    ) {
        let mut routes = routes(SMALL);
        for request in &others {
            learn(&mut routes, request);
        }
        for (which, before, behind) in asked {
            let path = format!("{before}/{}{behind}", PRIVATE[which]).into_bytes();
            let request = Request { host: 0, client: 77, path, status: 200 };
            learn(&mut routes, &request);
            let (template, surrogate, _) = template(&mut routes, &request, &request.path);
            prop_assert!(!template.contains(PRIVATE[which]), "{template}");
            prop_assert!(!surrogate.contains(PRIVATE[which]), "{surrogate}");
        }
    }

    #[test]
    fn what_is_a_parameter_stays_one(requests in vec(request(), 0..800)) {
        let mut routes = routes(SMALL);
        let mut collapsed: Vec<(Request, Vec<bool>)> = Vec::new();
        for request in &requests {
            learn(&mut routes, request);
            let (template, _, source) = template(&mut routes, request, &request.path);
            // Nothing is a guess: what is hidden is collapsed.
            if source == RouteSource::Learned && template.contains("{segment}") {
                collapsed.push((request.clone(), hides(&template)));
            }
        }
        for (request, hidden) in collapsed {
            let now = template(&mut routes, &request, &request.path).0;
            if now != OVERFLOW {
                let kept = hidden.iter().zip(hides(&now)).all(|(before, now)| !before || now);
                prop_assert!(kept, "{}: {:?} is now {now}", String::from_utf8_lossy(&request.path), hidden);
            }
        }
    }

    #[test]
    fn there_are_never_more_templates_than_the_limit(requests in vec(request(), 0..800)) {
        let mut routes = routes(SMALL);
        let mut seen = std::collections::HashSet::new();
        for request in requests.iter().map(|request| Request { host: 0, ..request.clone() }) {
            learn(&mut routes, &request);
            let (template, _, source) = template(&mut routes, &request, &request.path);
            if !matches!(source, RouteSource::Config | RouteSource::None) {
                seen.insert(template);
            }
        }
        // One more set for what was asked before the host had a place of its own.
        prop_assert!(seen.len() <= SMALL.templates + SMALL.templates / 5, "{}", seen.len());
    }
}
