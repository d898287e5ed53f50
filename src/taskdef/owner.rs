//! Who else deploys a service or a task definition, by the tags that infrastructure as code leaves on it.
//!
//! CloudFormation tags what it makes by itself, with keys that nobody else can set. AWS CDK, SAM and Copilot deploy
//! through it; the latter two add tags of their own. Terraform and Pulumi tag nothing: people do, mostly for all that a
//! provider makes (`default_tags`, `aws:defaultTags`), and mostly with the tool's name in the key or the value.

use super::target::Target;
use super::warning::Warning;

const STACK: &str = "aws:cloudformation:stack-name";
const LOGICAL_ID: &str = "aws:cloudformation:logical-id";

/// Keys whose value names the tool, as letters and digits in lower case.
const ORIGIN_KEYS: [&str; 29] = [
    "automatedby",
    "automation",
    "builtby",
    "builtwith",
    "controlledby",
    "createdby",
    "createdfrom",
    "createdusing",
    "createdvia",
    "createdwith",
    "creator",
    "deployedby",
    "deployedvia",
    "deployedwith",
    "deployment",
    "generatedby",
    "iac",
    "iactool",
    "infrastructureascode",
    "maintainedby",
    "maintainer",
    "managed",
    "managedby",
    "managedvia",
    "managedwith",
    "manager",
    "orchestrator",
    "provisionedby",
    "provisioner",
];

/// Values by which a tag says that it is not so.
const NEGATIVE: [&str; 5] = ["false", "no", "none", "off", "0"];

/// A tool that deploys from a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    CloudFormation,
    Terraform,
    Pulumi,
}

/// Who deploys something, and by what that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pub tool: Tool,
    /// The tool as its users call it: one that deploys through another, such as `AWS Copilot`, or the tool itself.
    pub name: &'static str,
    /// CloudFormation's stack.
    pub stack: Option<String>,
    /// The name of the resource in CloudFormation's template.
    pub logical_id: Option<String>,
    /// The tag that tells, where it is not CloudFormation's own: key and value.
    pub tag: Option<(String, String)>,
}

/// What a sidecar is printed as, for a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// What the sidecar adds and changes, as JSON of the ECS API.
    Json,
    /// A template of CloudFormation in YAML, with the whole task definition.
    CloudFormation,
    /// A resource of Terraform, with the whole task definition.
    Terraform,
}

impl Format {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::CloudFormation => "cloudformation",
            Format::Terraform => "terraform",
        }
    }
}

/// What is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resource {
    Service,
    TaskDefinition,
}

/// Who deploys what bears these tags; CloudFormation first, whose tags nobody else can set.
pub fn owner(tags: &[(String, String)]) -> Option<Owner> {
    let value = |key: &str| tags.iter().find(|(other, _)| other == key).map(|(_, value)| value.clone());
    if tags.iter().any(|(key, _)| key.starts_with("aws:cloudformation:")) {
        let name = through_cloudformation(tags).map_or("CloudFormation", |(name, _)| name);
        let (stack, logical_id) = (value(STACK), value(LOGICAL_ID));
        return Some(Owner { tool: Tool::CloudFormation, name, stack, logical_id, tag: None });
    }
    let by_tag = |tool, name, tag: &(String, String)| {
        Some(Owner { tool, name, stack: None, logical_id: None, tag: Some(tag.clone()) })
    };
    if let Some((name, tag)) = through_cloudformation(tags) {
        return by_tag(Tool::CloudFormation, name, tag);
    }
    tags.iter().find_map(|tag| {
        let (tool, name) = tool_of(tag)?;
        by_tag(tool, name, tag)
    })
}

/// Tools that deploy through CloudFormation and say so: the name, and the tag.
fn through_cloudformation(tags: &[(String, String)]) -> Option<(&'static str, &(String, String))> {
    tags.iter().find_map(|tag| {
        let (key, value) = (tag.0.as_str(), tag.1.as_str());
        match key {
            "copilot-application" | "copilot-environment" | "copilot-service" => Some(("AWS Copilot", tag)),
            "lambda:createdBy" if value == "SAM" => Some(("AWS SAM", tag)),
            _ => None,
        }
    })
}

