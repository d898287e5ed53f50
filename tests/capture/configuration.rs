//! `--config FILE`, and the rules that it may hold.

use std::process::{Command, Stdio};

use crate::exports::{Ended, Run, conversation};

/// A run with a configuration file, in which `DIR` is the run's directory.
fn run(name: &str, config: &str) -> Run {
    let name = format!("config-{name}");
    let directory = Run::new(&name).path("");
    let config = config.replace("DIR/", &directory);
    let run = Run::new(&name).input(&conversation().file()).file("conf.toml", config.as_bytes());
    let path = run.path("conf.toml");
    run.args(&["--config", &path])
}

fn told(run: &Ended) -> &str {
    run.stderr.as_str()
}

#[test]
fn a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
    let file = "export = ['ndjson:DIR/top']\n";
    let own = "[capture]\nexport = 'ndjson:DIR/own'\n";
    let both = format!("{file}{own}");
    let target = |run: &Run, name| format!("ndjson:{}", run.path(name));

    let by_default = run("default", "").run();
    assert_eq!((by_default.code, by_default.stdout.lines().count()), (0, 1), "{}", by_default.stderr);

    let by_file = run("top", file).run();
    assert_eq!((by_file.code, by_file.stdout.as_str()), (0, ""), "{}", by_file.stderr);
    assert!(by_file.has("top"));

    let by_table = run("own", &both).run();
    assert_eq!(by_table.code, 0, "{}", by_table.stderr);
    assert!(by_table.has("own") && !by_table.has("top"));

    let prepared = run("environment", &both);
    let environment = target(&prepared, "environment");
    let by_environment = prepared.env("SIDETAP_EXPORT", &environment).run();
    assert_eq!(by_environment.code, 0, "{}", by_environment.stderr);
    assert!(by_environment.has("environment") && !by_environment.has("own") && !by_environment.has("top"));

    let prepared = run("flag", &both);
    let environment = target(&prepared, "environment");
    let by_flag = prepared.env("SIDETAP_EXPORT", &environment).export("ndjson", "flag").run();
    assert_eq!(by_flag.code, 0, "{}", by_flag.stderr);
    assert!(by_flag.has("flag") && !by_flag.has("environment") && !by_flag.has("own"));
}

#[test]
fn a_variable_names_the_file_and_one_that_is_empty_names_none() {
    let prepared = Run::new("config-variable").input(&conversation().file()).file("conf.toml", b"export = 'none'");
    let path = prepared.path("conf.toml");
    let named = prepared.env("SIDETAP_CONFIG", &path).run();
    assert_eq!((named.code, named.stdout.as_str()), (0, ""), "{}", named.stderr);
    let empty = Run::new("config-empty").input(&conversation().file()).env("SIDETAP_CONFIG", "").run();
    assert_eq!((empty.code, empty.stdout.lines().count()), (0, 1), "{}", empty.stderr);
    // A variable that is empty does not beat the file either.
    let beaten = run("beaten", "export = 'none'").env("SIDETAP_EXPORT", "").run();
    assert_eq!((beaten.code, beaten.stdout.as_str()), (0, ""), "{}", beaten.stderr);
}

#[test]
fn what_looks_like_the_flag_and_is_the_value_of_another_names_no_file() {
    let run = Run::new("config-fooled").input(&conversation().file());
    let run = run.args(&["--filter=--config", "--export", "none"]).run();
    assert_eq!(run.code, 64, "{}", run.stderr);
    assert!(run.stderr.contains("the filter cannot be understood"), "{}", run.stderr);
}

#[test]
fn a_file_that_is_read_beats_interfaces_of_the_configuration() {
    let config = "interface = ['eth7']\n[capture]\nlisten = '127.0.0.1'";
    let by_flag = run("source", config).run();
    assert_eq!((by_flag.code, by_flag.stdout.lines().count()), (0, 1), "{}", by_flag.stderr);
    let by_variable = Run::new("config-source-variable").input(&conversation().file()).file("c", config.as_bytes());
    let (input, config) = (by_variable.path("input"), by_variable.path("c"));
    let output = sidetap(&["capture", "--config", &config], &[("SIDETAP_READ", &input)]);
    assert_eq!(output.0, 0, "{}", output.1);
    // Two flags still do not agree.
    let both = run("both", "interface = ['eth7']").args(&["--interface", "lo"]).run();
    assert_eq!(both.code, 64, "{}", both.stderr);
    assert!(told(&both).contains("cannot be used with '--read <FILE>'"), "{}", both.stderr);
}

