//! `sidetap capture --read` with conversations that the tests write.

mod conversation;
mod exports;
mod failures;
mod read;
mod unreadable;
mod upgrades;
