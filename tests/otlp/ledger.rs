//! The last line of a run, `ledger: seen … = …; otlp:… traces given … = …`, read and checked.

use std::collections::BTreeMap;

/// What became of everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    pub seen: u64,
    /// `emitted`, and why others were not.
    pub transactions: BTreeMap<String, u64>,
    /// Of the one receiver, by signal.
    pub accounts: BTreeMap<String, Account>,
    pub resent: u64,
}

/// Of one signal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    pub given: u64,
    pub recovered: u64,
    /// `accepted`, and what else became of items.
    pub fates: BTreeMap<String, u64>,
}

impl Ledger {
    /// The last line of what was written to standard error before any error. Fails if it does not add up.
    #[track_caller]
    pub fn of(stderr: &str) -> Ledger {
        let line = stderr.lines().find_map(|line| line.strip_prefix("ledger: "));
        let line = line.unwrap_or_else(|| panic!("no ledger in {stderr}"));
        let mut parts = line.split("; ");
        let (seen, transactions) = equation(parts.next().expect("transactions"));
        let mut ledger = Ledger { seen: seen["seen"], transactions, ..Ledger::default() };
        assert_eq!(ledger.seen, ledger.transactions.values().sum::<u64>(), "{line}");
        if let Some(receiver) = parts.next() {
            let (_, accounts) = receiver.split_once(": ").expect("a target");
            for account in accounts.split(", ") {
                match account.strip_prefix("resent ") {
                    Some(resent) => ledger.resent = resent.parse().expect("a number"),
                    None => {
                        let (signal, account) = account.split_once(' ').expect("a signal");
                        ledger.accounts.insert(signal.to_owned(), Account::parse(account));
                    }
                }
            }
        }
        ledger
    }

    /// What is said of a signal.
    #[track_caller]
    pub fn account(&self, signal: &str) -> &Account {
        self.accounts.get(signal).unwrap_or_else(|| panic!("no {signal} in {self:?}"))
    }

    /// Spans that this became of.
    #[track_caller]
    pub fn spans(&self, fate: &str) -> u64 {
        self.account("traces").of(fate)
    }

    /// Transactions that this became of.
    pub fn of_transactions(&self, fate: &str) -> u64 {
        self.transactions.get(fate).copied().unwrap_or(0)
    }
}

impl Account {
    #[track_caller]
    fn parse(text: &str) -> Account {
        let (given, fates) = equation(text);
        let of = |name: &str| given.get(name).copied().unwrap_or(0);
        let account = Account { given: of("given"), recovered: of("recovered"), fates };
        assert_eq!(account.given + account.recovered, account.fates.values().sum::<u64>(), "{text}");
        assert!(!account.fates.contains_key("waiting"), "nothing waits in memory after the end: {text}");
        account
    }

    /// Items that this became of.
    pub fn of(&self, fate: &str) -> u64 {
        self.fates.get(fate).copied().unwrap_or(0)
    }
}

/// `seen 3 = emitted 2 + rule 1`.
fn equation(text: &str) -> (BTreeMap<String, u64>, BTreeMap<String, u64>) {
    let (left, right) = text.split_once(" = ").unwrap_or_else(|| panic!("no equation: {text}"));
    let terms = |side: &str| {
        let term = |term: &str| {
            let (name, number) = term.split_once(' ').unwrap_or_else(|| panic!("no term: {term} in {text}"));
            (name.to_owned(), number.parse().unwrap_or_else(|_| panic!("no number: {term} in {text}")))
        };
        side.split(" + ").filter(|side| *side != "0").map(term).collect()
    };
    (terms(left), terms(right))
}
