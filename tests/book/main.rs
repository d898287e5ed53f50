//! The book: README.md and docs/. What it says to run runs, or is marked as needing what a test does not have; its flags
//! are there; its links lead somewhere; and each page is in its table of contents.

// Elsewhere sidetap has not all of its commands.
#![cfg(target_os = "linux")]

mod account;
mod command;
mod links;
#[path = "../support/not_run.rs"]
mod not_run;
mod page;
mod run;

use clap::{CommandFactory, Parser};
use sidetap::cli::Cli;

use crate::command::Invocation;
use crate::page::{Block, Needs, Page, checkout};

/// Flags that the book names and that belong to other programs.
const FLAGS_OF_OTHERS: [&str; 17] = [
    // Docker's.
    "--build-arg",
    // Levo's sensor's and Akita's: docs/levo.md says what they are here.
    "--debug",
    "--gopacket-pages",
    "--gopacket-per-conn",
    "--interfaces",
    "--levoai-workspace-id",
    "--max-witness-size-bytes",
    "--max-witness-upload-buffers",
    "--parse-tls-handshakes",
    "--proc-polling-interval",
    "--randomized-start",
    "--report-tcp-and-tls",
    "--repro-mode",
    "--sample-rate",
    "--send-witness-payloads",
    "--stats-log-delay",
    "--tags",
];

#[test]
fn the_table_of_contents_has_every_page_once() {
    let summary = Page::read("docs/SUMMARY.md");
    let linked: Vec<String> = links::of(&summary).into_iter().map(|link| format!("docs/{}", link.target)).collect();
    for page in Page::all().iter().filter(|page| page.path.starts_with("docs/") && page.path != "docs/SUMMARY.md") {
        let times = linked.iter().filter(|target| **target == page.path).count();
        assert_eq!(times, 1, "docs/SUMMARY.md links {} {times} times: it has to be there once", page.path);
    }
}

#[test]
fn every_link_leads_somewhere() {
    let pages = Page::all();
    let dead: Vec<String> = pages.iter().flat_map(|page| links::dead(page, &pages)).collect();
    assert!(dead.is_empty(), "links that lead nowhere:\n{}", dead.join("\n"));
    let count: usize = pages.iter().map(|page| links::of(page).len()).sum();
    assert!(count > 100, "only {count} links were found: they are not read rightly");
}

