//! What a service answered: its body, or the error that it means.

use serde_json::Value;

use super::error::Error;
use super::xml::Xml;

/// An answer that has been read whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    /// `x-amzn-requestid` or its older name.
    pub request_id: Option<String>,
    /// `x-amzn-errortype`.
    pub error_type: Option<String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn xml(&self, operation: &str) -> Result<Xml, Error> {
        Xml::parse(&String::from_utf8_lossy(&self.body)).map_err(|error| Error::unreadable(operation, error))
    }

    /// The answer's JSON, an object; none at all is an empty one.
    pub fn json(&self, operation: &str) -> Result<Value, Error> {
        if self.body.is_empty() {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        match serde_json::from_slice(&self.body) {
            Ok(body @ Value::Object(_)) => Ok(body),
            Ok(_) => Err(Error::unreadable(operation, "it is no JSON object")),
            Err(error) => Err(Error::unreadable(operation, error)),
        }
    }

    /// The error that an answer without success means.
    pub fn error(&self, operation: &str) -> Error {
        let (mut code, message, mut request_id) = match self.body.first() {
            Some(b'<') => self.error_in_xml(),
            _ => self.error_in_json(),
        };
        code = code.filter(|code| !code.is_empty());
        request_id = request_id.or_else(|| self.request_id.clone());
        let message = message.filter(|message| !message.is_empty());
        let message = message.unwrap_or_else(|| match &code {
            Some(_) => "no reason was given".to_owned(),
            None => format!("HTTP status {}", self.status),
        });
        Error::answered(operation, code, message, request_id)
    }

    /// IAM and load balancing have `ErrorResponse/Error`, EC2 has `Response/Errors/Error`.
    fn error_in_xml(&self) -> (Option<String>, Option<String>, Option<String>) {
        let Ok(xml) = Xml::parse(&String::from_utf8_lossy(&self.body)) else { return (None, None, None) };
        let error = xml.child("Error").or_else(|| xml.at(&["Errors", "Error"]));
        let of_error = |name: &str| error.and_then(|error| error.text_of(name)).map(str::to_owned);
        let id = xml.text_of("RequestId").or_else(|| xml.text_of("RequestID")).map(str::to_owned);
        (of_error("Code"), of_error("Message"), id)
    }

    /// The code is in a header or a member, perhaps behind a name space and `#` or before `:` and an address.
    fn error_in_json(&self) -> (Option<String>, Option<String>, Option<String>) {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let member = |names: &[&str]| names.iter().find_map(|name| body[*name].as_str()).map(str::to_owned);
        let code = self.error_type.clone().or_else(|| member(&["__type", "code", "Code"]));
        let code = code.map(|code| {
            let code = code.split(':').next().unwrap_or_default();
            code.rsplit('#').next().unwrap_or_default().to_owned()
        });
        (code, member(&["message", "Message", "errorMessage"]), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::ErrorKind;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, request_id: Some("from-header".into()), error_type: None, body: body.into() }
    }

    #[test]
    fn errors_of_every_protocol_are_understood() {
        let ec2 = answer(
            403,
            "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>not allowed</Message></Error></Errors>\
             <RequestID>r1</RequestID></Response>",
        )
        .error("ec2:DescribeSubnets");
        assert_eq!(ec2.to_string(), "ec2:DescribeSubnets failed: not allowed (UnauthorizedOperation, request r1)");
        assert_eq!(ec2.kind, ErrorKind::AccessDenied);

        let iam = answer(
            403,
            "<ErrorResponse xmlns=\"urn:x\"><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>old</Message>\
             </Error><RequestId>r2</RequestId></ErrorResponse>",
        )
        .error("iam:GetRole");
        assert_eq!((iam.kind, iam.request_id.as_deref()), (ErrorKind::Credentials, Some("r2")));

        let logs = answer(400, "{\"__type\":\"com.amazonaws.logs#ResourceNotFoundException\",\"message\":\"gone\"}");
        let logs = logs.error("logs:DescribeLogStreams");
        assert!(logs.is("ResourceNotFoundException"), "{logs}");
        assert_eq!((logs.kind, logs.request_id.as_deref()), (ErrorKind::Service, Some("from-header")));

        let mut scheduler = answer(429, "{\"Message\":\"slow down\"}");
        scheduler.error_type = Some("ThrottlingException:http://internal/".to_owned());
        assert_eq!(scheduler.error("scheduler:GetSchedule").kind, ErrorKind::Throttled);

        let proxy = answer(502, "<html><p>bad gateway</html>").error("ecr:BatchGetImage");
        assert_eq!(proxy.message, "HTTP status 502");
    }
}
