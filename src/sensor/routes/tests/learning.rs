//! What proves a word, and what makes a parameter.

use super::*;

/// Words that are in no list, one for each number.
fn word(number: usize) -> String {
    const SYLLABLES: [&str; 10] = ["ba", "de", "fi", "go", "lu", "ma", "ne", "ri", "so", "tu"];
    [number / 100, number / 10, number].map(|digit| SYLLABLES[digit % 10]).concat() + "co"
}

#[test]
fn one_client_proves_nothing() {
    let mut fixture = Fixture::new();
    for _ in 0..100 {
        fixture.ask(1, "/acme");
    }
    assert_eq!(fixture.template("/acme"), "/{segment}");
    assert_eq!(fixture.ask(2, "/acme").template("/acme"), "/acme");
}

#[test]
fn what_stands_behind_people_and_secrets_is_never_proven() {
    let mut fixture = Fixture::new();
    for (path, template) in [
        ("/users/janedoe/cards", "/users/{segment}/cards"),
        ("/v1/password/opensesame", "/v1/password/{segment}"),
        ("/reset/swordfish", "/reset/{segment}"),
        ("/users/search", "/users/search"),
    ] {
        for client in 0..50 {
            fixture.ask(client, path);
        }
        assert_eq!(fixture.template(path), template);
    }
}

#[test]
fn addresses_of_one_network_are_one_client() {
    let mut fixture = Fixture::new();
    let mut ask = |client: &str| {
        let client = client.parse().expect("an address");
        fixture.routes.learn(b"api.test", b"/acme", client, Some(200));
        fixture.template("/acme")
    };
    for client in ["2001:db8::1", "2001:db8::2", "2001:db8::3:4"] {
        assert_eq!(ask(client), "/{segment}");
    }
    assert_eq!(ask("2001:db8:0:1::1"), "/acme");
    let mut ask = |client: &str| {
        let client = client.parse().expect("an address");
        fixture.routes.learn(b"api.test", b"/globex", client, Some(200));
        fixture.template("/globex")
    };
    for client in ["192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.1"] {
        assert_eq!(ask(client), "/{segment}");
    }
}

#[test]
fn failures_that_anybody_gets_prove_nothing() {
    for status in [None, Some(301), Some(302), Some(308), Some(400), Some(401), Some(403), Some(404), Some(405)]
        .into_iter()
        .chain([Some(410), Some(429), Some(501), Some(502), Some(503), Some(504), Some(0), Some(999)])
    {
        let mut fixture = Fixture::new();
        for client in 0..50 {
            fixture.asked("api.test", client, "/wp-login", status);
        }
        assert_eq!(fixture.template("/wp-login"), "/{segment}", "{status:?}");
        assert_eq!(fixture.routes.counts().services, 0);
    }
    for status in [101, 200, 201, 204, 206, 303, 304, 409, 422, 500] {
        let mut fixture = Fixture::new();
        for client in 0..3 {
            fixture.asked("api.test", client, "/frob", Some(status));
        }
        assert_eq!(fixture.template("/frob"), "/frob", "{status}");
    }
}

#[test]
fn what_looks_sensitive_is_never_proven() {
    for segment in ["john@example.com", "john%40example.com", "john1985", "AKIAIOSFODNN7EXAMPLE", "hQxZpLwk", "~john"] {
        let mut fixture = Fixture::new();
        let path = format!("/u/{segment}");
        for client in 0..100 {
            fixture.ask(client, &path);
        }
        assert!(!fixture.template(&path).contains(segment), "{segment}");
    }
}

#[test]
fn a_detector_has_the_last_word() {
    let mut fixture = Fixture::new();
    fixture.routes = fixture.routes.with_detector(|word| word == b"smith");
    fixture.prove("/u/smith/frob").prove("/u/acme/frob");
    assert_eq!(fixture.template("/u/acme/frob"), "/u/acme/frob");
    assert_eq!(fixture.template("/u/smith/frob"), "/u/{segment}/frob");
    assert_eq!(fixture.template("/u/{segment}/frob"), "/u/{segment}/frob");
}

#[test]
fn a_word_is_proven_in_its_place_alone() {
    let mut fixture = Fixture::new();
    fixture.prove("/orgs/acme");
    assert_eq!(fixture.template("/users/acme"), "/users/{segment}");
    assert_eq!(fixture.template("/acme"), "/{segment}");
    assert_eq!(fixture.template("/orgs/1/acme"), "/orgs/{id}/{segment}");
}

#[test]
fn many_words_with_the_same_below_them_are_a_parameter() {
    let mut fixture = Fixture::new();
    for number in 0..30 {
        fixture.prove(&format!("/orgs/{}/repos", word(number)));
    }
    let first = format!("/orgs/{}/repos", word(0));
    assert_eq!(fixture.template(&first), first);
    let before = fixture.routes.counts().revision;
    fixture.ask(1, &format!("/orgs/{}/repos", word(30)));
    assert_eq!(fixture.routes.counts().revision, before + 1);
    assert_eq!(fixture.all(&first).0, "/orgs/{segment}/repos");
    assert_eq!(fixture.all(&first).2, RouteSource::Learned);
    fixture.prove(&first);
    assert_eq!(fixture.template(&first), "/orgs/{segment}/repos");
    assert_eq!(fixture.template("/orgs/search/repos"), "/orgs/search/repos");
}