/// The tool that a tag names: in its key, unless the value denies it, or in its value, where the key asks for it.
fn tool_of((key, value): &(String, String)) -> Option<(Tool, &'static str)> {
    const NAMES: [(&str, Tool, &str); 9] = [
        ("terraform", Tool::Terraform, "Terraform"),
        ("terragrunt", Tool::Terraform, "Terragrunt"),
        ("opentofu", Tool::Terraform, "OpenTofu"),
        ("pulumi", Tool::Pulumi, "Pulumi"),
        ("cloudformation", Tool::CloudFormation, "CloudFormation"),
        ("awscdk", Tool::CloudFormation, "AWS CDK"),
        ("cdk", Tool::CloudFormation, "AWS CDK"),
        ("copilot", Tool::CloudFormation, "AWS Copilot"),
        ("sam", Tool::CloudFormation, "AWS SAM"),
    ];
    let (key, value) = (letters(key), letters(value));
    let found = match ORIGIN_KEYS.contains(&key.as_str()) {
        // `terraform`, `Terraform Cloud`, `terraform/modules/web`; of the short names nothing but themselves.
        true => NAMES.iter().find(|(name, ..)| value == *name || (name.len() > 5 && value.starts_with(name))),
        // `Terraform`, `terraform:module`, `CreatedByTerraform`; but `cdk` and `sam` are in many words.
        false => NAMES[..4].iter().find(|(name, ..)| key.contains(name) && !NEGATIVE.contains(&value.as_str())),
    };
    found.map(|(_, tool, name)| (*tool, *name))
}

/// Letters and digits in lower case: `Managed-By`, `managed_by` and `managedBy` are the same.
fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

impl Owner {
    /// The code of its warning.
    pub fn code(&self) -> &'static str {
        match self.tool {
            Tool::CloudFormation => "managed-by-cloudformation",
            Tool::Terraform => "managed-by-terraform",
            Tool::Pulumi => "managed-by-pulumi",
        }
    }

    /// CloudFormation's stack, or the tag.
    fn evidence(&self) -> String {
        match (&self.stack, &self.tag) {
            (Some(stack), _) => format!("stack `{stack}`"),
            (None, Some((key, value))) if value.is_empty() => format!("tag `{key}`"),
            (None, Some((key, value))) => format!("tag `{key}={value}`"),
            (None, None) => "its tags say so".to_owned(),
        }
    }

    /// What to print for whoever edits its description.
    pub fn format(&self) -> Format {
        match self.tool {
            Tool::CloudFormation => Format::CloudFormation,
            Tool::Terraform => Format::Terraform,
            // Its programs are in languages of their own.
            Tool::Pulumi => Format::Json,
        }
    }

    /// The deployment that undoes what was changed beside it.
    fn next_deployment(&self) -> &'static str {
        match self.tool {
            Tool::CloudFormation => "the next deployment of its template",
            Tool::Terraform => "the next `apply` of its configuration",
            Tool::Pulumi => "the next `pulumi up`",
        }
    }
}

/// By what owners of one tool are known, such as "stack `shop`, logical ids `Service` and `TaskDefinition`".
fn known_by<'a>(owners: impl Iterator<Item = &'a Owner> + Clone) -> String {
    let mut evidence: Vec<String> = owners.clone().map(Owner::evidence).collect();
    evidence.dedup();
    let ids: Vec<String> = owners.filter_map(|owner| Some(format!("`{}`", owner.logical_id.as_ref()?))).collect();
    let ids = match ids.len() {
        0 => String::new(),
        1 => format!(", logical id {}", ids[0]),
        _ => format!(", logical ids {}", ids.join(" and ")),
    };
    evidence.join(" and ") + &ids
}

