//! The name of an image: registry, repository, and tag or digest.
//!
//! Source: the grammar of references in the distribution project, and Docker's defaults for what is left out.

/// Docker's registry, for images that name none.
const DEFAULT_REGISTRY: &str = "registry-1.docker.io";

/// A parsed name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageName {
    /// The registry's host, with its port if it names one.
    pub registry: String,
    pub repository: String,
    /// A tag, or a digest such as `sha256:…`.
    pub reference: String,
}

/// A private repository of ECR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EcrImage {
    pub account: String,
    pub region: String,
    pub repository: String,
    pub reference: String,
}

impl ImageName {
    /// `None` if it is no name of an image.
    pub fn parse(image: &str) -> Option<Self> {
        let (name, digest) = match image.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (image, None),
        };
        let (path, tag) = match name.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
            _ => (name, None),
        };
        let is_host = |first: &str| first.contains(['.', ':']) || first == "localhost";
        let (registry, repository) = match path.split_once('/') {
            Some((first, rest)) if is_host(first) => (first, rest.to_owned()),
            Some(_) => (DEFAULT_REGISTRY, path.to_owned()),
            None => (DEFAULT_REGISTRY, format!("library/{path}")),
        };
        // Docker's own names for its registry.
        let registry = if matches!(registry, "docker.io" | "index.docker.io") { DEFAULT_REGISTRY } else { registry };
        let reference = digest.or(tag).unwrap_or("latest");
        let plain = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
        (plain(&repository) && plain(reference) && !path.is_empty()).then(|| ImageName {
            registry: registry.to_owned(),
            repository,
            reference: reference.to_owned(),
        })
    }

    /// The repository of ECR that it names.
    pub fn ecr(&self) -> Option<EcrImage> {
        let labels: Vec<&str> = self.registry.split('.').collect();
        let (account, region) = match labels[..] {
            [account, "dkr", "ecr" | "ecr-fips", region, "amazonaws", "com"]
            | [account, "dkr", "ecr", region, "amazonaws", "com", "cn"]
            | [account, "dkr-ecr" | "dkr-ecr-fips", region, "on", "aws"] => (account, region),
            _ => return None,
        };
        Some(EcrImage {
            account: account.to_owned(),
            region: region.to_owned(),
            repository: self.repository.clone(),
            reference: self.reference.clone(),
        })
    }

    /// Whether the registry is on this machine: it is then spoken to without TLS, as Docker does.
    pub fn is_local(&self) -> bool {
        let host = self.registry.rsplit_once(':').map_or(self.registry.as_str(), |(host, _)| host);
        host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_shape_are_understood() {
        for (image, registry, repository, reference) in [
            ("nginx", DEFAULT_REGISTRY, "library/nginx", "latest"),
            ("docker.io/levoai/pcap-sensor:0.1.9", DEFAULT_REGISTRY, "levoai/pcap-sensor", "0.1.9"),
            ("localhost:5000/a/b@sha256:00", "localhost:5000", "a/b", "sha256:00"),
            ("registry.example/a:b@sha256:00", "registry.example", "a", "sha256:00"),
        ] {
            let name = ImageName::parse(image).unwrap();
            let parts = (name.registry.as_str(), name.repository.as_str(), name.reference.as_str());
            assert_eq!(parts, (registry, repository, reference), "{image}");
        }
        assert_eq!(ImageName::parse(""), None);
        assert_eq!(ImageName::parse("a b"), None);
    }

    #[test]
    fn repositories_of_ecr_are_recognised() {
        let ecr = |image: &str| ImageName::parse(image).unwrap().ecr().map(|ecr| (ecr.account, ecr.region));
        let some = Some(("1".to_owned(), "eu-west-1".to_owned()));
        assert_eq!(ecr("1.dkr.ecr.eu-west-1.amazonaws.com/team/sidetap:1"), some);
        assert_eq!(ecr("1.dkr-ecr.eu-west-1.on.aws/sidetap"), some);
        assert_eq!(ecr("example/sidetap"), None);
    }

    #[test]
    fn only_this_machine_is_local() {
        for (image, local) in [("localhost/a/b", true), ("127.0.0.1:5000/a", true), ("registry.example/a", false)] {
            assert_eq!(ImageName::parse(image).unwrap().is_local(), local, "{image}");
        }
    }
}
