//! Account, region and profile: who and where, before anything else.

use super::prompter::Tone;
use super::regions::{choose_region, search};
use super::{Go, Wizard, choose};
use crate::aws::{Error, ErrorKind, Identity, Profile, Session, Source, environment_has_keys, profiles, usual_profile};
use crate::cli::planning::Connected;
use crate::ecs::Ecs;

/// A profile in a region, and what AWS says to it.
pub struct Place {
    profile: String,
    /// None where a region or a setting is missing.
    pub session: Result<Session, Error>,
    /// Whom it belongs to; none where there is no session.
    identity: Option<Result<Identity, Error>>,
    connected: Option<Connected>,
}

/// What can be done on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    GoOn,
    Profile,
    Region,
    Search,
    Again,
    Quit,
}

pub async fn step(wizard: &mut Wizard<'_>) -> anyhow::Result<Go> {
    loop {
        if wizard.place.is_none() {
            wizard.begin();
            wizard.prompter.say(Tone::Hint, "asking AWS who you are ...");
            let place = wizard.wait(Place::load(&wizard.answers)).await?;
            wizard.place = Some(place);
        }
        wizard.begin();
        let rows = show(wizard);
        let choice = choose(wizard.prompter, "Add a sidecar to services in this account and region?", &rows, 0)?;
        match choice {
            None => return Ok(Go::Back),
            Some(Choice::Quit) => return Ok(Go::Quit),
            Some(Choice::GoOn) => return Ok(Go::Next),
            Some(Choice::Again) => wizard.place = None,
            Some(Choice::Profile) => choose_profile(wizard).await?,
            Some(Choice::Region) => choose_region(wizard)?,
            Some(Choice::Search) => search(wizard).await?,
        }
    }
}

impl Place {
    async fn load(answers: &super::answers::Answers) -> Self {
        let profile = match &answers.place.profile {
            Some(profile) => format!("profile {profile}"),
            None if environment_has_keys() => "keys from the environment".to_owned(),
            None => format!("profile {}", usual_profile()),
        };
        let session = Session::load(&answers.place).await;
        let identity = match &session {
            Ok(session) => Some(Identity::of(session).await),
            Err(_) => None,
        };
        let connected = match (&session, &identity) {
            (Ok(session), Some(identity)) => {
                let identity = identity.as_ref().ok().cloned();
                Some(Connected { ecs: Ecs::new(session), identity, session: session.clone() })
            }
            _ => None,
        };
        Place { profile, session, identity, connected }
    }

    /// ECS there, if there is a region.
    pub fn connected(&self) -> Option<&Connected> {
        self.connected.as_ref()
    }

    /// Account and region in a line.
    pub fn line(&self) -> String {
        let account = match &self.identity {
            Some(Ok(identity)) => format!("account {}", identity.account),
            _ => "account not known".to_owned(),
        };
        format!("{account} · {}", self.region().unwrap_or_default())
    }

    pub fn region(&self) -> Option<&str> {
        self.session.as_ref().ok().map(|session| session.region.as_str())
    }

    /// The ARN of whoever this is.
    pub fn arn(&self) -> Option<&str> {
        let identity = self.identity.as_ref()?.as_ref().ok()?;
        Some(&identity.arn)
    }

    /// What stands in the way. An account that STS does not tell is no reason to stop: private networks often have no
    /// way to it.
    fn obstacle(&self) -> Option<&Error> {
        match (&self.session, &self.identity) {
            (Err(error), _) => Some(error),
            (_, Some(Err(error))) if error.is_about_all_calls() => Some(error),
            _ => None,
        }
    }
}

