//! Plain requests to other places than AWS's services, such as registries of images: without credentials, and through
//! the session's proxies and certificates.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

use super::error::innermost;
use super::session::Session;

/// A request that is not answered by then is given up.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Manifests and the configurations of images are far smaller.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

/// Asks with GET.
#[derive(Debug)]
pub struct Web {
    connector: SharedHttpConnector,
}

/// An answer that has been read whole.
#[derive(Debug, Clone)]
pub struct WebAnswer {
    pub status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Web {
    pub fn new(session: &Session) -> Self {
        Web { connector: session.connector.clone() }
    }

    /// Asks for a URL; redirections are not followed.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<WebAnswer, String> {
        let host = url.split('/').nth(2).unwrap_or(url).to_owned();
        match tokio::time::timeout(TIMEOUT, self.ask(url, headers)).await {
            Ok(answer) => answer.map_err(|error| format!("{host} did not answer: {error}")),
            Err(_) => Err(format!("{host} did not answer in time")),
        }
    }

    async fn ask(&self, url: &str, headers: &[(&str, &str)]) -> Result<WebAnswer, String> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(url).map_err(|error| error.to_string())?;
        for (name, value) in [("user-agent", concat!("sidetap/", env!("CARGO_PKG_VERSION")))].iter().chain(headers) {
            let (name, value) = ((*name).to_owned(), (*value).to_owned());
            request.headers_mut().try_insert(name, value).map_err(|error| error.to_string())?;
        }
        let mut response = self.connector.call(request).await.map_err(|error| innermost(&error))?;
        let headers = response.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut stream = ByteStream::new(response.take_body());
        let mut body = Vec::new();
        while let Some(piece) = stream.next().await {
            body.extend_from_slice(&piece.map_err(|error| innermost(&error))?);
            if body.len() > LARGEST_ANSWER {
                return Err("the answer is too large".to_owned());
            }
        }
        Ok(WebAnswer { status: response.status().as_u16(), headers, body })
    }
}

impl WebAnswer {
    /// A header field, whose name is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn json(&self) -> Result<Value, String> {
        match self.status {
            200 => serde_json::from_slice(&self.body).map_err(|error| format!("the answer is no JSON: {error}")),
            status => Err(format!("the answer has status {status}")),
        }
    }
}
