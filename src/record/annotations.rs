//! What the sensor knows of an exchange beyond its two messages.

/// Belongs to one exchange that is handed on.
#[derive(Debug, Clone, Default)]
pub struct Annotations {
    pub vantage: Vantage,
    pub route: Route,
    pub trace: Trace,
    pub sampling: Sampling,
    pub auth: AuthScheme,
    /// Path and query with values that mean nothing and are of the type of those that they stand for, for formats whose
    /// readers infer types: `/users/0/cards?page=0`.
    pub surrogate_target: String,
    /// Content, as far as the privacy level lets it out.
    pub request_body: Option<Body>,
    pub response_body: Option<Body>,
}

/// Where an exchange was seen from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub enum Vantage {
    /// The server is here, or nobody knows.
    #[default]
    Server,
    /// The client is here, and the server is not.
    Client,
    /// Both are.
    Both,
}

impl Vantage {
    /// As records show it.
    pub fn name(self) -> &'static str {
        match self {
            Vantage::Server => "server",
            Vantage::Client => "client",
            Vantage::Both => "both",
        }
    }
}

/// The template of a path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// Such as `/users/{id}`; empty if there is none.
    pub template: String,
    pub source: RouteSource,
}

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RouteSource {
    #[default]
    None,
    /// A pattern that the user gave.
    Config,
    /// Enough requests of enough clients.
    Learned,
    /// What its segments look like.
    Heuristic,
}

impl RouteSource {
    /// As records show it.
    pub fn name(self) -> &'static str {
        match self {
            RouteSource::None => "none",
            RouteSource::Config => "config",
            RouteSource::Learned => "learned",
            RouteSource::Heuristic => "heuristic",
        }
    }
}

/// Ids of a span (W3C Trace Context). They are made of the connection and the place of the request in it, so that a record
/// that is sent twice, or seen at both ends, has the same ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trace {
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
    /// The span of the request's `traceparent`, if the trace is continued: nobody here has a tracer of its own.
    pub parent: Option<[u8; 8]>,
    /// What the request's `traceparent` names, if that is only pointed at.
    pub link: Option<SpanContext>,
    /// The trace flags of what is continued.
    pub flags: u8,
    /// The random number of 56 bits that chance was decided by, if it is not the trace id's.
    pub randomness: Option<u64>,
}

/// A span of somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpanContext {
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
    pub flags: u8,
}

/// Why a transaction was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sampling {
    pub lane: Lane,
    /// The rejection threshold of 56 bits, if it was kept by chance (OpenTelemetry's `th`); 0 if it was certain.
    pub threshold: Option<u64>,
}

/// What kept it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lane {
    /// There is no limit.
    #[default]
    Unlimited,
    /// The fair share of its endpoint.
    Fair,
    /// There were few of its kind.
    Novelty,
    /// It failed.
    Error,
}

impl Lane {
    /// As records show it.
    pub fn name(self) -> &'static str {
        match self {
            Lane::Unlimited => "unlimited",
            Lane::Fair => "fair",
            Lane::Novelty => "novelty",
            Lane::Error => "error",
        }
    }
}

/// How a request says who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AuthScheme {
    #[default]
    None,
    Basic,
    Bearer,
    Digest,
    SigV4,
    ApiKey,
    Cookie,
    Other,
}

impl AuthScheme {
    /// As records show it.
    pub fn name(self) -> &'static str {
        match self {
            AuthScheme::None => "none",
            AuthScheme::Basic => "Basic",
            AuthScheme::Bearer => "Bearer",
            AuthScheme::Digest => "Digest",
            AuthScheme::SigV4 => "SigV4",
            AuthScheme::ApiKey => "ApiKey",
            AuthScheme::Cookie => "Cookie",
            AuthScheme::Other => "Other",
        }
    }
}

/// Content of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// Its media type, such as `application/json`.
    pub media_type: String,
    /// Decoded, and without what may not leave.
    pub text: String,
    /// There was more.
    pub truncated: bool,
}

/// How much of what was seen leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum PrivacyLevel {
    /// No value that anybody entered.
    #[default]
    Metadata,
    /// And what types values are of.
    Schema,
    /// And values in which nothing personal or secret was found.
    Redacted,
    /// All but credentials.
    Full,
}

impl PrivacyLevel {
    /// All of them, the strictest first.
    pub const ALL: [PrivacyLevel; 4] =
        [PrivacyLevel::Metadata, PrivacyLevel::Schema, PrivacyLevel::Redacted, PrivacyLevel::Full];

    /// As the user names it.
    pub fn name(self) -> &'static str {
        match self {
            PrivacyLevel::Metadata => "metadata",
            PrivacyLevel::Schema => "schema",
            PrivacyLevel::Redacted => "redacted",
            PrivacyLevel::Full => "full",
        }
    }
}
