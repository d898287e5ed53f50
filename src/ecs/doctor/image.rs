//! Whether a sidecar's image is there, and built for what the task runs on.

use serde_json::{Value, json};

use super::check::Check;
use super::image_name::{EcrImage, ImageName};
use super::patient::{Launch, Patient, Sidecar, quoted};
use super::reader::{Fact, Reader, why};
use super::registry::{Answer, MANIFESTS, Registry};
use crate::aws::{ErrorKind, Service, Web};
use crate::taskdef::document::present;

const IMAGE: &str = "image";
const ARCHITECTURE: &str = "architecture";

/// What is known of an image.
#[derive(Debug, Clone, PartialEq)]
enum Image {
    /// It is there, for these architectures in Docker's names, such as `amd64`.
    There(Fact<Vec<String>>),
    NoRepository,
    NoTag,
    Private,
}

/// Asks for the images of the sidecars, and judges them.
pub(super) async fn examine(reader: &Reader, web: &Web, patient: &Patient) -> Vec<Check> {
    let mut checks = Vec::new();
    for sidecar in patient.sidecars() {
        let Some(name) = ImageName::parse(sidecar.image()) else {
            let message = format!("`{}` is no name of an image", sidecar.image());
            checks.push(Check::problem(IMAGE, sidecar.name(), message).fix("inject it again with `--image IMAGE`"));
            continue;
        };
        let image = match name.ecr() {
            Some(ecr) => of_ecr(reader, web, &ecr).await,
            None if present(sidecar.container, "repositoryCredentials").is_some() => {
                Err("the registry wants credentials from a secret, which is not read here".to_owned())
            }
            None => reader.one_of_eight(of_registry(web, &name)).await,
        };
        if let Ok(Image::There(architectures)) = &image {
            checks.push(judge_architecture(patient, &sidecar, architectures));
        }
        checks.push(judge(patient, &sidecar, &name, image));
    }
    checks
}

fn judge(patient: &Patient, sidecar: &Sidecar<'_>, name: &ImageName, image: Fact<Image>) -> Check {
    let subject = sidecar.image();
    let problem = |message: String| Check::problem(IMAGE, subject, message);
    let other = "or name one that is there: inject it again with `--image IMAGE`";
    match (image, name.ecr()) {
        (Err(reason), _) => Check::not_checked(IMAGE, subject, reason),
        (Ok(Image::There(_)), Some(ecr)) if !patient.is_of_account(&ecr.account) => {
            let found = format!(
                "it is there; the repository's policy has to let the execution role pull it, in {}",
                ecr.account
            );
            Check::ok(IMAGE, subject, found)
        }
        (Ok(Image::There(_)), _) => Check::ok(IMAGE, subject, "it is there"),
        (Ok(Image::NoRepository), Some(ecr)) => {
            let EcrImage { account, region, repository, .. } = &ecr;
            problem(format!("there is no repository `{repository}` in account {account}, {region}"))
                .fix(format!("aws ecr create-repository --repository-name {} --region {region}", quoted(repository)))
                .fix(other)
        }
        (Ok(Image::NoRepository | Image::NoTag), None) => {
            problem(format!("its registry has no `{}` of `{}`", name.reference, name.repository))
                .fix(format!("docker push {}", quoted(subject)))
                .fix(other)
        }
        (Ok(Image::NoTag), Some(ecr)) => problem(format!("`{}` has no image `{}`", ecr.repository, ecr.reference))
            .fix(format!("docker push {}", quoted(subject)))
            .fix(other),
        (Ok(Image::Private), _) if patient.launch() == Launch::Instances => {
            let reason = "its registry wants credentials, which the instances may have";
            Check::not_checked(IMAGE, subject, reason)
        }
        (Ok(Image::Private), _) => {
            let message = "its registry does not give it to everybody, if it is there at all, and the container names \
                           no credentials"
                .to_owned();
            problem(message)
                .fix("set `repositoryCredentials.credentialsParameter` to a secret with the registry's credentials")
                .fix("or copy the image to ECR and inject it again with `--image IMAGE`")
        }
    }
}

fn judge_architecture(patient: &Patient, sidecar: &Sidecar<'_>, architectures: &Fact<Vec<String>>) -> Check {
    let set = patient.definition.get("runtimePlatform").and_then(|platform| platform["cpuArchitecture"].as_str());
    let wanted = match (set, patient.launch()) {
        (Some(architecture), _) => architecture,
        (None, Launch::Fargate) => "X86_64",
        (None, Launch::Instances) => "",
    };
    let subject = sidecar.image();
    let architectures = match architectures {
        Ok(architectures) => architectures,
        Err(reason) => return Check::not_checked(ARCHITECTURE, subject, reason),
    };
    let listed = architectures.join(", ");
    let docker = match wanted {
        "X86_64" => "amd64",
        "ARM64" => "arm64",
        _ => {
            let reason = format!("the task definition names no architecture; the image is for {listed}");
            return Check::not_checked(ARCHITECTURE, subject, reason);
        }
    };
    if architectures.iter().any(|architecture| architecture == docker) {
        return Check::ok(ARCHITECTURE, subject, format!("the task is {wanted}, and the image has linux/{docker}"));
    }
    let image = quoted(subject);
    Check::problem(ARCHITECTURE, subject, format!("the task is {wanted}, and the image is for {listed} alone"))
        .fix(format!("docker buildx build --platform linux/amd64,linux/arm64 --tag {image} --push ."))
        .fix(format!("or name an image for linux/{docker}: inject it again with `--image IMAGE`"))
}

