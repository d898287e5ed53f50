//! What an answer means.
//!
//! The rules are those of OTLP over HTTP (opentelemetry-proto, `docs/specification.md`, "OTLP/HTTP Response"), with what
//! receivers do besides: the Collector answers 400 where 413 is meant, and says so in the text only.

use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;

/// What came back for a request.
#[derive(Debug)]
pub enum Answer {
    /// An answer, whatever it says.
    Response(Response),
    /// None, or half of one: connecting, writing, reading or the other's certificate failed, or time was up.
    Failed(String),
}

/// An answer.
#[derive(Debug, Default)]
pub struct Response {
    pub status: u16,
    /// As the receiver wrote it.
    pub retry_after: Option<String>,
    /// The receiver's idea of the time, which `retry_after` may go by.
    pub date: Option<String>,
    /// Where it says that the request should have gone.
    pub location: Option<String>,
    /// Its beginning; empty if it could not be read.
    pub body: Vec<u8>,
}

/// What to do with the items of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has them, all but so many, which it does not want.
    Accepted { rejected: u64, message: String },
    /// Post them again, not before so long.
    Retry { after: Option<Duration>, why: String },
    /// Post them in halves.
    TooLarge(String),
    /// Keep them: the receiver does not know us.
    Unauthorised(String),
    /// Keep them: there is no receiver.
    Misconfigured(String),
    /// Drop them.
    Rejected(String),
}

/// Characters of an answer's text that are shown.
const SHOWN: usize = 200;

/// What the answer means. `now` is for a `Retry-After` that is a date, where the receiver does not say what time it is.
pub fn judge(answer: &Answer, now: SystemTime) -> Verdict {
    let response = match answer {
        Answer::Failed(why) => return Verdict::Retry { after: None, why: why.clone() },
        Answer::Response(response) => response,
    };
    let why = said(response);
    match response.status {
        200..=299 => accepted(&response.body),
        300..=399 => Verdict::Misconfigured(match &response.location {
            Some(location) => {
                format!("{why}; redirects are not followed, this one is to `{}`", shown(location.as_bytes()))
            }
            None => why,
        }),
        400 if is_about_size(&response.body) => Verdict::TooLarge(why),
        413 => Verdict::TooLarge(why),
        401 | 403 => Verdict::Unauthorised(why),
        404 | 405 | 415 => Verdict::Misconfigured(why),
        429 | 502 | 503 | 504 => Verdict::Retry { after: retry_after(response, now), why },
        _ => Verdict::Rejected(why),
    }
}

/// A body that makes no sense is as good as an empty one: the status has said all that matters. The answers for the three
/// signals have one shape.
fn accepted(body: &[u8]) -> Verdict {
    let partial = ExportTraceServiceResponse::decode(body).ok().and_then(|response| response.partial_success);
    let (rejected, message) = partial.map_or((0, String::new()), |it| (it.rejected_spans, it.error_message));
    Verdict::Accepted { rejected: u64::try_from(rejected).unwrap_or(0), message: shown(message.as_bytes()) }
}

/// Go's `http: request body too large`, gRPC's `received message larger than max`, and the like.
fn is_about_size(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    ["too large", "too big", "larger than", "exceeds the"].iter().any(|words| text.contains(words))
}

/// RFC 9110 §10.2.3: seconds, or a date.
fn retry_after(response: &Response, now: SystemTime) -> Option<Duration> {
    let text = response.retry_after.as_deref()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than fits is too long in any case.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let then = httpdate::parse_http_date(text).ok()?;
    let now = response.date.as_deref().and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
    Some(then.duration_since(now).unwrap_or_default())
}

fn said(response: &Response) -> String {
    let text = shown(&response.body);
    match text.is_empty() {
        true => format!("status {}", response.status),
        false => format!("status {}: {text}", response.status),
    }
}

