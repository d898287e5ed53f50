//! `sidetap capture --read` with conversations that the tests write.

mod configuration;
mod conversation;
mod exports;
mod failures;
mod levo;
#[cfg(target_os = "linux")]
mod pipe;
mod read;
mod unreadable;
mod upgrades;
