//! A line that is being typed.

use console::Key;

use crate::cli::output::is_invisible;

/// The text, and the place in it where the next character goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    text: Vec<char>,
    cursor: usize,
}

/// What a key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// The line goes on.
    More,
    /// It is complete.
    Done,
    /// It is given up.
    Back,
    Interrupted,
}

impl Line {
    /// A line with a text in it and the cursor behind that.
    pub fn new(text: &str) -> Self {
        let text: Vec<char> = text.chars().filter(|c| !is_invisible(*c)).collect();
        Line { cursor: text.len(), text }
    }

    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// Takes a key.
    pub fn press(&mut self, key: &Key) -> Typed {
        match key {
            Key::Enter => return Typed::Done,
            Key::Escape => return Typed::Back,
            Key::CtrlC | Key::Char('\u{3}') => return Typed::Interrupted,
            Key::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.text.remove(self.cursor);
            }
            Key::Del if self.cursor < self.text.len() => {
                self.text.remove(self.cursor);
            }
            // Ctrl-U, as a shell has it.
            Key::Char('\u{15}') => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            Key::ArrowLeft => self.cursor = self.cursor.saturating_sub(1),
            Key::ArrowRight => self.cursor = (self.cursor + 1).min(self.text.len()),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = self.text.len(),
            Key::Char(character) if !is_invisible(*character) => {
                self.text.insert(self.cursor, *character);
                self.cursor += 1;
            }
            _ => {}
        }
        Typed::More
    }

    /// What of the text fits into so many columns with the cursor in it, and the column of the cursor.
    pub fn view(&self, columns: usize) -> (String, usize) {
        let width = |text: &[char]| console::measure_text_width(&text.iter().collect::<String>());
        // One column is the cursor's own behind the text.
        let room = columns.saturating_sub(1).max(1);
        let mut from = 0;
        while width(&self.text[from..self.cursor]) > room {
            from += 1;
        }
        let mut to = self.text.len();
        while to > self.cursor && width(&self.text[from..to]) > room {
            to -= 1;
        }
        (self.text[from..to].iter().collect(), width(&self.text[from..self.cursor]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[Key]) -> Line {
        let mut line = Line::default();
        for key in keys {
            assert_eq!(line.press(key), Typed::More);
        }
        line
    }

    #[test]
    fn a_line_is_edited_as_people_expect() {
        let keys = [Key::Char('a'), Key::Char('c'), Key::ArrowLeft, Key::Char('b'), Key::End, Key::Char('d')];
        assert_eq!(typed(&keys).text(), "abcd");
        let keys =
            [Key::Char('a'), Key::Char('b'), Key::Home, Key::Del, Key::Backspace, Key::ArrowRight, Key::Backspace];
        assert_eq!(typed(&keys).text(), "");
        assert_eq!(typed(&[Key::Char('a'), Key::Char('\u{15}'), Key::Char('é')]).text(), "é");
    }

    #[test]
    fn what_controls_a_terminal_is_not_taken() {
        assert_eq!(typed(&[Key::Char('\u{1b}'), Key::Char('\u{202e}'), Key::Char('x')]).text(), "x");
        assert_eq!(Line::new("a\u{1b}[31mb\n").text(), "a[31mb");
    }

    #[test]
    fn a_line_ends_in_three_ways() {
        for (key, ends) in [(Key::Enter, Typed::Done), (Key::Escape, Typed::Back), (Key::CtrlC, Typed::Interrupted)] {
            assert_eq!(Line::default().press(&key), ends);
        }
    }

    #[test]
    fn a_long_line_is_seen_where_the_cursor_is() {
        let mut line = Line::new("0123456789");
        assert_eq!(line.view(6), ("56789".to_owned(), 5));
        line.press(&Key::Home);
        assert_eq!(line.view(6), ("01234".to_owned(), 0));
        assert_eq!(Line::new("日本語").view(6), ("本語".to_owned(), 4));
        assert_eq!(Line::new("abc").view(80), ("abc".to_owned(), 3));
    }
}
