//! Command lines that are printed to be run: quoted for a shell, and of the account and region of this run.

use super::SessionRequest;

/// A command line of `words` in the same place as this run: with the global flags that say where, as far as they were
/// given.
pub fn command<W: AsRef<str>>(words: impl IntoIterator<Item = W>, place: &SessionRequest) -> String {
    let words = words.into_iter().map(|word| word.as_ref().to_owned());
    quoted(&words.chain(flags(place)).collect::<Vec<_>>())
}

/// The flags that say where, of sidetap and of the AWS CLI alike, as far as they were given.
pub fn flags(place: &SessionRequest) -> Vec<String> {
    let mut words = Vec::new();
    add(&mut words, "--profile", place.profile.as_deref());
    add(&mut words, "--region", place.region.as_deref());
    add(&mut words, "--endpoint-url", place.endpoint_url.as_deref());
    words
}

/// Words as a shell takes them.
pub fn quoted(words: &[String]) -> String {
    // A word that no shell takes has a null character in it, which no argument has.
    let quoted = |word: &String| shlex::try_quote(word).map_or_else(|_| word.clone(), Into::into);
    words.iter().map(quoted).collect::<Vec<String>>().join(" ")
}

/// Adds a flag with its value, if there is one; in one word where the value looks like a flag.
pub fn add(words: &mut Vec<String>, flag: &str, value: Option<&str>) {
    match value {
        None => {}
        Some(value) if value.starts_with('-') => words.push(format!("{flag}={value}")),
        Some(value) => words.extend([flag.to_owned(), value.to_owned()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_says_where_and_can_be_pasted() {
        let place = SessionRequest {
            profile: Some("my profile".to_owned()),
            region: None,
            endpoint_url: Some("http://localhost:4566".to_owned()),
        };
        let line = command(["sidetap", "apply", "it's a plan.json"], &place);
        let words = ["sidetap", "apply", "it's a plan.json", "--profile", "my profile"];
        let all = words.into_iter().chain(["--endpoint-url", "http://localhost:4566"]);
        assert_eq!(shlex::split(&line), Some(all.map(str::to_owned).collect()), "{line}");
        assert_eq!(command(["sidetap", "status"], &SessionRequest::default()), "sidetap status");
    }
}
