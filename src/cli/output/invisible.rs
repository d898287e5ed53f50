//! Characters that change how a terminal shows others, or that nobody sees.

/// Whether a character controls the terminal (Cc), has no shape (Cf: among them those that turn the direction of what
/// follows), or breaks the line where a terminal need not (U+2028, U+2029). Cf is that of Unicode 17.
pub fn is_invisible(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'..='\u{891}'
                | '\u{8e2}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{110bd}'
                | '\u{110cd}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0001}'
                | '\u{e0020}'..='\u{e007f}'
        )
}

/// Text from the wire, with a mark in place of each character that could rewrite the terminal or hide.
#[cfg(feature = "engine")]
pub fn visible(text: &str) -> String {
    text.chars()
        .map(|character| if is_invisible(character) { char::REPLACEMENT_CHARACTER } else { character })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::is_invisible;

    #[test]
    fn what_turns_hides_or_controls_is_told_from_what_is_seen() {
        let turning = ['\u{200e}', '\u{200f}', '\u{61c}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}'];
        let hiding = ['\u{200b}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{ad}', '\u{e0041}'];
        let controlling = ['\0', '\n', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{2028}', '\u{2029}'];
        for character in turning.into_iter().chain(hiding).chain(controlling) {
            assert!(is_invisible(character), "{character:?}");
        }
        for character in [' ', 'a', '~', '\u{a0}', 'é', 'ש', 'ع', '日', '🚀', '…', '\u{fffd}'] {
            assert!(!is_invisible(character), "{character:?}");
        }
    }
}
