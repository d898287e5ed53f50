//! What a call brings, whatever its protocol.

use hyper::http::request::Parts;
use serde_json::Value;

use super::protocol::Protocol;

/// The parameters of a call.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// The form of a Query call.
    pub form: Vec<(String, String)>,
    /// The body of a JSON call; null if there is none.
    pub json: Value,
    /// The path as it came, percent-encoded.
    pub path: String,
    /// The parameters after the path.
    pub query: Vec<(String, String)>,
}

#[allow(dead_code, reason = "no service of the Query protocol has an operation yet")]
impl Input {
    pub fn of(parts: &Parts, body: &[u8], service: &str) -> Self {
        let is_form = Protocol::of(service).is_some_and(Protocol::is_query);
        Input {
            form: if is_form { pairs(&String::from_utf8_lossy(body)) } else { Vec::new() },
            json: serde_json::from_slice(body).unwrap_or_default(),
            path: parts.uri.path().to_owned(),
            query: pairs(parts.uri.query().unwrap_or_default()),
        }
    }

    /// A parameter of a form; empty if it is not there.
    pub fn text(&self, name: &str) -> &str {
        find(&self.form, name)
    }

    /// A parameter after the path; empty if it is not there.
    pub fn query(&self, name: &str) -> &str {
        find(&self.query, name)
    }

    /// A list of EC2: `SubnetId.1`, `SubnetId.2` …
    pub fn list(&self, name: &str) -> Vec<&str> {
        let numbered = (1..).map(|number| find(&self.form, &format!("{name}.{number}")));
        numbered.take_while(|value| !value.is_empty()).collect()
    }

    /// A list of IAM and load balancing: `ActionNames.member.1`, `ActionNames.member.2` …
    pub fn members(&self, name: &str) -> Vec<&str> {
        self.list(&format!("{name}.member"))
    }

    /// The filters of EC2: each name with its values.
    pub fn filters(&self) -> Vec<(&str, Vec<&str>)> {
        let names = (1..).map(|number| (find(&self.form, &format!("Filter.{number}.Name")), number));
        let named = names.take_while(|(name, _)| !name.is_empty());
        named.map(|(name, number)| (name, self.list(&format!("Filter.{number}.Value")))).collect()
    }

    /// The parameters as JSON, for the log of calls.
    pub fn as_json(&self) -> Value {
        match self.form.is_empty() {
            true => self.json.clone(),
            false => self.form.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect(),
        }
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    pairs.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value.as_str())
}

/// The pairs of a form or query, decoded.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn decode(text: &str) -> String {
    let text = text.replace('+', " ");
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        let digits = (byte == b'%').then(|| [bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')]);
        let number = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok());
        decoded.push(number.unwrap_or(byte));
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read() {
        let body =
            "Action=A&Filter.1.Name=tag%3AName&Filter.1.Value.1=a+b&Filter.1.Value.2=%C3%A9&SubnetId.1=s1&X.member.1=y";
        let input = Input { form: pairs(body), ..Input::default() };
        assert_eq!(input.filters(), [("tag:Name", vec!["a b", "é"])]);
        assert_eq!((input.list("SubnetId"), input.members("X"), input.text("Action")), (vec!["s1"], vec!["y"], "A"));
    }
}
