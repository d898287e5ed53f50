//! The level `full` needs somebody who answers for it, and an end.

use std::time::Duration;

use thiserror::Error;

use crate::record::PrivacyLevel;

/// The longest that `full` may be asked for.
pub const LONGEST_FULL: Duration = Duration::from_secs(7 * 24 * 3600);

/// The level that stands in for `full` when its time is over.
pub const AFTER_FULL: PrivacyLevel = PrivacyLevel::Redacted;

/// Why the level `full` is not given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FullRefused {
    #[error("the privacy level `full` was asked for, and nobody answers for it")]
    NoTicket,
    #[error("the privacy level `full` was asked for without an end")]
    NoExpiry,
    #[error("the privacy level `full` ended {} ago", humantime::format_duration(*.since))]
    Over { since: Duration },
    #[error("the privacy level `full` was asked for {}, and 7 days are the most", humantime::format_duration(*.asked))]
    TooLong { asked: Duration },
}

impl FullRefused {
    /// What can be done about it.
    pub fn hints(&self) -> Vec<String> {
        let other = "`--privacy-level redacted` needs neither a ticket nor an end".to_owned();
        match self {
            FullRefused::NoTicket => {
                vec!["name the ticket that allows it: `--privacy-acknowledge TICKET`".to_owned(), other]
            }
            FullRefused::NoExpiry => {
                vec!["say when it ends, at most 7 days from now: `--privacy-expires TIME`".to_owned(), other]
            }
            FullRefused::Over { .. } | FullRefused::TooLong { .. } => {
                vec!["`--privacy-expires TIME` has to be in the next 7 days".to_owned(), other]
            }
        }
    }
}

/// Somebody's word that everything but credentials may leave, until a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FullAcknowledgement;

impl FullAcknowledgement {
    /// The level that is given, which is the one asked for: a stricter one than `full` needs nothing. Times are nanoseconds
    /// since the Unix epoch.
    pub fn check(
        level: PrivacyLevel,
        ticket: Option<&str>,
        expires_unix_nanos: Option<u64>,
        now_unix_nanos: u64,
    ) -> Result<PrivacyLevel, FullRefused> {
        if level != PrivacyLevel::Full {
            return Ok(level);
        }
        if ticket.is_none_or(|ticket| ticket.trim().is_empty()) {
            return Err(FullRefused::NoTicket);
        }
        let expires = expires_unix_nanos.ok_or(FullRefused::NoExpiry)?;
        let asked = whole_seconds(expires.saturating_sub(now_unix_nanos));
        if expires <= now_unix_nanos {
            return Err(FullRefused::Over { since: whole_seconds(now_unix_nanos - expires) });
        }
        if asked > LONGEST_FULL {
            return Err(FullRefused::TooLong { asked });
        }
        Ok(level)
    }
}

fn whole_seconds(nanos: u64) -> Duration {
    Duration::from_secs(nanos / 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const DAY: u64 = 24 * 3600 * SECOND;
    const NOW: u64 = 20_000 * DAY;

    fn full(ticket: Option<&str>, expires: Option<u64>) -> Result<PrivacyLevel, FullRefused> {
        FullAcknowledgement::check(PrivacyLevel::Full, ticket, expires, NOW)
    }

    #[test]
    fn full_needs_a_ticket_and_an_end_within_a_week() {
        assert_eq!(full(Some("SEC-1"), Some(NOW + 7 * DAY)), Ok(PrivacyLevel::Full));
        assert_eq!(full(None, Some(NOW + DAY)), Err(FullRefused::NoTicket));
        assert_eq!(full(Some("  "), Some(NOW + DAY)), Err(FullRefused::NoTicket));
        assert_eq!(full(Some("SEC-1"), None), Err(FullRefused::NoExpiry));
        assert_eq!(full(Some("SEC-1"), Some(NOW)), Err(FullRefused::Over { since: Duration::ZERO }));
        let too_long = full(Some("SEC-1"), Some(NOW + 8 * DAY)).unwrap_err();
        assert_eq!(too_long.to_string(), "the privacy level `full` was asked for 8days, and 7 days are the most");
        assert!(full(Some("SEC-1"), Some(NOW + 7 * DAY + SECOND)).is_err());
        assert!(too_long.hints()[0].contains("--privacy-expires"));
    }

    #[test]
    fn the_other_levels_need_nothing() {
        for level in [PrivacyLevel::Metadata, PrivacyLevel::Schema, PrivacyLevel::Redacted] {
            assert_eq!(FullAcknowledgement::check(level, None, None, NOW), Ok(level));
        }
    }
}
