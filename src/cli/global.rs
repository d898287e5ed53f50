//! The flags that every command has.

use clap::{ArgAction, ValueEnum};

/// Global flags.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// AWS profile; beats credentials in the environment.
    #[cfg(feature = "aws")]
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// AWS region; else the environment's, else the profile's.
    #[cfg(feature = "aws")]
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// Send AWS requests here, such as to a test server.
    #[cfg(feature = "aws")]
    #[arg(long, global = true, value_name = "URL", value_parser = url)]
    pub endpoint_url: Option<String>,
    /// How results are written.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: OutputFormat,
    /// When to use colour; NO_COLOR and CLICOLOR_FORCE count, too.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorWhen,
    /// Never ask; a missing value is an error.
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Say more: AWS calls, and with -vv how credentials are found.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Say only who and where, results and errors.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// `--output`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    #[default]
    Text,
    Json,
}

/// `--color`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    #[default]
    Auto,
    Always,
    Never,
}

#[cfg(feature = "aws")]
fn url(text: &str) -> Result<String, String> {
    match text.starts_with("http://") || text.starts_with("https://") {
        true => Ok(text.to_owned()),
        false => Err("a URL begins with http:// or https://".to_owned()),
    }
}
