//! HTTP: reads calls, checks them, answers them, and keeps a log.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use crate::fault::Fate;
use crate::operations::{self, Refusal};
use crate::{ACCESS_KEY, ACCOUNT, SECRET_KEY, Shared, around, sigv4};

/// A call as it arrived.
#[derive(Debug, Clone)]
pub struct Call {
    /// The service, by its name in signatures, such as `ecs`; empty if the call was not signed.
    pub service: String,
    /// The operation, such as `DescribeServices`.
    pub operation: String,
    pub body: Value,
    /// Why the signature was refused, if it was.
    pub signature_fault: Option<String>,
    /// Whether `content-length` is the body's length.
    pub length_ok: bool,
    /// The error type of the answer, if it was an error.
    pub error: Option<String>,
}

/// The log of calls.
#[derive(Default)]
pub(crate) struct Log {
    calls: Mutex<Vec<Call>>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

impl Log {
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub fn most_in_flight(&self) -> usize {
        self.most_in_flight.load(Ordering::SeqCst)
    }
}

/// Starts the server on a thread of its own and returns its address.
pub(crate) fn start(address: SocketAddr, shared: Arc<Shared>) -> SocketAddr {
    let listener = std::net::TcpListener::bind(address).expect("a free port");
    listener.set_nonblocking(true).expect("a non-blocking socket");
    let address = listener.local_addr().expect("a bound socket");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let shared = shared.clone();
                tokio::spawn(async move {
                    let service = service_fn(move |request| answer(request, shared.clone()));
                    // A connection ends with an error where a reply is to be lost.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
    });
    address
}

/// The reply is to be lost.
#[derive(Debug)]
struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the reply is lost")
    }
}

impl std::error::Error for Lost {}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Full<Bytes>>, Lost> {
    let now = shared.log.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
    shared.log.most_in_flight.fetch_max(now, Ordering::SeqCst);
    let answer = serve(request, &shared).await;
    shared.log.in_flight.fetch_sub(1, Ordering::SeqCst);
    answer
}

async fn serve(request: Request<Incoming>, shared: &Shared) -> Result<Response<Full<Bytes>>, Lost> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let delay = *shared.delay.lock().unwrap();
    tokio::time::sleep(delay).await;
    let service = sigv4::service(&parts).unwrap_or_default();
    if around::is_around(&service) {
        return serve_around(&service, &parts, &body, shared);
    }

    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let target = header("x-amz-target").and_then(|target| target.rsplit('.').next());
    let form = String::from_utf8_lossy(&body).into_owned();
    let action = form.split('&').find_map(|pair| pair.strip_prefix("Action="));
    let operation = target.or(action).unwrap_or_default().to_owned();
    let length = header("content-length").and_then(|length| length.parse::<usize>().ok());
    let signature = sigv4::verify(&parts, &body);
    let parsed: Result<Value, _> = serde_json::from_slice(&body);

    let throttled = shared.rates.lock().unwrap().throttles(sigv4::region(&parts), &operation, Instant::now());
    let fate = match throttled {
        true => Fate::throttled(),
        false => shared.faults.lock().unwrap().fate("ecs", &operation, &parsed.as_ref().cloned().unwrap_or_default()),
    };
    let lose = matches!(fate, Fate::ServeAndLoseReply | Fate::Lose);
    let result = match (&signature, fate, target, &parsed) {
        (Err(why), ..) => Err(Refusal::new("InvalidSignatureException", why)),
        (_, Fate::Refuse(refusal), ..) => Err(refusal),
        (_, Fate::Lose, ..) => Err(Refusal::new("unreachable", "it never arrived")),
        (.., None, _) => {
            let elsewhere = shared.elsewhere.lock().unwrap();
            elsewhere.knows_keys(sigv4::region(&parts), "InvalidClientTokenId").map(|()| Value::Null)
        }
        (.., Err(_)) => Err(Refusal::new("SerializationException", "the body is not JSON")),
        (.., Ok(body)) => {
            let elsewhere = shared.elsewhere.lock().unwrap().dispatch(sigv4::region(&parts), &operation, body);
            let here = || operations::dispatch(&mut shared.store.lock().unwrap(), &operation, body);
            elsewhere.unwrap_or_else(here)
        }
    };
    let action = operation.clone();
    shared.log.calls.lock().unwrap().push(Call {
        service,
        operation,
        body: parsed.unwrap_or_default(),
        signature_fault: signature.err(),
        length_ok: length == Some(body.len()),
        error: result.as_ref().err().map(|refusal| refusal.code.to_owned()),
    });
    if lose {
        return Err(Lost);
    }
    Ok(match target {
        Some(_) => json_response(result),
        None => sts_response(&action, result),
    })
}

