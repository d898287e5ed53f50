//! `sidetap capture --read` with conversations that the tests write.

mod conversation;
mod exports;
mod failures;
#[cfg(target_os = "linux")]
mod pipe;
mod read;
mod unreadable;
mod upgrades;
