//! Secrets in bodies of all media types.

use serde_json::json;

use super::{Fields, Traffic, percent_encode};
use crate::wire::gzip;

impl Traffic {
    /// A body and its media type.
    pub(super) fn body(&mut self) -> (String, Vec<u8>) {
        let (name, named) = self.named("body, named");
        let (other, second) = self.named("body, second name");
        let formed = self.formed("body");
        let words = self.formed("body, among words");
        let (media_type, text) = match self.secrets.below(9) {
            0 => {
                let key = self.formed("body, JSON key");
                let body = json!({
                    "user": {name: named, "note": format!("call {words} please."), "list": [1, formed]},
                    "tokens": [{"name": other, "value": second}], "map": {key: 1},
                });
                ("application/json", body.to_string())
            }
            1 => {
                let inner = json!({name: named, "x": formed}).to_string();
                let body = json!({"payload": inner, other: {"deep": [second]}, "text": words});
                ("application/vnd.api+json", serde_json::to_string_pretty(&body).expect("it is JSON"))
            }
            2 => {
                let [named, second, formed, words] = [named, second, formed, words].map(|text| percent_encode(&text));
                let body = format!("a=1&{name}={named}&{other}={second}&v={formed}&t=hello+{words}");
                ("application/x-www-form-urlencoded", body)
            }
            3 => ("text/plain", format!("line {name}=\"{named}\"\n{other}: {second}\nsee {formed}, and {words}\n")),
            4 => (
                "text/xml; charset=utf-8",
                format!("<r><{name}>{named}</{name}><a {other}=\"{second}\"/><b>{formed}</b> {words} </r>"),
            ),
            5 => {
                // A number of a card that is a number of JSON.
                let line = json!({name: named, "log": [formed, words]}).to_string();
                ("application/x-ndjson", format!("{line}\n{}\n", json!({other: second})))
            }
            6 => (
                "text/html",
                format!(
                    "<p>{formed} <a href=\"/x?{name}={}\">{words}</a><input name=\"{other}\" value=\"{second}\">",
                    percent_encode(&named)
                ),
            ),
            7 => {
                let part = |name: &str, value: &str| {
                    format!("--bound\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                };
                let parts = [part(name, &named), part(other, &second), part("v", &formed), part("w", &words)];
                ("multipart/form-data; boundary=bound", parts.concat() + "--bound--\r\n")
            }
            _ => ("application/octet-stream", format!("{named} {second} {formed} {words}")),
        };
        (media_type.to_owned(), text.into_bytes())
    }

    /// A body, perhaps compressed, with the fields that say so.
    pub(super) fn content(&mut self, fields: &mut Fields) -> Vec<u8> {
        let (media_type, body) = self.body();
        let media_type = match self.secrets.below(8) {
            0 => format!("{media_type}; profile=\"{}\"", self.line("content-type, parameter")),
            _ => media_type,
        };
        fields.push(("Content-Type".into(), media_type));
        match self.secrets.below(3) {
            0 => {
                fields.push(("Content-Encoding".into(), "gzip".into()));
                gzip(&body)
            }
            _ => body,
        }
    }
}