#[test]
fn evidence_of_many_words_is_added_up_below_their_parameter() {
    let mut fixture = Fixture::new();
    for number in 0..31 {
        let path = format!("/orgs/{}/frob", word(number));
        fixture.ask(number as u8, &path);
        let expected = if number < 30 { "/orgs/{segment}/{segment}" } else { "/orgs/{segment}/frob" };
        // One more client asks, once they are one.
        if number == 30 {
            fixture.ask(99, &path);
        }
        assert_eq!(fixture.template(&path), expected);
    }
}

#[test]
fn a_namespace_of_many_verbs_survives() {
    let mut fixture = Fixture::new();
    for number in 0..31 {
        fixture.prove(&format!("/rpc/{}", word(number)));
        fixture.prove(&format!("/namespace/{}/{}", word(number), word(900 - number)));
    }
    for number in 0..31 {
        let verb = format!("/rpc/{}", word(number));
        assert_eq!(fixture.template(&verb), verb);
        let nested = format!("/namespace/{}/{}", word(number), word(900 - number));
        assert_eq!(fixture.template(&nested), nested);
    }
}

#[test]
fn resources_among_known_words_survive() {
    let mut fixture = Fixture::new();
    for known in
        ["users", "orders", "invoices", "accounts", "payments", "items", "events", "files", "jobs", "teams", "tags"]
    {
        fixture.prove(&format!("/api/{known}/search"));
    }
    for number in 0..32 {
        fixture.prove(&format!("/api/{}/search", word(number)));
    }
    let path = format!("/api/{}/search", word(7));
    assert_eq!(fixture.template(&path), path);
}

#[test]
fn names_that_do_not_end_are_a_parameter_even_with_nothing_below() {
    let mut fixture = Fixture::new();
    fixture.prove("/u/acme");
    assert_eq!(fixture.template("/u/acme"), "/u/acme");
    for number in 0..600 {
        fixture.ask(1, &format!("/u/{}", word(number)));
    }
    assert_eq!(fixture.prove("/u/acme").template("/u/acme"), "/u/{segment}");
}

#[test]
fn a_parameter_keeps_extensions_and_known_words() {
    let mut fixture = Fixture::new();
    for number in 0..40 {
        fixture.ask(1, &format!("/files/{}.png/thumbnail", word(number)));
    }
    assert_eq!(fixture.template("/files/acme.png/thumbnail"), "/files/{segment}.png/thumbnail");
    assert_eq!(fixture.template("/files/index.html"), "/files/index.html");
}

#[test]
fn too_many_templates_overflow() {
    let limits = RouteLimits { templates: 10, ..RouteLimits::default() };
    let mut fixture = Fixture::with(limits, &["/config/{name}"]);
    for depth in 1..20 {
        fixture.ask(1, &"/users".repeat(depth));
    }
    let shown =
        |fixture: &mut Fixture| (1..20).map(|depth| fixture.template("/users".repeat(depth))).collect::<Vec<_>>();
    let templates = shown(&mut fixture);
    assert_eq!(templates.iter().filter(|template| *template == OVERFLOW).count(), 9);
    assert_eq!(templates[0], "/users");
    assert_eq!(shown(&mut fixture), templates);
    assert_eq!(fixture.routes.counts().overflowed, 18);
    assert_eq!(fixture.routes.counts().templates, 10);
    assert_eq!(fixture.template("/config/x"), "/config/{name}");
    assert_eq!(fixture.all(OVERFLOW), (OVERFLOW.to_owned(), OVERFLOW.to_owned(), RouteSource::None));
}

#[test]
fn whoever_guesses_paths_takes_no_template_from_others() {
    let mut fixture = Fixture::new();
    for number in 0..1000 {
        let path = format!("/users{}/orders", "/items".repeat(number % 30) + &"/cards".repeat(number / 30));
        fixture.asked("api.test", 1, &path, Some(404)).template(&path);
    }
    assert!(fixture.routes.counts().templates <= 100);
    assert!(fixture.routes.counts().overflowed > 0);
    assert_eq!(fixture.ask(1, "/accounts/7").template("/accounts/7"), "/accounts/{id}");
}

#[test]
fn hosts_beyond_the_limit_share_a_place() {
    let mut fixture = Fixture::with(RouteLimits { services: 2, ..RouteLimits::default() }, &[]);
    fixture.asked("a.test", 1, "/x", Some(200)).asked("b.test", 1, "/x", Some(200));
    fixture.asked("c.test", 1, "/acme", Some(200)).asked("d.test", 2, "/acme", Some(200));
    fixture.asked("e.test", 3, "/acme", Some(200));
    assert_eq!(fixture.routes.counts().services, 2);
    assert_eq!(fixture.template("/acme"), "/acme");
}

