use proptest::prelude::*;
use regex::RegexBuilder;

use super::*;
use crate::packet::Realm;
use crate::record::Endpoint;

#[test]
fn without_rules_everything_is_wanted() {
    let policy = Policy::default();
    assert_eq!(policy.judge(&between("10.0.0.1", "10.0.0.2"), b"shop.example", b"/cart?page=1"), Verdict::Wanted);
    assert_eq!(policy.judge(&between("10.0.0.1", "10.0.0.2"), b"", b""), Verdict::Wanted);
}

#[test]
fn of_what_is_allowed_one_has_to_match_and_what_is_excluded_wins() {
    let rules = Given::default()
        .host_allow(&["^shop\\.", "^api\\.example$"])
        .path_allow(&["^/v[12]/"])
        .host_exclusions(&["\\.internal$"])
        .path_exclusions(&["^/v1/health", "\\.png$"]);
    for (host, path, judged) in [
        ("shop.example", "/v1/cart", None),
        ("api.example", "/v2/cart", None),
        ("api.example.org", "/v2/cart", Some(Cause::HostNotAllowed)),
        ("shop.example", "/v3/cart", Some(Cause::PathNotAllowed)),
        ("shop.internal", "/v1/cart", Some(Cause::HostExcluded)),
        ("shop.example", "/v1/health/deep", Some(Cause::PathExcluded)),
        ("shop.example", "/v1/logo.png", Some(Cause::PathExcluded)),
        // What is excluded is told as such, even where it is not allowed either.
        ("other.internal", "/v9/x", Some(Cause::HostExcluded)),
        ("other.example", "/x.png", Some(Cause::PathExcluded)),
    ] {
        assert_eq!(rules.judge(host, path), judged, "{host}{path}");
    }
}

#[test]
fn a_rule_matches_anywhere_unless_it_is_anchored() {
    let rules = Given::default().path_exclusions(&["health"]);
    assert_eq!(rules.judge("a", "/api/healthz"), Some(Cause::PathExcluded));
    let rules = Given::default().path_exclusions(&["^/health$"]);
    assert_eq!(rules.judge("a", "/api/health"), None);
}

#[test]
fn hosts_are_compared_without_case_port_and_final_dot_and_paths_with_case_and_without_query() {
    let rules = Given::default().host_allow(&["^Shop\\.Example$"]).path_exclusions(&["secret", "/x$"]);
    let policy = Policy::new(rules.rules());
    for host in ["shop.example", "SHOP.EXAMPLE:8080", "shop.example.", "shop.example.:80"] {
        assert_eq!(policy.judge(&anybody(), host.as_bytes(), b"/cart"), Verdict::Wanted, "{host}");
    }
    for (path, wanted) in
        [("/Secret", true), ("/a?secret", true), ("/a#secret", true), ("/x?y", false), ("/secret", false)]
    {
        let judged = policy.judge(&anybody(), b"shop.example", path.as_bytes());
        assert_eq!(judged == Verdict::Wanted, wanted, "{path}");
    }
}

