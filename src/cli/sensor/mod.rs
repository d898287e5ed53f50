//! What `sidetap capture` and `sidetap collect` have in common: from frames to records and what is told of them.

pub mod args;
pub mod conclusion;
pub mod documents;
pub mod exports;
pub mod levo;
mod levo_args;
pub mod options;
pub mod otlp;
mod otlp_args;
pub mod policy_args;
pub mod privacy_report;
mod report_args;
pub mod reporting;
pub mod rotation_args;
pub mod run;
#[cfg(target_os = "linux")]
pub mod status;
pub mod summary;
mod trouble;

pub use self::args::SensorArgs;
pub use self::exports::BadExports;
pub use self::levo_args::BadSatellite;
pub use self::options::BadFilter;
pub use self::rotation_args::BadRotation;
