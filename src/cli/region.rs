//! Tells a region that the account has not enabled from wrong credentials, for commands that do not ask who calls.

use super::context::Context;
use super::planning::session;
use crate::aws::Identity;
use crate::ecs;

/// What work ends with; its error is explained by asking STS, which is known to answer in other regions.
pub async fn explained<T>(cx: &Context, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let error = match work.await {
        Ok(done) => return Ok(done),
        Err(error) => error,
    };
    let Some(ecs::Error::Call(call)) = error.downcast_ref() else { return Err(error) };
    let explained = Identity::explain(&session(cx).await?, call.clone()).await;
    Err(if explained.kind == call.kind { error } else { ecs::Error::Call(explained).into() })
}
