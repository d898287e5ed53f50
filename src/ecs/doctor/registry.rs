//! Asks a registry about an image, over its HTTP API and without credentials.
//!
//! Source: the OCI distribution specification 1.1 (pull), and "Token authentication" of the distribution project.

use serde_json::Value;

use super::image_name::ImageName;
use super::reader::Fact;
use crate::aws::{Web, WebAnswer, encoded};

/// The kinds of manifests that are understood: indexes of several platforms, and images.
pub(super) const MANIFESTS: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// What a registry says of an image.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// Its manifest.
    Manifest(Value),
    NotThere,
    /// Not to be had without credentials. Some registries say so of what is not there, too.
    Private,
}

/// A registry, and the token that it gave us for a repository.
#[derive(Debug)]
pub(super) struct Registry<'a> {
    web: &'a Web,
    base: String,
    token: Option<String>,
}

impl<'a> Registry<'a> {
    /// The registry and repository of an image.
    pub fn of(web: &'a Web, name: &ImageName) -> Self {
        let scheme = if name.is_local() { "http" } else { "https" };
        Registry { web, base: format!("{scheme}://{}/v2/{}", name.registry, name.repository), token: None }
    }

    /// The manifest of a tag or digest.
    pub async fn manifest(&mut self, reference: &str) -> Fact<Answer> {
        let answer = self.get(&format!("{}/manifests/{reference}", self.base)).await?;
        match answer.status {
            200 => answer.json().map(Answer::Manifest),
            401 | 403 => Ok(Answer::Private),
            404 => Ok(Answer::NotThere),
            429 => Err("the registry takes no more requests from here for now".to_owned()),
            status => Err(format!("the registry answers with status {status}")),
        }
    }

    /// A small blob in JSON, such as an image's configuration.
    pub async fn blob(&mut self, digest: &str) -> Fact<Value> {
        let answer = self.get(&format!("{}/blobs/{digest}", self.base)).await?;
        match (answer.status, answer.header("location")) {
            (200, _) => answer.json(),
            // Blobs are often elsewhere, where the token means nothing.
            (301 | 302 | 303 | 307 | 308, Some(elsewhere)) => self.web.get(elsewhere, &[]).await?.json(),
            (status, _) => Err(format!("the registry answers with status {status}")),
        }
    }

    /// Asks, with a token if the registry wants one.
    async fn get(&mut self, url: &str) -> Fact<WebAnswer> {
        let answer = self.ask(url).await?;
        let challenge = answer.header("www-authenticate").and_then(Challenge::parse);
        let (401, Some(challenge), None) = (answer.status, challenge, &self.token) else { return Ok(answer) };
        let secure = self.base.starts_with("https://");
        if secure && !challenge.realm.starts_with("https://") {
            return Err("the registry wants a token from a place without TLS".to_owned());
        }
        let granted = self.web.get(&challenge.url(), &[]).await?;
        if granted.status != 200 {
            return Ok(answer);
        }
        let granted = granted.json()?;
        self.token = granted["token"].as_str().or(granted["access_token"].as_str()).map(str::to_owned);
        self.ask(url).await
    }

    async fn ask(&self, url: &str) -> Fact<WebAnswer> {
        let accept = MANIFESTS.join(", ");
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut headers = vec![("accept", accept.as_str())];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        self.web.get(url, &headers).await
    }
}

/// `Bearer realm="…",service="…",scope="…"` (RFC 6750 §3).
#[derive(Debug, PartialEq, Eq)]
struct Challenge {
    realm: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut challenge = Challenge { realm: String::new(), parameters: Vec::new() };
        let mut rest = rest;
        while let Some((name, after)) = rest.split_once("=\"") {
            let (value, after) = after.split_once('"')?;
            match name.trim_matches([',', ' ']) {
                "realm" => value.clone_into(&mut challenge.realm),
                name @ ("service" | "scope") => challenge.parameters.push((name.to_owned(), value.to_owned())),
                _ => {}
            }
            rest = after;
        }
        (!challenge.realm.is_empty()).then_some(challenge)
    }

    fn url(&self) -> String {
        let pairs: Vec<String> =
            self.parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let joint = if self.realm.contains('?') { '&' } else { '?' };
        format!("{}{joint}{}", self.realm, pairs.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_says_where_a_token_is_to_be_had() {
        let header =
            "Bearer realm=\"https://auth.example/token\",service=\"registry.example\",scope=\"repository:a/b:pull\"";
        let challenge = Challenge::parse(header).unwrap();
        assert_eq!(
            challenge.url(),
            "https://auth.example/token?service=registry.example&scope=repository%3Aa%2Fb%3Apull"
        );
        assert_eq!(Challenge::parse("Basic realm=\"x\""), None);
        assert_eq!(Challenge::parse("Bearer service=\"x\""), None);
    }
}