#[test]
fn mistakes_are_told_with_their_place_and_end_with_64() {
    for (name, config, message) in [
        (
            "unknown",
            "stat-duraton = 5",
            "error: DIR/conf.toml:1:1: there is no setting `stat-duraton`\n  hint: `stat-duration` may have been meant\n",
        ),
        (
            "kind",
            "\nmemory-limit = [1]",
            "error: DIR/conf.toml:2:16: `memory-limit` cannot have this value: it is a list, and one value is wanted\n",
        ),
        (
            "value",
            "export = 'otlp'",
            "error: DIR/conf.toml:1:10: `export` cannot have this value: it is none of `ndjson:-`",
        ),
        (
            "rule",
            "[capture]\nhost-allow = ['^a$', '(b']",
            "error: DIR/conf.toml:2:22: `host-allow` cannot have this value: unclosed group\n  (b\n  ^\n  hint: ",
        ),
        ("syntax", "filter = tcp", "error: DIR/conf.toml:1:10: this is not TOML: "),
    ] {
        let run = run(name, config).run();
        assert_eq!(run.code, 64, "{}", run.stderr);
        assert!(run.stderr.starts_with(message), "{}", run.stderr);
    }
}

#[test]
fn files_that_cannot_be_read_are_told_apart() {
    let none = Run::new("config-none").args(&["--config", "no/such.toml"]).run();
    let message = "error: cannot read the configuration file `no/such.toml`\n  No such file or directory (os error 2)\n  \
                   hint: `--config` or SIDETAP_CONFIG names it\n";
    #[cfg(unix)]
    assert_eq!((none.code, none.stderr.as_str()), (64, message));
    assert_eq!(none.code, 64);

    let directory = Run::new("config-directory");
    let path = directory.path("");
    let directory = directory.args(&["--config", &path]).run();
    assert_eq!(directory.code, 64, "{}", directory.stderr);
    #[cfg(unix)]
    assert!(told(&directory).contains("it is a directory\n  hint: name a file in it"), "{}", directory.stderr);

    let large = run("large", &"#".repeat((1 << 20) + 1)).run();
    assert_eq!(large.code, 64, "{}", large.stderr);
    assert!(told(&large).contains("conf.toml`: it has more than 1 MiB\n  hint: "), "{}", large.stderr);
    let just = run("just", &format!("{}\n", "#".repeat((1 << 20) - 1))).run();
    assert_eq!(just.code, 0, "{}", just.stderr);

    let binary = Run::new("config-binary").file("conf.toml", b"# \xc3\xa4\nfilter = '\xff'");
    let path = binary.path("conf.toml");
    let binary = binary.args(&["--config", &path]).run();
    assert_eq!(binary.code, 64, "{}", binary.stderr);
    assert!(told(&binary).starts_with("error: DIR/conf.toml:2:11: this is no text in UTF-8\n"), "{}", binary.stderr);
}

