//! The tree of types, and how two trees become one.

use super::looks::Looks;
use super::name;

/// Most properties of an object; one with more is a map.
pub const MAX_PROPERTIES: usize = 64;

/// All values that were seen in one place.
#[derive(Debug, Clone, Default)]
pub struct Node {
    pub(super) types: Types,
    pub(super) looks: Looks,
    pub(super) lengths: Lengths,
    /// The elements of all arrays.
    pub(super) items: Option<Box<Node>>,
    pub(super) object: Option<Box<Object>>,
}

/// The JSON types of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Types(u8);

impl Types {
    pub const NULL: Types = Types(1);
    pub const BOOLEAN: Types = Types(1 << 1);
    /// A number without fraction and exponent.
    pub const INTEGER: Types = Types(1 << 2);
    /// Any number: the integers are among them.
    pub const NUMBER: Types = Types(1 << 3 | 1 << 2);
    pub const STRING: Types = Types(1 << 4);
    pub const ARRAY: Types = Types(1 << 5);
    pub const OBJECT: Types = Types(1 << 6);
    /// It was not looked at.
    pub const ANYTHING: Types = Types(1 << 7);

    /// These and those.
    pub fn with(self, other: Types) -> Types {
        Types(self.0 | other.0)
    }

    /// Whether all of those are among these.
    pub fn has(self, other: Types) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn bits(self) -> u8 {
        self.0
    }
}

/// How long arrays were, in classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Lengths(u8);

impl Lengths {
    /// The class of a length: its bit and its name.
    const CLASSES: [(Lengths, &'static str); 5] =
        [(Lengths(1), "0"), (Lengths(2), "1"), (Lengths(4), "2-9"), (Lengths(8), "10-99"), (Lengths(16), "100-")];

    pub fn of(length: usize) -> Self {
        match length {
            0 => Lengths(1),
            1 => Lengths(2),
            2..10 => Lengths(4),
            10..100 => Lengths(8),
            _ => Lengths(16),
        }
    }

    pub fn with(self, other: Lengths) -> Lengths {
        Lengths(self.0 | other.0)
    }

    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Lengths::CLASSES.into_iter().filter(move |(class, _)| self.0 & class.0 != 0).map(|(_, name)| name)
    }
}

/// All objects that were seen in one place.
#[derive(Debug, Clone, Default)]
pub struct Object {
    /// Those that were seen to their end.
    pub(super) seen: u64,
    /// In the order of their names.
    pub(super) properties: Vec<Property>,
    /// What is named by names that are not shown.
    pub(super) others: Option<Box<Node>>,
    /// No name is shown.
    pub(super) is_map: bool,
}

/// A property by its name.
#[derive(Debug, Clone)]
pub struct Property {
    pub(super) name: Box<str>,
    /// Objects that had it, of those that were seen to their end.
    pub(super) present: u64,
    /// The object of a document in which it was found last.
    mark: u32,
    pub(super) node: Node,
}

impl Node {
    /// One about which nothing is known.
    pub(super) fn anything() -> Self {
        Node { types: Types::ANYTHING, ..Node::default() }
    }

    pub(super) fn is_anything(&self) -> bool {
        self.types.has(Types::ANYTHING)
    }

    pub(super) fn add_type(&mut self, types: Types) {
        if !self.is_anything() {
            self.types = self.types.with(types);
        }
    }

    pub(super) fn object_mut(&mut self) -> &mut Object {
        self.add_type(Types::OBJECT);
        self.object.get_or_insert_default()
    }

    /// Takes in what another says, and tells whether that is more than was known.
    pub(super) fn merge(&mut self, other: &Node) -> bool {
        if self.is_anything() {
            return false;
        }
        if other.is_anything() {
            *self = Node::anything();
            return true;
        }
        let before = (self.types, self.looks, self.lengths);
        self.types = self.types.with(other.types);
        self.looks = self.looks.join(other.looks);
        self.lengths = self.lengths.with(other.lengths);
        let changed = (self.types, self.looks, self.lengths) != before;
        let changed = merge_optional(&mut self.items, other.items.as_deref()) || changed;
        match (&mut self.object, &other.object) {
            (Some(object), Some(other)) => object.merge(other) || changed,
            (none @ None, Some(other)) => {
                *none = Some(other.clone());
                true
            }
            (_, None) => changed,
        }
    }

    fn children(&self) -> impl Iterator<Item = &Node> {
        let object = self.object.as_deref();
        let properties = object.map_or(&[][..], |object| &object.properties);
        let others = object.and_then(|object| object.others.as_deref());
        properties.iter().map(|property| &property.node).chain(others).chain(self.items.as_deref())
    }

    /// Nodes of the tree. Those about which nothing is known do not count; each of them has another above it that does.
    pub(super) fn count(&self) -> usize {
        usize::from(!self.is_anything()) + self.children().map(Node::count).sum::<usize>()
    }

    /// Levels of the tree.
    pub(super) fn depth(&self) -> usize {
        usize::from(!self.is_anything()) + self.children().map(Node::depth).max().unwrap_or_default()
    }

