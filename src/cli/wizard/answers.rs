//! What was answered so far: what the flags of `inject` would be given.

use std::collections::BTreeMap;

use clap::Parser;

use super::counted;
use crate::aws::SessionRequest;
use crate::aws::command_line::{add, quoted};
use crate::cli::context::Context;
use crate::cli::inject;
use crate::cli::planning::session_request;
use crate::taskdef::{Amount, LogRequest, Room, Sidecar, SizeRequest};

/// What stands for the value of an environment variable where that must not be shown.
pub const MASK: &str = "***";

/// The answers of all steps; going back keeps them.
#[derive(Debug, Clone)]
pub struct Answers {
    pub place: SessionRequest,
    pub cluster: Option<String>,
    pub services: Vec<String>,
    /// The sidecar's name, as `--sidecar` takes it.
    pub sidecar: Option<&'static str>,
    /// Values of parameters, by sidecar and flag; an empty one is the usual one.
    pub parameters: BTreeMap<(&'static str, &'static str), String>,
    /// What a sidecar that is there was told, by sidecar; an upgrade begins with it.
    pub kept: BTreeMap<&'static str, Kept>,
    pub size: SizeRequest,
    pub logs: LogRequest,
    /// Leave services out that cannot have the sidecar.
    pub keep_going: bool,
}

/// A sidecar that is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Whose it is.
    pub service: String,
    pub told: Sidecar,
    /// Services whose sidecar was told something else.
    pub others: Vec<String>,
}

/// The flags of `inject`, as words without the command's own name.
#[derive(Debug, clap::Parser)]
#[command(no_binary_name = true)]
pub struct Line {
    #[command(flatten)]
    pub args: inject::Args,
}

impl Line {
    /// Parses them as the command line does.
    pub fn of(words: &[String]) -> Result<inject::Args, clap::Error> {
        Ok(Line::try_parse_from(words)?.args)
    }
}

impl Answers {
    /// Nothing but what the global flags say.
    pub fn new(cx: &Context) -> Self {
        Answers {
            place: session_request(cx),
            cluster: None,
            services: Vec::new(),
            sidecar: None,
            parameters: BTreeMap::new(),
            kept: BTreeMap::new(),
            size: SizeRequest::default(),
            logs: LogRequest::default(),
            keep_going: false,
        }
    }

    /// Forgets what was chosen in another account or region.
    pub fn forget_cluster(&mut self) {
        self.cluster = None;
        self.forget_services();
    }

    /// Forgets what was chosen in another cluster.
    pub fn forget_services(&mut self) {
        self.services.clear();
        self.kept.clear();
        self.size.room = Room::Available;
        self.keep_going = false;
    }

    /// What was chosen, to be shown behind the place.
    pub fn line(&self) -> String {
        let mut line = String::new();
        if let Some(cluster) = &self.cluster {
            line.push_str(&format!(" · cluster {cluster}"));
        }
        match &self.services[..] {
            [] => {}
            [service] => line.push_str(&format!(" · {service}")),
            services => line.push_str(&format!(" · {}", counted(services.len(), "service"))),
        }
        line
    }