#[test]
fn junk_is_forgotten_when_there_is_no_room_and_what_is_proven_is_not() {
    let limits = RouteLimits { bytes: 200_000, ..RouteLimits::default() };
    let mut fixture = Fixture::with(limits, &[]);
    fixture.prove("/frob/globex");
    let mut deepest = 0;
    for number in 0..6000 {
        let path = format!("/{}/{}/{}", word(number), word(number / 7), word(number / 3));
        fixture.ask(1, &path);
        deepest = deepest.max(fixture.routes.memory());
    }
    assert!(deepest <= limits.bytes, "{deepest}");
    let counts = fixture.routes.counts();
    assert!(counts.forgotten > 0, "{counts:?}");
    assert!(["/frob/globex", "/{segment}/globex"].contains(&fixture.template("/frob/globex").as_str()));
    fixture.prove("/users/7/later");
    assert_eq!(fixture.template("/users/7/later"), "/users/{id}/later");
}

#[test]
fn nothing_is_learned_in_no_room_at_all() {
    let mut fixture = Fixture::with(RouteLimits { bytes: 0, ..RouteLimits::default() }, &[]);
    let before = fixture.routes.memory();
    for _ in 0..5000 {
        fixture.prove("/acme");
    }
    assert_eq!((fixture.template("/acme"), fixture.routes.memory()), ("/{segment}".to_owned(), before));
}

#[test]
fn a_debug_view_says_nothing_of_what_was_asked_for() {
    let mut fixture = Fixture::new();
    fixture.prove("/acme/globex").asked("secret.test", 1, "/acme", Some(200));
    let view = format!("{:?}", fixture.routes);
    assert!(view.contains("revision: 2"), "{view}");
    assert!(!["acme", "globex", "secret"].iter().any(|word| view.contains(word)), "{view}");
}

/// Few children.
fn small() -> Fixture {
    Fixture::with(RouteLimits { children: 3, ..RouteLimits::default() }, &[])
}

impl Fixture {
    /// Makes what is below a path a parameter, which one client asks for.
    fn collapse(&mut self, path: &str) -> &mut Self {
        (0..4).for_each(|number| _ = self.ask(1, &format!("{path}/{}/frob", word(number))));
        self
    }

    /// Forgets all that has proven nothing, as if there were no room.
    fn forget(&mut self) -> &mut Self {
        self.routes.starved = None;
        self.ask(1, "/junk");
        let forgotten = self.routes.counts().forgotten;
        self.routes.starve();
        assert!(self.routes.counts().forgotten > forgotten);
        self
    }
}

#[test]
fn a_parameter_stays_one_when_all_around_it_is_forgotten() {
    let mut fixture = small();
    fixture.collapse("/acme/users").forget().prove("/acme/users/globex/frob");
    assert_eq!(fixture.template("/acme/users/globex/frob"), "/acme/users/{segment}/frob");
}

#[test]
fn a_word_with_a_parameter_below_it_makes_no_room_for_another() {
    let mut fixture = small();
    fixture.collapse("/acme/users");
    for number in 0..15 {
        fixture.prove(&format!("/{}", word(number)));
    }
    for number in 15..60 {
        (0..9).for_each(|_| _ = fixture.ask(1, &format!("/{}", word(number))));
    }
    assert_eq!(fixture.template(format!("/{}", word(7))), format!("/{}", word(7)));
    fixture.prove("/acme/users/globex/frob");
    assert_eq!(fixture.template("/acme/users/globex/frob"), "/acme/users/{segment}/frob");
}

#[test]
fn words_that_become_one_have_the_parameters_of_each() {
    let mut fixture = small();
    fixture.prove("/orgs/one/orders/globex/frob").collapse("/orgs/two/orders");
    assert_eq!(fixture.template("/orgs/one/orders/globex/frob"), "/orgs/one/orders/globex/frob");
    fixture.ask(1, "/orgs/three/orders/x").ask(1, "/orgs/four/orders/x");
    assert_eq!(fixture.template("/orgs/one/orders/globex/frob"), "/orgs/{segment}/orders/{segment}/frob");
    fixture.prove("/orgs/one/orders/globex/frob");
    assert_eq!(fixture.template("/orgs/one/orders/globex/frob"), "/orgs/{segment}/orders/{segment}/frob");
}

#[test]
fn a_parameter_that_was_moved_stays_when_all_around_it_is_forgotten() {
    let mut fixture = small();
    fixture.ask(1, "/orgs/one/acme/users").collapse("/orgs/two/acme/users");
    fixture.ask(1, "/orgs/three/acme/users").ask(1, "/orgs/four/acme/users");
    assert_eq!(fixture.template("/orgs/five/users"), "/orgs/{segment}/users");
    fixture.forget().prove("/orgs/five/acme/users/globex/frob");
    assert_eq!(fixture.template("/orgs/x/acme/users/globex/frob"), "/orgs/{segment}/acme/users/{segment}/frob");
}
