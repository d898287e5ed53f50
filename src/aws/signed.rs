//! One small client for the few calls outside ECS and STS: it signs with the session's credentials, goes through its
//! HTTP client, and repeats what failed on the way or was throttled.
//!
//! The calls are reads and idempotent writes, so that any of them may be repeated.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;
use tokio::sync::Mutex;

use super::answer::Answer;
use super::endpoint::Endpoint;
use super::error::{Error, ErrorKind, Result};
use super::request::{Call, Unsigned};
use super::service::Service;
use super::session::Session;
use super::xml::Xml;

/// The longest wait between two attempts.
const LONGEST_BACKOFF: Duration = Duration::from_secs(20);
/// The first wait is up to this long; each further one up to twice as long.
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
/// Credentials that expire sooner are asked for again.
const RENEW_BEFORE: Duration = Duration::from_secs(120);
/// No answer of these services is nearly as large.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;

/// Makes signed calls in the session's name.
#[derive(Debug, Clone)]
pub struct Signed {
    session: Session,
    credentials: Arc<Mutex<Option<Credentials>>>,
    /// How often a call is made at the most.
    attempts: u32,
}

impl Signed {
    pub fn new(session: &Session) -> Self {
        let attempts = session.config.retry_config().map_or(1, |retries| retries.max_attempts());
        Signed { session: session.clone(), credentials: Arc::default(), attempts }
    }

    /// The same client, with fewer attempts for what is not worth a wait.
    #[must_use]
    pub fn with_attempts(&self, attempts: u32) -> Self {
        Signed { attempts: attempts.min(self.attempts), ..self.clone() }
    }

    /// Calls an action of a service that speaks the Query protocol, and returns the answer's root element: for EC2 it
    /// has the result's members, for IAM and load balancing an element named after the action has them.
    ///
    /// # Errors
    /// With an operation named like `ec2:DescribeSubnets`.
    pub async fn query(&self, service: Service, action: &str, params: &[(&str, &str)]) -> Result<Xml> {
        let operation = format!("{}:{action}", service.name());
        self.call(service, &operation, Call::Query { action, parameters: params }).await?.xml(&operation)
    }

    /// Calls an operation of a service that speaks JSON 1.1.
    ///
    /// # Errors
    /// With an operation named like `logs:DescribeLogGroups`.
    pub async fn json(&self, service: Service, operation: &str, body: &Value) -> Result<Value> {
        let name = format!("{}:{operation}", service.name());
        self.call(service, &name, Call::Json { operation, body }).await?.json(&name)
    }

    /// Calls an operation of a service that speaks JSON over REST. The path and query are percent-encoded already.
    ///
    /// # Errors
    /// With an operation named like `scheduler:GetSchedule`.
    pub async fn rest(
        &self,
        service: Service,
        method: &str,
        path_and_query: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        let name = format!("{}:{}", service.name(), service.rest_operation(method, path_and_query));
        self.call(service, &name, Call::Rest { method, path_and_query, body }).await?.json(&name)
    }

    async fn call(&self, service: Service, operation: &str, call: Call<'_>) -> Result<Answer> {
        let endpoint = Endpoint::of(service, &self.session.config, &self.session.region);
        let request = Unsigned::of(service, &endpoint, call);
        let mut attempt = 1;
        loop {
            let outcome = self.attempt(service, operation, &endpoint, &request).await;
            let failure = match outcome {
                Ok(answer) if answer.is_success() => return Ok(answer),
                Ok(answer) => (answer.error(operation), answer.status >= 500),
                Err(error) => {
                    let again = error.kind == ErrorKind::Network;
                    (error, again)
                }
            };
            let (error, may_repeat) = failure;
            if attempt >= self.attempts || !(may_repeat || error.kind == ErrorKind::Throttled) {
                return Err(error);
            }
            tokio::time::sleep(backoff(attempt)).await;
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        service: Service,
        operation: &str,
        endpoint: &Endpoint,
        request: &Unsigned,
    ) -> Result<Answer> {
        let credentials = self.credentials(operation).await?;
        let request = request
            .signed(service, endpoint, &credentials, SystemTime::now())
            .map_err(|error| Error::session(ErrorKind::Settings, format!("{operation} cannot be signed: {error}")))?;
        let sent = async {
            let response = self.session.connector.call(request).await;
            let mut response = response.map_err(|error| Error::not_answered(operation, &error))?;
            let header = |name: &str| response.headers().get(name).map(str::to_owned);
            let request_id = header("x-amzn-requestid").or_else(|| header("x-amz-request-id"));
            let (status, error_type) = (response.status().as_u16(), header("x-amzn-errortype"));
            let body = read(operation, ByteStream::new(response.take_body())).await?;
            tracing::debug!(operation, status, request_id, "AWS call");
            Ok(Answer { status, request_id, error_type, body })
        };
        let limit = self.session.config.timeout_config().and_then(|timeouts| timeouts.operation_attempt_timeout());
        match limit {
            Some(limit) => tokio::time::timeout(limit, sent).await.unwrap_or_else(|_| Err(Error::timed_out(operation))),
            None => sent.await,
        }
    }

    /// The session's credentials; kept until they are about to expire.
    async fn credentials(&self, operation: &str) -> Result<Credentials> {
        let mut kept = self.credentials.lock().await;
        let renew = SystemTime::now() + RENEW_BEFORE;
        if let Some(credentials) = kept.as_ref().filter(|kept| kept.expiry().is_none_or(|expiry| expiry > renew)) {
            return Ok(credentials.clone());
        }
        let provider = self.session.config.credentials_provider().ok_or_else(|| Error::no_credentials(operation))?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| Error::of_credentials(operation, &error))?;
        *kept = Some(credentials.clone());
        Ok(credentials)
    }
}

async fn read(operation: &str, mut body: ByteStream) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(&piece.map_err(|error| Error::not_answered(operation, &error))?);
        if bytes.len() > LARGEST_ANSWER {
            return Err(Error::unreadable(operation, "it is larger than any answer of AWS"));
        }
    }
    Ok(bytes)
}

/// A random wait, so that many callers that were throttled at once do not come back at once.
fn backoff(attempt: u32) -> Duration {
    let longest = FIRST_BACKOFF.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST_BACKOFF);
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
}
