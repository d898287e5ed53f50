//! The invocations of sidetap in a command line of a shell.

/// One invocation, as its `argv`.
pub struct Invocation {
    pub words: Vec<String>,
}

/// What ends a command in a shell.
const SEPARATORS: [&str; 6] = ["|", "||", "&&", "&", ";", "do"];

/// The invocations of sidetap in a command line: its own, and those behind `cargo run --` and `cargo xtask demo --`.
pub fn invocations(line: &str) -> Result<Vec<Invocation>, String> {
    let line = line.replace("\\\n", " ");
    let words = shlex::split(&line).ok_or("its quotes are not closed")?;
    let commands = words.split(|word| SEPARATORS.contains(&word.as_str()));
    Ok(commands.filter_map(|command| sidetap(command).map(|words| Invocation { words })).collect())
}

/// The words of sidetap in one command: without variables and `sudo` in front, and without redirections.
fn sidetap(command: &[String]) -> Option<Vec<String>> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let is_prefix = |word: &&&str| **word == "sudo" || is_variable(word);
    let start = words.iter().take_while(is_prefix).count();
    let arguments = match &words[start..] {
        ["sidetap", arguments @ ..] => arguments,
        ["cargo", "run", arguments @ ..] | ["cargo", "xtask", "demo", arguments @ ..] => {
            let end = arguments.iter().position(|word| *word == "--")?;
            &arguments[end + 1..]
        }
        _ => return None,
    };
    let mut taken = vec!["sidetap".to_owned()];
    let mut arguments = arguments.iter();
    while let Some(word) = arguments.next() {
        match *word {
            ">" | ">>" | "<" | "2>" => {
                arguments.next();
            }
            "2>&1" => {}
            word => taken.push(word.to_owned()),
        }
    }
    Some(taken)
}

/// Whether a word is `NAME=VALUE` in front of a command.
fn is_variable(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|character| character.is_ascii_uppercase() || character == '_')
    })
}
