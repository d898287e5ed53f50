//! A failed AWS call: which one, why, and what to do about it.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ecs::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_ecs::operation::RequestId;

use super::regions::is_opt_in;

/// The result of an AWS call.
pub type Result<T> = std::result::Result<T, Error>;

/// How a failure is to be understood; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// There are no credentials, or AWS does not accept them.
    Credentials,
    /// The credentials lack a permission.
    AccessDenied,
    /// The account has not enabled the region, so that its credentials do not count there.
    RegionNotEnabled,
    /// No region is set.
    NoRegion,
    /// A setting cannot be used.
    Settings,
    /// No answer came.
    Network,
    /// Too many calls were made, by whomever in the account; attempts to repeat this one were used up.
    Throttled,
    /// AWS answered with another error.
    Service,
}

/// A failed AWS call.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", self.text())]
pub struct Error {
    pub kind: ErrorKind,
    /// The operation with its service, such as `ecs:UpdateService`, which is also the IAM action.
    pub operation: String,
    /// AWS's error code.
    pub code: Option<String>,
    pub message: String,
    pub request_id: Option<String>,
}

/// Codes by which services refuse credentials.
const CREDENTIAL_CODES: [&str; 11] = [
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];
/// Codes by which services in a region that is not enabled refuse the account's credentials, which are right elsewhere.
const NOT_ENABLED_CODES: [&str; 4] =
    ["AuthFailure", "InvalidClientTokenId", "OptInRequired", "UnrecognizedClientException"];
const DENIED_CODES: [&str; 3] = ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"];
/// Codes by which services ask for fewer calls; those of the SDK's retry classifier.
const THROTTLING_CODES: [&str; 14] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

