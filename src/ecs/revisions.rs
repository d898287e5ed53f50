//! The revisions that services run, each read once.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};

use super::client::{Ecs, READS_AT_ONCE};
use super::definition::Revision;
use super::error::Result;

/// Reads these revisions, by ARN; one that is named several times is read once, and an empty name is none. What is not
/// allowed for one is not for the others: they are left out after it, as they are where nobody answers any more. `seen`
/// is called with the number of them that are done.
pub(super) async fn read_revisions<'a>(
    ecs: &Ecs,
    arns: impl Iterator<Item = &'a str>,
    seen: impl Fn(usize),
) -> BTreeMap<String, Result<Revision>> {
    let arns: BTreeSet<&str> = arns.filter(|arn| !arn.is_empty()).collect();
    let reads = arns.into_iter().map(|arn| async move { (arn.to_owned(), ecs.task_definition(arn).await) });
    let mut reads = stream::iter(reads).buffer_unordered(READS_AT_ONCE);
    let mut revisions = BTreeMap::new();
    while let Some((arn, revision)) = reads.next().await {
        let is_last = revision.as_ref().is_err_and(|error| error.is_about_permission() || error.ends_the_run());
        revisions.insert(arn, revision);
        seen(revisions.len());
        if is_last {
            break;
        }
    }
    revisions
}