    /// What `inject` is given.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        add(&mut words, "--cluster", self.cluster.as_deref());
        for service in &self.services {
            add(&mut words, "--service", Some(service));
        }
        self.add_sidecar(&mut words);
        self.add_size(&mut words);
        add(&mut words, "--log-group", self.logs.group.as_deref());
        add(&mut words, "--log-region", self.logs.region.as_deref());
        add(&mut words, "--log-stream-prefix", self.logs.stream_prefix.as_deref());
        words.extend(self.logs.none.then(|| "--no-log".to_owned()));
        words.extend(self.keep_going.then(|| "--keep-going".to_owned()));
        let arguments = self.kept().map(|kept| &kept.told.arguments[..]).unwrap_or_default();
        if !arguments.is_empty() {
            words.push("--".to_owned());
            words.extend(arguments.iter().cloned());
        }
        words
    }

    fn kept(&self) -> Option<&Kept> {
        self.kept.get(self.sidecar?)
    }

    fn add_sidecar(&self, words: &mut Vec<String>) {
        let Some(sidecar) = self.sidecar else { return };
        add(words, "--sidecar", Some(sidecar));
        for field in super::fields::fields(sidecar) {
            let value = self.parameters.get(&(sidecar, field.flag)).filter(|value| !value.is_empty());
            match (value, field.repeats()) {
                (Some(_), _) if field.is_switch() => words.push(field.flag.to_owned()),
                (Some(value), true) => value.split_whitespace().for_each(|one| add(words, field.flag, Some(one))),
                (value, _) => add(words, field.flag, value.map(String::as_str)),
            }
        }
        let Some(kept) = self.kept.get(sidecar).map(|kept| &kept.told) else { return };
        add(words, "--container-name", kept.container_name.as_deref());
        for (name, value) in &kept.environment {
            add(words, "--env", Some(&format!("{name}={value}")));
        }
        for (name, arn) in &kept.secrets {
            add(words, "--secret", Some(&format!("{name}={arn}")));
        }
        let stat_duration = kept.parameters.stat_duration.map(|seconds| seconds.to_string());
        add(words, "--stat-duration", stat_duration.as_deref());
        add(words, "--essential", kept.essential.map(|essential| essential.to_string()).as_deref());
    }

    fn add_size(&self, words: &mut Vec<String>) {
        let room = &self.size.room;
        if *room != Room::BestEffort {
            add_amount(words, "--cpu-percentage-limit", "--cpu", self.size.cpu);
        }
        add_amount(words, "--memory-percentage-limit", "--memory", self.size.memory);
        match room {
            Room::Available => {}
            Room::TakeFrom(containers) => {
                containers.iter().for_each(|container| add(words, "--take-from", Some(container)));
            }
            Room::GrowTask => words.push("--grow-task".to_owned()),
            Room::BestEffort => words.push("--best-effort".to_owned()),
        }
    }

    /// The command line that does the same in a region, ready for a shell; without values of environment variables, which would
    /// stay in its history.
    pub fn command_line(&self, region: Option<&str>) -> String {
        let mut words = vec!["sidetap".to_owned(), "inject".to_owned()];
        add(&mut words, "--profile", self.place.profile.as_deref());
        add(&mut words, "--region", region);
        add(&mut words, "--endpoint-url", self.place.endpoint_url.as_deref());
        let mut rest = self.words();
        // What follows `--` belongs to the sidecar.
        let end = rest.iter().position(|word| word == "--").unwrap_or(rest.len());
        rest.insert(end, "--yes".to_owned());
        words.extend(rest);
        mask_variables(&mut words);
        quoted(&words)
    }
}

fn mask_variables(words: &mut [String]) {
    let own = words.iter().position(|word| word == "--").unwrap_or(words.len());
    for index in 1..own {
        if words[index - 1] == "--env" {
            let name = words[index].split('=').next().unwrap_or_default();
            words[index] = format!("{name}={MASK}");
        } else if let Some(variable) = words[index].strip_prefix("--env=") {
            let name = variable.split('=').next().unwrap_or_default();
            words[index] = format!("--env={name}={MASK}");
        }
    }
}

fn add_amount(words: &mut Vec<String>, percent: &str, absolute: &str, amount: Option<Amount>) {
    match amount {
        None => {}
        Some(Amount::Percent(value)) => add(words, percent, Some(&value.to_string())),
        Some(Amount::Absolute(value)) => add(words, absolute, Some(&value.to_string())),
    }
}

/// What is wrong with the value of a flag that belongs to no sidecar in particular.
pub fn check_flag(flag: &str, value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err("it is needed".to_owned());
    }
    let words = ["--file", "-"].map(str::to_owned).into_iter().chain([format!("{flag}={value}")]);
    Line::of(&words.collect::<Vec<_>>()).map(|_| ()).map_err(|error| said(&error))
}

/// What a parser says of a value, without what it says of the command line.
pub fn said(error: &clap::Error) -> String {
    let of_value = std::error::Error::source(error).map(ToString::to_string);
    let first_line = || error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    of_value.unwrap_or_else(first_line)
}

