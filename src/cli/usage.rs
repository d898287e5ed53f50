//! A command line that lacks or misuses something, and the one that would be ready.

/// The command line lacks or misuses something.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Usage {
    what: String,
    pub hints: Vec<String>,
    /// What to append to the command line to make it ready.
    missing: Option<String>,
}

impl Usage {
    /// Something is wrong with what was given.
    pub fn new(what: impl Into<String>) -> Self {
        Usage { what: what.into(), hints: Vec::new(), missing: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Something was not given; `arguments` are what to add, with placeholders in capitals.
    #[must_use]
    pub fn missing(mut self, arguments: &str) -> Self {
        self.missing = Some(arguments.to_owned());
        self
    }
}

/// The first of several problems (there is one), its ready command line completed by what the others lack.
pub fn first(problems: impl Iterator<Item = anyhow::Error>) -> anyhow::Error {
    let mut problems = problems;
    let mut first = problems.next().unwrap_or_else(|| Usage::new("incomplete").into());
    if let Some(missing) = first.downcast_mut::<Usage>().and_then(|usage| usage.missing.as_mut()) {
        for next in problems {
            if let Some(next) = next.downcast_ref::<Usage>().and_then(|usage| usage.missing.as_deref()) {
                missing.push(' ');
                missing.push_str(next);
            }
        }
    }
    first
}

/// The command line that was given with what it lacked, if that is why `error` came about.
pub fn ready_line(error: &anyhow::Error, argv: &[String]) -> Option<String> {
    let missing = error.chain().find_map(|cause| cause.downcast_ref::<Usage>())?.missing.as_ref()?;
    let mut line = vec!["sidetap".to_owned()];
    let mut is_variable = false;
    for word in argv {
        // An error ends up in logs, where the value of a variable must not.
        let (flag, word) = match word.strip_prefix("--env=") {
            Some(variable) => ("--env=", masked(variable)),
            None if is_variable => ("", masked(word)),
            None => ("", word.clone()),
        };
        is_variable = word == "--env";
        line.push(flag.to_owned() + &shlex::try_quote(&word).map_or_else(|_| word.clone(), Into::into));
    }
    // What follows `--` belongs to the sidecar.
    let end = line.iter().position(|word| word == "--").unwrap_or(line.len());
    line.insert(end, missing.clone());
    Some(line.join(" "))
}

/// `NAME=VALUE` without the value.
fn masked(variable: &str) -> String {
    variable.split_once('=').map_or_else(|| variable.to_owned(), |(name, _)| format!("{name}=***"))
}
