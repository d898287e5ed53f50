//! What the user decides of what is reported.

use crate::sensor::policy::Policy;
use crate::sensor::privacy::Privacy;
use crate::sensor::rate::RateLimit;
use crate::sensor::routes::Patterns;
use crate::sensor::trace_context::TraceContextPolicy;
use crate::sensor::vantage::Home;

/// What is reported, and in what form.
pub struct Settings {
    pub policy: Policy,
    pub rate_limit: RateLimit,
    /// Bytes of transactions a minute.
    pub bytes_per_minute: Option<u64>,
    pub privacy: Privacy,
    /// The user's path templates.
    pub patterns: Patterns,
    pub trace_context: TraceContextPolicy,
    pub home: Home,
    /// Bytes for what is remembered of many transactions.
    pub findings_bytes: usize,
    /// Bytes of a body that are looked at.
    pub content: u32,
    /// How many CPUs may be used, such as 0.05.
    pub cpu_limit: Option<f64>,
    /// Whether schemas of bodies are kept although they do not leave with each record: for an OpenAPI document.
    pub schemas: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            policy: Policy::default(),
            rate_limit: RateLimit::Unlimited,
            bytes_per_minute: None,
            privacy: Privacy::new(Default::default()),
            patterns: Patterns::default(),
            trace_context: TraceContextPolicy::default(),
            home: Home::default(),
            findings_bytes: 4 << 20,
            content: 16 << 10,
            cpu_limit: None,
            schemas: false,
        }
    }
}