/// What others wrote, so that it fits a line of ours. A protobuf `Status` shows as the words in it.
fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let words = text.split(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER || c.is_whitespace());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};

    use super::*;

    fn answer(status: u16, body: &[u8]) -> Response {
        Response { status, body: body.to_vec(), ..Default::default() }
    }

    fn verdict(response: Response) -> Verdict {
        judge(&Answer::Response(response), SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 - 30))
    }

    #[test]
    fn each_status_means_what_the_protocol_says() {
        for status in 100..=599 {
            let verdict = verdict(answer(status, b""));
            let why = format!("status {status}");
            let expected = match status {
                200..=299 => Verdict::Accepted { rejected: 0, message: String::new() },
                300..=399 | 404 | 405 | 415 => Verdict::Misconfigured(why),
                401 | 403 => Verdict::Unauthorised(why),
                413 => Verdict::TooLarge(why),
                429 | 502 | 503 | 504 => Verdict::Retry { after: None, why },
                _ => Verdict::Rejected(why),
            };
            assert_eq!(verdict, expected);
        }
    }

    #[test]
    fn no_answer_is_tried_again() {
        let answer = Answer::Failed("connection refused".into());
        let verdict = judge(&answer, SystemTime::now());
        assert_eq!(verdict, Verdict::Retry { after: None, why: "connection refused".into() });
    }

    #[test]
    fn a_bad_request_that_is_too_large_says_so() {
        for body in ["http: request body too large", "grpc: received message larger than max (5 vs. 4)"] {
            assert!(matches!(verdict(answer(400, body.as_bytes())), Verdict::TooLarge(_)));
        }
        let verdict = verdict(answer(400, b"\x08\x03\x12\x0cbad\r\n  trace"));
        assert_eq!(verdict, Verdict::Rejected("status 400: bad trace".into()));
    }

    #[test]
    fn success_may_be_partial_and_its_body_may_be_rubbish() {
        let partial = |rejected_log_records| {
            let error_message = "too\nold".into();
            let partial_success = Some(ExportLogsPartialSuccess { rejected_log_records, error_message });
            verdict(answer(200, &ExportLogsServiceResponse { partial_success }.encode_to_vec()))
        };
        assert_eq!(partial(3), Verdict::Accepted { rejected: 3, message: "too old".into() });
        assert_eq!(partial(-3), Verdict::Accepted { rejected: 0, message: "too old".into() });
        for body in [&b"{\"partialSuccess\":{}}"[..], b"\xff\xff\xff", b"<html>", b""] {
            assert_eq!(verdict(answer(200, body)), Verdict::Accepted { rejected: 0, message: String::new() });
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let after = |retry_after: &str, date: Option<&str>| {
            let retry_after = Some(retry_after.to_owned());
            let response = Response { status: 503, retry_after, date: date.map(str::to_owned), ..Default::default() };
            match verdict(response) {
                Verdict::Retry { after, .. } => after.map(|after| after.as_secs()),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(after("120", None), Some(120));
        assert_eq!(after("99999999999999999999999", None), Some(u64::from(u32::MAX)));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:37 GMT", None), Some(30));
        assert_eq!(after("Sunday, 06-Nov-94 08:49:37 GMT", None), Some(30));
        assert_eq!(after("Sun Nov  6 08:49:37 1994", None), Some(30));
        let date = Some("Sun, 06 Nov 1994 08:49:27 GMT");
        assert_eq!(after("Sun, 06 Nov 1994 08:49:37 GMT", date), Some(10));
        assert_eq!(after("Sun, 06 Nov 1994 07:49:37 GMT", date), Some(0));
        for nonsense in ["", "-1", "soon", "1.5"] {
            assert_eq!(after(nonsense, None), None);
        }
    }

    #[test]
    fn a_redirect_says_where_to() {
        let response = Response { status: 308, location: Some("https://other/".into()), ..Default::default() };
        let Verdict::Misconfigured(why) = verdict(response) else { panic!() };
        assert!(why.contains("https://other/"), "{why}");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(shown("ä".repeat(1000).as_bytes()).chars().count(), SHOWN + 1);
    }
}
