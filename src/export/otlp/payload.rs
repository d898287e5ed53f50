//! Writes the bodies of an exchange as a log record beside its span.
//!
//! They are no attributes of the span: readers cut those off after some kilobytes, and who may see spans need not be who
//! may see what people wrote. A log record can be kept elsewhere, and for another time.

use super::log;
use super::names::{attribute, event};
use crate::record::{Annotations, Body, Exchange, Vantage};

/// Writes one record of both bodies, if there is any; whether there is.
pub fn encode(exchange: &Exchange, annotations: &Annotations, out: &mut Vec<u8>) -> bool {
    let Annotations { request_body, response_body, trace, route, vantage, .. } = annotations;
    if request_body.is_none() && response_body.is_none() {
        return false;
    }
    let mut attributes = log::begin(out, event::HTTP_PAYLOAD, exchange.start_unix_nanos(), Some(trace));
    attributes.method(exchange.get(exchange.method));
    if *vantage != Vantage::Client {
        attributes.some_text(attribute::HTTP_ROUTE, route.template.as_bytes());
    }
    attributes.some_text(attribute::URL_TEMPLATE, route.template.as_bytes());
    if let Some(status) = exchange.status {
        attributes.integer(attribute::HTTP_RESPONSE_STATUS_CODE, status);
    }
    let bodies = [
        (
            request_body,
            attribute::HTTP_REQUEST_BODY_CONTENT,
            attribute::REQUEST_BODY_MEDIA_TYPE,
            attribute::REQUEST_BODY_TRUNCATED,
        ),
        (
            response_body,
            attribute::HTTP_RESPONSE_BODY_CONTENT,
            attribute::RESPONSE_BODY_MEDIA_TYPE,
            attribute::RESPONSE_BODY_TRUNCATED,
        ),
    ];
    for (body, content, of_type, is_truncated) in bodies {
        let Some(Body { media_type, text, truncated }) = body else { continue };
        attributes.text(content, text.as_bytes());
        attributes.some_text(of_type, media_type.as_bytes());
        if *truncated {
            attributes.flag(is_truncated, true);
        }
    }
    true
}
