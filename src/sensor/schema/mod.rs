//! What types the values in documents are of, without any of the values.
//!
//! A [`Schema`] is a tree of types that grows with every document that is merged into it: names of properties, JSON types,
//! what strings look like, whether a property was in every object. There are no examples, no lists of possible values and
//! no bounds of numbers, so nothing that somebody entered is in it. Names of properties can be such values, too, where an
//! object maps ids to things; [`name`] tells them apart, and what they name is kept without the name.
//!
//! - [`node`]: the tree, and how two become one
//! - [`read`]: of a JSON document, as it is read
//! - [`form`]: of the fields of a form or a query
//! - [`looks`]: what a string looks like
//! - [`name`]: whether a property's name may be shown
//! - [`render`]: as JSON Schema
//!
//! However large documents are, and however many, a schema has at most [`MAX_NODES`] nodes in [`MAX_DEPTH`] levels.

pub mod form;
pub mod looks;
pub mod name;
pub mod node;
pub mod read;
pub mod render;
#[cfg(test)]
mod tests;

use node::Node;

/// Most nodes of a schema. A document's further properties are not looked at; of a merged schema with more, the deepest
/// levels are cut off.
pub const MAX_NODES: usize = 2000;

/// Most levels of a schema. What is deeper is known to be an object or an array, and no more.
pub const MAX_DEPTH: usize = 32;

/// The types of one document, or of many.
///
/// [`merge`](Schema::merge) is commutative and idempotent. It is associative as well unless [`MAX_NODES`] is reached: how
/// deep a schema is cut then may depend on when.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    root: Node,
}

impl Schema {
    /// Of objects without any property.
    pub fn of_empty_object() -> Self {
        let mut root = Node::default();
        root.object_mut().end();
        Schema { root }
    }

    /// Takes in what another says. Whether that says anything new: if not, only counts have changed, and what
    /// [`to_json_schema`](Schema::to_json_schema) tells and [`hash`](Schema::hash) have not.
    pub fn merge(&mut self, other: &Schema) -> bool {
        let changed = self.root.merge(&other.root);
        if changed {
            self.shrink_to(MAX_NODES, usize::MAX);
        }
        changed
    }

    /// Cuts off the deepest levels until there are at most so many nodes and bytes; one level is always left. Whether
    /// anything had to be cut off.
    pub fn shrink_to(&mut self, nodes: usize, bytes: usize) -> bool {
        let mut depth = MAX_DEPTH;
        let mut cut = false;
        while depth > 1 && (self.root.count() > nodes || self.bytes() > bytes) {
            depth = depth.min(self.root.depth()) - 1;
            self.root.cut(depth.max(1));
            cut = true;
        }
        cut
    }

    /// Nodes of the tree.
    pub fn nodes(&self) -> usize {
        self.root.count()
    }

    /// Bytes of memory that it owns, about.
    pub fn bytes(&self) -> usize {
        size_of::<Schema>() + self.root.owned_bytes()
    }
}
