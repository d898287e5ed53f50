//! ARNs of ECS resources, as far as names have to be read from them.

/// The last part of an ARN, or the name itself: the service's, cluster's or task definition's name.
pub fn resource_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The cluster's name in a long service ARN (`…:service/CLUSTER/NAME`); `None` in the short form of accounts that
/// never switched.
pub(super) fn cluster_in_service_arn(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.split('/').collect();
    (parts.len() == 3).then(|| parts[1])
}

/// The name of a cluster given by name or ARN.
pub fn cluster_name(cluster: &str) -> &str {
    resource_name(cluster)
}

/// `family:revision` of a task definition's ARN.
pub fn family_revision(arn: &str) -> &str {
    resource_name(arn)
}

/// The account in an ARN.
pub(super) fn account(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// The family in a task definition's ARN or `family:revision`.
pub(super) fn family(arn: &str) -> &str {
    let name = resource_name(arn);
    name.split_once(':').map_or(name, |(family, _)| family)
}

/// The revision's number in a task definition's ARN.
pub(super) fn revision(arn: &str) -> Option<u64> {
    resource_name(arn).split_once(':')?.1.parse().ok()
}

/// The ARN of a task definition given as `family:revision`, in the account and region of another one's ARN.
pub(super) fn beside(arn: &str, family_revision: &str) -> Option<String> {
    arn.rsplit_once('/').map(|(place, _)| format!("{place}/{family_revision}"))
}