impl Kept {
    /// What it was told that no question is about.
    pub fn line(&self) -> Option<String> {
        let told = &self.told;
        let lists =
            [(told.environment.len(), "variable"), (told.secrets.len(), "secret"), (told.arguments.len(), "argument")];
        let lists = lists.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| counted(count, what));
        let name = told.container_name.as_ref().map(|name| format!("the container's name {name}"));
        let kept: Vec<String> = lists.chain(name).collect();
        (!kept.is_empty()).then(|| format!("As in `{}`, it also gets {}.", self.service, kept.join(", ")))
    }

    /// What the change takes from others.
    pub fn warning(&self) -> Option<String> {
        let others = match &self.others[..] {
            [] => return None,
            [other] => format!("The sidecar of `{other}` was"),
            others => format!("The sidecars of {} were", counted(others.len(), "service")),
        };
        Some(format!("{others} told something else, which is lost: choose it alone to keep that."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taskdef::Preset;

    fn answers() -> Answers {
        Answers {
            place: SessionRequest::default(),
            cluster: Some("main".to_owned()),
            services: vec!["web".to_owned(), "-odd".to_owned()],
            sidecar: Some("sensor"),
            parameters: BTreeMap::new(),
            kept: BTreeMap::new(),
            size: SizeRequest::default(),
            logs: LogRequest::default(),
            keep_going: false,
        }
    }

    #[test]
    fn a_line_survives_a_shell_and_means_what_was_answered() {
        let mut answers = answers();
        let mut give = |flag, value: &str| answers.parameters.insert(("sensor", flag), value.to_owned());
        give("--image", "example/sidetap:1");
        give("--export", "ndjson:- otlp:http://collector:4318");
        give("--filter", "tcp port 80 and not host 'x'");
        give("--low-resource", "on");
        give("--rate-limit", "");
        answers.size.room = Room::TakeFrom(vec!["the app".to_owned(), "-odd".to_owned()]);
        answers.size.memory = Some(Amount::Percent(7.5));
        let line = answers.command_line(Some("eu-west-1"));
        let words = shlex::split(&line).unwrap();
        assert_eq!(words[..5], ["sidetap", "inject", "--region", "eu-west-1", "--cluster"]);
        let args = Line::of(&words[4..]).unwrap();
        assert!(args.apply.yes);
        assert_eq!(args.size.request(), answers.size);
        let sidecar = args.sidecar.sidecar(None).unwrap();
        assert_eq!(sidecar.parameters.export, ["ndjson:-", "otlp:http://collector:4318"]);
        assert_eq!(sidecar.parameters.filter.as_deref(), Some("tcp port 80 and not host 'x'"));
        assert!(sidecar.parameters.low_resource && sidecar.parameters.rate_limit.is_none());
        assert_eq!(args.source.service, ["web", "-odd"]);
    }

    #[test]
    fn what_an_upgrade_keeps_is_in_the_words_and_no_value_of_a_variable_in_the_line() {
        let told = Sidecar {
            environment: vec![("KEY".to_owned(), "hunter2".to_owned())],
            arguments: vec!["--verbose".to_owned()],
            essential: Some(true),
            container_name: Some("eye".to_owned()),
            ..Sidecar::of(Preset::Sensor)
        };
        let kept = Kept { service: "web".to_owned(), told: told.clone(), others: vec!["api".to_owned()] };
        let line = "As in `web`, it also gets 1 variable, 1 argument, the container's name eye.";
        assert_eq!(kept.line().as_deref(), Some(line));
        assert!(kept.warning().unwrap().starts_with("The sidecar of `api` was told something else"));
        let mut answers = answers();
        answers.kept.insert("sensor", kept);
        answers.parameters.insert(("sensor", "--image"), "i".to_owned());
        let sidecar = Line::of(&answers.words()).unwrap().sidecar.resolve(None).unwrap();
        assert_eq!(sidecar, Sidecar { image: Some("i".to_owned()), ..told });
        let line = answers.command_line(Some("eu-west-1"));
        assert!(line.contains("KEY=***") && !line.contains("hunter2"), "{line}");
        assert!(line.ends_with("--yes -- --verbose"), "{line}");
    }

    #[test]
    fn a_flag_judges_its_value() {
        assert_eq!(check_flag("--cpu", "64"), Ok(()));
        assert!(check_flag("--cpu", "1").unwrap_err().contains("2..=196608"));
        assert!(check_flag("--memory-percentage-limit", "five").unwrap_err().contains("such as 5"));
        assert!(check_flag("--memory", "").is_err());
    }
}
