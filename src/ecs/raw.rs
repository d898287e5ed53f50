//! Carries JSON through the official SDK untouched.
//!
//! The SDK does credentials, signing, retries and endpoints. Its types drop every field that they were not generated
//! with, so a task definition never passes through them: the answer's bytes are read beside the SDK, and a request's
//! body is put in the place of the one that the SDK made.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
    BeforeTransmitInterceptorContextRef, InterceptorContext,
};
use aws_sdk_ecs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority};
use aws_smithy_types::body::SdkBody;

/// Keeps the bytes of the last answer.
///
/// They are read after deserialization: only then is the body in memory for sure. The hook also runs when the service
/// answered with an error.
#[derive(Debug, Clone, Default)]
pub(super) struct CaptureBody(Arc<Mutex<Option<Vec<u8>>>>);

impl CaptureBody {
    pub fn take(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Intercept for CaptureBody {
    fn name(&self) -> &'static str {
        "CaptureBody"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().ok_or("the answer is not in memory")?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body.to_vec());
        Ok(())
    }
}

/// Sends this body.
///
/// It is put in before the retry loop, so that every attempt sends it, and before signing, so that the signature
/// covers it. `content-length` was set by the serializer; left alone, it would cut the body short.
#[derive(Debug)]
pub(super) struct ReplaceBody(pub Vec<u8>);

impl Intercept for ReplaceBody {
    fn name(&self) -> &'static str {
        "ReplaceBody"
    }

    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        *request.body_mut() = SdkBody::from(self.0.clone());
        request.headers_mut().insert("content-length", self.0.len().to_string());
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let announced = context.request().headers().get("content-length").and_then(|length| length.parse().ok());
        match announced == Some(self.0.len()) {
            true => Ok(()),
            false => Err("content-length differs from the body".into()),
        }
    }
}

/// Leaves a call whose answer was lost to the caller instead of repeating it: registering has no idempotency token,
/// so a repetition would register twice. Throttling is still retried.
#[derive(Debug)]
pub(super) struct LostAnswerIsOurs;

impl ClassifyRetry for LostAnswerIsOurs {
    fn name(&self) -> &'static str {
        "LostAnswerIsOurs"
    }

    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.output_or_error() {
            Some(Err(error)) if error.is_connector_error() || error.is_timeout_error() || error.is_response_error() => {
                RetryAction::RetryForbidden
            }
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// Logs each attempt with its status and request id; never a body.
#[derive(Debug)]
pub(super) struct LogCalls;

impl Intercept for LogCalls {
    fn name(&self) -> &'static str {
        "LogCalls"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>().map(|metadata| metadata.name()).unwrap_or_default();
        let request_id = context.response().headers().get("x-amzn-requestid").unwrap_or_default();
        tracing::debug!(operation, status = context.response().status().as_u16(), request_id, "AWS call");
        Ok(())
    }
}