#[test]
fn what_a_command_finds_out_later_is_told_with_the_file() {
    let run = run("later", "filter = 'tcp prot 80'").run();
    assert_eq!(run.code, 64, "{}", run.stderr);
    assert!(told(&run).contains("`prot`"), "{}", run.stderr);
    assert!(told(&run).ends_with("  hint: settings come from `DIR/conf.toml`, too\n"), "{}", run.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn plain_variables_of_the_forwarder_beat_the_file() {
    let prepared = Run::new("config-plain").file("conf.toml", b"destination = 'file:x'\nmtu = 1");
    let config = prepared.path("conf.toml");
    let arguments = ["forward", "--config", &config];
    let (code, stderr) = sidetap(&arguments, &[]);
    assert_eq!(code, 64, "{stderr}");
    assert!(stderr.contains("conf.toml:2:7: `mtu` cannot have this value: it is neither `auto` nor"), "{stderr}");

    let prepared = prepared.file("conf.toml", b"destination = 'file:x'");
    let (code, stderr) = sidetap(&arguments, &[]);
    assert_eq!(code, 64, "{stderr}");
    assert!(stderr.contains("--destination cannot be `file:x`") && stderr.contains("settings come from"), "{stderr}");
    let (code, stderr) = sidetap(&arguments, &[("DESTINATION", "plain:x")]);
    assert_eq!(code, 64, "{stderr}");
    assert!(stderr.contains("DESTINATION cannot be `plain:x`"), "{stderr}");
    let (code, stderr) = sidetap(&arguments, &[("DESTINATION", "plain:x"), ("SIDETAP_DESTINATION", "own:x")]);
    assert_eq!(code, 64, "{stderr}");
    assert!(stderr.contains("--destination cannot be `own:x`"), "{stderr}");
    drop(prepared.run());
}

#[test]
fn a_rule_that_cannot_be_understood_ends_it_with_64_wherever_it_is_from() {
    let flag = Run::new("rule-flag").args(&["--host-exclusions", "ok", "--host-exclusions", "*.internal"]).run();
    assert_eq!(flag.code, 64, "{}", flag.stderr);
    let message = "error: invalid value '*.internal' for '--host-exclusions <REGEX>': repetition operator missing \
                   expression\n  *.internal\n  ^\n  hint: this is a regular expression: `.*` stands for anything, and \
                   `\\.` for a dot\n";
    assert!(flag.stderr.starts_with(message), "{}", flag.stderr);
    // Each line of a variable is a rule, and a comma is a part of one.
    let variable = Run::new("rule-variable").env("SIDETAP_PATH_ALLOW", "^/a{1,2}$\n[").run();
    assert_eq!(variable.code, 64, "{}", variable.stderr);
    assert!(variable.stderr.contains("invalid value '[' for '--path-allow <REGEX>': unclosed"), "{}", variable.stderr);
    let large = Run::new("rule-large").args(&["--path-allow", "(\\w{50}){100}"]).run();
    assert_eq!(large.code, 64, "{}", large.stderr);
    assert!(
        large.stderr.starts_with("error: value 1 of `--path-allow` is too large a regular expression\n  hint: "),
        "{}",
        large.stderr
    );
}

#[cfg(target_os = "linux")]
#[test]
fn the_documented_settings_are_those_that_there_are() {
    let document = include_str!("../../docs/configuration.md");
    let output = Command::new(env!("CARGO_BIN_EXE_sidetap")).arg("configuration").output().unwrap();
    let made = String::from_utf8(output.stdout).unwrap();
    let begin = "<!-- made: `cargo xtask configuration` writes this part -->\n";
    let kept = document.split_once(begin).and_then(|(_, rest)| rest.split_once("<!-- end -->")).map(|(kept, _)| kept);
    assert!(
        kept.map(str::trim) == Some(made.trim()),
        "docs/configuration.md is stale: run `cargo xtask configuration`"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn the_documented_example_is_a_file_that_can_be_used() {
    let document = include_str!("../../docs/configuration.md");
    let example = document.split_once("```toml\n").and_then(|(_, rest)| rest.split_once("```")).unwrap().0;
    let run = run("example", example).run();
    assert_eq!(run.code, 0, "{}", run.stderr);
    // Not only because it is not looked at.
    let broken = self::run("example-broken", &example.replace("vni = 42", "vni = 'x'")).run();
    assert_eq!(broken.code, 64, "{}", broken.stderr);
}

/// Exit code and standard error of a run that is no `capture --read` of a file.
fn sidetap(arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidetap"));
    for name in ["DESTINATION", "INTERFACE", "MTU", "STAT_DURATION", "BPF_FILTER"] {
        command.env_remove(name);
    }
    let command = command.args(arguments).envs(environment.iter().copied()).stdin(Stdio::null());
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}
