//! What a policy is narrowed to.

use super::arn::resource_name;

/// What a policy is narrowed to; what is absent stays open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// The cluster, by name or ARN.
    pub cluster: Option<String>,
    /// The account's 12 digits.
    pub account: Option<String>,
    pub region: Option<String>,
}

/// Why nothing can be narrowed so. A policy of it would allow nothing, or something else than was meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNarrowing {
    #[error("`--cluster {0}` is no name and no ARN of a cluster")]
    NotACluster(String),
    #[error("`--region {0}` is no region")]
    NotARegion(String),
    #[error("`{flag} {given}` contradicts the cluster's ARN, which is of `{of_cluster}`")]
    Contradiction { flag: &'static str, given: String, of_cluster: String },
}

impl BadNarrowing {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            BadNarrowing::NotACluster(_) => {
                "a name has up to 255 letters, digits, hyphens and underscores; an ARN is \
                 arn:aws:ecs:REGION:ACCOUNT:cluster/NAME"
            }
            BadNarrowing::NotARegion(_) => "give the region's code, such as eu-west-1",
            BadNarrowing::Contradiction { .. } => "leave it out: the cluster's ARN says where it is",
        }
    }
}

impl Narrowing {
    /// Refuses what cannot be meant.
    ///
    /// Source of the names: `CreateCluster` in the ECS API reference.
    pub fn check(&self) -> Result<(), BadNarrowing> {
        if let Some(region) = self.region.as_ref().filter(|region| !is_region(region)) {
            return Err(BadNarrowing::NotARegion(region.clone()));
        }
        let Some(cluster) = &self.cluster else { return Ok(()) };
        let wrong = || Err(BadNarrowing::NotACluster(cluster.clone()));
        if !is_name(resource_name(cluster)) {
            return wrong();
        }
        let parts: Vec<&str> = cluster.split(':').collect();
        match parts[..] {
            [_] if !cluster.contains('/') => Ok(()),
            ["arn", partition, "ecs", region, account, resource] => {
                let is_cluster = resource.strip_prefix("cluster/").is_some_and(is_name);
                if !is_cluster || !partition.starts_with("aws") || !is_region(region) || !is_account(account) {
                    return wrong();
                }
                agrees("--region", self.region.as_deref(), region)?;
                agrees("--account", self.account.as_deref(), account)
            }
            _ => wrong(),
        }
    }
}

fn agrees(flag: &'static str, given: Option<&str>, of_cluster: &str) -> Result<(), BadNarrowing> {
    match given {
        Some(given) if given != of_cluster => {
            Err(BadNarrowing::Contradiction { flag, given: given.to_owned(), of_cluster: of_cluster.to_owned() })
        }
        _ => Ok(()),
    }
}

fn is_name(text: &str) -> bool {
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=255).contains(&text.len()) && text.chars().all(valid)
}

fn is_region(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrowed(cluster: &str, account: Option<&str>, region: Option<&str>) -> Result<(), BadNarrowing> {
        let [account, region] = [account, region].map(|given| given.map(str::to_owned));
        Narrowing { cluster: Some(cluster.to_owned()), account, region }.check()
    }

    #[test]
    fn a_cluster_is_a_name_or_an_arn() {
        let arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/main";
        for good in ["main", "Main_2", arn, "arn:aws-cn:ecs:cn-north-1:123456789012:cluster/main"] {
            assert_eq!(narrowed(good, None, None), Ok(()), "{good}");
        }
        for bad in ["a b", "", "*", "a/b", "arn:aws:ecs:eu-west-1:1:cluster/main", &arn.replace("cluster", "service")] {
            assert_eq!(narrowed(bad, None, None), Err(BadNarrowing::NotACluster(bad.to_owned())));
        }
        assert_eq!(narrowed(arn, Some("123456789012"), Some("eu-west-1")), Ok(()));
        assert!(matches!(narrowed(arn, Some("210987654321"), None), Err(BadNarrowing::Contradiction { .. })));
        assert!(matches!(narrowed(arn, None, Some("us-east-1")), Err(BadNarrowing::Contradiction { .. })));
        assert!(matches!(narrowed("main", None, Some("eu west")), Err(BadNarrowing::NotARegion(_))));
    }
}
