//! What every AWS call needs: a session, who it belongs to, and errors that people understand.

mod error;
mod identity;
mod session;

pub use error::{Error, ErrorKind, Result};
pub use identity::Identity;
pub use session::{Session, SessionRequest, environment_region};
