//! The regions of AWS's partitions.
//!
//! Source: `endpoints.json` of botocore, version 1.43. A region that is newer can be named all the same.

/// A region with the name that AWS's console gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    pub code: &'static str,
    pub place: &'static str,
}

/// The partition in an ARN, such as `aws` or `aws-cn`.
pub fn partition_of_arn(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').next().filter(|partition| !partition.is_empty())
}

/// The partition that a region belongs to; `aws` for one that is not listed.
pub fn partition_of_region(code: &str) -> &'static str {
    let holds = |(_, regions): &&(&str, &[Region])| regions.iter().any(|region| region.code == code);
    PARTITIONS.iter().find(holds).map_or("aws", |(partition, _)| partition)
}

/// Whether an account has to enable the region before its credentials count there; so it is of all that came after March
/// 2019. Source: "AWS Regions" in the Account Management reference guide.
pub fn is_opt_in(code: &str) -> bool {
    partition_of_region(code) == "aws" && !ENABLED_BY_DEFAULT.contains(&code)
}

/// A region that every account in the partition `aws` has.
pub(super) const IN_EVERY_ACCOUNT: &str = "us-east-1";

const ENABLED_BY_DEFAULT: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The regions of a partition, by code; none of one that is not listed.
pub fn regions(partition: &str) -> &'static [Region] {
    PARTITIONS.iter().find(|(name, _)| *name == partition).map_or(&[], |(_, regions)| regions)
}

const fn region(code: &'static str, place: &'static str) -> Region {
    Region { code, place }
}

const PARTITIONS: [(&str, &[Region]); 8] = [
    (
        "aws",
        &[
            region("af-south-1", "Africa (Cape Town)"),
            region("ap-east-1", "Asia Pacific (Hong Kong)"),
            region("ap-east-2", "Asia Pacific (Taipei)"),
            region("ap-northeast-1", "Asia Pacific (Tokyo)"),
            region("ap-northeast-2", "Asia Pacific (Seoul)"),
            region("ap-northeast-3", "Asia Pacific (Osaka)"),
            region("ap-south-1", "Asia Pacific (Mumbai)"),
            region("ap-south-2", "Asia Pacific (Hyderabad)"),
            region("ap-southeast-1", "Asia Pacific (Singapore)"),
            region("ap-southeast-2", "Asia Pacific (Sydney)"),
            region("ap-southeast-3", "Asia Pacific (Jakarta)"),
            region("ap-southeast-4", "Asia Pacific (Melbourne)"),
            region("ap-southeast-5", "Asia Pacific (Malaysia)"),
            region("ap-southeast-6", "Asia Pacific (New Zealand)"),
            region("ap-southeast-7", "Asia Pacific (Thailand)"),
            region("ca-central-1", "Canada (Central)"),
            region("ca-west-1", "Canada West (Calgary)"),
            region("eu-central-1", "Europe (Frankfurt)"),
            region("eu-central-2", "Europe (Zurich)"),
            region("eu-north-1", "Europe (Stockholm)"),
            region("eu-south-1", "Europe (Milan)"),
            region("eu-south-2", "Europe (Spain)"),
            region("eu-west-1", "Europe (Ireland)"),
            region("eu-west-2", "Europe (London)"),
            region("eu-west-3", "Europe (Paris)"),
            region("il-central-1", "Israel (Tel Aviv)"),
            region("me-central-1", "Middle East (UAE)"),
            region("me-south-1", "Middle East (Bahrain)"),
            region("mx-central-1", "Mexico (Central)"),
            region("sa-east-1", "South America (Sao Paulo)"),
            region("us-east-1", "US East (N. Virginia)"),
            region("us-east-2", "US East (Ohio)"),
            region("us-west-1", "US West (N. California)"),
            region("us-west-2", "US West (Oregon)"),
        ],
    ),
    ("aws-cn", &[region("cn-north-1", "China (Beijing)"), region("cn-northwest-1", "China (Ningxia)")]),
    (
        "aws-us-gov",
        &[region("us-gov-east-1", "AWS GovCloud (US-East)"), region("us-gov-west-1", "AWS GovCloud (US-West)")],
    ),
    ("aws-iso", &[region("us-iso-east-1", "US ISO East"), region("us-iso-west-1", "US ISO WEST")]),
    ("aws-iso-b", &[region("us-isob-east-1", "US ISOB East (Ohio)"), region("us-isob-west-1", "US ISOB West")]),
    ("aws-iso-e", &[region("eu-isoe-west-1", "EU ISOE West")]),
    ("aws-iso-f", &[region("us-isof-east-1", "US ISOF EAST"), region("us-isof-south-1", "US ISOF SOUTH")]),
    ("aws-eusc", &[region("eusc-de-east-1", "AWS European Sovereign Cloud (Germany)")]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_and_an_arn_lead_to_the_same_partition() {
        assert_eq!(partition_of_region("cn-north-1"), "aws-cn");
        assert_eq!(partition_of_arn("arn:aws-cn:iam::123456789012:user/a"), Some("aws-cn"));
        assert_eq!(partition_of_region("xx-new-1"), "aws");
        assert_eq!(partition_of_arn("somebody"), None);
        assert!(regions("aws-us-gov").iter().any(|region| region.code == "us-gov-west-1"));
        assert_eq!(regions("aws-moon"), []);
    }

    #[test]
    fn regions_that_have_to_be_enabled_are_known() {
        assert!(["af-south-1", "eu-south-2", "me-central-1", "xx-new-1"].into_iter().all(is_opt_in));
        assert!(!["eu-west-1", IN_EVERY_ACCOUNT, "cn-north-1", "us-gov-west-1"].into_iter().any(is_opt_in));
        assert!(ENABLED_BY_DEFAULT.iter().all(|code| regions("aws").iter().any(|region| region.code == *code)));
    }

    #[test]
    fn every_region_is_listed_once_and_in_order() {
        let all: Vec<_> = PARTITIONS.iter().flat_map(|(_, regions)| *regions).map(|region| region.code).collect();
        let mut once = all.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), all.len());
        assert!(PARTITIONS.iter().all(|(_, regions)| regions.is_sorted_by_key(|region| region.code)));
        assert_eq!(regions("aws").len(), 34);
    }
}
