//! `sidetap doctor`: it finds each fault, and is silent where there is none.

mod boto3;
mod healthy;
mod network;
mod rules;
mod task;
pub mod world;
