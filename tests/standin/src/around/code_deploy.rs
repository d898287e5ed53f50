//! CodeDeploy: what its deployments were made of.
//!
//! Source: the CodeDeploy API reference (2014-10-06).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Around, Input, Reply, unsupported};
use crate::operations::Refusal;

/// What the service knows.
#[derive(Debug, Default)]
pub struct CodeDeploy {
    /// Deployments by id, as `GetDeployment` tells of them.
    pub deployments: BTreeMap<String, Value>,
}

impl CodeDeploy {
    /// Adds a deployment of an application to one of its groups; `revision` is what was deployed.
    pub fn deployment(&mut self, id: &str, application: &str, group: &str, revision: Value) {
        let deployment = json!({
            "deploymentId": id,
            "applicationName": application,
            "deploymentGroupName": group,
            "computePlatform": "ECS",
            "status": "Succeeded",
            "revision": revision
        });
        self.deployments.insert(id.to_owned(), deployment);
    }
}

pub(crate) fn dispatch(state: &mut Around, operation: &str, input: &Input) -> Result<Reply, Refusal> {
    if operation != "GetDeployment" {
        return Err(unsupported(operation));
    }
    let id = input.json["deploymentId"].as_str().unwrap_or_default();
    let deployment = state.code_deploy.deployments.get(id);
    let none = || Refusal::new("DeploymentDoesNotExistException", &format!("The deployment {id} could not be found"));
    Ok(Reply::Json(json!({ "deploymentInfo": deployment.ok_or_else(none)? })))
}
