//! `sidetap capture --read` with conversations that the tests write.

mod conversation;
mod read;
mod unreadable;
mod upgrades;
