//! The names that CloudFormation gives to what the ECS API names.
//!
//! They begin with a capital, but for a few that differ more, and for the keys of maps, which are the user's own. Source:
//! the properties of `AWS::ECS::TaskDefinition` in the CloudFormation template reference.

/// What a member of the API is in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Property {
    /// A property of this name.
    Named(String),
    /// A property of this name whose members' names are the user's own.
    Map(String),
    /// There is none.
    None,
}

/// The property of `key`, a member of the object that `parent` names; empty for the task definition itself.
pub(super) fn property(parent: &str, key: &str) -> Property {
    let name = match (parent, key) {
        ("s3filesVolumeConfiguration", "transitEncryption") => return Property::None,
        ("containerDefinitions", "dockerLabels")
        | ("logConfiguration" | "firelensConfiguration", "options")
        | ("dockerVolumeConfiguration", "driverOpts" | "labels") => return Property::Map(capital(key)),
        ("efsVolumeConfiguration", "fileSystemId") => "FilesystemId",
        ("authorizationConfig", "iam") => "IAM",
        ("proxyConfiguration", "properties") => "ProxyConfigurationProperties",
        ("volumes", "efsVolumeConfiguration") => "EFSVolumeConfiguration",
        ("volumes", "fsxWindowsFileServerVolumeConfiguration") => "FSxWindowsFileServerVolumeConfiguration",
        ("volumes", "s3filesVolumeConfiguration") => "S3FilesVolumeConfiguration",
        _ => return Property::Named(capital(key)),
    };
    Property::Named(name.to_owned())
}

/// With a capital at the beginning.
pub(super) fn capital(key: &str) -> String {
    let mut letters = key.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
