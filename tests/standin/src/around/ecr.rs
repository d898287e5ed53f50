//! Elastic Container Registry: repositories, their images, and where a layer can be fetched.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Around, Input, Reply, unsupported};
use crate::ACCOUNT;
use crate::operations::Refusal;

/// The repositories of the region.
#[derive(Debug, Default)]
pub struct Ecr {
    pub repositories: Vec<Repository>,
    /// Accounts whose repositories the caller may not read.
    pub closed_accounts: Vec<String>,
}

/// A repository.
#[derive(Debug, Default)]
pub struct Repository {
    /// The account's id.
    pub registry: String,
    pub name: String,
    pub images: Vec<Image>,
    /// URLs of layers, by digest.
    pub layers: BTreeMap<String, String>,
}

/// An image or an index of images.
#[derive(Debug)]
pub struct Image {
    pub tag: String,
    pub digest: String,
    pub media_type: String,
    pub manifest: Value,
}

pub(crate) fn dispatch(state: &mut Around, operation: &str, input: &Input) -> Result<Reply, Refusal> {
    answer(&state.ecr, operation, &input.json).map(Reply::Json)
}

fn answer(state: &Ecr, operation: &str, body: &Value) -> Result<Value, Refusal> {
    let registry = body["registryId"].as_str().unwrap_or(ACCOUNT);
    if state.closed_accounts.iter().any(|closed| closed == registry) {
        let message = format!(
            "User: arn:aws:iam::{ACCOUNT}:user/tester is not authorized to perform: ecr:{operation} on resource: \
             arn:aws:ecr:{}:{registry}:repository/* because no resource-based policy allows the ecr:{operation} action",
            crate::REGION
        );
        return Err(Refusal::new("AccessDeniedException", &message));
    }
    let name = body["repositoryName"].as_str().unwrap_or_default();
    let found = state.repositories.iter().find(|known| known.registry == registry && known.name == name);
    let repository = found.ok_or_else(|| {
        let message = format!("The repository with name '{name}' does not exist in the registry with id '{registry}'");
        Refusal::new("RepositoryNotFoundException", &message)
    })?;
    match operation {
        "BatchGetImage" => Ok(batch_get_image(repository, body)),
        "DescribeImages" => describe_images(repository, body),
        "GetDownloadUrlForLayer" => {
            let digest = body["layerDigest"].as_str().unwrap_or_default();
            let url = repository.layers.get(digest).ok_or_else(|| {
                let message = format!("The layer with digest '{digest}' does not exist");
                Refusal::new("LayersNotFoundException", &message)
            })?;
            Ok(json!({ "downloadUrl": url, "layerDigest": digest }))
        }
        other => Err(unsupported(other)),
    }
}

fn image<'a>(repository: &'a Repository, id: &Value) -> Option<&'a Image> {
    let is = |image: &&Image| id["imageDigest"] == image.digest || id["imageTag"] == image.tag;
    repository.images.iter().find(is)
}

fn batch_get_image(repository: &Repository, body: &Value) -> Value {
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in body["imageIds"].as_array().into_iter().flatten() {
        match image(repository, id) {
            Some(image) => images.push(json!({
                "registryId": repository.registry, "repositoryName": repository.name,
                "imageId": { "imageDigest": image.digest, "imageTag": image.tag },
                "imageManifest": image.manifest.to_string(), "imageManifestMediaType": image.media_type
            })),
            None => failures.push(json!({
                "imageId": id, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"
            })),
        }
    }
    json!({ "images": images, "failures": failures })
}

fn describe_images(repository: &Repository, body: &Value) -> Result<Value, Refusal> {
    let mut details = Vec::new();
    for id in body["imageIds"].as_array().into_iter().flatten() {
        let image = image(repository, id)
            .ok_or_else(|| Refusal::new("ImageNotFoundException", "The image with the requested id does not exist"))?;
        details.push(json!({
            "registryId": repository.registry, "repositoryName": repository.name, "imageDigest": image.digest,
            "imageTags": [image.tag], "imageManifestMediaType": image.media_type
        }));
    }
    Ok(json!({ "imageDetails": details }))
}