/// A warning for each tool that deploys the target, by its tags: that the sidecar does not last, and what does.
pub fn warnings(target: &Target) -> Vec<Warning> {
    let resources = [(Resource::Service, &target.service_tags), (Resource::TaskDefinition, &target.base_tags)];
    let owned: Vec<(Resource, Owner)> =
        resources.into_iter().filter_map(|(resource, tags)| Some((resource, owner(tags)?))).collect();
    let mut warnings: Vec<Warning> = Vec::new();
    for (index, (resource, first)) in owned.iter().enumerate() {
        if owned[..index].iter().any(|(_, other)| other.tool == first.tool) {
            continue;
        }
        let same = || owned.iter().filter(|(_, other)| other.tool == first.tool);
        let what = match (resource, same().count()) {
            (Resource::Service, 1) => "this service",
            (Resource::TaskDefinition, 1) => "this task definition",
            _ => "this service and its task definition",
        };
        let known = known_by(same().map(|(_, owner)| owner));
        let text = format!(
            "{} manages {what} ({known}): {} takes the sidecar out again; `--emit {}` prints what to put there instead",
            first.name,
            first.next_deployment(),
            first.format().name()
        );
        warnings.push(Warning::new(first.code(), text));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_tags_that_people_use_for_terraform_and_pulumi_are_recognised() {
        for (key, value, tool) in [
            ("Terraform", "true", Some(Tool::Terraform)),
            ("terraform", "", Some(Tool::Terraform)),
            ("terraform", "yes", Some(Tool::Terraform)),
            ("CreatedByTerraform", "True", Some(Tool::Terraform)),
            ("terraform_managed", "1", Some(Tool::Terraform)),
            ("terraform:module", "web", Some(Tool::Terraform)),
            ("Terraform-Workspace", "prod", Some(Tool::Terraform)),
            ("ManagedBy", "terraform", Some(Tool::Terraform)),
            ("managed-by", "Terraform", Some(Tool::Terraform)),
            ("managed_by", "terraform cloud", Some(Tool::Terraform)),
            ("Managed By", "TERRAFORM", Some(Tool::Terraform)),
            ("Creator", "Terraform", Some(Tool::Terraform)),
            ("provisioner", "terraform", Some(Tool::Terraform)),
            ("IaC", "OpenTofu", Some(Tool::Terraform)),
            ("iac", "terragrunt", Some(Tool::Terraform)),
            ("pulumi:project", "shop", Some(Tool::Pulumi)),
            ("pulumi:Stack", "prod", Some(Tool::Pulumi)),
            ("ManagedBy", "Pulumi", Some(Tool::Pulumi)),
            ("ManagedBy", "CDK", Some(Tool::CloudFormation)),
            ("CreatedBy", "aws-cdk", Some(Tool::CloudFormation)),
            ("managedby", "CloudFormation", Some(Tool::CloudFormation)),
            ("copilot-service", "api", Some(Tool::CloudFormation)),
            ("Terraform", "false", None),
            ("terraform", "No", None),
            ("ManagedBy", "platform team", None),
            ("CreatedBy", "samantha", None),
            ("Name", "terraform", None),
            ("Service", "pulumi", None),
            ("cdk-note", "x", None),
            ("team", "sam", None),
            ("", "", None),
        ] {
            assert_eq!(owner(&tags(&[(key, value)])).map(|owner| owner.tool), tool, "{key}={value}");
        }
    }

    #[test]
    fn cloudformation_says_its_stack_and_logical_id_whatever_else_is_said() {
        let owner = owner(&tags(&[
            ("ManagedBy", "terraform"),
            ("aws:cloudformation:stack-name", "shop-prod"),
            ("aws:cloudformation:logical-id", "Service"),
            ("copilot-application", "shop"),
        ]));
        let owner = owner.unwrap();
        assert_eq!((owner.tool, owner.name), (Tool::CloudFormation, "AWS Copilot"));
        assert_eq!(known_by([&owner].into_iter()), "stack `shop-prod`, logical id `Service`");
    }

    #[test]
    fn one_tool_is_warned_of_once_and_two_twice() {
        let stack = tags(&[("aws:cloudformation:stack-name", "s")]);
        let terraform = tags(&[("Terraform", "true")]);
        let of = |service: &[(String, String)], definition: &[(String, String)]| {
            let target = Target::service("arn", "arn");
            warnings(&Target { service_tags: service.to_vec(), base_tags: definition.to_vec(), ..target })
        };
        let both = of(&stack, &stack);
        assert_eq!(both.len(), 1);
        assert!(both[0].message.starts_with(
            "CloudFormation manages this service and its task definition (stack `s`): the next deployment"
        ));
        let codes: Vec<String> = of(&stack, &terraform).into_iter().map(|warning| warning.code).collect();
        assert_eq!(codes, ["managed-by-cloudformation", "managed-by-terraform"]);
        assert!(
            of(&[], &terraform)[0].message.starts_with("Terraform manages this task definition (tag `Terraform=true`)")
        );
        assert_eq!(of(&[], &[]), []);
    }
}
