//! Secrets in what is asked for: paths and queries.

use super::{Traffic, percent_encode};

impl Traffic {
    pub(super) fn path(&mut self) -> String {
        match self.secrets.below(6) {
            0 => format!("/users/{}/cards/{}", self.encoded("path"), self.encoded("path, end")),
            1 => {
                let anonymous = percent_encode(&self.anonymous("path, anonymous"));
                format!("/v1/sessions/{anonymous}/orders")
            }
            2 => format!("/files/{}.pdf", self.encoded("path, extension")),
            3 => {
                let (name, value) = self.named("path, parameter");
                format!("/users/7;{name}={}/x", percent_encode(&value))
            }
            4 => format!("/twice/{}", percent_encode(&self.encoded("path, encoded twice"))),
            _ => format!("/a/b~{}~c/d", self.encoded("path, within a segment")),
        }
    }

    pub(super) fn query(&mut self) -> String {
        let (name, named) = self.named("query, named");
        let (inner_name, inner) = self.named("query, URL in URL");
        let inner = percent_encode(&format!("https://a.test/cb?x=1&{inner_name}={}", percent_encode(&inner)));
        let (list_name, list) = self.named("query, list");
        let (twice_name, twice) = self.named("query, encoded twice");
        let twice = percent_encode(&percent_encode(&twice));
        let [value, word, name_itself] = ["query, value", "query, among words", "query, name"].map(|p| self.encoded(p));
        let anonymous = percent_encode(&self.anonymous("query, anonymous"));
        format!(
            "page=1&{name}={}&q={value}&next={inner}&text=hello+{word}+world&{name_itself}=1&{list_name}[]={}&\
             {twice_name}={twice}&x={anonymous}&flag",
            percent_encode(&named),
            percent_encode(&list),
        )
    }
}
