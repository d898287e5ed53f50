//! How rules and schedules name a task definition: by family, `family:revision` or ARN, with or without a revision.

/// What a reference means, seen from a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// That revision.
    Revision,
    /// Whatever revision of its family is the newest.
    Family,
    /// Another revision of its family.
    OtherRevision,
}

/// What `reference` means beside the revision `arn`; nothing if it is about another family, account or region.
pub(super) fn meaning(reference: &str, arn: &str) -> Option<Meaning> {
    let (place, revision) = arn.rsplit_once('/')?;
    let (family, _) = revision.rsplit_once(':')?;
    let named = match reference.rsplit_once('/') {
        Some((elsewhere, _)) if elsewhere != place => return None,
        Some((_, named)) => named,
        None => reference,
    };
    match named.split_once(':') {
        _ if named == revision => Some(Meaning::Revision),
        None if named == family => Some(Meaning::Family),
        Some((other, _)) if other == family => Some(Meaning::OtherRevision),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_a_task_definition_is_understood() {
        let arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7";
        for (reference, expected) in [
            (arn, Some(Meaning::Revision)),
            ("web:7", Some(Meaning::Revision)),
            ("web", Some(Meaning::Family)),
            ("arn:aws:ecs:eu-west-1:123456789012:task-definition/web", Some(Meaning::Family)),
            ("web:6", Some(Meaning::OtherRevision)),
            ("web:70", Some(Meaning::OtherRevision)),
            ("arn:aws:ecs:eu-west-1:123456789012:task-definition/web:70", Some(Meaning::OtherRevision)),
            ("web-admin:7", None),
            ("web-admin", None),
            ("arn:aws:ecs:eu-west-2:123456789012:task-definition/web:7", None),
            ("arn:aws:ecs:eu-west-1:999999999999:task-definition/web", None),
            ("", None),
        ] {
            assert_eq!(meaning(reference, arn), expected, "{reference}");
        }
    }
}
