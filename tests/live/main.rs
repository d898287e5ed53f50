//! `sidetap capture`, `sidetap forward` and `sidetap collect` on real interfaces: the real binary, in network namespaces, against servers that we did not write.
//!
//! Each test has two namespaces of its own with a cable between them, so that tests run beside each other. They need
//! root and the programs that `cargo xtask test` installs; a test that cannot run says why, and fails under `CI=true`.
#![cfg(target_os = "linux")]

mod collect;
mod collect_files;
mod collect_interface;
mod collect_records;
mod ending;
mod export;
mod forward;
mod forward_cap;
mod forward_faults;
mod forward_names;
mod forward_paths;
mod grpc;
mod http1;
mod http2;
mod interfaces;
mod killed;
mod memory;
mod messages;
mod mirrored;
mod monitor;
mod monitor_faults;
mod otlp;
mod rights;
mod support;
mod usage;
mod web_socket;
