//! Writes XML.
#![allow(dead_code, reason = "no service of the Query protocol has an operation yet")]

/// An element with a text in it.
pub(crate) fn text(name: &str, value: impl std::fmt::Display) -> String {
    format!("<{name}>{}</{name}>", escaped(&value.to_string()))
}

/// An element with elements in it.
pub(crate) fn element(name: &str, content: &str) -> String {
    format!("<{name}>{content}</{name}>")
}

/// A list: an element `name` with an element `item` for each.
pub(crate) fn list(name: &str, item: &str, contents: impl IntoIterator<Item = String>) -> String {
    element(name, &contents.into_iter().map(|content| element(item, &content)).collect::<String>())
}

/// A text with what is special to XML escaped.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_nest_and_texts_are_escaped() {
        let items = ["a<b", "c"].map(|id| text("id", id));
        assert_eq!(list("set", "item", items), "<set><item><id>a&lt;b</id></item><item><id>c</id></item></set>");
    }
}
