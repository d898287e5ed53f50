//! The tests of the binary, one file a command or capability. Pure rules are tested beside their code and in
//! `properties`.

#[cfg(target_os = "linux")]
mod action;
mod apply;
mod bad_input;
mod boto3;
mod code_deploy;
#[cfg(target_os = "linux")]
mod confirm;
mod corpus;
mod demo;
mod doctor;
mod emit;
mod exit_codes;
#[cfg(unix)]
mod fleet;
mod gateway;
mod generated;
mod inject_file;
mod inject_service;
mod interactivity;
mod json_output;
mod list;
mod many;
mod moto;
mod ownership;
mod plan_schema;
mod policy;
#[cfg(feature = "engine")]
mod preset_commands;
mod properties;
mod refused_values;
mod remove_file;
mod remove_service;
#[cfg(unix)]
mod resume;
mod rollback;
mod rollout;
mod scale;
mod schedules;
mod session;
mod signed;
mod status;
mod support;
#[cfg(target_os = "linux")]
mod wizard;
#[cfg(target_os = "linux")]
mod wizard_back;
#[cfg(target_os = "linux")]
mod wizard_interrupted;
#[cfg(target_os = "linux")]
mod wizard_obstacles;
#[cfg(target_os = "linux")]
mod wizard_paths;
#[cfg(target_os = "linux")]
mod wizard_screen;