async fn of_registry(web: &Web, name: &ImageName) -> Fact<Image> {
    let mut registry = Registry::of(web, name);
    let manifest = match registry.manifest(&name.reference).await? {
        Answer::Manifest(manifest) => manifest,
        Answer::NotThere => return Ok(Image::NoTag),
        Answer::Private => return Ok(Image::Private),
    };
    let architectures = match in_manifest(&manifest) {
        Built::For(architectures) => Ok(architectures),
        Built::AsIn(digest) => registry.blob(&digest).await.and_then(|config| in_config(&config)),
        Built::Unknown => Err(UNKNOWN_MANIFEST.to_owned()),
    };
    Ok(Image::There(architectures))
}

async fn of_ecr(reader: &Reader, web: &Web, ecr: &EcrImage) -> Fact<Image> {
    let id = match ecr.reference.contains(':') {
        true => json!({ "imageDigest": ecr.reference }),
        false => json!({ "imageTag": ecr.reference }),
    };
    let body = json!({
        "registryId": ecr.account, "repositoryName": ecr.repository, "imageIds": [id], "acceptedMediaTypes": MANIFESTS
    });
    let answer = match reader.json(&ecr.region, Service::Ecr, "BatchGetImage", &body).await {
        Err(error) if error.is("RepositoryNotFoundException") => return Ok(Image::NoRepository),
        Err(error) if error.kind == ErrorKind::AccessDenied => {
            return Err(format!("{}, and where it is in another account, the repository's policy has to", why(&error)));
        }
        answer => answer.map_err(|error| why(&error))?,
    };
    let Some(image) = answer["images"].get(0) else { return Ok(Image::NoTag) };
    let manifest = image["imageManifest"].as_str().unwrap_or_default();
    let Ok(manifest) = serde_json::from_str::<Value>(manifest) else {
        return Ok(Image::There(Err(UNKNOWN_MANIFEST.to_owned())));
    };
    Ok(Image::There(match in_manifest(&manifest) {
        Built::For(architectures) => Ok(architectures),
        Built::AsIn(digest) => ecr_config(reader, web, ecr, &digest).await,
        Built::Unknown => Err(UNKNOWN_MANIFEST.to_owned()),
    }))
}

async fn ecr_config(reader: &Reader, web: &Web, ecr: &EcrImage, digest: &str) -> Fact<Vec<String>> {
    let body = json!({ "registryId": ecr.account, "repositoryName": ecr.repository, "layerDigest": digest });
    let answer = reader.json(&ecr.region, Service::Ecr, "GetDownloadUrlForLayer", &body).await;
    let answer = answer.map_err(|error| why(&error))?;
    let url = answer["downloadUrl"].as_str().unwrap_or_default();
    let config = reader.one_of_eight(web.get(url, &[])).await?;
    in_config(&config.json()?)
}

const UNKNOWN_MANIFEST: &str = "the image's manifest is of a kind that tells no architecture";

/// What a manifest says of architectures.
#[derive(Debug, PartialEq, Eq)]
enum Built {
    For(Vec<String>),
    /// The blob of this digest says.
    AsIn(String),
    Unknown,
}

fn in_manifest(manifest: &Value) -> Built {
    if let Some(images) = manifest["manifests"].as_array() {
        let linux = images.iter().filter(|image| image["platform"]["os"] == "linux");
        let architectures = linux.filter_map(|image| image["platform"]["architecture"].as_str().map(str::to_owned));
        return Built::For(architectures.collect());
    }
    match manifest["config"]["digest"].as_str() {
        Some(digest) => Built::AsIn(digest.to_owned()),
        None => Built::Unknown,
    }
}

fn in_config(config: &Value) -> Fact<Vec<String>> {
    match (config["os"].as_str(), config["architecture"].as_str()) {
        (Some("linux"), Some(architecture)) => Ok(vec![architecture.to_owned()]),
        (Some(_), Some(_)) => Ok(Vec::new()),
        _ => Err(UNKNOWN_MANIFEST.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_tell_architectures_or_where_they_are_told() {
        let index = json!({ "manifests": [
            { "platform": { "os": "linux", "architecture": "amd64" } },
            { "platform": { "os": "linux", "architecture": "arm64" } },
            { "platform": { "os": "unknown", "architecture": "unknown" } }
        ] });
        assert_eq!(in_manifest(&index), Built::For(vec!["amd64".into(), "arm64".into()]));
        assert_eq!(in_manifest(&json!({ "config": { "digest": "sha256:1" } })), Built::AsIn("sha256:1".into()));
        assert_eq!(in_manifest(&json!({ "schemaVersion": 1 })), Built::Unknown);
        assert_eq!(in_config(&json!({ "os": "linux", "architecture": "arm64" })), Ok(vec!["arm64".into()]));
    }
}
