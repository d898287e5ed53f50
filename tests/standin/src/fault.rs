//! Faults on request.

use serde_json::Value;

use crate::operations::Refusal;

/// What goes wrong with the next calls of an operation.
#[derive(Debug, Clone)]
pub enum Fault {
    /// `ThrottlingException`, so many times.
    Throttle { operation: &'static str, times: u32 },
    /// The work is done and the connection closed without an answer, so many times.
    LoseReply { operation: &'static str, times: u32 },
    /// `AccessDeniedException`, always.
    Deny { operation: &'static str },
    /// A family's revisions are refused because of their role, always.
    RefuseFamily { family: &'static str },
    /// `ExpiredTokenException`, for everything, always.
    ExpireCredentials,
    /// Nothing is done and the connection closed, for everything, until it is repaired.
    Unreachable,
}

/// The faults still to come.
#[derive(Default)]
pub(crate) struct Faults(Vec<Fault>);

/// What to do with a call.
pub(crate) enum Fate {
    Serve,
    ServeAndLoseReply,
    Lose,
    Refuse(Refusal),
}

impl Fate {
    pub fn throttled() -> Self {
        Fate::Refuse(Refusal::new("ThrottlingException", "Rate exceeded"))
    }
}

impl Faults {
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Nothing goes wrong any more.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Decides a call's fate and uses the fault up.
    pub fn fate(&mut self, service: &str, called: &str, body: &Value) -> Fate {
        for fault in &mut self.0 {
            match fault {
                Fault::Throttle { operation, times } if *operation == called && *times > 0 => {
                    *times -= 1;
                    return Fate::throttled();
                }
                Fault::LoseReply { operation, times } if *operation == called && *times > 0 => {
                    *times -= 1;
                    return Fate::ServeAndLoseReply;
                }
                Fault::Deny { operation } if *operation == called => {
                    let message = format!(
                        "User: arn:aws:iam::{0}:user/tester is not authorized to perform: {service}:{called} on resource: \
                         * because no identity-based policy allows the {service}:{called} action",
                        crate::ACCOUNT
                    );
                    return Fate::Refuse(Refusal::new("AccessDeniedException", &message));
                }
                Fault::RefuseFamily { family } if called == "RegisterTaskDefinition" && body["family"] == *family => {
                    return Fate::Refuse(Refusal::new("ClientException", "Role is not valid"));
                }
                Fault::Unreachable => return Fate::Lose,
                Fault::ExpireCredentials => {
                    let message = "The security token included in the request is expired";
                    return Fate::Refuse(Refusal::new("ExpiredTokenException", message));
                }
                _ => {}
            }
        }
        Fate::Serve
    }
}