    /// Bytes of memory that it owns beside itself, about.
    pub(super) fn owned_bytes(&self) -> usize {
        let object = self.object.as_deref().map_or(0, |object| {
            let names: usize = object.properties.iter().map(|property| property.name.len()).sum();
            let others = if object.others.is_some() { size_of::<Node>() } else { 0 };
            size_of::<Object>() + object.properties.capacity() * size_of::<Property>() + names + others
        });
        let items = if self.items.is_some() { size_of::<Node>() } else { 0 };
        object + items + self.children().map(Node::owned_bytes).sum::<usize>()
    }

    /// Forgets what is below so many levels, of which this is one.
    pub(super) fn cut(&mut self, levels: usize) {
        if levels <= 1 {
            if self.items.is_some() {
                self.hide_items();
            }
            if let Some(object) = &mut self.object {
                object.hide();
            }
            return;
        }
        let properties = self.object.iter_mut().flat_map(|object| object.properties.iter_mut());
        properties.for_each(|property| property.node.cut(levels - 1));
        let others = self.object.iter_mut().filter_map(|object| object.others.as_deref_mut());
        others.chain(self.items.as_deref_mut()).for_each(|node| node.cut(levels - 1));
    }

    /// From now on, nothing is known of the elements of arrays.
    pub(super) fn hide_items(&mut self) {
        self.items = Some(Box::new(Node::anything()));
    }
}

/// Takes in a child that may not be there. Whether that is new.
fn merge_optional(node: &mut Option<Box<Node>>, other: Option<&Node>) -> bool {
    match (node, other) {
        (_, None) => false,
        (Some(node), Some(other)) => node.merge(other),
        (none @ None, Some(other)) => {
            *none = Some(Box::new(other.clone()));
            true
        }
    }
}

impl Object {
    /// The place of a property that may be shown, if it has one.
    pub(super) fn find(&self, name: &str) -> Result<usize, usize> {
        self.properties.binary_search_by(|property| (*property.name).cmp(name))
    }

    /// Adds a property at the place that [`find`](Object::find) told. Whether it still has one: the object may have turned
    /// out to be a map.
    pub(super) fn insert(&mut self, at: usize, name: &str) -> bool {
        let property = Property { name: name.into(), present: 0, mark: 0, node: Node::default() };
        self.properties.insert(at.min(self.properties.len()), property);
        !self.collapse_if_map()
    }

    /// Counts a property as present in the object of this number, once.
    pub(super) fn mark(&mut self, at: usize, number: u32) -> Option<&mut Node> {
        let property = self.properties.get_mut(at)?;
        if property.mark != number {
            property.mark = number;
            property.present = property.present.saturating_add(1);
        }
        Some(&mut property.node)
    }

    /// Whether a property was counted as present in the object of this number.
    pub(super) fn has_mark(&self, at: usize, number: u32) -> bool {
        self.properties.get(at).is_some_and(|property| property.mark == number)
    }

    /// An object was seen to its end.
    pub(super) fn end(&mut self) {
        self.seen = self.seen.saturating_add(1);
    }

    /// The object of this number was not seen to its end: what is not in it may yet have been.
    pub(super) fn abandon(&mut self, number: u32) {
        for property in self.properties.iter_mut().filter(|property| property.mark == number) {
            property.present = property.present.saturating_sub(1);
        }
    }

    /// Whether all objects had it.
    pub(super) fn is_required(&self, property: &Property) -> bool {
        self.seen > 0 && property.present == self.seen
    }

    fn merge(&mut self, other: &Object) -> bool {
        let mut changed = false;
        for property in &mut self.properties {
            let was_required = self.seen > 0 && property.present == self.seen;
            let also = other.find(&property.name).ok().and_then(|at| other.properties.get(at));
            property.present = property.present.saturating_add(also.map_or(0, |also| also.present));
            let seen = self.seen.saturating_add(other.seen);
            changed |= was_required != (seen > 0 && property.present == seen);
            changed |= also.is_some_and(|also| property.node.merge(&also.node));
        }
        self.seen = self.seen.saturating_add(other.seen);
        changed |= merge_optional(&mut self.others, other.others.as_deref());
        if other.is_map && !self.is_map {
            self.collapse();
            changed = true;
        }
        let mut added = false;
        for property in &other.properties {
            if self.is_map {
                changed |= merge_optional(&mut self.others, Some(&property.node));
            } else if let Err(at) = self.find(&property.name) {
                self.properties.insert(at, property.clone());
                added = true;
            }
        }
        if added {
            self.collapse_if_map();
        }
        changed || added
    }

    /// Makes it a map if its names are keys, and tells whether it has.
    fn collapse_if_map(&mut self) -> bool {
        let names = || self.properties.iter().map(|property| &*property.name);
        let is_map = self.properties.len() > MAX_PROPERTIES
            || self.properties.len() > name::MAX_NUMBERED && name::are_keys_of_map(names());
        if is_map {
            self.collapse();
        }
        is_map
    }

    /// Forgets all names, and keeps what they name.
    pub(super) fn collapse(&mut self) {
        self.is_map = true;
        for property in std::mem::take(&mut self.properties) {
            merge_optional(&mut self.others, Some(&property.node));
        }
    }

    /// Forgets all names and what they name.
    pub(super) fn hide(&mut self) {
        self.is_map = true;
        self.properties = Vec::new();
        self.hide_others();
    }

    /// From now on, nothing is known of what is named by names that are not shown.
    pub(super) fn hide_others(&mut self) {
        self.others = Some(Box::new(Node::anything()));
    }
}