impl Error {
    /// Makes sense of what the SDK returned for `operation`.
    pub fn of<E, R>(operation: &str, error: SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
        R: std::fmt::Debug + 'static,
        SdkError<E, R>: RequestId,
    {
        let request_id = error.request_id().map(str::to_owned);
        let made = |kind, code: Option<&str>, message: String| Error {
            kind,
            operation: operation.to_owned(),
            code: code.map(str::to_owned),
            message,
            request_id: request_id.clone(),
        };
        if let SdkError::ServiceError(context) = &error {
            let service = context.err();
            let code = service.code();
            let kind = kind_of(code);
            let message = service.message().map_or_else(|| innermost(service), str::to_owned);
            return made(kind, code, message);
        }
        if let Some(credentials) = credentials_error(&error) {
            return made(ErrorKind::Credentials, None, credentials);
        }
        let kind = match &error {
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => ErrorKind::Network,
            _ => ErrorKind::Service,
        };
        let message = match &error {
            SdkError::TimeoutError(_) => "no answer in time".to_owned(),
            _ => innermost(&error),
        };
        made(kind, None, message)
    }

    /// An error that a service answered with.
    pub(super) fn answered(operation: &str, code: Option<String>, message: String, request_id: Option<String>) -> Self {
        let kind = kind_of(code.as_deref());
        Error { kind, operation: operation.to_owned(), code, message, request_id }
    }

    /// The answer did not come, or broke off.
    pub(super) fn not_answered(operation: &str, error: &(dyn StdError + 'static)) -> Self {
        Error::local(ErrorKind::Network, operation, innermost(error))
    }

    pub(super) fn timed_out(operation: &str) -> Self {
        Error::local(ErrorKind::Network, operation, "no answer in time".to_owned())
    }

    /// What the credentials provider said.
    pub(super) fn of_credentials(operation: &str, error: &CredentialsError) -> Self {
        let message = credentials_error(error).unwrap_or_else(|| error.to_string());
        Error::local(ErrorKind::Credentials, operation, message)
    }

    pub(super) fn no_credentials(operation: &str) -> Self {
        Error::local(ErrorKind::Credentials, operation, "none were found".to_owned())
    }

    fn local(kind: ErrorKind, operation: &str, message: String) -> Self {
        Error { kind, operation: operation.to_owned(), code: None, message, request_id: None }
    }

    /// An answer that cannot be understood.
    pub fn unreadable(operation: &str, why: impl std::fmt::Display) -> Self {
        Error {
            kind: ErrorKind::Service,
            operation: operation.to_owned(),
            code: None,
            message: format!("the answer cannot be read: {why}"),
            request_id: None,
        }
    }

    /// Something about the session, before any call.
    pub fn session(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, operation: "session".to_owned(), code: None, message: message.into(), request_id: None }
    }

    /// Whether it may be that the account has not enabled the region: the answer is the same as to wrong credentials.
    pub(super) fn may_be_not_enabled(&self, region: &str) -> bool {
        is_opt_in(region) && NOT_ENABLED_CODES.iter().any(|code| self.is(code))
    }

    /// What a call in `region` failed with, where the credentials are known to be right in other regions: a refusal of
    /// them then means that the account has not enabled the region.
    #[must_use]
    pub fn with_credentials_right_elsewhere(self, region: &str) -> Self {
        match self.may_be_not_enabled(region) {
            true => {
                let message = format!("the account has not enabled the region {region}");
                Error { kind: ErrorKind::RegionNotEnabled, message, ..self }
            }
            false => self,
        }
    }

    /// Whether no call at all would be answered otherwise.
    pub fn is_about_all_calls(&self) -> bool {
        matches!(self.kind, ErrorKind::Credentials | ErrorKind::RegionNotEnabled)
    }

    /// Whether AWS answered with this error code.
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// What to do next, a sentence each.
    pub fn hints(&self) -> Vec<String> {
        match self.kind {
            ErrorKind::Credentials if self.expired() => {
                vec!["renew them: `aws sso login`, `aws login`, or new keys in the environment".into()]
            }
            ErrorKind::Credentials => vec![
                "name a profile with `--profile NAME` or AWS_PROFILE, or set AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY"
                    .into(),
                "for a profile with SSO or a console login, first `aws sso login --profile NAME` or `aws login \
                 --profile NAME`"
                    .into(),
            ],
            ErrorKind::AccessDenied => {
                vec![format!("the identity needs the IAM action {}", self.denied_action())]
            }
            ErrorKind::Network => {
                vec![
                    "check the network, the proxy (HTTPS_PROXY) and, behind one that inspects TLS, AWS_CA_BUNDLE"
                        .into(),
                ]
            }
            ErrorKind::RegionNotEnabled => {
                let enable = "`aws account enable-region --region-name REGION` enables it, within minutes or hours";
                vec!["name another region with `--region`".into(), enable.into()]
            }
            ErrorKind::NoRegion | ErrorKind::Settings | ErrorKind::Service | ErrorKind::Throttled => Vec::new(),
        }
    }

    /// The IAM action that is missing: the one AWS names, else the operation's own.
    fn denied_action(&self) -> &str {
        let named = self.message.split_once("to perform: ").map(|(_, rest)| rest);
        let named = named.and_then(|rest| rest.split_whitespace().next());
        named.filter(|action| action.contains(':')).unwrap_or(&self.operation)
    }

    fn expired(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        code.starts_with("ExpiredToken") || code == "RequestExpired" || self.message.contains("expired")
    }

    fn text(&self) -> String {
        let mut text = match (self.kind, self.operation.as_str()) {
            (_, "session") | (ErrorKind::RegionNotEnabled, _) => self.message.clone(),
            (ErrorKind::Network, operation) => format!("{operation} was not answered: {}", self.message),
            (ErrorKind::Credentials, operation) => format!("{operation} has no valid credentials: {}", self.message),
            (_, operation) => format!("{operation} failed: {}", self.message),
        };
        let details: Vec<String> = [self.code.clone(), self.request_id.as_ref().map(|id| format!("request {id}"))]
            .into_iter()
            .flatten()
            .collect();
        if !details.is_empty() {
            text.push_str(&format!(" ({})", details.join(", ")));
        }
        text
    }
}

fn kind_of(code: Option<&str>) -> ErrorKind {
    match code {
        Some(code) if CREDENTIAL_CODES.contains(&code) => ErrorKind::Credentials,
        Some(code) if DENIED_CODES.contains(&code) => ErrorKind::AccessDenied,
        Some(code) if THROTTLING_CODES.contains(&code) => ErrorKind::Throttled,
        _ => ErrorKind::Service,
    }
}

/// An error, and what it came from, down to the first cause.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// The deepest cause, which is the one that says what happened.
pub(super) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let deepest = chain(error).last().map(ToString::to_string).filter(|text| !text.is_empty());
    deepest.unwrap_or_else(|| DisplayErrorContext(error).to_string())
}

/// What the credentials provider said, if that is where it failed.
fn credentials_error(error: &(dyn StdError + 'static)) -> Option<String> {
    let found = chain(error).find(|error| error.is::<CredentialsError>())?;
    if let Some(CredentialsError::ProviderTimedOut(_)) = found.downcast_ref() {
        return Some("their provider did not answer in time".to_owned());
    }
    // The first words are the SDK's own and the same for every provider; what follows says what happened.
    let mut said: Vec<String> = chain(found).skip(1).map(|cause| cause.to_string().trim().to_owned()).collect();
    said.dedup();
    let said = if said.is_empty() { found.to_string() } else { said.join(": ") };
    match said.contains("no credentials found in chain") {
        true => Some("none were found".to_owned()),
        false => Some(said),
    }
}
