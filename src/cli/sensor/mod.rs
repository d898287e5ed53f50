//! What `sidetap capture` and `sidetap collect` have in common: from frames to records and what is told of them.

pub mod args;
pub mod conclusion;
pub mod exports;
pub mod options;
pub mod rotation_args;
#[cfg(target_os = "linux")]
pub mod status;
pub mod summary;
mod trouble;

pub use self::args::SensorArgs;
pub use self::exports::BadExports;
pub use self::options::BadFilter;
pub use self::rotation_args::BadRotation;
