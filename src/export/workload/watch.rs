//! Asks for the task metadata document in a thread of its own, so that nothing waits for an endpoint that is slow or is
//! not there.
//!
//! It is asked for [`ATTEMPTS`] times, with longer and longer pauses between them, and then again each [`EVERY`] until
//! every container of the task has started: the first answer may come before the others have addresses or names.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::metadata::{self, TaskMetadata};

/// The environment variable that has the endpoint.
pub const ENDPOINT_VARIABLE: &str = "ECS_CONTAINER_METADATA_URI_V4";

/// How often one asks before nothing more is expected.
pub const ATTEMPTS: u32 = 8;

/// How often one asks again while containers are starting.
pub const EVERY: Duration = Duration::from_secs(60);

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The pause after the first failure. Each one after is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest document that is read, in bytes. A task has at most ten containers.
const MAX_DOCUMENT: u64 = 1 << 20;

/// What the client of HTTP wants.
const STACK: usize = 256 << 10;

/// Asks until it is dropped.
#[derive(Debug)]
pub struct Watch {
    /// Nothing is sent. That it is gone ends the thread.
    _stop: Sender<()>,
}

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    #[error("`{uri}` gives no task metadata")]
    Unreachable {
        uri: String,
        #[source]
        source: Box<ureq::Error>,
    },
    #[error("what `{uri}` gives is no task metadata")]
    Unreadable {
        uri: String,
        #[source]
        source: serde_json::Error,
    },
}

impl MetadataError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        vec![format!(
            "spans say less of the task without it; `OTEL_SERVICE_NAME` names the service, and `{ENDPOINT_VARIABLE}` is \
             set by ECS and by nobody else"
        )]
    }
}

/// How long pauses are.
#[derive(Debug, Clone, Copy)]
struct Pauses {
    first: Duration,
    every: Duration,
}

impl Watch {
    /// Starts asking the endpoint, as [`ENDPOINT_VARIABLE`] has it. What is found is handed over in the thread, each time
    /// that it is something else than before; at last, if nothing was found, why.
    pub fn start(
        endpoint: String,
        found: impl FnMut(Result<&TaskMetadata, &MetadataError>) + Send + 'static,
    ) -> std::io::Result<Self> {
        Watch::start_with(endpoint, Pauses { first: FIRST_PAUSE, every: EVERY }, found)
    }

    fn start_with(
        endpoint: String,
        pauses: Pauses,
        found: impl FnMut(Result<&TaskMetadata, &MetadataError>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new().name("metadata".to_owned()).stack_size(STACK);
        thread.spawn(move || work(&endpoint, pauses, &stopped, found))?;
        Ok(Watch { _stop: stop })
    }
}

/// Asks until all is known, nothing is to be expected, or nobody wants to know.
fn work(
    endpoint: &str,
    pauses: Pauses,
    stopped: &Receiver<()>,
    mut found: impl FnMut(Result<&TaskMetadata, &MetadataError>),
) {
    // Nothing but the endpoint itself may answer for it.
    let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).proxy(None).max_redirects(0);
    let agent = config.build().new_agent();
    let mut known: Option<TaskMetadata> = None;
    let mut own_id = None;
    let mut failures = 0;
    let mut pause = pauses.first;
    loop {
        let wait = match ask(&agent, endpoint, &mut own_id) {
            Ok(task) => {
                failures = 0;
                pause = pauses.first;
                let is_settled = task.is_settled();
                if known.as_ref() != Some(&task) {
                    found(Ok(&task));
                    known = Some(task);
                }
                if is_settled {
                    return;
                }
                pauses.every
            }
            Err(error) => {
                failures += 1;
                if failures == ATTEMPTS {
                    if known.is_none() {
                        found(Err(&error));
                    }
                    return;
                }
                let doubled = pause.saturating_mul(2);
                std::mem::replace(&mut pause, doubled)
            }
        };
        if stopped.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// Asks for the task, and before that, until it is known, for the id of the container that asks.
fn ask(agent: &ureq::Agent, endpoint: &str, own_id: &mut Option<String>) -> Result<TaskMetadata, MetadataError> {
    let endpoint = endpoint.trim_end_matches('/');
    if own_id.is_none() {
        *own_id = metadata::own_id(&get(agent, endpoint)?);
    }
    let uri = format!("{endpoint}/task");
    let document = get(agent, &uri)?;
    TaskMetadata::parse(&document, own_id.as_deref()).map_err(|source| MetadataError::Unreadable { uri, source })
}

fn get(agent: &ureq::Agent, uri: &str) -> Result<Vec<u8>, MetadataError> {
    let read = || {
        let mut response = agent.get(uri).call()?;
        response.body_mut().with_config().limit(MAX_DOCUMENT).read_to_vec()
    };
    read().map_err(|source| MetadataError::Unreachable { uri: uri.to_owned(), source: Box::new(source) })
}

#[cfg(test)]
mod tests;
