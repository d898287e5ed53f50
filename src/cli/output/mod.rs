//! What is shown, and how: one place decides.

#[cfg(feature = "aws")]
pub mod brief;
#[cfg(feature = "aws")]
pub mod diagnosis;
#[cfg(feature = "aws")]
pub mod failure;
#[cfg(feature = "aws")]
mod fleet;
mod invisible;
#[cfg(feature = "engine")]
mod lines;
#[cfg(feature = "engine")]
pub mod live;
#[cfg(all(feature = "engine", target_os = "linux"))]
mod messages;
#[cfg(feature = "aws")]
pub mod plan;
mod printer;
#[cfg(feature = "aws")]
pub mod progress;
#[cfg(feature = "aws")]
pub mod report;
#[cfg(feature = "aws")]
pub mod rollback;
#[cfg(feature = "aws")]
pub mod services;
#[cfg(all(feature = "engine", target_os = "linux"))]
mod status;
pub mod style;
#[cfg(feature = "aws")]
pub mod table;

#[cfg(feature = "aws")]
pub use invisible::is_invisible;
#[cfg(feature = "engine")]
pub use invisible::visible;
pub use printer::Printer;
#[cfg(all(feature = "engine", target_os = "linux"))]
pub use status::StatusLine;

/// More targets than this are told of in brief, unless all is asked for with `-v` or as JSON.
#[cfg(feature = "aws")]
pub const MANY: usize = 20;

/// Text from elsewhere without characters that could rewrite a terminal or hide. Line breaks stay.
pub fn sanitise(text: &str) -> String {
    text.chars().filter(|&c| !invisible::is_invisible(c) || c == '\n').collect()
}

/// A number with its thousands apart.
#[cfg(feature = "engine")]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of something: `1 packet`, `2 packets`.
#[cfg(feature = "engine")]
pub fn counted(number: u64, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {what}{ending}", count(number))
}
