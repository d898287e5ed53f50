use super::*;

fn found(patterns: &[&str], path: &str) -> Option<(String, String)> {
    let patterns = Patterns::parse(patterns).expect("the patterns are right");
    let mut segments = Segments::default();
    assert!(segments.read(path.as_bytes()));
    let number = patterns.find(&segments)?;
    let (mut template, mut surrogate) = (String::new(), String::new());
    patterns.write(number, &segments, &mut template, &mut surrogate);
    Some((template, surrogate))
}

fn matches(patterns: &[&str], path: &str, template: &str, surrogate: &str) {
    assert_eq!(found(patterns, path), Some((template.to_owned(), surrogate.to_owned())), "{path}");
}

fn refused(pattern: &str) -> PatternErrorKind {
    Patterns::parse([pattern]).expect_err(pattern).kind
}

#[test]
fn a_parameter_is_any_one_segment() {
    let patterns = ["/users/{userId}/cards"];
    matches(&patterns, "/users/7/cards", "/users/{userId}/cards", "/users/0/cards");
    matches(&patterns, "/users/john/cards/", "/users/{userId}/cards", "/users/0/cards");
    assert_eq!(found(&patterns, "/users/7"), None);
    assert_eq!(found(&patterns, "/users/7/cards/1"), None);
}

#[test]
fn the_more_literal_pattern_wins() {
    let patterns = ["/users/{id}", "/users/me", "/{any}/me", "/users/{id}/x", "/users/u-{id}", "/users/{rest...}"];
    matches(&patterns, "/users/me", "/users/me", "/users/me");
    matches(&patterns, "/users/u-1", "/users/u-{id}", "/users/u-0");
    matches(&patterns, "/users/u-", "/users/{id}", "/users/0");
    matches(&patterns, "/users/me/x", "/users/{id}/x", "/users/0/x");
    matches(&patterns, "/shops/me", "/{any}/me", "/0/me");
    matches(&patterns, "/users/a/b/c", "/users/{rest}", "/users/0");
    assert_eq!(found(&patterns, "/users"), None);
}

#[test]
fn a_parameter_may_be_a_part_of_a_segment() {
    let patterns = ["/report-{id}.pdf", "/books/{id}:cancel"];
    let uuid = "123e4567-e89b-12d3-a456-426614174000";
    let nil = "00000000-0000-0000-0000-000000000000";
    matches(&patterns, &format!("/report-{uuid}.pdf"), "/report-{id}.pdf", &format!("/report-{nil}.pdf"));
    matches(&patterns, "/books/acme:cancel", "/books/{id}:cancel", "/books/0:cancel");
    assert_eq!(found(&patterns, "/report-.pdf"), None);
    assert_eq!(found(&patterns, &format!("/report-{}.pdf", "1".repeat(200))), None);
}

#[test]
fn the_rest_may_be_longer_than_what_is_told_apart() {
    matches(&["/files/{path+}"], &format!("/files{}", "/x".repeat(4000)), "/files/{path}", "/files/0");
    assert_eq!(found(&["/files/{path}"], &format!("/files{}", "/x".repeat(4000))), None);
}

#[test]
fn spelling_makes_no_difference() {
    matches(&["/a%2fb/%63/"], "//a%2Fb/./c", "/a%2Fb/c", "/a%2Fb/c");
    matches(&["/"], "/", "/", "/");
    assert_eq!(found(&[], "/"), None);
}

#[test]
fn a_wrong_pattern_is_refused_with_the_reason() {
    use PatternErrorKind::*;
    assert_eq!(refused("GET /users"), NoSlash);
    assert_eq!(refused(""), NoSlash);
    assert_eq!(refused("/users//x"), EmptySegment(2));
    assert_eq!(refused("/a/%2e%2E/x"), EmptySegment(2));
    assert_eq!(refused("/users/*"), Wildcard("*".to_owned()));
    assert_eq!(refused("/users/:id"), OtherNotation(":id".to_owned()));
    assert_eq!(refused("/users/<int:id>"), OtherNotation("<int:id>".to_owned()));
    assert_eq!(refused("/users/{id"), Braces("{id".to_owned()));
    assert_eq!(refused("/users/id}"), Braces("id}".to_owned()));
    assert_eq!(refused("/{a}{b}"), Braces("{a}{b}".to_owned()));
    assert_eq!(refused("/x{a...}"), Braces("x{a...}".to_owned()));
    assert_eq!(refused("/{}"), BadName(String::new()));
    assert_eq!(refused("/{a b}"), IllegalCharacter(' '));
    assert_eq!(refused("/a?x=1"), IllegalCharacter('?'));
    assert_eq!(refused("/{a...}/b"), RestNotLast("{a...}".to_owned()));
    assert_eq!(refused(&"/x".repeat(33)), TooManySegments);
    assert_eq!(refused(&format!("/{}", "x".repeat(129))), SegmentTooLong(1));
    assert_eq!(refused(&format!("/{}", "x".repeat(2000))), TooLong);
    let twice = Patterns::parse(["/users/{id}", "/users/{name}"]).expect_err("they are the same");
    assert_eq!(twice.to_string(), "path pattern `/users/{name}`: it matches the same paths as `/users/{id}`");
    let many = (0..=MOST_PATTERNS).map(|number| format!("/{number}"));
    assert_eq!(Patterns::parse(many).expect_err("there are too many").kind, TooMany);
}

#[test]
fn a_wrong_pattern_comes_with_what_to_do() {
    let hints = |pattern: &str| Patterns::parse([pattern]).expect_err(pattern).hints();
    assert_eq!(hints("/users/:id"), ["write `{id}`"]);
    assert_eq!(hints("/a b"), ["a path contains it as `%20`"]);
    assert_eq!(hints("/ü"), ["a path contains it as `%C3%BC`"]);
    assert_eq!(hints("/users/**").len(), 1);
}
