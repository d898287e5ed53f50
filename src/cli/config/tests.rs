use clap::{Arg, ArgAction, ArgMatches, Command};

use super::keys::{commands, settable};
use super::*;

#[test]
fn a_setting_of_a_commands_own_table_beats_the_one_at_the_top() {
    let file = "
        stat-duration = '5s'
        memory_limit = '30MiB'
        [capture]
        stat_duration = '7s'
    ";
    let capture = parsed("capture", file);
    assert_eq!(texts(&capture, "stat_duration"), ["7s"]);
    assert_eq!(texts(&capture, "memory_limit"), ["30MiB"]);
    assert_eq!(texts(&capture, "stream_timeout_seconds"), ["10"], "the default");
    let again = parsed_with("capture", &["--stat-duration", "9s"], file);
    assert_eq!(texts(&again, "stat_duration"), ["9s"], "a flag");
}

#[cfg(target_os = "linux")]
#[test]
fn commands_share_what_is_at_the_top_and_nothing_else() {
    let file = "
        filter = 'tcp'
        vni = 7
        oversize = 'drop'
        [collect]
        filter = 'udp'
        listen = '10.0.0.1'
        [forward]
        listen = '127.0.0.1:9000'
    ";
    assert_eq!(texts(&parsed("capture", file), "filter"), ["tcp"]);
    assert_eq!(texts(&parsed("collect", file), "filter"), ["udp"]);
    assert_eq!(texts(&parsed("collect", file), "listen"), ["10.0.0.1"]);
    assert_eq!(texts(&parsed("collect", file), "vni"), ["7"]);
    assert_eq!(texts(&parsed("forward", file), "filter"), ["tcp"]);
    assert_eq!(texts(&parsed("forward", file), "vni"), ["7"]);
    assert_eq!(texts(&parsed("forward", file), "oversize"), ["drop"]);
    assert_eq!(texts(&parsed("forward", file), "listen"), ["127.0.0.1:9000"]);
}

#[test]
fn lists_are_taken_as_they_are_and_strings_as_the_command_line_takes_them() {
    let export = |value: &str| texts(&parsed("capture", &format!("export = {value}")), "export");
    assert_eq!(export("['ndjson:a,b', 'none']"), ["ndjson:a,b", "none"]);
    assert_eq!(export("'ndjson:a,none'"), ["ndjson:a", "none"]);
    assert_eq!(export("['none', '', ' ']"), ["none"]);
    let rules = parsed("capture", "path-exclusions = ['^/a{1,3}$', '''(?x) a\n b''']");
    assert_eq!(texts(&rules, "path_exclusions"), ["^/a{1,3}$", "(?x) a\n b"]);
}

#[test]
fn what_is_empty_counts_as_not_given_and_takes_away_what_is_at_the_top() {
    let file = "
        stat-duration = ''
        export = ['none']
        filter = ' '
        [capture]
        export = []
    ";
    let capture = parsed("capture", file);
    assert_eq!(texts(&capture, "stat_duration"), ["30s"]);
    assert!(texts(&capture, "export").is_empty());
    assert_eq!(texts(&capture, "filter"), [""]);
}

#[test]
fn numbers_are_what_they_would_be_on_the_command_line() {
    for (toml, text) in [("1_000", "1000"), ("0x10", "16"), ("0b11", "3"), ("+7", "7"), ("'12'", "12")] {
        let capture = parsed("capture", &format!("stream-timeout-seconds = {toml}"));
        assert_eq!(texts(&capture, "stream_timeout_seconds"), [text], "{toml}");
    }
}

#[test]
fn switches_are_true_or_false() {
    let with = |file: &str| Settings::of(&with_extras(), &ConfigFile::of("f", file));
    for (value, is_on) in [("true", true), ("false", false)] {
        let settings = with(&format!("loud = {value}")).unwrap();
        let command = settings.of_command("capture").fold(extras(), Setting::make_default);
        assert_eq!(command.clone().get_matches_from(["capture"]).get_flag("loud"), is_on);
        assert!(command.get_matches_from(["capture", "--loud"]).get_flag("loud"));
    }
    let error = with("loud = 'yes'").unwrap_err();
    assert_eq!(
        error.to_string(),
        "f:1:8: `loud` cannot have this value: it is a string, and `true` or `false` is wanted"
    );
    let error = with("how = 'so'").unwrap_err();
    assert_eq!(error.to_string(), "f:1:7: `how` cannot have this value: it is none of `well`, `badly`");
}

