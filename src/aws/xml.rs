//! Answers in XML, as a small tree.
//!
//! roxmltree parses them; it refuses document types, so that no entity can be defined. Name spaces, attributes and the
//! white space between elements mean nothing in AWS's answers and are dropped.

use roxmltree::{Document, Node};

/// Answers are a few elements deep; anything deeper is not one.
const DEEPEST: usize = 64;

/// An element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Xml {
    name: String,
    text: String,
    children: Vec<Xml>,
}

/// Why a text is not an answer in XML.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct NotXml(String);

impl Xml {
    /// Parses a document and returns its root element.
    ///
    /// # Errors
    /// If it is not XML, has a document type, or is nested deeper than any answer.
    pub fn parse(text: &str) -> Result<Self, NotXml> {
        let document = Document::parse(text).map_err(|error| NotXml(error.to_string()))?;
        Self::of(document.root_element(), DEEPEST)
    }

    fn of(node: Node<'_, '_>, deepest: usize) -> Result<Self, NotXml> {
        if deepest == 0 {
            return Err(NotXml("it is nested too deeply".to_owned()));
        }
        let children = node.children().filter(Node::is_element).map(|child| Self::of(child, deepest - 1));
        let children: Vec<Xml> = children.collect::<Result<_, _>>()?;
        let text = match children.is_empty() {
            true => node.children().filter(Node::is_text).filter_map(|text| text.text()).collect(),
            false => String::new(),
        };
        Ok(Xml { name: node.tag_name().name().to_owned(), text, children })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of an element that has no elements in it; of others nothing.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first child of that name.
    pub fn child(&self, name: &str) -> Option<&Xml> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of that name: the `item`s or `member`s of a list.
    pub fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Xml> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The element at the end of a path of first children.
    pub fn at(&self, path: &[&str]) -> Option<&Xml> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The text of the first child of that name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(Xml::text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_texts_are_found() {
        let xml = Xml::parse(
            "<?xml version=\"1.0\"?>\n<R xmlns=\"urn:x\"><set>\n<item><id>a &lt;&#x41;</id></item>\n<item><id/></item>\
             </set><other>1</other></R>",
        )
        .unwrap();
        assert_eq!(xml.name(), "R");
        let ids: Vec<_> = xml.child("set").unwrap().children("item").map(|item| item.text_of("id")).collect();
        assert_eq!(ids, [Some("a <A"), Some("")]);
        assert_eq!(xml.at(&["set", "item", "id"]).map(Xml::text), Some("a <A"));
        assert_eq!((xml.text(), xml.text_of("other"), xml.text_of("nothing")), ("", Some("1"), None));
        assert!(xml.at(&["set", "nothing", "id"]).is_none());
    }

    #[test]
    fn entities_and_bottomless_documents_are_refused() {
        let bomb = "<!DOCTYPE r [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]><r>&b;</r>";
        assert!(Xml::parse(bomb).is_err());
        assert!(Xml::parse(&format!("{}{}", "<a>".repeat(100), "</a>".repeat(100))).is_err());
        assert!(Xml::parse("<html><p>502</html>").is_err());
        assert!(Xml::parse("").is_err());
    }
}
