//! What every AWS call needs: a session, who it belongs to, and errors that people understand; and a small client for
//! the few calls outside ECS and STS.

mod answer;
pub mod command_line;
mod endpoint;
mod error;
mod identity;
mod profiles;
mod regions;
mod request;
mod service;
mod session;
mod signed;
mod web;
mod xml;

pub use error::{Error, ErrorKind, Result};
pub use identity::Identity;
pub use profiles::{Profile, Source, environment_has_keys, profiles, usual_profile};
pub use regions::{Region, is_opt_in, partition_of_arn, partition_of_region, regions};
pub use request::encoded;
pub use service::Service;
pub use session::{Session, SessionRequest, check_region, environment_region};
pub use signed::Signed;
pub use web::{Web, WebAnswer};
pub use xml::Xml;
