//! A page of the book, taken apart: headings, blocks of code, code in running text.

use std::path::{Path, PathBuf};

/// The pages beside docs/.
const AT_THE_TOP: [&str; 1] = ["README.md"];

/// One Markdown file.
pub struct Page {
    /// From the top of the checkout, such as `docs/sensor.md`.
    pub path: String,
    /// Its text without blocks of code, a line as long as in the file.
    pub prose: Vec<String>,
    pub blocks: Vec<Block>,
    /// Code in running text, with the number of its line.
    pub inline: Vec<(usize, String)>,
}

/// A fenced block of code.
pub struct Block {
    /// File and line, for messages.
    pub place: String,
    /// What is behind the fence, such as `console aws`.
    pub info: String,
    pub lines: Vec<String>,
}

/// What a block of commands needs in order to run.
#[derive(Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing but a checkout; the last command ends with this code, all others with 0.
    Nothing { exit: i32 },
    /// An AWS account.
    Aws,
    /// Rights on packets, or a network interface.
    Root,
    /// Another program, another file or machine, or a terminal.
    Other,
}

/// The top of the checkout.
pub fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Page {
    /// README.md and everything in docs/, in the order of their names.
    pub fn all() -> Vec<Page> {
        let docs = std::fs::read_dir(checkout().join("docs")).expect("docs/");
        let mut paths: Vec<PathBuf> = docs.map(|entry| entry.expect("an entry of docs/").path()).collect();
        paths.sort();
        let names = paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "md"));
        let names = names.map(|path| format!("docs/{}", path.file_name().expect("a name").to_string_lossy()));
        AT_THE_TOP.into_iter().map(str::to_owned).chain(names).map(|name| Page::read(&name)).collect()
    }

    /// The page at that path below the top of the checkout.
    pub fn read(path: &str) -> Page {
        let text = std::fs::read_to_string(checkout().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut page = Page { path: path.to_owned(), prose: Vec::new(), blocks: Vec::new(), inline: Vec::new() };
        let mut open = false;
        for (index, line) in text.lines().enumerate() {
            if let Some(info) = line.trim_start().strip_prefix("```") {
                open = !open;
                if open {
                    let place = format!("{path}:{}", index + 1);
                    page.blocks.push(Block { place, info: info.trim().to_owned(), lines: Vec::new() });
                }
                page.prose.push(String::new());
            } else if open {
                page.blocks.last_mut().expect("a block that was opened").lines.push(line.to_owned());
                page.prose.push(String::new());
            } else {
                page.prose.push(line.to_owned());
            }
        }
        assert!(!open, "{path}: a block of code is not closed");
        page.inline = inline(&page.prose);
        page
    }

    /// The anchors of its headings, as GitHub and mdbook make them.
    pub fn anchors(&self) -> Vec<String> {
        let mut anchors: Vec<String> = Vec::new();
        for heading in self.prose.iter().filter(|line| line.starts_with('#')) {
            let name = anchor(heading.trim_start_matches('#').trim());
            let before = anchors.iter().filter(|anchor| **anchor == name).count();
            anchors.push(if before == 0 { name } else { format!("{name}-{before}") });
        }
        anchors
    }
}

impl Block {
    /// What the block is written in; empty where it does not say.
    pub fn language(&self) -> &str {
        self.info.split_whitespace().next().unwrap_or_default()
    }

    /// What its commands need: `console`, `console exit 5`, `console aws`, `console root`, `console other`.
    pub fn needs(&self) -> Result<Needs, String> {
        match self.info.split_whitespace().skip(1).collect::<Vec<_>>()[..] {
            [] => Ok(Needs::Nothing { exit: 0 }),
            ["exit", code] => match code.parse() {
                Ok(exit) => Ok(Needs::Nothing { exit }),
                Err(_) => Err(format!("`{code}` is no exit code")),
            },
            ["aws"] => Ok(Needs::Aws),
            ["root"] => Ok(Needs::Root),
            ["other"] => Ok(Needs::Other),
            _ => Err(format!("`{}` is none of `console`, `console exit N`, `console aws|root|other`", self.info)),
        }
    }

    /// The command lines. Where a line begins with `$ `, those are the commands and all else is what they print.
    pub fn commands(&self) -> Vec<String> {
        self.commands_and_output().into_iter().map(|(command, _)| command).collect()
    }

    /// The command lines, each with the lines that the page shows behind it.
    pub fn commands_and_output(&self) -> Vec<(String, Vec<String>)> {
        let prompted = self.lines.iter().any(|line| line.starts_with("$ "));
        let mut commands: Vec<(String, Vec<String>)> = Vec::new();
        let mut goes_on = false;
        for line in &self.lines {
            if goes_on {
                let (command, _) = commands.last_mut().expect("a command that goes on");
                command.push('\n');
                command.push_str(line);
                goes_on = line.ends_with('\\');
                continue;
            }
            let command = if prompted { line.strip_prefix("$ ") } else { Some(line.as_str()) };
            match command {
                Some(command) if !command.trim().is_empty() && !command.starts_with('#') => {
                    goes_on = command.ends_with('\\');
                    commands.push((command.to_owned(), Vec::new()));
                }
                _ if prompted => match commands.last_mut() {
                    Some((_, output)) => output.push(line.clone()),
                    None => panic!("{}: output in front of the first command", self.place),
                },
                _ => {}
            }
        }
        commands
    }
}

/// What is between backquotes, line by line. A pair that spans two lines is put together.
fn inline(prose: &[String]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut begun: Option<(usize, String)> = None;
    for (index, line) in prose.iter().enumerate() {
        if line.trim().is_empty() {
            begun = None;
        }
        for (part, text) in line.split('`').enumerate() {
            if part > 0 {
                begun = match begun.take() {
                    Some((at, code)) => {
                        found.push((at, code));
                        None
                    }
                    None => Some((index + 1, String::new())),
                };
            }
            if let Some((_, code)) = &mut begun {
                if !code.is_empty() {
                    code.push(' ');
                }
                code.push_str(text);
            }
        }
    }
    found
}

/// The anchor of a heading: small letters, hyphens for spaces, nothing else but letters, digits, `-` and `_`.
fn anchor(heading: &str) -> String {
    let text = heading.replace('`', "");
    let kept = text.chars().filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|character| if character == ' ' { '-' } else { character }).collect()
}
