//! Counts and lists, described once: Prometheus reads them as text, people and scripts as JSON.
//!
//! Names follow Prometheus' conventions: `sidetap_`, what is counted, its unit last. Those of counters are given without
//! `_total`, which both formats add.

/// Everything that a subject says.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub(in crate::export) families: Vec<Family>,
    pub(super) facts: Vec<(&'static str, Fact)>,
}

/// Whether a number only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// Numbers of one name, told apart by their labels.
#[derive(Debug, Clone)]
pub struct Family {
    pub(in crate::export) name: &'static str,
    pub(in crate::export) help: &'static str,
    pub(in crate::export) kind: Kind,
    /// The name and the unit (UCUM) that OpenTelemetry's conventions have for it, if they do.
    pub(in crate::export) convention: Option<(&'static str, &'static str)>,
    pub(in crate::export) samples: Vec<Sample>,
}

/// One number.
#[derive(Debug, Clone)]
pub(in crate::export) struct Sample {
    pub labels: Vec<(&'static str, String)>,
    /// The number, or how many values are in the distribution.
    pub value: u64,
    pub distribution: Option<Distribution>,
}

/// How values are spread.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// The highest value of each bucket but the last, which has none.
    pub bounds: &'static [f64],
    /// Values in each bucket, one more than there are bounds.
    pub counts: Vec<u64>,
    pub sum: f64,
}

/// What is no number, or has several.
#[derive(Debug, Clone)]
pub(super) enum Fact {
    One(Value),
    /// Things of one kind, such as the destinations.
    List(Vec<Item>),
}

/// What is known of one thing.
pub type Item = Vec<(&'static str, Value)>;

/// A value of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(u64),
    Flag(bool),
    Nothing,
}

impl Report {
    /// Something that only grows. Its name has no `_total`.
    pub fn counter(&mut self, name: &'static str, help: &'static str) -> &mut Family {
        self.family(name, help, Kind::Counter)
    }

    /// Something that goes up and down.
    pub fn gauge(&mut self, name: &'static str, help: &'static str) -> &mut Family {
        self.family(name, help, Kind::Gauge)
    }

    /// How values are spread. Its name ends in the unit.
    pub fn histogram(&mut self, name: &'static str, help: &'static str) -> &mut Family {
        self.family(name, help, Kind::Histogram)
    }

    /// Adds things of one kind.
    pub fn list(&mut self, name: &'static str, items: impl IntoIterator<Item = Item>) {
        self.facts.push((name, Fact::List(items.into_iter().collect())));
    }

    /// Adds what there is one of.
    pub fn fact(&mut self, name: &'static str, value: impl Into<Value>) {
        self.facts.push((name, Fact::One(value.into())));
    }

    /// Adds all of another report.
    pub fn append(&mut self, other: &Report) {
        for family in &other.families {
            let own = self.family(family.name, family.help, family.kind);
            own.convention = own.convention.or(family.convention);
            own.samples.extend(family.samples.iter().cloned());
        }
        self.facts.extend(other.facts.iter().cloned());
    }

    /// A family of this name; there is one of each.
    fn family(&mut self, name: &'static str, help: &'static str, kind: Kind) -> &mut Family {
        let place = self.families.iter().position(|family| family.name == name).unwrap_or(self.families.len());
        if place == self.families.len() {
            self.families.push(Family { name, help, kind, convention: None, samples: Vec::new() });
        }
        &mut self.families[place]
    }
}

impl Family {
    /// The number, where there is only one.
    pub fn is(&mut self, value: u64) -> &mut Self {
        self.of(&[], value)
    }

    /// A number with labels.
    pub fn of(&mut self, labels: &[(&'static str, &str)], value: u64) -> &mut Self {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.samples.push(Sample { labels, value, distribution: None });
        self
    }

    /// A distribution with labels.
    pub fn spread(&mut self, labels: &[(&'static str, &str)], distribution: Distribution) -> &mut Self {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let value = distribution.counts.iter().sum();
        self.samples.push(Sample { labels, value, distribution: Some(distribution) });
        self
    }

    /// Gives it the name and the unit (UCUM) of OpenTelemetry's conventions.
    pub fn convention(&mut self, name: &'static str, unit: &'static str) -> &mut Self {
        self.convention = Some((name, unit));
        self
    }

    /// Numbers told apart by one label.
    pub fn by<'a>(&mut self, label: &'static str, values: impl IntoIterator<Item = (&'a str, u64)>) -> &mut Self {
        for (of, value) in values {
            self.of(&[(label, of)], value);
        }
        self
    }

    /// As it is shown.
    pub(super) fn full_name(&self) -> String {
        match self.kind {
            Kind::Counter => format!("{}_total", self.name),
            Kind::Gauge | Kind::Histogram => self.name.to_owned(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Value::Number(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Value::Flag(flag)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Nothing, Into::into)
    }
}