#[test]
fn every_block_of_commands_is_of_a_known_kind() {
    let mut unknown = Vec::new();
    for page in Page::all() {
        for block in &page.blocks {
            if block.language() == "console" {
                if let Err(why) = block.needs() {
                    unknown.push(format!("{}: {why}", block.place));
                }
            } else if matches!(block.language(), "sh" | "bash" | "shell") {
                unknown.push(format!("{}: commands are `console`, so that they are tested", block.place));
            } else if block.lines.iter().any(|line| line.starts_with("$ ") || is_command_line(line)) {
                unknown.push(format!("{}: there is a command in it, and it is no `console`", block.place));
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

/// What is run elsewhere is parsed all the same: the binary's own command line has to take every word.
#[test]
fn sidetap_takes_every_command_line_of_the_book() {
    let mut wrong = Vec::new();
    let mut taken = 0;
    // Those that are run are taken, or the page says how they are refused.
    for block in blocks().iter().filter(|block| !matches!(block.needs(), Ok(Needs::Nothing { .. }))) {
        for line in block.commands() {
            let invocations =
                command::invocations(&line).unwrap_or_else(|why| panic!("{}: {why}: {line}", block.place));
            for Invocation { words } in invocations {
                // `sidetap` alone is the wizard.
                match Cli::try_parse_from(&words) {
                    Ok(_) => taken += 1,
                    Err(error) if !error.use_stderr() => taken += 1,
                    Err(error) => wrong.push(format!("{}: {line}\n{error}", block.place)),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(taken > 40, "only {taken} command lines were found: they are not read rightly");
}

/// What a bench is to write has been written: a page does not promise numbers that nobody has measured.
#[test]
fn every_measured_part_is_filled() {
    let mut parts = 0;
    for page in Page::all() {
        let text = std::fs::read_to_string(checkout().join(&page.path)).expect("a page");
        for part in text.split("<!-- measured: ").skip(1) {
            let (command, rest) = part.split_once(" -->").expect("the end of a mark");
            let end = rest.find("<!-- end of what is measured -->");
            let end = end.unwrap_or_else(|| panic!("{}: {command}: the measured part has no end", page.path));
            assert!(rest[..end].contains('|'), "{}: {command}: there is no table", page.path);
            parts += 1;
        }
    }
    assert!(parts > 3, "only {parts} measured parts were found: they are not read rightly");
}

#[test]
fn every_xtask_of_the_book_is_one() {
    let source = std::fs::read_to_string(checkout().join("xtask/src/main.rs")).expect("xtask's source");
    for block in blocks() {
        for name in block.commands().iter().filter_map(|line| line.strip_prefix("cargo xtask ")) {
            let name = name.split_whitespace().next().expect("a name");
            assert!(source.contains(&format!("[\"{name}\"")), "{}: there is no `cargo xtask {name}`", block.place);
        }
    }
}

/// Each input and output of the action is named in backquotes on the page about CI, and its example names no other.
#[test]
fn the_page_about_ci_knows_the_action() {
    let action = std::fs::read_to_string(checkout().join("action.yml")).expect("action.yml");
    let page = Page::read("docs/ci.md");
    let inputs = keys_of(&action, "inputs:");
    for name in inputs.iter().chain(&keys_of(&action, "outputs:")) {
        assert!(page.inline.iter().any(|(_, code)| code == name), "docs/ci.md does not name `{name}`");
    }
    let example = page.blocks.iter().find(|block| block.language() == "yaml").expect("an example");
    let with = example.lines.iter().skip_while(|line| !line.contains("/sidetap@")).skip(2);
    let used: Vec<&str> = with.filter_map(|line| line.trim().split_once(':')).map(|(name, _)| name).collect();
    assert!(used.len() > 3, "{used:?}");
    for name in used {
        assert!(inputs.iter().any(|input| input == name), "the action has no input `{name}`");
    }
}

/// The keys below one at the beginning of a line, indented by two blanks.
fn keys_of(yaml: &str, parent: &str) -> Vec<String> {
    let below = yaml
        .lines()
        .skip_while(|line| *line != parent)
        .skip(1)
        .take_while(|line| !line.starts_with(|c: char| c.is_ascii_alphabetic()));
    let keys = below.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    keys.filter_map(|line| line.trim().strip_suffix(':')).map(str::to_owned).collect()
}

/// In running text, too: a flag in backquotes is a flag of some command, and one behind a command is that command's.
#[test]
fn every_flag_in_the_text_is_there() {
    let mut missing = Vec::new();
    for page in Page::all() {
        for (line, code) in &page.inline {
            let words: Vec<&str> = code.split_whitespace().collect();
            let first = words.first().copied().unwrap_or_default();
            let command = if first == "sidetap" { words.get(1).copied().unwrap_or_default() } else { first };
            // Code that begins with another program is of that one.
            if !first.starts_with("--") && first != "sidetap" && !is_command(first) {
                continue;
            }
            let named = words.iter().take_while(|word| **word != "--").filter(|word| word.starts_with("--"));
            for flag in named {
                let flag: &str = flag.split(['=', '[', '|', ',']).next().unwrap_or(flag);
                if !FLAGS_OF_OTHERS.contains(&flag) && !is_flag(command, flag) {
                    missing.push(format!("{}:{line}: `{code}`: there is no {flag}", page.path));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// What needs nothing is run, page by page, and ends as the page says and prints what the page shows.
#[test]
fn commands_that_need_nothing_run_as_the_page_says() {
    let mut wrong = Vec::new();
    let mut ran = 0;
    for page in Page::all() {
        let mut place = run::Place::new();
        for block in page.blocks.iter().filter(|block| block.language() == "console") {
            if let Ok(Needs::Nothing { exit }) = block.needs() {
                match place.run(block, exit) {
                    Ok(commands) => ran += commands,
                    Err(why) => wrong.push(why),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(ran > 30, "only {ran} commands were run");
}

/// What needs AWS is done in an account that is made up, each page in its own.
#[test]
fn what_the_pages_do_on_aws_works_in_a_made_up_account() {
    let pages = Page::all();
    let results = std::thread::scope(|scope| {
        let runs: Vec<_> = pages.iter().map(|page| scope.spawn(|| account::run(page))).collect();
        runs.into_iter().map(|run| run.join().expect("a run")).collect::<Vec<_>>()
    });
    let wrong: Vec<String> = results.iter().filter_map(|result| result.clone().err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let ran: usize = results.into_iter().flatten().sum();
    assert!(ran >= 18, "only {ran} commands were run");
}

/// All blocks of commands.
fn blocks() -> Vec<Block> {
    Page::all().into_iter().flat_map(|page| page.blocks).filter(|block| block.language() == "console").collect()
}

/// Whether a line is a command line of sidetap, and not what sidetap prints.
fn is_command_line(line: &str) -> bool {
    line.strip_prefix("sidetap ").and_then(|rest| rest.split(' ').next()).is_some_and(is_command)
}

/// Whether sidetap has a command of that name.
fn is_command(name: &str) -> bool {
    Cli::command().find_subcommand(name).is_some()
}

/// Whether that command takes the flag; whether any does, if it is no command's name.
fn is_flag(command: &str, flag: &str) -> bool {
    let mut cli = Cli::command();
    cli.build();
    let has = |command: &clap::Command| {
        command.get_arguments().any(|argument| {
            let long = argument.get_long_and_visible_aliases().unwrap_or_default();
            long.iter().any(|name| flag == format!("--{name}"))
        })
    };
    match cli.find_subcommand(command) {
        Some(found) => has(found) || found.get_subcommands().any(has),
        None => has(&cli) || cli.get_subcommands().any(|found| has(found) || found.get_subcommands().any(has)),
    }
}
