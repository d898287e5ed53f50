//! Which path has what.

use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use super::report::Report;
use super::subject::{About, State, Subject};
use super::{document, exposition};

const TEXT: &str = "text/plain; charset=utf-8";

/// Answers for a subject.
#[derive(Debug)]
pub struct Routes<S> {
    about: About,
    subject: S,
}

impl<S: Subject> Routes<S> {
    pub fn new(about: About, subject: S) -> Self {
        Routes { about, subject }
    }

    /// What a request is answered with. Its body and its query are nobody's concern.
    pub fn answer<B>(&self, request: &Request<B>) -> Response<String> {
        let answer = match request.uri().path() {
            "/live" => Self::live,
            "/ready" => Self::ready,
            "/metrics" => Self::metrics,
            "/status.json" => Self::status,
            _ => return text(StatusCode::NOT_FOUND, "there are /live, /ready, /metrics and /status.json"),
        };
        match *request.method() {
            Method::GET | Method::HEAD => answer(self),
            _ => {
                let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD are answered");
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                response
            }
        }
    }

    fn live(&self) -> Response<String> {
        match self.state() {
            state @ State::Still(_) => text(StatusCode::SERVICE_UNAVAILABLE, &state.why().unwrap_or_default()),
            State::Ready | State::NotReady(_) => text(StatusCode::OK, "live"),
        }
    }

    fn ready(&self) -> Response<String> {
        match self.state().why() {
            None => text(StatusCode::OK, "ready"),
            Some(why) => text(StatusCode::SERVICE_UNAVAILABLE, &why),
        }
    }

    fn metrics(&self) -> Response<String> {
        let (_, report) = self.report();
        match exposition::text(report) {
            Ok(text) => response(StatusCode::OK, exposition::CONTENT_TYPE, text),
            Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written"),
        }
    }

    fn status(&self) -> Response<String> {
        let (state, report) = self.report();
        let text = document::text(&self.about, &state, &report);
        response(StatusCode::OK, document::CONTENT_TYPE, text)
    }

    fn state(&self) -> State {
        State::of(&self.subject)
    }

    fn report(&self) -> (State, Report) {
        let (state, mut report) = (self.state(), Report::default());
        self.about.describe(&state, &mut report);
        self.subject.describe(&mut report);
        (state, report)
    }
}

/// One line.
fn text(status: StatusCode, line: &str) -> Response<String> {
    response(status, TEXT, format!("{line}\n"))
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
