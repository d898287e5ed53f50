//! How many transactions a minute the user allows.

use std::fmt;
use std::str::FromStr;

/// Transactions a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateLimit {
    /// All of them.
    Unlimited,
    /// At most so many; with 0 there are only metrics, sites, and records that are no transactions.
    PerMinute(u32),
}

/// What is no limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    #[error("`{0}` is no number of transactions a minute")]
    NoNumber(String),
    #[error("`{0}` transactions a minute are less than none")]
    Negative(String),
    #[error("`{0}` transactions a minute are more than can be counted")]
    TooMany(String),
}

impl LimitError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            LimitError::NoNumber(_) => vec!["give a number, such as 1000, or `unlimited`".to_owned()],
            LimitError::Negative(_) => vec!["0 keeps no transactions, only metrics".to_owned()],
            LimitError::TooMany(_) => vec!["`unlimited` keeps all of them".to_owned()],
        }
    }
}

impl Default for RateLimit {
    fn default() -> Self {
        RateLimit::PerMinute(1_000)
    }
}

impl FromStr for RateLimit {
    type Err = LimitError;

    /// A number may have decimals, as other sensors' users write it: they are cut off, but a limit below 1 is 1 unless it
    /// is 0.
    fn from_str(given: &str) -> Result<Self, LimitError> {
        let given = given.trim();
        if given.eq_ignore_ascii_case("unlimited") {
            return Ok(RateLimit::Unlimited);
        }
        let no_number = || LimitError::NoNumber(given.to_owned());
        let rate: f64 = given.parse().map_err(|_| no_number())?;
        if !rate.is_finite() {
            return Err(no_number());
        }
        if rate < 0.0 {
            return Err(LimitError::Negative(given.to_owned()));
        }
        if rate >= f64::from(u32::MAX) + 1.0 {
            return Err(LimitError::TooMany(given.to_owned()));
        }
        Ok(RateLimit::PerMinute(if rate > 0.0 { rate.max(1.0) as u32 } else { 0 }))
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RateLimit::Unlimited => f.write_str("unlimited"),
            RateLimit::PerMinute(rate) => write!(f, "{rate}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_users_write_them() {
        let limits = ["unlimited", "1000", "1000.0", " 100 ", "0", "0.0", "0.5", "99.9", "4294967295"];
        let read = limits.map(|limit| limit.parse::<RateLimit>().unwrap().to_string());
        assert_eq!(read, ["unlimited", "1000", "1000", "100", "0", "0", "1", "99", "4294967295"]);
    }

    #[test]
    fn what_is_no_limit_says_why_and_what_would_be() {
        let told = ["", "many", "NaN", "inf", "-1", "4294967296"].map(|limit| {
            let error = limit.parse::<RateLimit>().unwrap_err();
            format!("{error}: {}", error.hints().join("; "))
        });
        assert_eq!(
            told,
            [
                "`` is no number of transactions a minute: give a number, such as 1000, or `unlimited`",
                "`many` is no number of transactions a minute: give a number, such as 1000, or `unlimited`",
                "`NaN` is no number of transactions a minute: give a number, such as 1000, or `unlimited`",
                "`inf` is no number of transactions a minute: give a number, such as 1000, or `unlimited`",
                "`-1` transactions a minute are less than none: 0 keeps no transactions, only metrics",
                "`4294967296` transactions a minute are more than can be counted: `unlimited` keeps all of them",
            ]
        );
    }
}
