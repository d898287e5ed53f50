//! What every AWS call needs: a session, who it belongs to, and errors that people understand; and a small client for
//! the few calls outside ECS and STS.

mod answer;
mod endpoint;
mod error;
mod identity;
mod request;
mod service;
mod session;
mod signed;
mod xml;

pub use error::{Error, ErrorKind, Result};
pub use identity::Identity;
pub use request::encoded;
pub use service::Service;
pub use session::{Session, SessionRequest, environment_region};
pub use signed::Signed;
pub use xml::Xml;
