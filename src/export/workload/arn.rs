//! Names of AWS resources: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.

/// The parts of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    /// Such as `task/CLUSTER/ID`. It may have colons.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// The parts of a text, if it is one.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        let (scheme, partition, service) = (next()?, next()?, next()?);
        let (region, account, resource) = (next()?, next()?, next()?);
        let is_whole = scheme == "arn" && ![partition, service, resource].contains(&"");
        is_whole.then_some(Arn { partition, service, region, account, resource })
    }

    /// What comes after the last slash of the resource.
    pub fn id(&self) -> &'a str {
        self.resource.rsplit('/').next().unwrap_or(self.resource)
    }

    /// The name of another resource of the same service, region and account.
    pub fn sibling(&self, resource: &str) -> String {
        let Arn { partition, service, region, account, .. } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_has_a_region_an_account_and_an_id() {
        let arn = Arn::parse("arn:aws-cn:ecs:cn-north-1:123456789012:task/main/0a1b").unwrap();
        assert_eq!((arn.region, arn.account, arn.id()), ("cn-north-1", "123456789012", "0a1b"));
        assert_eq!(arn.sibling("cluster/main"), "arn:aws-cn:ecs:cn-north-1:123456789012:cluster/main");
        // The older form, without the cluster.
        assert_eq!(Arn::parse("arn:aws:ecs:us-east-1:123456789012:task/0a1b").unwrap().id(), "0a1b");
    }

    #[test]
    fn other_text_is_none() {
        for text in
            ["", "main", "arn:aws:ecs", "urn:aws:ecs:us-east-1:1:task/a", "arn::ecs:r:a:task/a", "arn:aws:ecs:r:a:"]
        {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
