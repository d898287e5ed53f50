//! The ECS client: one a run.

use std::sync::Arc;

use aws_sdk_ecs::config::retry::RetryConfig;

use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::aws::command_line::command;
use crate::aws::{self, Session, SessionRequest, Signed};

use super::pace::{Pace, Paced};
use super::raw::LogCalls;

/// Reads at most this many things at once; the account shares its request rate with everybody else in it.
pub(super) const READS_AT_ONCE: usize = 8;

/// Writes are worth waiting for when the account is throttled.
const WRITE_ATTEMPTS: u32 = 8;

/// Talks to ECS in one region.
#[derive(Debug, Clone)]
pub struct Ecs {
    pub(super) client: aws_sdk_ecs::Client,
    pub(super) pace: Pace,
    /// For the services around ECS.
    pub(super) signed: Arc<Signed>,
    pub region: String,
    /// What the user said to get here, for commands that are printed.
    pub place: SessionRequest,
}

impl Ecs {
    pub fn new(session: &Session) -> Self {
        let pace = Pace::default();
        let mut config =
            aws_sdk_ecs::config::Builder::from(&session.config).interceptor(LogCalls).interceptor(pace.clone());
        if let Some(client) = session.config.http_client() {
            config.set_http_client(Some(SharedHttpClient::new(Paced { client, pace: pace.clone() })));
        }
        let client = aws_sdk_ecs::Client::from_conf(config.build());
        Ecs {
            client,
            pace,
            signed: Arc::new(Signed::new(session)),
            region: session.region.clone(),
            place: session.request.clone(),
        }
    }

    /// A command line of these words, of sidetap or of the AWS CLI, for the same account and region.
    pub(super) fn command<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> String {
        command(words, &self.place)
    }
}

/// Settings for a call that changes something.
pub(super) fn write() -> aws_sdk_ecs::config::Builder {
    let retries = RetryConfig::standard().with_max_attempts(WRITE_ATTEMPTS);
    aws_sdk_ecs::config::Builder::new().retry_config(retries)
}

/// Awaits an SDK call and gives its error the operation's name.
macro_rules! call {
    ($operation:literal, $send:expr) => {
        $send.await.map_err(|error| $crate::aws::Error::of(concat!("ecs:", $operation), error))
    };
}
pub(super) use call;

/// Whether a call will never be answered, for want of a permission or because the region or endpoint does not know it;
/// for calls that only add detail.
pub(super) fn is_unavailable(error: &aws::Error) -> bool {
    let unknown =
        error.code.is_none() || error.is("UnsupportedFeatureException") || error.is("UnknownOperationException");
    error.kind == aws::ErrorKind::AccessDenied || (error.kind == aws::ErrorKind::Service && unknown)
}