#[test]
fn the_port_of_an_address_is_told_from_the_address() {
    for (host, bare) in [
        ("[2001:db8::1]:80", "[2001:db8::1]"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("2001:db8::1", "2001:db8::1"),
        ("10.0.0.1:80", "10.0.0.1"),
        ("a", "a"),
        ("", ""),
        (":80", ""),
    ] {
        assert_eq!(without_port(host.as_bytes()), bare.as_bytes());
    }
}

#[test]
fn what_is_not_known_is_neither_excluded_nor_allowed() {
    assert_eq!(Given::default().host_allow(&[".*"]).judge("", "/a"), Some(Cause::HostNotAllowed));
    assert_eq!(Given::default().path_allow(&[".*"]).judge("a", ""), Some(Cause::PathNotAllowed));
    assert_eq!(Given::default().host_exclusions(&[".*"]).path_exclusions(&[".*"]).judge("", ""), None);
}

#[test]
fn rules_of_paths_do_not_count_where_there_is_no_path() {
    let policy = Policy::new(Given::default().host_exclusions(&["bank"]).path_allow(&["^/v1/"]).rules());
    assert_eq!(policy.judge_host(&anybody(), b"shop.example"), Verdict::Wanted);
    assert_eq!(policy.judge_host(&anybody(), b"bank.example:443"), Verdict::Unwanted(Cause::HostExcluded));
    assert_eq!(policy.judge_connection(&anybody()), Verdict::Wanted);
}

#[test]
fn rules_that_are_blank_do_not_count() {
    let rules = Given::default().host_allow(&["", " "]).path_exclusions(&[""]);
    assert_eq!(rules.judge("a", "/b"), None);
    assert_eq!(Given::default().host_allow(&["", "^b$"]).judge("a", "/b"), Some(Cause::HostNotAllowed));
}

#[test]
fn bytes_that_are_no_text_do_not_keep_a_path_out_of_what_is_excluded() {
    let policy = Policy::new(Given::default().path_exclusions(&["^/private/.*$"]).rules());
    assert_eq!(policy.judge(&anybody(), b"a", b"/private/\xff\xfe"), Verdict::Unwanted(Cause::PathExcluded));
}

#[test]
fn credentials_and_metadata_are_left_out_whoever_asks_and_however_the_address_is_written() {
    let policy = Policy::default();
    for (server, cause) in [
        ("169.254.170.2", Cause::Credentials),
        ("169.254.170.23", Cause::Credentials),
        ("fd00:ec2::23", Cause::Credentials),
        ("::ffff:169.254.170.2", Cause::Credentials),
        ("169.254.169.254", Cause::InstanceMetadata),
        ("fd00:ec2::254", Cause::InstanceMetadata),
    ] {
        let unwanted = Verdict::Unwanted(cause);
        assert_eq!(policy.judge(&between("10.0.0.1", server), b"a", b"/"), unwanted, "{server}");
        assert_eq!(policy.judge(&between(server, "10.0.0.1"), b"a", b"/"), unwanted, "{server} as the client");
        assert_eq!(policy.judge_host(&between("10.0.0.1", server), b"a"), unwanted, "{server}");
        assert_eq!(policy.judge_connection(&between("10.0.0.1", server)), unwanted, "{server}");
        let host = if server.contains(':') { format!("[{server}]:80") } else { format!("{server}:80") };
        assert_eq!(policy.judge(&anybody(), host.as_bytes(), b"/"), unwanted, "{host} through a proxy");
    }
    for server in ["169.254.170.3", "169.254.1.1", "fd00:ec2::253"] {
        assert_eq!(policy.judge(&between("10.0.0.1", server), server.as_bytes(), b"/"), Verdict::Wanted, "{server}");
    }
}

#[test]
fn nothing_allows_credentials_or_what_the_sensor_itself_does() {
    let own = between("10.0.0.1", "10.0.0.9");
    let is_own = move |connection: &Connection| *connection == own;
    let policy = Policy::new(Given::default().host_allow(&[".*"]).rules()).without(Box::new(is_own));
    assert_eq!(policy.judge(&own, b"collector", b"/v1/traces"), Verdict::Unwanted(Cause::Own));
    assert_eq!(policy.judge(&anybody(), b"collector", b"/v1/traces"), Verdict::Wanted);
    let credentials = between("10.0.0.1", "169.254.170.2");
    assert_eq!(policy.judge(&credentials, b"169.254.170.2", b"/"), Verdict::Unwanted(Cause::Credentials));
}

#[test]
fn hosts_of_aws_that_answer_with_secrets_are_known() {
    for host in [
        "sts.amazonaws.com",
        "STS.eu-west-1.amazonaws.com:443",
        "kms-fips.us-east-1.amazonaws.com",
        "secretsmanager.cn-north-1.amazonaws.com.cn",
        "vpce-0a1b.ssm.eu-west-1.vpce.amazonaws.com",
    ] {
        assert!(hands_out_secrets(host.as_bytes()), "{host}");
    }
    for host in ["s3.amazonaws.com", "sts.example.com", "my-sts.s3.eu-west-1.amazonaws.com", ""] {
        assert!(!hands_out_secrets(host.as_bytes()), "{host}");
    }
}

#[test]
fn a_rule_that_cannot_be_understood_is_named_and_pointed_at() {
    let shown = |given: Given| {
        let error = given.compile().unwrap_err();
        let hints: String = error.hints().iter().map(|hint| format!("\nhint: {hint}")).collect();
        format!("{error}{hints}")
    };
    assert_eq!(
        shown(Given::default().host_exclusions(&["^a$", "*.internal"])),
        "value 2 of `--host-exclusions` is no regular expression: repetition operator missing expression\n\
         *.internal\n\
         ^\n\
         hint: this is a regular expression: `.*` stands for anything, and `\\.` for a dot"
    );
    assert_eq!(
        shown(Given::default().path_allow(&["^/v1/(cart|order"])),
        "value 1 of `--path-allow` is no regular expression: unclosed group\n\
         ^/v1/(cart|order\n\
         \u{20}    ^\n\
         hint: a parenthesis that is meant as one is `\\(` or `\\)`"
    );
    assert_eq!(
        shown(Given::default().path_exclusions(&["", "^/ü(?!x)"])),
        "value 2 of `--path-exclusions` is no regular expression: look-around, including look-ahead and look-behind, is \
         not supported\n\
         ^/ü(?!x)\n\
         \u{20}  ^^^\n\
         hint: there is no look-around: exclusions beat what is allowed, and do what `(?!…)` would"
    );
    assert_eq!(
        shown(Given::default().host_allow(&["\\p{Nothing}"])),
        "value 1 of `--host-allow` is no regular expression: Unicode property not found\n\
         \\p{Nothing}\n\
         ^^^^^^^^^^^"
    );
}

#[test]
fn of_a_long_rule_only_the_part_that_is_wrong_is_shown() {
    let long = format!("{}(?<{}", "a".repeat(200), "b\n".repeat(100));
    let Err(BadRule::Syntax { error, .. }) = Given::default().path_allow(&[&long]).compile() else {
        panic!("it is wrong")
    };
    let pointer = error.pointer();
    let lines: Vec<Vec<char>> = pointer.lines().map(|line| line.chars().collect()).collect();
    assert_eq!(lines.len(), 2, "{pointer}");
    assert!(lines[0].len() <= 82 && lines[0][0] == '…' && lines[0][lines[0].len() - 1] == '…', "{pointer}");
    let caret = lines[1].iter().position(|&c| c == '^').unwrap();
    assert!(lines[0][..caret].iter().collect::<String>().contains("a(?<b"), "{pointer}");
}

#[test]
fn rules_that_would_take_much_memory_are_refused() {
    let error = Given::default().path_allow(&["a", "(\\w{50}){100}"]).compile().unwrap_err();
    assert_eq!(error.to_string(), "value 2 of `--path-allow` is too large a regular expression");
    let many: Vec<String> = (0..40).map(|number| format!("{number}\\w{{10}}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let error = Given::default().path_exclusions(&many).compile().unwrap_err();
    assert_eq!(error.to_string(), "the 40 rules of `--path-exclusions` are too large together");
    assert!(!error.hints().is_empty());
}

#[test]
fn hundreds_of_ordinary_rules_have_room() {
    let many: Vec<String> = (0..500).map(|number| format!("^/api/v{number}/orders/[0-9a-f-]+/items$")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let rules = Given::default().path_exclusions(&many);
    assert_eq!(rules.judge("a", "/api/v499/orders/12-ab/items"), Some(Cause::PathExcluded));
    assert_eq!(rules.judge("a", "/api/v500/orders/12-ab/items"), None);
}

proptest! {
    #[test]
    fn lists_judge_as_their_rules_one_by_one(
        host_allow in rules(), path_allow in rules(), host_exclusions in rules(), path_exclusions in rules(),
        host in "[aAbB.]{0,6}", path in "(/[abA]{0,3}){0,3}", query in "(\\?[ab]{0,3})?",
    ) {
        let any = |rules: &[String], text: &str, ignore_case| rules.iter().any(|rule| {
            RegexBuilder::new(rule).case_insensitive(ignore_case).build().unwrap().is_match(text)
        });
        let excluded = |rules: &[String], text: &str, ignore_case| !text.is_empty() && any(rules, text, ignore_case);
        let allowed = |rules: &[String], text: &str, ignore_case| {
            rules.is_empty() || (!text.is_empty() && any(rules, text, ignore_case))
        };
        let bare = host.strip_suffix('.').unwrap_or(&host);
        let wanted = !excluded(&host_exclusions, bare, true)
            && !excluded(&path_exclusions, &path, false)
            && allowed(&host_allow, bare, true)
            && allowed(&path_allow, &path, false);
        let policy = Policy::new(Given { host_allow, path_allow, host_exclusions, path_exclusions }.rules());
        let judged = policy.judge(&anybody(), format!("{host}:80").as_bytes(), format!("{path}{query}").as_bytes());
        prop_assert_eq!(judged == Verdict::Wanted, wanted);
    }

    #[test]
    fn no_bytes_of_host_path_or_rule_make_it_fail(host: Vec<u8>, path: Vec<u8>, rule: String) {
        let given = Given::default().host_exclusions(&[&rule]).path_allow(&[&rule]);
        match given.compile() {
            Ok(rules) => { Policy::new(rules).judge(&anybody(), &host, &path); }
            Err(error) => { let _ = (error.to_string(), error.hints()); }
        }
    }
}

fn rules() -> impl Strategy<Value = Vec<String>> {
    let rule = "(\\^)?(a|b|A|/|\\[ab\\]|\\(a\\|b\\)|\\.|\\\\\\.|a\\*|b\\+){1,4}(\\$)?";
    proptest::collection::vec(rule, 0..4)
}

#[derive(Debug, Default)]
struct Given {
    host_allow: Vec<String>,
    path_allow: Vec<String>,
    host_exclusions: Vec<String>,
    path_exclusions: Vec<String>,
}

impl Given {
    fn host_allow(self, rules: &[&str]) -> Self {
        Given { host_allow: owned(rules), ..self }
    }

    fn path_allow(self, rules: &[&str]) -> Self {
        Given { path_allow: owned(rules), ..self }
    }

    fn host_exclusions(self, rules: &[&str]) -> Self {
        Given { host_exclusions: owned(rules), ..self }
    }

    fn path_exclusions(self, rules: &[&str]) -> Self {
        Given { path_exclusions: owned(rules), ..self }
    }

    fn compile(&self) -> Result<Rules, BadRule> {
        Rules::new(&Patterns {
            host_allow: &self.host_allow,
            path_allow: &self.path_allow,
            host_exclusions: &self.host_exclusions,
            path_exclusions: &self.path_exclusions,
        })
    }

    fn rules(&self) -> Rules {
        self.compile().unwrap()
    }

    fn judge(&self, host: &str, path: &str) -> Option<Cause> {
        self.rules().judge(host.as_bytes(), path.as_bytes())
    }
}

fn owned(rules: &[&str]) -> Vec<String> {
    rules.iter().map(|&rule| rule.to_owned()).collect()
}

fn anybody() -> Connection {
    between("10.0.0.1", "10.0.0.2")
}

fn between(client: &str, server: &str) -> Connection {
    let end = |address: &str, port| Endpoint { address: address.parse().unwrap(), port };
    Connection { client: end(client, 40_000), server: end(server, 80), realm: Realm::OUTSIDE }
}
