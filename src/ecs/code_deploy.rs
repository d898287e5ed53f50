//! What CodeDeploy is to do for a service that it deploys: the AppSpec of the new revision, and the command.
//!
//! ECS knows the deployment that made a service's tasks, and CodeDeploy what that was of: the application, the deployment
//! group, and the AppSpec, whose hooks and settings are to stay. Where that cannot be read, the AppSpec is made of what the
//! service has, and the names are those that the ECS console gives.
//! Source: the AppSpec reference for ECS deployments in the CodeDeploy user guide.

use serde_json::{Value, json};

use super::arn::resource_name;
use super::client::Ecs;
use super::service::Service;
use crate::aws::Service::CodeDeploy;
use crate::aws::SessionRequest;
use crate::aws::command_line::{flags, quoted};

/// What to give to CodeDeploy.
#[derive(Debug)]
pub(super) struct Deployment {
    pub app_spec: Value,
    /// A command line for a shell.
    pub command: String,
    /// What is not certain, a sentence each.
    pub notes: Vec<String>,
}

/// What CodeDeploy tells of the last deployment.
#[derive(Debug, Default)]
struct Last {
    application: String,
    group: String,
    revision: Value,
}

impl Ecs {
    /// What to give to CodeDeploy so that it deploys `task_definition`.
    pub(super) async fn code_deployment(&self, service: &Service, task_definition: &str) -> Deployment {
        let mut notes = Vec::new();
        let last = match &service.code_deploy_deployment {
            Some(id) => self.last_deployment(id).await.map_err(|why| format!("deployment {id} cannot be read: {why}")),
            None => Err("ECS knows no deployment of CodeDeploy for it".to_owned()),
        };
        let (application, group) = match &last {
            Ok(last) => (last.application.clone(), last.group.clone()),
            Err(why) => {
                notes.push(format!(
                    "the names of the application and the deployment group are guessed, as the ECS console gives them: \
                     {why}"
                ));
                let of = format!("{}-{}", resource_name(&service.cluster_arn), service.name);
                (format!("AppECS-{of}"), format!("DgpECS-{of}"))
            }
        };
        let former = last.ok().and_then(|last| with_task_definition(&last.revision, task_definition));
        let app_spec = former.unwrap_or_else(|| {
            notes
                .push("the AppSpec is made of what the service has: add the hooks of yours, if it has some".to_owned());
            app_spec(service, task_definition)
        });
        let place = SessionRequest { region: Some(self.region.clone()), ..self.place.clone() };
        let command = command(&place, &application, &group, &app_spec);
        Deployment { app_spec, command, notes }
    }

    async fn last_deployment(&self, id: &str) -> Result<Last, String> {
        let answer = self.signed.json(CodeDeploy, "GetDeployment", &json!({ "deploymentId": id })).await;
        let info = answer.map_err(|error| error.to_string())?["deploymentInfo"].take();
        let text = |key: &str| info[key].as_str().map(str::to_owned);
        match text("applicationName").zip(text("deploymentGroupName")) {
            Some((application, group)) => Ok(Last { application, group, revision: info["revision"].clone() }),
            None => Err("it names no application and group".to_owned()),
        }
    }
}

/// The AppSpec of a revision with another task definition, if the revision holds it as JSON. All else in it stays.
fn with_task_definition(revision: &Value, task_definition: &str) -> Option<Value> {
    let content = revision["appSpecContent"]["content"].as_str()?;
    let mut app_spec: Value = serde_json::from_str(content).ok()?;
    let resources = member(&mut app_spec, "resources")?.as_array_mut()?;
    let [resource] = resources.as_mut_slice() else { return None };
    let (_, target) = resource.as_object_mut()?.iter_mut().next()?;
    *member(member(target, "properties")?, "taskdefinition")? = task_definition.into();
    Some(app_spec)
}

/// A member by its name in lower case: CodeDeploy takes names in any.
fn member<'a>(value: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let mut members = value.as_object_mut()?.iter_mut();
    members.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, member)| member)
}

/// An AppSpec of what the service has. Without network settings CodeDeploy keeps the service's own.
fn app_spec(service: &Service, task_definition: &str) -> Value {
    let mut properties = json!({ "TaskDefinition": task_definition });
    if let Some((container, port)) = &service.load_balancer {
        properties["LoadBalancerInfo"] = json!({ "ContainerName": container, "ContainerPort": port });
    }
    if let Some(version) = &service.platform_version {
        properties["PlatformVersion"] = version.as_str().into();
    }
    if !service.capacity_providers.is_empty() {
        let item = |(provider, base, weight): &(String, i32, i32)| json!({ "Base": base, "CapacityProvider": provider, "Weight": weight });
        properties["CapacityProviderStrategy"] = service.capacity_providers.iter().map(item).collect();
    }
    json!({
        "version": 0.0,
        "Resources": [{ "TargetService": { "Type": "AWS::ECS::Service", "Properties": properties } }]
    })
}

fn command(place: &SessionRequest, application: &str, group: &str, app_spec: &Value) -> String {
    let revision = json!({
        "revisionType": "AppSpecContent",
        "appSpecContent": { "content": app_spec.to_string() }
    });
    // In single quotes it stays readable; JSON has another way to write one.
    let revision = revision.to_string().replace('\'', "\\u0027");
    let words = ["--application-name", application, "--deployment-group-name", group].map(str::to_owned);
    let words: Vec<String> = flags(place).into_iter().chain(words).collect();
    format!("aws deploy create-deployment {} --revision '{revision}'", quoted(&words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_app_spec_stays_but_for_the_task_definition() {
        let former = json!({
            "version": 0.0,
            "Resources": [{ "TargetService": { "Type": "AWS::ECS::Service", "Properties": {
                "TaskDefinition": "old", "LoadBalancerInfo": { "ContainerName": "app", "ContainerPort": 80 }
            } } }],
            "Hooks": [{ "BeforeAllowTraffic": "validate" }]
        });
        let revision = |content: String| json!({ "appSpecContent": { "content": content } });
        let mut expected = former.clone();
        expected["Resources"][0]["TargetService"]["Properties"]["TaskDefinition"] = "new".into();
        assert_eq!(with_task_definition(&revision(former.to_string()), "new"), Some(expected));

        let lower =
            r#"{"version": 0.0, "resources": [{"web": {"type": "x", "properties": {"taskDefinition": "old"}}}]}"#;
        let changed = with_task_definition(&revision(lower.to_owned()), "new").unwrap();
        assert_eq!(changed["resources"][0]["web"]["properties"]["taskDefinition"], "new");

        for other in ["version: 0.0\nResources: []", "{}", r#"{"Resources": []}"#, r#"{"Resources": [{"a": 1}]}"#] {
            assert_eq!(with_task_definition(&revision(other.to_owned()), "new"), None, "{other}");
        }
        assert_eq!(with_task_definition(&json!({ "s3Location": { "bucket": "b" } }), "new"), None);
    }
}