/// A call of a service around ECS.
fn serve_around(service: &str, parts: &Parts, body: &[u8], shared: &Shared) -> Result<Response<Full<Bytes>>, Lost> {
    let operation = around::Protocol::of(service).map_or(String::new(), |protocol| protocol.operation(parts, body));
    let input = around::Input::of(parts, body, service);
    let signature = sigv4::verify(parts, body);
    let fate = shared.faults.lock().unwrap().fate(service, &operation, &input.json);
    let lose = matches!(fate, Fate::ServeAndLoseReply | Fate::Lose);
    let result = match (&signature, fate) {
        (Err(why), _) => Err(Refusal::new("InvalidSignatureException", why)),
        (_, Fate::Refuse(refusal)) => Err(refusal),
        (_, Fate::Lose) => Err(Refusal::new("unreachable", "it never arrived")),
        _ => {
            let known =
                shared.elsewhere.lock().unwrap().knows_keys(sigv4::region(parts), "UnrecognizedClientException");
            known.and_then(|()| around::dispatch(&mut shared.around.lock().unwrap(), service, &operation, &input))
        }
    };
    let length = parts.headers.get("content-length").and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    shared.log.calls.lock().unwrap().push(Call {
        service: service.to_owned(),
        operation: operation.clone(),
        body: input.as_json(),
        signature_fault: signature.err(),
        length_ok: length.unwrap_or_default() == body.len(),
        error: result.as_ref().err().map(|refusal| refusal.code.to_owned()),
    });
    match lose {
        true => Err(Lost),
        false => Ok(around::respond(service, &operation, result)),
    }
}

fn json_response(result: Result<Value, Refusal>) -> Response<Full<Bytes>> {
    let (status, body) = match result {
        Ok(body) => (200, body),
        Err(refusal) => (400, json!({ "__type": refusal.code, "message": refusal.message })),
    };
    respond(status, "application/x-amz-json-1.1", body.to_string())
}

/// STS speaks the Query protocol: XML. Assuming a role gives the only keys again.
fn sts_response(action: &str, result: Result<Value, Refusal>) -> Response<Full<Bytes>> {
    let content = match action {
        "AssumeRole" => format!(
            "<Credentials><AccessKeyId>{ACCESS_KEY}</AccessKeyId><SecretAccessKey>{SECRET_KEY}</SecretAccessKey>\
             <SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
             <AssumedRoleUser><AssumedRoleId>id:s</AssumedRoleId><Arn>arn:aws:sts::{ACCOUNT}:assumed-role/r/s</Arn>\
             </AssumedRoleUser>"
        ),
        _ => format!(
            "<Arn>arn:aws:iam::{ACCOUNT}:user/tester</Arn><UserId>AIDSTANDIN</UserId><Account>{ACCOUNT}</Account>"
        ),
    };
    let (status, body) = match result {
        Ok(_) => (
            200,
            format!(
                "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>{content}\
                 </{action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{action}Response>"
            ),
        ),
        Err(refusal) => (
            403,
            format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error>\
                 <RequestId>r</RequestId></ErrorResponse>",
                refusal.code.trim_end_matches("Exception"),
                refusal.message
            ),
        ),
    };
    respond(status, "text/xml", body)
}

fn respond(status: u16, content_type: &str, body: String) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .header("content-type", content_type)
        .header("x-amzn-requestid", "11111111-2222-3333-4444-555555555555")
        .body(Full::new(Bytes::from(body)))
        .expect("valid headers")
}
