//! Recomputes a request's AWS Signature Version 4 from the bytes received.
//!
//! Source: "Create a signed AWS API request" in the AWS IAM user guide. Written from the specification and
//! independent of the SDK's signer.

use hmac::{Hmac, Mac};
use hyper::http::request::Parts;
use sha2::{Digest, Sha256};

use crate::{ACCESS_KEY, SECRET_KEY};

/// The service that a request is signed for, from the scope of its signature.
pub(crate) fn service(parts: &Parts) -> Option<String> {
    let authorization = parts.headers.get("authorization")?.to_str().ok()?;
    let credential = authorization.split_once("Credential=")?.1.split(',').next()?;
    credential.split('/').nth(3).map(str::to_owned)
}

/// Whether the signature fits the request and the only key; the reason if it does not.
pub(crate) fn verify(parts: &Parts, body: &[u8]) -> Result<(), String> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = header("authorization").ok_or("no Authorization header")?;
    let fields = authorization.strip_prefix("AWS4-HMAC-SHA256 ").ok_or("not AWS4-HMAC-SHA256")?;
    let field = |name: &str| {
        let mut fields = fields.split(',').map(str::trim);
        fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('=')).ok_or(format!("no {name}"))
    };
    let (credential, signed, signature) = (field("Credential")?, field("SignedHeaders")?, field("Signature")?);
    let scope: Vec<&str> = credential.split('/').collect();
    let [key, date, region, service, "aws4_request"] = scope[..] else {
        return Err("malformed Credential".to_owned());
    };
    if key != ACCESS_KEY {
        return Err("unknown access key".to_owned());
    }
    for needed in ["host", "x-amz-date"] {
        if !signed.split(';').any(|name| name == needed) {
            return Err(format!("{needed} is not signed"));
        }
    }
    if header("x-amz-security-token").is_some() && !signed.split(';').any(|name| name == "x-amz-security-token") {
        return Err("x-amz-security-token is not signed".to_owned());
    }
    let mut query: Vec<&str> = parts.uri.query().unwrap_or_default().split('&').collect();
    query.sort_unstable();
    // A path is encoded once to be sent, and once more to be signed.
    let path = parts.uri.path().replace('%', "%25");
    let mut canonical = format!("{}\n{path}\n{}\n", parts.method, query.join("&"));
    for name in signed.split(';') {
        let value = header(name).ok_or(format!("signed header {name} is missing"))?;
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        canonical.push_str(&format!("{name}:{value}\n"));
    }
    canonical.push_str(&format!("\n{signed}\n{:x}", Sha256::digest(body)));

    let time = header("x-amz-date").ok_or("no x-amz-date")?;
    let scope = format!("{date}/{region}/{service}/aws4_request");
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{:x}", Sha256::digest(canonical));
    let mut derived = hmac(format!("AWS4{SECRET_KEY}").as_bytes(), date);
    for part in [region, service, "aws4_request"] {
        derived = hmac(&derived, part);
    }
    let expected: String = hmac(&derived, &to_sign).iter().map(|byte| format!("{byte:02x}")).collect();
    if expected == signature { Ok(()) } else { Err("the signature does not fit".to_owned()) }
}

/// The region that a request is signed for; empty if it is not signed.
pub(crate) fn region(parts: &Parts) -> &str {
    let authorization = parts.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let credential = authorization.split_once("Credential=").map_or("", |(_, rest)| rest);
    credential.split('/').nth(2).unwrap_or_default()
}

fn hmac(key: &[u8], data: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length is fine");
    mac.update(data.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
