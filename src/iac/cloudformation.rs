//! A template of CloudFormation whose resources are the patched task definitions: complete, so that it can be checked and
//! deployed as it is, and marked, so that what the sidecar adds can be pasted into another.

use std::collections::BTreeMap;

use serde_json::Value;

use super::emission::{Emission, escaped};
use super::emit::{GENERAL, comment, remarks};
use super::property::{Property, capital, property};
use super::yaml::Node;
use crate::taskdef::unknown_fields;

/// What begins a value that CloudFormation looks up instead of taking it as it is.
const DYNAMIC_REFERENCE: &str = "{{resolve:";

/// The template.
pub(super) fn text(emissions: &[Emission]) -> String {
    let mut comments: Vec<String> = GENERAL.map(str::to_owned).into();
    let mut resources: Vec<(String, Node)> = Vec::new();
    for emission in emissions {
        let logical_id = free_id(emission, &resources);
        let mut properties = Properties::of(emission);
        let task_definition = properties.of_task();
        comments.extend(remarks(emission, &properties.lost));
        comments.extend(where_to(emission));
        if emission.definition.as_value().to_string().contains(DYNAMIC_REFERENCE) {
            comments
                .push(format!("CloudFormation looks up what begins with {DYNAMIC_REFERENCE} and takes it as a value."));
        }
        let members = [("Type", Node::text("AWS::ECS::TaskDefinition")), ("Properties", task_definition)];
        resources.push((logical_id, Node::Map(members.map(|(key, node)| (key.to_owned(), node)).into())));
    }
    let template = Node::Map(vec![
        ("AWSTemplateFormatVersion".to_owned(), Node::text("2010-09-09")),
        ("Resources".to_owned(), Node::Map(resources)),
    ]);
    let comments: String = comments.iter().map(|line| format!("# {line}\n")).collect();
    comments + &template.to_yaml()
}

/// Where the resource belongs.
fn where_to(emission: &Emission) -> Option<String> {
    let text = match emission.in_stack() {
        (Some(stack), Some(logical_id)) => format!("It is {logical_id} in the template of the stack {stack}."),
        (Some(stack), None) => format!("It belongs into the template of the stack {stack}."),
        _ => return None,
    };
    Some(comment(&text))
}

/// The name that the template gives it, else one made of the family; not one that another resource here has.
fn free_id(emission: &Emission, taken: &[(String, Node)]) -> String {
    let known: String = emission.in_stack().1.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
    let words = emission.definition.family().split(|letter: char| !letter.is_ascii_alphanumeric());
    let made: String = words.map(capital).collect();
    let wanted = match known.is_empty() {
        true => made + "TaskDefinition",
        false => known,
    };
    let is_free = |id: &String| taken.iter().all(|(other, _)| other != id);
    let numbered = (2..).map(|number| format!("{wanted}{number}"));
    std::iter::once(wanted.clone()).chain(numbered).find(is_free).unwrap_or_default()
}

/// Turns members of the API into properties.
struct Properties<'a> {
    definition: &'a Value,
    marks: BTreeMap<String, String>,
    unknown: Vec<String>,
    /// JSON pointers of what CloudFormation has no property for.
    lost: Vec<String>,
}

impl<'a> Properties<'a> {
    fn of(emission: &'a Emission) -> Self {
        let definition = emission.definition.as_value();
        Properties { definition, marks: emission.marks(), unknown: unknown_fields(definition), lost: Vec::new() }
    }

    /// The task definition, its family first.
    fn of_task(&mut self) -> Node {
        let mut node = self.node(self.definition, "", "");
        if let Node::Map(members) = &mut node {
            members.sort_by_key(|(key, _)| key != "Family");
            for (_, size) in members.iter_mut().filter(|(key, _)| key == "Cpu" || key == "Memory") {
                // A string of a task, and a number of a container.
                if let Node::Scalar(value @ Value::Number(_), _) = size {
                    *value = value.to_string().into();
                }
            }
        }
        node
    }

    /// `parent` is the name of the member that `value` is of.
    fn node(&mut self, value: &Value, parent: &str, pointer: &str) -> Node {
        let mut node = match value {
            Value::Object(members) => {
                let mut properties = Vec::new();
                for (key, value) in members.iter().filter(|(_, value)| !is_nothing(value)) {
                    let pointer = format!("{pointer}/{}", escaped(key));
                    if self.unknown.contains(&pointer) {
                        self.lost.push(pointer);
                        continue;
                    }
                    match property(parent, key) {
                        Property::Named(name) => properties.push((name, self.node(value, key, &pointer))),
                        Property::Map(name) => properties.push((name, plain(value))),
                        Property::None => self.lost.push(pointer),
                    }
                }
                Node::Map(properties)
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                Node::Sequence(
                    items.map(|(index, item)| self.node(item, parent, &format!("{pointer}/{index}"))).collect(),
                )
            }
            scalar => Node::Scalar(scalar.clone(), None),
        };
        if let Some(mark) = self.marks.get(pointer) {
            node.comment(&comment(&format!("sidetap: {mark}")));
        }
        node
    }
}

/// What ECS takes as not being there, and CloudFormation may not take at all: an empty list of placement constraints, which
/// ECS tells of every task, is an error in one of Fargate.
fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// The user's own keys stay as they are.
fn plain(value: &Value) -> Node {
    match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            Node::Map(members.map(|(key, value)| (key.clone(), plain(value))).collect())
        }
        Value::Array(items) => Node::Sequence(items.iter().map(plain).collect()),
        scalar => Node::Scalar(scalar.clone(), None),
    }
}
