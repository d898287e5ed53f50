//! A request that is ready to be signed and sent.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use serde_json::Value;

use super::endpoint::Endpoint;
use super::service::Service;

/// What RFC 3986 §2.3 leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The three protocols that the services speak.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call<'a> {
    /// A form with the action, its version and its parameters; the answer is XML.
    Query { action: &'a str, parameters: &'a [(&'a str, &'a str)] },
    /// JSON, with the operation in a header.
    Json { operation: &'a str, body: &'a Value },
    /// JSON, with the operation in method and path.
    Rest { method: &'a str, path_and_query: &'a str, body: Option<&'a Value> },
}

/// A request without a date and a signature.
#[derive(Debug, Clone)]
pub(super) struct Unsigned {
    method: String,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Unsigned {
    pub fn of(service: Service, endpoint: &Endpoint, call: Call<'_>) -> Self {
        let at = |path: &str| format!("{}{path}", endpoint.url);
        match call {
            Call::Query { action, parameters } => {
                let head = [("Action", action), ("Version", service.version())];
                let form: Vec<String> = head
                    .iter()
                    .chain(parameters)
                    .map(|(name, value)| format!("{}={}", form_encoded(name), form_encoded(value)))
                    .collect();
                Unsigned {
                    method: "POST".to_owned(),
                    url: at("/"),
                    headers: vec![("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned())],
                    body: form.join("&").into_bytes(),
                }
            }
            Call::Json { operation, body } => Unsigned {
                method: "POST".to_owned(),
                url: at("/"),
                headers: vec![
                    ("content-type", "application/x-amz-json-1.1".to_owned()),
                    ("x-amz-target", format!("{}.{operation}", service.target_prefix())),
                ],
                body: body.to_string().into_bytes(),
            },
            Call::Rest { method, path_and_query, body } => Unsigned {
                method: method.to_owned(),
                url: at(path_and_query),
                headers: body.map(|_| ("content-type", "application/json".to_owned())).into_iter().collect(),
                body: body.map(Value::to_string).unwrap_or_default().into_bytes(),
            },
        }
    }

    /// The request with its date, its signature and what is not signed: who calls, and the body's length.
    pub fn signed(
        &self,
        service: Service,
        endpoint: &Endpoint,
        credentials: &Credentials,
        time: SystemTime,
    ) -> Result<HttpRequest, BoxError> {
        let identity: Identity = credentials.clone().into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&endpoint.signing_region)
            .name(service.name())
            .time(time)
            .settings(SigningSettings::default())
            .build()?;
        let headers = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let signable = SignableRequest::new(&self.method, &self.url, headers, SignableBody::Bytes(&self.body))?;
        let (instructions, _) = sign(signable, &params.into())?.into_parts();

        let mut request = HttpRequest::new(SdkBody::from(self.body.clone()));
        request.set_method(&self.method)?;
        request.set_uri(self.url.as_str())?;
        let headers = request.headers_mut();
        for (name, value) in &self.headers {
            headers.insert(*name, value.clone());
        }
        for (name, value) in instructions.headers() {
            headers.insert(name.to_owned(), value.to_owned());
        }
        headers.insert("content-length", self.body.len().to_string());
        headers.insert("user-agent", concat!("sidetap/", env!("CARGO_PKG_VERSION")));
        Ok(request)
    }
}

/// A path segment or query value, percent-encoded.
pub fn encoded(text: &str) -> String {
    percent_encode(text.as_bytes(), UNRESERVED).to_string()
}

fn form_encoded(text: &str) -> String {
    encoded(text).replace("%20", "+")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The requests that botocore made of the same calls, with the same keys at the same time.
    #[test]
    fn requests_and_signatures_are_botocores() {
        let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let keys = parsed(include_str!("../../tests/fixtures/signed-requests/keys.json"));
        let goldens = parsed(include_str!("../../tests/fixtures/signed-requests/requests.json"));
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(keys["seconds"].as_u64().unwrap());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let goldens = goldens.as_array().unwrap();
        assert_eq!(goldens.len(), 62);
        for golden in goldens {
            let service = Service::ALL.into_iter().find(|service| golden["service"] == service.name()).unwrap();
            let token = golden["session_token"].as_str().map(str::to_owned);
            let credentials =
                Credentials::new(text(&keys["access_key"]), text(&keys["secret_key"]), token, None, "test");
            let config = aws_config::SdkConfig::builder().build();
            let endpoint = Endpoint::of(service, &config, "eu-west-1");
            let (given, operation) = (&golden["given"], text(&golden["operation"]));
            let parameters: Vec<(String, String)> = given["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|pair| (text(&pair[0]), text(&pair[1])))
                .collect();
            let parameters: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (&**name, &**value)).collect();
            let path_and_query = given["path_and_query"].as_str();
            let call = match (path_and_query, given.get("parameters")) {
                (Some(path_and_query), _) => Call::Rest {
                    method: golden["request"]["method"].as_str().unwrap(),
                    path_and_query,
                    body: Some(&given["body"]).filter(|body| !body.is_null()),
                },
                (None, Some(_)) => Call::Query { action: &operation, parameters: &parameters },
                (None, None) => Call::Json { operation: &operation, body: &given["body"] },
            };
            let request =
                Unsigned::of(service, &endpoint, call).signed(service, &endpoint, &credentials, time).unwrap();

            let theirs = &golden["request"];
            assert_eq!((request.method(), request.uri()), (&*text(&theirs["method"]), &*text(&theirs["url"])));
            assert_eq!(String::from_utf8_lossy(request.body().bytes().unwrap()), text(&theirs["body"]));
            let mut ours: Vec<(&str, &str)> = request.headers().iter().collect();
            ours.retain(|(name, _)| !["user-agent", "content-length"].contains(name));
            ours.sort();
            let mut headers: Vec<(&str, &str)> = theirs["headers"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (&**name, value.as_str().unwrap()))
                .collect();
            headers.sort();
            assert_eq!(ours, headers, "{operation}");
        }
    }
}
