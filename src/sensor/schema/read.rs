//! The schema of a JSON document, made while it is read: no value of it is kept for longer than it takes to look at it.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::looks::Looks;
use super::node::{Lengths, Node, Object, Types};
use super::{MAX_DEPTH, MAX_NODES, Schema, name};

impl Schema {
    /// Of a JSON document (RFC 8259). Of one that ends in the middle, what is certain: an object or an array of which the
    /// end was not seen does not tell that a property is missing, or how many elements there are.
    ///
    /// `None` if it is not JSON, if something is behind the document, or if nothing is certain.
    pub fn of_json(document: &[u8]) -> Option<Schema> {
        let mut root = Node::default();
        let mut reading = Reading::new();
        let mut json = serde_json::Deserializer::from_slice(without_unfinished_number(document));
        let read = Place { node: &mut root, reading: &mut reading, depth: 1 }.deserialize(&mut json);
        match read.and_then(|()| json.end()) {
            Ok(()) => {}
            Err(error) if error.is_eof() && !root.types.is_empty() => {}
            Err(_) => return None,
        }
        Some(Schema { root })
    }
}

/// Leaves out the digits at the end of an object or array that was cut off: with more of them it may be another type.
fn without_unfinished_number(document: &[u8]) -> &[u8] {
    match document.trim_ascii_start() {
        [b'{' | b'[', ..] => {
            let of_number = |byte: &&u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
            let unfinished = document.iter().rev().take_while(of_number).count();
            document.get(..document.len() - unfinished).unwrap_or(document)
        }
        _ => document,
    }
}

/// What all places of a document share.
pub(super) struct Reading {
    /// Nodes that may still be made.
    room: usize,
    /// Objects that were begun; the number of the last.
    objects: u32,
}

impl Reading {
    /// For a document whose root has a node already.
    pub(super) fn new() -> Self {
        Reading { room: MAX_NODES - 1, objects: 0 }
    }

    /// The number of the object that begins.
    pub(super) fn begin_object(&mut self) -> u32 {
        self.objects = self.objects.wrapping_add(1);
        self.objects
    }

    /// Takes the room of a node, if there is some.
    fn take(&mut self) -> bool {
        let left = self.room.checked_sub(1);
        self.room = left.unwrap_or_default();
        left.is_some()
    }
}

/// Where a value is read into.
struct Place<'t> {
    node: &'t mut Node,
    reading: &'t mut Reading,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.node.add_type(Types::NULL);
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.node.add_type(Types::BOOLEAN);
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.node.add_type(Types::INTEGER);
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.node.add_type(Types::INTEGER);
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.node.add_type(Types::NUMBER);
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.node.add_type(Types::STRING);
        self.node.looks = self.node.looks.join(Looks::of(text));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Place { node, reading, depth } = self;
        node.add_type(Types::ARRAY);
        let mut length = 0;
        // The elements share a node, which is made when the first of them is there.
        let mut items = node.items.take();
        let read = loop {
            let element = Element { items: &mut items, reading: &mut *reading, depth };
            match elements.next_element_seed(element) {
                Ok(Some(())) => length += 1,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        // One that was to be read and was not is no element.
        node.items = items.filter(|items| !items.types.is_empty());
        read?;
        node.lengths = node.lengths.with(Lengths::of(length));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, properties: A) -> Result<(), A::Error> {
        let Place { node, reading, depth } = self;
        let object = node.object_mut();
        if depth >= MAX_DEPTH {
            object.hide();
        }
        let number = reading.begin_object();
        let read = read_object(object, number, properties, reading, depth);
        match &read {
            Ok(()) => object.end(),
            Err(_) => object.abandon(number),
        }
        read
    }
}

/// Reads the properties of an object. It is a map if at least half of its names are not shown.
fn read_object<'de, A: MapAccess<'de>>(
    object: &mut Object,
    number: u32,
    mut properties: A,
    reading: &mut Reading,
    depth: usize,
) -> Result<(), A::Error> {
    let (mut shown, mut hidden) = (0_usize, 0_usize);
    let read = loop {
        let slot = match properties.next_key_seed(Key { object, reading }) {
            Ok(Some(slot)) => slot,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        };
        match slot {
            Slot::Hidden => hidden += 1,
            Slot::Named(_) | Slot::Ignored => shown += 1,
        }
        let read = match slot.node(object, number, reading) {
            Some(node) => properties.next_value_seed(Place { node, reading, depth: depth + 1 }),
            None => properties.next_value::<IgnoredAny>().map(|_| ()),
        };
        if let Err(error) = read {
            break Err(error);
        }
    };
    if hidden > 0 && hidden >= shown {
        object.collapse();
    }
    read
}

/// Where the value of a property belongs.
pub(super) enum Slot {
    /// Among the properties that are shown, at this place.
    Named(usize),
    /// To those whose names are not shown.
    Hidden,
    /// There is no room for it.
    Ignored,
}

impl Slot {
    /// The node for the value; `None` if nothing is to be known of it.
    pub(super) fn node<'t>(&self, object: &'t mut Object, number: u32, reading: &mut Reading) -> Option<&'t mut Node> {
        match self {
            Slot::Named(at) => object.mark(*at, number),
            Slot::Hidden => {
                if object.others.is_none() && !reading.take() {
                    object.hide_others();
                }
                Some(&mut **object.others.get_or_insert_default()).filter(|others| !others.is_anything())
            }
            Slot::Ignored => None,
        }
    }
}

/// Finds the slot of a name.
struct Key<'t> {
    object: &'t mut Object,
    reading: &'t mut Reading,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Slot;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Slot, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Slot;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a property")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Slot, E> {
        Ok(slot(self.object, self.reading, text))
    }
}

/// The slot of a name, which is made if there is none and there is room.
pub(super) fn slot(object: &mut Object, reading: &mut Reading, text: &str) -> Slot {
    if object.is_map || !name::may_be_shown(text) {
        return Slot::Hidden;
    }
    match object.find(text) {
        Ok(at) => Slot::Named(at),
        Err(_) if !reading.take() => {
            object.hide_others();
            Slot::Ignored
        }
        Err(at) if object.insert(at, text) => Slot::Named(at),
        Err(_) => Slot::Hidden,
    }
}

/// Reads an element of an array into the node of all elements.
struct Element<'t> {
    items: &'t mut Option<Box<Node>>,
    reading: &'t mut Reading,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Element { items, reading, depth } = self;
        let node = &mut **items.get_or_insert_with(|| match depth < MAX_DEPTH && reading.take() {
            true => Box::default(),
            false => Box::new(Node::anything()),
        });
        if node.is_anything() {
            IgnoredAny::deserialize(deserializer).map(|_| ())
        } else {
            Place { node, reading, depth: depth + 1 }.deserialize(deserializer)
        }
    }
}
