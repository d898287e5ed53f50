//! Load balancing.

use super::{Around, Input, Reply, unsupported};
use crate::operations::Refusal;

/// What the service knows.
#[derive(Debug, Default)]
pub struct Elb {}

pub(crate) fn dispatch(_: &mut Around, operation: &str, _: &Input) -> Result<Reply, Refusal> {
    Err(unsupported(operation))
}
