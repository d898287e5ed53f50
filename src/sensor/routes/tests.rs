use super::*;

mod learning;
mod properties;

/// Routes with the usual limits, and what one asks them.
struct Fixture {
    routes: Routes,
}

impl Fixture {
    fn new() -> Self {
        Self::with(RouteLimits::default(), &[])
    }

    fn with(limits: RouteLimits, patterns: &[&str]) -> Self {
        Fixture { routes: Routes::new(limits, Patterns::parse(patterns).expect("the patterns are right")) }
    }

    /// A client asks for a path, and the server has it.
    fn ask(&mut self, client: u8, path: &str) -> &mut Self {
        self.asked("api.test", client, path, Some(200))
    }

    fn asked(&mut self, host: &str, client: u8, path: &str, status: Option<u16>) -> &mut Self {
        self.routes.learn(host.as_bytes(), path.as_bytes(), IpAddr::from([192, 0, 2, client]), status);
        self
    }

    /// Enough of enough clients ask for it.
    fn prove(&mut self, path: &str) -> &mut Self {
        self.ask(1, path).ask(2, path).ask(1, path)
    }

    fn all(&mut self, path: impl AsRef<[u8]>) -> (String, String, RouteSource) {
        let (mut template, mut surrogate) = (String::from("old"), String::from("old"));
        let source = self.routes.template(b"api.test", path.as_ref(), &mut template, &mut surrogate);
        (template, surrogate, source)
    }

    fn template(&mut self, path: impl AsRef<[u8]>) -> String {
        self.all(path).0
    }
}

#[track_caller]
fn unlearned(path: &str, template: &str, surrogate: &str) {
    let expected = (template.to_owned(), surrogate.to_owned(), RouteSource::Heuristic);
    assert_eq!(Fixture::new().all(path), expected, "{path}");
}

#[test]
fn values_are_shown_as_their_type_at_first_sight() {
    unlearned("/users/123", "/users/{id}", "/users/0");
    unlearned("/d/CfMkAGbE_aivhFydEpaRafPuGWbmHfG/edit", "/d/{token}/edit", "/d/0/edit");
    unlearned("/img/77.png", "/img/{id}.png", "/img/0.png");
    unlearned("/reports/2024-05-01", "/reports/{date}", "/reports/1970-01-01");
    unlearned(
        "/orders/123e4567-e89b-12d3-a456-426614174000/items",
        "/orders/{uuid}/items",
        "/orders/00000000-0000-0000-0000-000000000000/items",
    );
    unlearned("/v2/health", "/v2/health", "/v2/health");
    unlearned("/", "/", "/");
}

#[test]
fn words_are_hidden_at_first_sight() {
    unlearned("/api/hello.world", "/api/{segment}", "/api/0");
    unlearned("/v1/orgs/acme/repos", "/v1/orgs/{segment}/repos", "/v1/orgs/0/repos");
    unlearned("/pkg.v1.Service/Method", "/{segment}/{segment}", "/0/0");
    unlearned("/a//b/%2e%2e/c;x=1", "/{segment}/{segment}", "/0/0");
}

#[test]
fn words_are_shown_once_they_are_proven() {
    for path in ["/api/hello.world", "/v1/orgs/acme/repos", "/pkg.v1.Service/Method"] {
        let mut fixture = Fixture::new();
        let hidden = fixture.ask(1, path).ask(2, path).template(path);
        assert!(hidden.contains("{segment}"), "{hidden}");
        let shown = (path.to_owned(), path.to_owned(), RouteSource::Learned);
        assert_eq!(fixture.ask(1, path).all(path), shown);
    }
}

#[test]
fn spellings_of_a_path_are_proven_together() {
    let mut fixture = Fixture::new();
    fixture.ask(1, "/a//b/%2e%2e/c;x=1").ask(2, "/a/c/").ask(3, "/%61/./c");
    assert_eq!(fixture.template("/a/c"), "/a/c");
    assert_eq!(fixture.template("/a/b/c"), "/a/{segment}/{segment}");
    assert_eq!(fixture.prove("/a%2fc").template("/a%2Fc"), "/{segment}");
}

#[test]
fn patterns_come_first() {
    let mut fixture = Fixture::with(RouteLimits::default(), &["/users/{userId}/cards"]);
    let expected = ("/users/{userId}/cards".to_owned(), "/users/0/cards".to_owned(), RouteSource::Config);
    assert_eq!(fixture.all("/users/john/cards"), expected);
    assert_eq!(fixture.prove("/users/john/cards").all("/users/john/cards"), expected);
    assert_eq!(fixture.all("/users/{userId}/cards"), expected);
    assert_eq!(fixture.template("/users/john"), "/users/{segment}");
    assert_eq!(fixture.routes.counts().templates, 1);
}

#[test]
fn what_is_no_path_has_no_template() {
    let mut fixture = Fixture::new();
    let nothing = |surrogate: &str| (String::new(), surrogate.to_owned(), RouteSource::None);
    assert_eq!(fixture.all("*"), nothing("*"));
    for target in ["", "api.test:443", "ftp://api.test/x", "\u{0}"] {
        assert_eq!(fixture.all(target), nothing(""), "{target}");
        fixture.prove(target);
    }
    assert_eq!(fixture.routes.counts().templates, 0);
}

#[test]
fn a_very_deep_path_ends_in_its_rest() {
    let mut fixture = Fixture::new();
    let (template, surrogate, source) = fixture.all("/x".repeat(4000));
    assert_eq!(template, "/{segment}".repeat(32) + "/{rest}");
    assert_eq!((surrogate, source), ("/0".repeat(33), RouteSource::Heuristic));
    let deep = "/frob".repeat(4000);
    assert_eq!(fixture.prove(&deep).template(&deep), "/frob".repeat(32) + "/{rest}");
}

#[test]
fn the_source_says_whether_something_is_a_guess() {
    let mut fixture = Fixture::new();
    let source = |fixture: &mut Fixture, path: &str| fixture.all(path).2;
    assert_eq!(source(&mut fixture, "/users/orders"), RouteSource::Heuristic);
    fixture.prove("/users/orders").prove("/frob").prove("/frob/7");
    assert_eq!(source(&mut fixture, "/users/orders"), RouteSource::Learned);
    assert_eq!(source(&mut fixture, "/frob"), RouteSource::Learned);
    assert_eq!(source(&mut fixture, "/frob/7"), RouteSource::Heuristic);
    assert_eq!(source(&mut fixture, "/frob/acme"), RouteSource::Heuristic);
}

#[test]
fn a_service_proves_nothing_for_another() {
    let mut fixture = Fixture::new();
    for client in 0..9 {
        fixture.asked("other.test", client, "/acme", Some(200));
    }
    assert_eq!(fixture.template("/acme"), "/{segment}");
    assert_eq!(fixture.prove("/acme").template("/acme"), "/acme");
    assert_eq!(fixture.routes.counts().services, 2);
}
