//! Who the credentials belong to.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;

use super::error::{Error, ErrorKind, Result};
use super::regions::IN_EVERY_ACCOUNT;
use super::session::Session;

/// What `sts:GetCallerIdentity` says; it needs no permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub account: String,
    pub arn: String,
}

impl Identity {
    /// Asks STS. Private networks often have no way to it, so that it is given little time.
    ///
    /// # Errors
    /// Of [`ErrorKind::RegionNotEnabled`](super::ErrorKind) where the credentials are accepted in another region alone.
    pub async fn of(session: &Session) -> Result<Self> {
        match Self::asked(session).await {
            Err(error) if error.may_be_not_enabled(&session.region) => {
                let elsewhere = session.in_region(IN_EVERY_ACCOUNT)?;
                Err(match Self::asked(&elsewhere).await {
                    Ok(_) => error.with_credentials_right_elsewhere(&session.region),
                    Err(_) => error,
                })
            }
            answer => answer,
        }
    }

    /// What a call of the session failed with, explained by asking STS, which is known to answer in other regions, if it
    /// may be that the account has not enabled the region.
    pub async fn explain(session: &Session, error: Error) -> Error {
        if !error.may_be_not_enabled(&session.region) {
            return error;
        }
        match Self::of(session).await {
            Err(Error { kind: ErrorKind::RegionNotEnabled, .. }) => {
                error.with_credentials_right_elsewhere(&session.region)
            }
            _ => error,
        }
    }

    async fn asked(session: &Session) -> Result<Self> {
        let config = aws_sdk_sts::config::Builder::from(&session.config)
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_secs(10)).build())
            .build();
        let answer = aws_sdk_sts::Client::from_conf(config)
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| Error::of("sts:GetCallerIdentity", error))?;
        Ok(Identity {
            account: answer.account().unwrap_or_default().to_owned(),
            arn: answer.arn().unwrap_or_default().to_owned(),
        })
    }
}
