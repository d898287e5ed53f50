//! The profiles that the shared configuration files name.
//!
//! They are read by the SDK's own parser, so that what is listed is what a session can be loaded with: of
//! `~/.aws/config` and `~/.aws/credentials`, or the files that `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE` name.

use aws_config::profile;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};

use super::error::{Error, ErrorKind, Result};

/// A profile, as far as somebody needs to know it to choose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    /// The region that it names.
    pub region: Option<String>,
    /// Where its credentials come from.
    pub source: Source,
}

/// Where the credentials of a profile come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A role, with the credentials of another profile or of the machine.
    Role { arn: String },
    /// IAM Identity Center.
    Sso,
    /// `aws login`.
    Login,
    /// What a program prints.
    Process,
    /// Keys in the file.
    Keys,
    /// It names none.
    Unknown,
}

/// All profiles, by name, `default` first; none where there are no files.
///
/// # Errors
/// [`ErrorKind::Settings`] if a file cannot be read or has a mistake in it.
pub async fn profiles() -> Result<Vec<Profile>> {
    profiles_of(&Fs::real(), &Env::real()).await
}

/// The profile that is used where none is asked for: the one of the environment, or `default`.
pub fn usual_profile() -> String {
    std::env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned())
}

/// Whether the environment holds keys; they come before the profile, unless one is asked for.
pub fn environment_has_keys() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    is_set("AWS_ACCESS_KEY_ID") && is_set("AWS_SECRET_ACCESS_KEY")
}

async fn profiles_of(files: &Fs, environment: &Env) -> Result<Vec<Profile>> {
    let set = profile::load(files, environment, &EnvConfigFiles::default(), None).await.map_err(|error| {
        let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        Error::session(ErrorKind::Settings, format!("the profiles cannot be read: {why}"))
    })?;
    let mut profiles: Vec<Profile> = set.profiles().filter_map(|name| set.get_profile(name)).map(read).collect();
    profiles.sort_by(|a, b| (a.name != "default", &a.name).cmp(&(b.name != "default", &b.name)));
    Ok(profiles)
}

fn read(profile: &profile::Profile) -> Profile {
    let has = |key| profile.get(key).is_some_and(|value| !value.is_empty());
    // In the order in which the SDK looks at them.
    let source = match profile.get("role_arn") {
        Some(arn) => Source::Role { arn: arn.to_owned() },
        None if has("login_session") => Source::Login,
        None if has("sso_session") || has("sso_start_url") => Source::Sso,
        None if has("credential_process") => Source::Process,
        None if has("aws_access_key_id") => Source::Keys,
        None => Source::Unknown,
    };
    let region = profile.get("region").filter(|region| !region.is_empty()).map(str::to_owned);
    Profile { name: profile.name().to_owned(), region, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(config: &str, credentials: &str) -> (Fs, Env) {
        let files = [("/aws/config", config), ("/aws/credentials", credentials)];
        let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
        let environment = [("AWS_CONFIG_FILE", "/aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "/aws/credentials")];
        (Fs::from_map(files.into_iter().collect()), Env::from_slice(&environment))
    }

    #[tokio::test]
    async fn profiles_of_both_files_are_listed_with_what_they_use() {
        let (files, environment) = world(
            "[profile prod]\nrole_arn = arn:aws:iam::123456789012:role/admin\nsource_profile = default\n\
             region = eu-west-1\n[default]\nregion = us-east-1\n[profile dev]\nsso_session = corp\n\
             [sso-session corp]\nsso_region = eu-west-1\n[profile tool]\ncredential_process = /bin/keys\n",
            "[default]\naws_access_key_id = AKID\naws_secret_access_key = secret\n[old]\naws_access_key_id = AKID2\n",
        );
        let profiles = profiles_of(&files, &environment).await.unwrap();
        let told: Vec<_> = profiles.iter().map(|p| (p.name.as_str(), p.region.as_deref(), &p.source)).collect();
        let role = Source::Role { arn: "arn:aws:iam::123456789012:role/admin".to_owned() };
        assert_eq!(
            told,
            [
                ("default", Some("us-east-1"), &Source::Keys),
                ("dev", None, &Source::Sso),
                ("old", None, &Source::Keys),
                ("prod", Some("eu-west-1"), &role),
                ("tool", None, &Source::Process),
            ]
        );
    }

    #[tokio::test]
    async fn no_files_are_no_profiles_and_a_mistake_is_told() {
        let (files, environment) = world("", "");
        assert_eq!(profiles_of(&files, &environment).await.unwrap(), []);
        let (files, environment) = world("[profile broken\nregion = x\n", "");
        let error = profiles_of(&files, &environment).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Settings);
        assert!(error.to_string().contains("/aws/config"), "{error}");
    }
}
