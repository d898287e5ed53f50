//! Text in the width that a terminal has.

use console::{measure_text_width, truncate_str};

/// What of a line fits, with a mark where something is left out.
pub fn cut(line: &str, columns: usize) -> String {
    truncate_str(line, columns, if columns > 3 { "..." } else { "" }).into_owned()
}

/// A line in as many as it takes, broken at spaces where there are some. What continues it is indented by two more
/// columns.
pub fn wrapped(line: &str, columns: usize) -> Vec<String> {
    let indent = line.len() - line.trim_start().len();
    let hanging = " ".repeat((indent + 2).min(columns / 2));
    let (mut lines, mut rest) = (Vec::new(), line);
    loop {
        let indent = if lines.is_empty() { "" } else { hanging.as_str() };
        let end = fitting(rest, columns - indent.len());
        if end == rest.len() {
            lines.push(format!("{indent}{rest}"));
            return lines;
        }
        // A character that is wider than the terminal has to go somewhere, too.
        let end = end.max(rest.chars().next().map_or(0, char::len_utf8));
        let space = rest[..end].rfind(' ').filter(|at| !rest[..*at].trim().is_empty());
        let at = if rest[end..].starts_with(' ') { end } else { space.unwrap_or(end) };
        lines.push(format!("{indent}{}", rest[..at].trim_end()));
        rest = rest[at..].trim_start();
    }
}

/// Bytes of the characters that fit.
fn fitting(text: &str, columns: usize) -> usize {
    let mut width = 0;
    let fits = |(index, character): (usize, char)| {
        width += measure_text_width(character.encode_utf8(&mut [0; 4]));
        (width > columns).then_some(index)
    };
    text.char_indices().find_map(fits).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_fits_stays_and_a_longer_one_is_broken_at_spaces() {
        assert_eq!(wrapped("  one two", 9), ["  one two"]);
        assert_eq!(wrapped("", 9), [""]);
        assert_eq!(wrapped("one two three four", 10), ["one two", "  three", "  four"]);
        assert_eq!(wrapped("  one two", 8), ["  one", "    two"]);
    }

    #[test]
    fn a_word_that_is_longer_than_a_line_is_broken_anywhere() {
        assert_eq!(wrapped("see 0123456789 ok", 8), ["see", "  012345", "  6789", "  ok"]);
        assert_eq!(wrapped("日本語", 4), ["日本", "  語"]);
        for columns in 0..12 {
            let all = wrapped("  日本 and 0123456789 abc", columns).concat();
            let kept = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            assert_eq!(kept(&all), "日本and0123456789abc", "{columns}");
        }
    }

    #[test]
    fn what_is_cut_is_marked() {
        assert_eq!(cut("0123456789", 10), "0123456789");
        assert_eq!(cut("0123456789", 8), "01234...");
        assert_eq!(cut("0123456789", 2), "01");
    }
}