#[test]
fn every_mistake_is_told_with_its_place_and_what_to_do() {
    for (file, told) in [
        (
            "# comment\n\nrate-limi = 5",
            "f:3:1: there is no setting `rate-limi`\nhint: `rate-limit` may have been meant",
        ),
        ("\n  memory-limt = 5", "f:2:3: there is no setting `memory-limt`\nhint: `memory-limit` may have been meant"),
        ("Host_Alow = 5", "f:1:1: there is no setting `Host_Alow`\nhint: `host-allow` may have been meant"),
        ("[captur]", "f:1:2: there is no setting `captur`\nhint: `capture` may have been meant"),
        (
            "[capture]\n'ü' = 1\nfilter = ''",
            "f:2:1: `capture` has no setting `ü`\nhint: `sidetap capture --help` lists its flags",
        ),
        ("[capture]\nfiltre = ''", "f:2:1: `capture` has no setting `filtre`\nhint: `filter` may have been meant"),
        ("read = 'x'", "f:1:1: `read` cannot be set in a file\nhint: say `--read` on the command line"),
        (
            "[capture]\nconfig = 'x'",
            "f:2:1: `config` cannot be set in a file\nhint: say `--config` on the command line",
        ),
        ("no_input = true", "f:1:1: `no-input` cannot be set in a file\nhint: say `--no-input` on the command line"),
        ("filter = 'tcp'\n'filter' = 'udp'", "f:2:1: this is not TOML: duplicate key"),
        ("stat_duration = '1s'\nstat-duration = '1s'", "f:2:1: `stat-duration` is set twice"),
        ("[capture]\nstat-duration = 1\nstat_duration = 1", "f:3:1: `stat_duration` is set twice"),
        (
            "capture = 5",
            "f:1:11: `capture` cannot be a number: it is the table of what counts for the command alone\n\
             hint: write `[capture]`, and its settings below",
        ),
        (
            "stream-timeout-seconds = [1]",
            "f:1:26: `stream-timeout-seconds` cannot have this value: it is a list, and one value is wanted",
        ),
        (
            "stat-duration = { seconds = 1 }",
            "f:1:17: `stat-duration` cannot have this value: it is a table, and a string or a number is wanted",
        ),
        (
            "memory-limit = 2026-01-01",
            "f:1:16: `memory-limit` cannot have this value: it is a date or time, and a string or a number is wanted",
        ),
        (
            "[export.otlp]\nurl = ''",
            "f:1:2: `export` cannot have this value: it is a table, and a string or a list is wanted",
        ),
        (
            "export = ['none', ['none']]",
            "f:1:19: `export` cannot have this value: a list is in the list, and strings or numbers are wanted",
        ),
        ("export = [\n  'none',\n  'nothing',\n]", "f:3:3: `export` cannot have this value: it is none of"),
        (
            "memory-limit = 'much'",
            "f:1:16: `memory-limit` cannot have this value: it is no size such as `25MiB`, or a number of bytes",
        ),
        (
            "stream-timeout-seconds = -1",
            "f:1:26: `stream-timeout-seconds` cannot have this value: it is no duration such as `30s` or `5m`",
        ),
        (
            "path-allow = ['^/a', '*/b']",
            "f:1:22: `path-allow` cannot have this value: repetition operator missing expression\n  */b\n  ^\n  \
             hint: this is a regular expression",
        ),
        ("filter = tcp", "f:1:10: this is not TOML: "),
        ("filter 'tcp'", "f:1:8: this is not TOML: "),
        ("filter = 'tcp", "f:1:14: this is not TOML: "),
    ] {
        let error = shown(file);
        assert!(error.starts_with(told), "{file}\n--- is told\n{error}\n--- in place of\n{told}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_commands_do_not_agree_on_belongs_into_their_tables() {
    assert_eq!(
        shown("listen = '127.0.0.1'"),
        "f:1:1: `listen` does not mean the same to `capture`, `collect` and `forward`\n\
         hint: write it below `[capture]`, `[collect]` or `[forward]`"
    );
    assert_eq!(
        shown("vni = [1, 2]"),
        "f:1:7: `vni` cannot have this value: it is a list, and one value is wanted\n\
         hint: `forward` does not take it and `collect` would: write it below `[collect]`"
    );
    assert_eq!(
        shown("[collect]\nvni = [1, 16777216]"),
        "f:2:11: `vni` cannot have this value: 16777216 is not in 0..=16777215"
    );
    assert_eq!(
        shown("[capture]\nvni = 1"),
        "f:2:1: `capture` has no setting `vni`\nhint: it is one of `collect` and `forward`"
    );
}

#[test]
fn line_ends_and_marks_of_other_editors_do_no_harm() {
    let capture = parsed("capture", "\u{feff}filter = 'tcp'\r\n[capture]\r\nexport = ['none']\r\n");
    assert_eq!(texts(&capture, "filter"), ["tcp"]);
    assert_eq!(texts(&capture, "export"), ["none"]);
    assert!(shown("\r\n\r\nfiltr = 1").starts_with("f:3:1: "));
}

#[test]
fn thousands_of_rules_are_judged_at_once_and_the_wrong_one_is_found() {
    let rules = |last: &str| {
        let many: String = (0..5000).map(|number| format!("'^/api/v{number}$',\n")).collect();
        format!("path-exclusions = [\n{many}{last}]")
    };
    assert_eq!(texts(&parsed("capture", &rules("'x'")), "path_exclusions").len(), 5001);
    let error = shown(&rules("  '(',\n"));
    assert!(error.starts_with("f:5002:3: `path-exclusions` cannot have this value: unclosed group"), "{error}");
}

proptest::proptest! {
    #[test]
    fn no_file_makes_it_fail(text in "([a-z_-]{1,8} = |\\[|\\]|'|\"|capture|filter = |export = |[0-9]{1,3}|[{},.\\n #]|\\PC){0,12}") {
        match Settings::of(&super::super::command(), &ConfigFile::of("f", &text)) {
            Ok(settings) => { settings.of_command("capture").fold(super::super::command(), |command, _| command); }
            Err(error) => { let _ = (error.to_string(), error.hints()); }
        }
    }

    #[test]
    fn any_text_of_a_rule_comes_through_as_it_is(words in proptest::collection::vec("[a-z,= -]{0,8}", 0..5)) {
        let file = format!("path-allow = [{}]", words.iter().map(|word| format!("'{word}',")).collect::<String>());
        let wanted: Vec<String> = words.into_iter().filter(|word| !word.trim().is_empty()).collect();
        let matches = parsed("capture", &file);
        proptest::prop_assert_eq!(texts(&matches, "path_allow"), wanted);
    }
}

#[test]
fn the_whole_file_is_judged_and_its_first_mistake_is_told() {
    let error = shown("[collect]\nfilter = []\n[capture]\nfilter = []");
    assert!(error.starts_with(if cfg!(target_os = "linux") { "f:2:10:" } else { "f:4:10:" }), "{error}");
}

#[test]
fn a_value_is_not_repeated_in_a_message_of_ours() {
    assert!(!shown("memory-limit = 'hunter2'").contains("hunter2"));
}

#[test]
fn no_command_that_takes_a_file_requires_a_flag_that_the_file_might_have() {
    let command = super::super::command();
    for (name, command) in commands(&command) {
        let required: Vec<_> = settable(command).filter(|arg| arg.is_required_set()).collect();
        assert!(required.is_empty(), "{name}: {required:?}");
    }
}

#[test]
fn every_setting_has_a_variable_by_which_those_of_one_name_are_told_apart() {
    let command = super::super::command();
    for (name, of) in commands(&command) {
        for arg in settable(of) {
            assert!(arg.get_env().is_some(), "`{name} --{}` has no variable", arg.get_id());
        }
    }
}

fn parsed(command: &str, file: &str) -> ArgMatches {
    parsed_with(command, &[], file)
}

/// How clap understands a command line with a file, whatever the environment has.
fn parsed_with(command: &str, words: &[&str], file: &str) -> ArgMatches {
    let whole = super::super::command();
    let settings = Settings::of(&whole, &ConfigFile::of("f", file)).unwrap_or_else(|error| panic!("{error}"));
    let own = whole.find_subcommand(command).unwrap().clone().mut_args(|arg| arg.env(None::<&str>));
    let with_file = settings.of_command(command).fold(own, Setting::make_default);
    with_file.try_get_matches_from([&[command], words].concat()).unwrap_or_else(|error| panic!("{error}"))
}

fn texts(matches: &ArgMatches, id: &str) -> Vec<String> {
    let raw = matches.get_raw(id).into_iter().flatten();
    raw.map(|text| text.to_str().unwrap().to_owned()).collect()
}

fn shown(file: &str) -> String {
    let error = Settings::of(&super::super::command(), &ConfigFile::of("f", file)).unwrap_err();
    let hints: String = error.hints().iter().map(|hint| format!("\nhint: {hint}")).collect();
    format!("{error}{hints}")
}

/// A command with flags of kinds that none has by now.
fn extras() -> Command {
    let how = Arg::new("how").long("how").value_parser(["well", "badly"]);
    Command::new("capture").args([Arg::new("loud").long("loud").action(ArgAction::SetTrue), how])
}

fn with_extras() -> Command {
    Command::new("sidetap").subcommand(extras())
}
