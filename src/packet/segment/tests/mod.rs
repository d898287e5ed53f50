//! Each rule, on frames made by hand.

mod frames;
mod links;
mod linux;
mod oversize;
mod properties;
mod supers;
mod unfinished;
