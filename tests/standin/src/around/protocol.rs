//! How each service speaks: what an operation is called, and how answers and errors are written.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::http::request::Parts;
use serde_json::json;

use super::input::pairs;
use super::{Reply, scheduler};
use crate::operations::Refusal;

const REQUEST_ID: &str = "11111111-2222-3333-4444-555555555555";

/// A protocol of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Ec2,
    Query,
    Json,
    Rest,
}

impl Protocol {
    /// The protocol of a service around ECS, by its name in signatures.
    pub fn of(service: &str) -> Option<Self> {
        match service {
            "ec2" => Some(Protocol::Ec2),
            "elasticloadbalancing" | "iam" => Some(Protocol::Query),
            "codedeploy" | "logs" | "ecr" | "events" => Some(Protocol::Json),
            "scheduler" => Some(Protocol::Rest),
            _ => None,
        }
    }

    pub fn is_query(self) -> bool {
        matches!(self, Protocol::Ec2 | Protocol::Query)
    }

    /// The operation that is called.
    pub fn operation(self, parts: &Parts, body: &[u8]) -> String {
        match self {
            Protocol::Ec2 | Protocol::Query => {
                let form = pairs(&String::from_utf8_lossy(body));
                form.into_iter().find(|(name, _)| name == "Action").map(|(_, action)| action).unwrap_or_default()
            }
            Protocol::Json => {
                let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
                target.and_then(|target| target.rsplit('.').next()).unwrap_or_default().to_owned()
            }
            Protocol::Rest => scheduler::operation(parts.method.as_str(), parts.uri.path()),
        }
    }
}

/// Writes an answer as the service would.
pub(crate) fn respond(service: &str, operation: &str, result: Result<Reply, Refusal>) -> Response<Full<Bytes>> {
    let protocol = Protocol::of(service).unwrap_or(Protocol::Json);
    let (status, body, error_type) = match (result, protocol) {
        (Ok(Reply::Json(body)), _) => (200, body.to_string(), None),
        (Ok(Reply::Xml(content)), Protocol::Ec2) => (
            200,
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{operation}Response \
                 xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>{REQUEST_ID}</requestId>{content}\
                 </{operation}Response>"
            ),
            None,
        ),
        (Ok(Reply::Xml(content)), _) => (
            200,
            format!(
                "<{operation}Response xmlns=\"https://{service}.amazonaws.com/doc/\"><{operation}Result>{content}\
                 </{operation}Result><ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata>\
                 </{operation}Response>"
            ),
            None,
        ),
        (Err(refusal), Protocol::Ec2) => {
            let (status, code) = (status(&refusal), code_of(protocol, &refusal));
            let message = super::xml::escaped(&refusal.message);
            let body = format!(
                "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
                 <RequestID>{REQUEST_ID}</RequestID></Response>"
            );
            (status, body, None)
        }
        (Err(refusal), Protocol::Query) => {
            let (status, code) = (status(&refusal), code_of(protocol, &refusal));
            let message = super::xml::escaped(&refusal.message);
            let body = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
            );
            (status, body, None)
        }
        (Err(refusal), Protocol::Json) => {
            (400, json!({ "__type": refusal.code, "message": refusal.message }).to_string(), None)
        }
        (Err(refusal), Protocol::Rest) => {
            (status(&refusal), json!({ "Message": refusal.message }).to_string(), Some(refusal.code))
        }
    };
    let content_type = match protocol {
        Protocol::Ec2 | Protocol::Query => "text/xml",
        Protocol::Json => "application/x-amz-json-1.1",
        Protocol::Rest => "application/json",
    };
    let mut response = Response::builder().status(status).header("content-type", content_type);
    response = response.header("x-amzn-requestid", REQUEST_ID);
    if let Some(error_type) = error_type {
        response = response.header("x-amzn-errortype", error_type);
    }
    response.body(Full::new(Bytes::from(body))).expect("valid headers")
}

fn status(refusal: &Refusal) -> u16 {
    match refusal.code {
        "AccessDeniedException" | "ExpiredTokenException" | "InvalidSignatureException" => 403,
        "ResourceNotFoundException" | "NoSuchEntity" => 404,
        "ThrottlingException" => 429,
        _ => 400,
    }
}

/// The services have names of their own for what is refused everywhere.
fn code_of(protocol: Protocol, refusal: &Refusal) -> &'static str {
    match (refusal.code, protocol) {
        ("AccessDeniedException", Protocol::Ec2) => "UnauthorizedOperation",
        ("AccessDeniedException", _) => "AccessDenied",
        ("ThrottlingException", Protocol::Ec2) => "RequestLimitExceeded",
        ("ThrottlingException", _) => "Throttling",
        ("ExpiredTokenException", Protocol::Ec2) => "RequestExpired",
        ("ExpiredTokenException", _) => "ExpiredToken",
        ("InvalidSignatureException", Protocol::Ec2) => "AuthFailure",
        ("InvalidSignatureException", _) => "SignatureDoesNotMatch",
        (code, _) => code,
    }
}
