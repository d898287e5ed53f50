//! What became of the things that an export was given, each of them counted once.

use std::fmt;

/// What an export has to account for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemLedger {
    /// By kind.
    pub accounts: Vec<Account>,
    /// Items that were sent more than once, because it was not known whether they had arrived: the other side has no more
    /// of them twice.
    pub resent: u64,
}

/// The things of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// What they are, `traces`.
    pub kind: &'static str,
    /// Handed to the export.
    pub given: u64,
    /// Left by an earlier run.
    pub recovered: u64,
    /// What became of them, `accepted` and so on. The sum is that of `given` and `recovered`.
    pub fates: Vec<(&'static str, u64)>,
}

/// `traces given 12 + recovered 3 = accepted 14 + queue.full 1`: what there is none of is left out.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} given {}", self.kind, self.given)?;
        if self.recovered > 0 {
            write!(f, " + recovered {}", self.recovered)?;
        }
        write!(f, " = {}", sum(self.fates.iter().copied()))
    }
}

/// `emitted 990 + rule 10`: what there is none of is left out, unless there is nothing else.
fn sum<'a>(parts: impl Iterator<Item = (&'a str, u64)>) -> String {
    let parts: Vec<String> =
        parts.filter(|(_, number)| *number > 0).map(|(name, number)| format!("{name} {number}")).collect();
    if parts.is_empty() { "0".to_owned() } else { parts.join(" + ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_an_equation() {
        let fates = vec![("accepted", 14), ("queue.full", 1), ("shutdown", 0)];
        let mut account = Account { kind: "traces", given: 12, recovered: 3, fates };
        assert_eq!(account.to_string(), "traces given 12 + recovered 3 = accepted 14 + queue.full 1");
        account.recovered = 0;
        account.given = 0;
        account.fates.clear();
        assert_eq!(account.to_string(), "traces given 0 = 0");
    }
}
