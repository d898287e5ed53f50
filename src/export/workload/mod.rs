//! Whose traffic it is: the task that the sensor is in, as ECS describes it.
//!
//! - [`metadata`]: the task metadata document, version 4
//! - [`arn`]: names of AWS resources
//! - [`watch`]: asks for the document, without anybody having to wait

pub mod arn;
pub mod metadata;
pub mod watch;

pub use arn::Arn;
pub use metadata::{Container, TaskMetadata};
pub use watch::{ENDPOINT_VARIABLE, MetadataError, Watch};