/// Shows the place; returns what can be done.
fn show(wizard: &mut Wizard<'_>) -> Vec<(Choice, String)> {
    let Some(place) = &wizard.place else { return Vec::new() };
    let account = match &place.identity {
        Some(Ok(identity)) => vec![("account", identity.account.clone()), ("identity", identity.arn.clone())],
        Some(Err(error)) if !error.is_about_all_calls() => vec![("account", format!("not known: {error}"))],
        _ => Vec::new(),
    };
    let region = place.region().map(|region| ("region", region.to_owned()));
    let endpoint = wizard.answers.place.endpoint_url.clone().map(|url| ("endpoint", url));
    let lines = account.into_iter().chain([("with", place.profile.clone())]).chain(region).chain(endpoint);
    for (name, value) in lines {
        wizard.prompter.say(Tone::Plain, &format!("  {name:<10}{value}"));
    }
    wizard.prompter.say(Tone::Plain, "");
    let obstacle = place.obstacle().cloned();
    let no_region = obstacle.as_ref().is_some_and(|error| error.kind == ErrorKind::NoRegion);
    let mut rows = Vec::new();
    match obstacle {
        None => {
            wizard.trouble = None;
            rows.push((Choice::GoOn, "Yes, go on".to_owned()));
        }
        Some(error) => wizard.tell(&error.into()),
    }
    let can_ask = rows.len() == 1;
    if no_region {
        rows.push((Choice::Region, "Choose a region".to_owned()));
    }
    rows.push((Choice::Profile, "Another profile".to_owned()));
    if can_ask {
        rows.push((Choice::Region, "Another region".to_owned()));
        rows.push((Choice::Search, "Search all regions for clusters".to_owned()));
    } else if !no_region {
        rows.insert(0, (Choice::Again, "Try again".to_owned()));
        rows.push((Choice::Region, "Another region".to_owned()));
    }
    rows.push((Choice::Quit, "Quit".to_owned()));
    rows
}

async fn choose_profile(wizard: &mut Wizard<'_>) -> anyhow::Result<()> {
    wizard.begin();
    let profiles = match profiles().await {
        Ok(profiles) => profiles,
        Err(error) => {
            wizard.tell(&error.into());
            wizard.after_trouble()?;
            return Ok(());
        }
    };
    if profiles.is_empty() {
        let none = "There are no profiles: neither ~/.aws/config nor ~/.aws/credentials names one.";
        wizard.prompter.say(Tone::Warning, none);
        wizard.prompter.say(Tone::Hint, "`aws configure` or `aws configure sso` makes one");
        wizard.prompter.say(Tone::Plain, "");
        wizard.prompter.select("What now?", &["Back".to_owned()], 0)?;
        return Ok(());
    }
    let width = profiles.iter().map(|profile| profile.name.chars().count()).max().unwrap_or(0).min(30);
    let rows: Vec<String> = profiles.iter().map(|profile| row(profile, width)).collect();
    let current = wizard.answers.place.profile.clone().unwrap_or_else(usual_profile);
    let start = profiles.iter().position(|profile| profile.name == current).unwrap_or(0);
    if let Some(index) = wizard.prompter.select("Which profile?", &rows, start)? {
        wizard.answers.place.profile = Some(profiles[index].name.clone());
        move_to(wizard, None);
    }
    Ok(())
}

/// From now on the place is another one.
pub fn move_to(wizard: &mut Wizard<'_>, region: Option<String>) {
    if region.is_some() {
        wizard.answers.place.region = region;
    }
    wizard.place = None;
    wizard.seen = None;
    wizard.answers.forget_cluster();
}

fn row(profile: &Profile, width: usize) -> String {
    let source = match &profile.source {
        Source::Role { arn } => format!("role {arn}"),
        Source::Sso => "single sign-on".to_owned(),
        Source::Login => "aws login".to_owned(),
        Source::Process => "credentials from a program".to_owned(),
        Source::Keys => "keys".to_owned(),
        Source::Unknown => "no credentials of its own".to_owned(),
    };
    let region = profile.region.as_deref().unwrap_or("no region");
    format!("{:<width$}  {region:<14}  {source}", profile.name)
}

#[cfg(test)]
impl Place {
    /// One in eu-west-1 that AWS is never asked about.
    pub fn of_tests() -> Self {
        let config = aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .region(aws_config::Region::new("eu-west-1"));
        let session = Session::of(config.build()).expect("a region");
        let arn = "arn:aws:iam::123456789012:user/tester".to_owned();
        let identity = Identity { account: "123456789012".to_owned(), arn };
        Place {
            profile: "profile default".to_owned(),
            connected: Some(Connected {
                ecs: Ecs::new(&session),
                identity: Some(identity.clone()),
                session: session.clone(),
            }),
            session: Ok(session),
            identity: Some(Ok(identity)),
        }
    }
}
