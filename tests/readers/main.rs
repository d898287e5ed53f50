//! What reads the output of `sidetap capture`: a search for secrets that may not leave, and programs that we did not write.

mod capture_file;
mod formats;
mod leaks;
#[cfg(target_os = "linux")]
mod live_leaks;
mod needles;
#[path = "../support/not_run.rs"]
mod not_run;
mod ordinary;
mod report;
mod run;
#[path = "../../src/sensor/privacy/secrets.rs"]
mod secrets;
mod shop;
mod tools;
mod traffic;
mod wire;
