//! Whose traffic it is: the end of each object, which is the same for all of them.

use std::sync::{Arc, Mutex, PoisonError};

use crate::export::json::{self, member};

/// What the user says of where this runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Such as `staging`.
    pub name: String,
    pub host_name: Option<String>,
}

impl Environment {
    /// Writes the end of an object, whose beginning [`item::write`](super::item::write) has written.
    fn write(&self, service_name: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(br#","resource":{"service_name":"#);
        json::string(out, service_name.as_bytes());
        out.extend_from_slice(member!("host_name"));
        json::string(out, self.host_name.as_deref().unwrap_or_default().as_bytes());
        out.extend_from_slice(member!("levo_env"));
        json::string(out, self.name.as_bytes());
        out.extend_from_slice(br#","telemetry_sdk_language":"rust","telemetry_sdk_name":"#);
        json::string(out, env!("CARGO_PKG_NAME").as_bytes());
        out.extend_from_slice(member!("telemetry_sdk_version"));
        json::string(out, env!("CARGO_PKG_VERSION").as_bytes());
        out.extend_from_slice(b"}}");
    }
}

/// The end of each object, which is replaced when the service's name is found out.
#[derive(Debug, Clone)]
pub struct ResourceCell {
    environment: Arc<Environment>,
    text: Arc<Mutex<Vec<u8>>>,
}

impl ResourceCell {
    /// Where this runs, and the service's name as far as it is known.
    pub fn new(environment: Environment, service_name: &str) -> Self {
        let cell = ResourceCell { environment: Arc::new(environment), text: Arc::default() };
        cell.set(service_name);
        cell
    }

    /// What is sent from now on is about this service.
    pub fn set(&self, service_name: &str) {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.clear();
        self.environment.write(service_name, &mut text);
    }

    /// Adds it as it is now.
    pub fn add_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.text.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
