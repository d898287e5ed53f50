//! What is shown, and how: one place decides.

#[cfg(feature = "aws")]
pub mod plan;
mod printer;
#[cfg(feature = "aws")]
pub mod progress;
#[cfg(feature = "aws")]
pub mod report;
pub mod style;
#[cfg(feature = "aws")]
pub mod table;

pub use printer::Printer;

/// Text from elsewhere without control characters, which could rewrite a terminal. Line breaks stay.
pub fn sanitise(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n').collect()
}
