//! A short name of the policy, so that records can be told apart by what was kept back.

use sha2::{Digest, Sha256};

use super::{Privacy, Rule, SLACK, body, headers};

/// Changes with what the rules do, where nothing else that is hashed does.
const REVISION: u32 = 1;

impl Privacy {
    /// Twelve hexadecimal digits that are the same for sensors that keep the same back.
    pub fn policy_hash(&self) -> String {
        let mut hash = Sha256::new();
        let limits = [SLACK, headers::MAX_VALUE, body::MAX_REDACTED, body::MAX_FULL];
        hash.update(format!("{REVISION} {} {limits:?}\n", self.level.name()));
        for rule in Rule::ALL {
            hash.update(format!("rule {}\n", rule.name()));
        }
        for (name, rule) in headers::RULES {
            hash.update(name);
            hash.update(format!(" {rule:?}\n"));
        }
        self.extra_headers.iter().for_each(|name| hash.update([name.as_slice(), b"\n"].concat()));
        let digest = hash.finalize();
        digest[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
