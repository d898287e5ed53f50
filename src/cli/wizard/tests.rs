//! The wizard without a terminal: answers come from a script, and what was shown can be looked at.

use std::collections::VecDeque;

use clap::Parser;
use serde_json::json;

use super::prompter::{Asked, Field, Interrupted, Prompter, Row, Tone};
use super::*;
use crate::aws::{Error, ErrorKind};
use crate::cli::Cli;
use crate::ecs::{RegionSurvey, Revision, Service, SurveyedService};
use crate::taskdef::{Envelope, Parameters, Preset, Room, SizeRequest, TaskDefinition, inject, installed};

/// What somebody does at the next question.
#[derive(Debug, Clone, Copy)]
enum Reply {
    /// Takes the row that has this text in it.
    Row(&'static str),
    /// Types this over what stands there.
    Text(&'static str),
    /// Leaves what stands there.
    Enter,
    Esc,
    CtrlC,
}

/// Answers in this order.
struct Script {
    replies: VecDeque<Reply>,
    /// Everything that was shown.
    shown: String,
}

impl Script {
    fn of(replies: &[Reply]) -> Self {
        Script { replies: replies.iter().copied().collect(), shown: String::new() }
    }

    fn next(&mut self, question: &str) -> anyhow::Result<Reply> {
        self.shown.push_str(&format!("? {question}\n"));
        match self.replies.pop_front() {
            Some(Reply::CtrlC) => Err(Interrupted.into()),
            Some(reply) => Ok(reply),
            None => panic!("nobody answers this:\n{}", self.shown),
        }
    }
}

impl Prompter for Script {
    fn begin(&mut self, title: &str) {
        self.shown.push_str(&format!("== {title}\n"));
    }

    fn say(&mut self, _tone: Tone, line: &str) {
        self.shown.push_str(&format!("{line}\n"));
    }

    fn lines_left(&self) -> usize {
        24
    }

    fn select(&mut self, question: &str, rows: &[String], start: usize) -> Asked<usize> {
        let reply = self.next(question)?;
        rows.iter().for_each(|row| self.shown.push_str(&format!("  {row}\n")));
        Ok(match reply {
            Reply::Row(text) => Some(rows.iter().position(|row| row.contains(text)).unwrap_or_else(|| {
                panic!("no row has `{text}`:\n{}", self.shown);
            })),
            Reply::Enter => Some(start),
            Reply::Esc => None,
            other => panic!("{other:?} is no answer to:\n{}", self.shown),
        })
    }

    fn multi_select(&mut self, question: &str, rows: &[Row]) -> Asked<Vec<usize>> {
        let reply = self.next(question)?;
        rows.iter().for_each(|row| self.shown.push_str(&format!("  {row:?}\n")));
        Ok(match reply {
            Reply::Row(text) => Some((0..rows.len()).filter(|index| rows[*index].text.contains(text)).collect()),
            Reply::Enter => Some((0..rows.len()).filter(|index| rows[*index].chosen).collect()),
            Reply::Esc => None,
            other => panic!("{other:?} is no answer to:\n{}", self.shown),
        })
    }

    fn input(&mut self, field: &Field<'_>) -> Asked<String> {
        let text = match self.next(field.question)? {
            Reply::Text(text) => text.to_owned(),
            Reply::Enter => field.initial.to_owned(),
            Reply::Esc => return Ok(None),
            other => panic!("{other:?} is no answer to:\n{}", self.shown),
        };
        match (field.check)(&text) {
            Ok(()) => Ok(Some(text)),
            // As on a terminal, the question stays.
            Err(problem) => {
                self.shown.push_str(&format!("! {problem}\n"));
                self.input(field)
            }
        }
    }

    fn confirm(&mut self, question: &str) -> Asked<bool> {
        self.next(question).map(|reply| Some(matches!(reply, Reply::Enter)))
    }

    fn read(&mut self, title: &str, text: &str) -> anyhow::Result<()> {
        self.next(title)?;
        self.shown.push_str(text);
        Ok(())
    }
}

/// Runs part of the wizard with a script; returns what that gave, the answers, and what was shown.
fn with<T>(replies: &[Reply], run: impl FnOnce(&mut Wizard<'_>) -> T) -> (T, Answers, String) {
    let cli = Cli::try_parse_from(["sidetap", "--region", "eu-west-1"]).expect("a command line");
    let cx = Context::new(
        cli.global,
        Vec::new(),
        #[cfg(feature = "engine")]
        None,
    );
    let mut script = Script::of(replies);
    let (_raise, interrupt) = Interrupt::new();
    let mut wizard = Wizard::new(&cx, &mut script, interrupt);
    let given = run(&mut wizard);
    let answers = wizard.answers.clone();
    assert!(script.replies.is_empty(), "left over: {:?}\n{}", script.replies, script.shown);
    (given, answers, script.shown)
}

fn survey(region: &str, clusters: &[&str]) -> RegionSurvey {
    let clusters = clusters.iter().map(|name| (*name).to_owned()).collect();
    RegionSurvey { region: region.to_owned(), clusters: Ok(clusters) }
}

fn refused(region: &str) -> RegionSurvey {
    let message = "The security token included in the request is invalid.";
    let error = Error {
        kind: ErrorKind::Credentials,
        operation: "ecs:ListClusters".to_owned(),
        code: Some("UnrecognizedClientException".to_owned()),
        message: message.to_owned(),
        request_id: None,
    };
    RegionSurvey { region: region.to_owned(), clusters: Err(error.into()) }
}

#[test]
fn a_region_that_refuses_only_costs_its_own_line() {
    let surveys =
        [survey("eu-west-1", &[]), refused("me-south-1"), survey("us-east-1", &["main", "staging"]), survey("x", &[])];
    let (done, answers, shown) = with(&[Reply::Row("us-east-1")], |wizard| regions::show(wizard, &surveys));
    done.unwrap();
    assert_eq!(answers.place.region.as_deref(), Some("us-east-1"));
    assert!(shown.contains("No answer from 1 region: me-south-1"), "{shown}");
    assert!(shown.contains("No clusters in 2 regions."), "{shown}");
    assert!(shown.contains("2 clusters: main, staging"), "{shown}");
}

#[test]
fn where_all_regions_refuse_the_reason_is_told_with_what_to_do() {
    let surveys = [refused("eu-west-1"), refused("us-east-1")];
    let (done, answers, shown) =
        with(&[Reply::Row("Back")], |wizard| regions::show(wizard, &surveys).map(|()| wizard.trouble));
    assert_eq!(done.unwrap(), Some(Exit::Auth));
    assert_eq!(answers.place.region.as_deref(), Some("eu-west-1"));
    assert!(shown.contains("no valid credentials") && shown.contains("hint: "), "{shown}");
}

#[test]
fn a_search_without_a_find_and_esc_leave_the_region() {
    for (surveys, reply) in [(survey("us-east-1", &[]), Reply::Row("Back")), (survey("us-east-1", &["a"]), Reply::Esc)]
    {
        let (done, answers, _) = with(&[reply], |wizard| regions::show(wizard, &[surveys]));
        done.unwrap();
        assert_eq!(answers.place.region.as_deref(), Some("eu-west-1"));
    }
}

#[test]
fn a_region_that_is_not_listed_can_be_named() {
    let replies = [Reply::Row("another one"), Reply::Text("no region"), Reply::Text("eu-new-1")];
    let (done, answers, shown) = with(&replies, regions::choose_region);
    done.unwrap();
    assert_eq!(answers.place.region.as_deref(), Some("eu-new-1"));
    assert!(shown.contains("! `no region` is no AWS region"), "{shown}");
}

#[test]
fn another_place_forgets_what_was_chosen_in_the_one_before() {
    let (done, answers, _) = with(&[Reply::Row("us-east-2")], |wizard| {
        wizard.answers.cluster = Some("main".to_owned());
        wizard.answers.services = vec!["web".to_owned()];
        regions::choose_region(wizard)
    });
    done.unwrap();
    assert_eq!((answers.cluster, answers.services.len()), (None, 0));
}

#[test]
fn parameters_are_asked_again_until_they_are_right_and_esc_goes_back_to_the_one_before() {
    let replies = [
        Reply::Text(""),
        Reply::Text("example/sidetap:1"),
        Reply::Text("collector:99999"),
        Reply::Esc,
        Reply::Enter,
        Reply::Text("collector:4789"),
        Reply::Row("filter"),
        Reply::Text("tcp port 80"),
        Reply::Row("Go on"),
    ];
    let (go, answers, shown) = with(&replies, |wizard| {
        wizard.answers.sidecar = Some("forwarder");
        parameters::step(wizard)
    });
    assert_eq!(go.unwrap(), Go::Next);
    let given = |flag| answers.parameters.get(&("forwarder", flag)).map(String::as_str);
    assert_eq!(given("--image"), Some("example/sidetap:1"));
    assert_eq!(given("--destination"), Some("collector:4789"));
    assert_eq!(given("--bpf-filter"), Some("tcp port 80"));
    assert!(shown.contains("! it is needed"), "{shown}");
    #[cfg(all(feature = "engine", target_os = "linux"))]
    assert!(shown.contains("`99999` is no port"), "{shown}");
}

#[test]
fn esc_at_the_first_parameter_goes_back_and_ctrl_c_ends() {
    for (reply, ends) in [(Reply::Esc, true), (Reply::CtrlC, false)] {
        let (go, ..) = with(&[reply], |wizard| {
            wizard.answers.sidecar = Some("levo");
            parameters::step(wizard)
        });
        assert_eq!(matches!(go, Ok(Go::Back)), ends);
        assert_eq!(go.is_err_and(|error| error.is::<Interrupted>()), !ends);
    }
}

/// A Fargate service of 512 CPU units and 1024 MiB, of which its container takes so much.
fn service(name: &str, cpu: u64, memory: u64) -> SurveyedService {
    let document = json!({
        "family": name, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "512", "memory": "1024",
        "containerDefinitions": [{ "name": "app", "image": "app:1", "cpu": cpu, "memory": memory }]
    });
    let arn = format!("arn:aws:ecs:eu-west-1:123456789012:task-definition/{name}:1");
    let definition = TaskDefinition::parse(document).expect("a task definition").0;
    SurveyedService {
        service: Service {
            name: name.to_owned(),
            arn: format!("arn:aws:ecs:eu-west-1:123456789012:service/main/{name}"),
            cluster_arn: "arn:aws:ecs:eu-west-1:123456789012:cluster/main".to_owned(),
            status: "ACTIVE".to_owned(),
            task_definition: arn.clone(),
            controller: "ECS".to_owned(),
            strategy: "ROLLING".to_owned(),
            scheduling: "REPLICA".to_owned(),
            launch: "FARGATE".to_owned(),
            managed_by_ecs: false,
            desired: 2,
            running: 2,
            tags: Vec::new(),
            deployments: Vec::new(),
            service_deployment: None,
            load_balancer: None,
            platform_version: None,
            capacity_providers: Vec::new(),
            code_deploy_deployment: None,
            rolls_back: false,
        },
        revision: Some(Revision { arn, status: "ACTIVE".to_owned(), definition, tags: Vec::new() }),
        sidecars: Vec::new(),
        blocked: None,
        register_only: None,
    }
}

/// The size step for these services.
fn sized(replies: &[Reply], services: Vec<SurveyedService>) -> (Go, Answers, String) {
    let (go, answers, shown) = with(replies, |wizard| {
        wizard.place = Some(place::Place::of_tests());
        wizard.answers.cluster = Some("main".to_owned());
        wizard.answers.services = services.iter().map(|service| service.service.name.clone()).collect();
        wizard.answers.sidecar = Some("sensor");
        wizard.answers.parameters.insert(("sensor", "--image"), "example/sidetap:1".to_owned());
        wizard.seen = Some(Seen::of_tests("main", services));
        size::step(wizard)
    });
    (go.expect("an answer"), answers, shown)
}

#[test]
fn what_is_left_and_what_the_sidecar_gets_are_shown_before_the_question() {
    let (go, answers, shown) = sized(&[Reply::Row("5 % of CPU and memory: go on")], vec![service("web", 256, 512)]);
    assert_eq!((go, answers.size.room), (Go::Next, Room::Available));
    let line = shown.lines().find(|line| line.starts_with("web ")).expect(&shown);
    assert_eq!(line.split_whitespace().collect::<Vec<_>>().join(" "), "web 512 / 1024 256 / 512 25 / 51");
}

#[test]
fn a_full_task_has_three_ways_out() {
    for (row, room, flag) in [
        ("out of container `app`", Room::TakeFrom(vec!["app".to_owned()]), "--take-from"),
        ("Grow the task to 1024 CPU units and 2048 MiB", Room::GrowTask, "--grow-task"),
        ("Reserve nothing", Room::BestEffort, "--best-effort"),
    ] {
        let (go, answers, shown) = sized(&[Reply::Row(row), Reply::Row("go on")], vec![service("web", 512, 1024)]);
        assert_eq!((go, &answers.size.room), (Go::Next, &room));
        assert!(shown.contains("does not fit"), "{shown}");
        assert!(answers.words().contains(&flag.to_owned()), "{:?}", answers.words());
    }
}

#[test]
fn a_service_without_room_can_be_left_out() {
    let services = vec![service("web", 256, 512), service("full", 512, 1024)];
    let (go, answers, shown) = sized(&[Reply::Row("leave out 1 service")], services);
    assert_eq!((go, answers.keep_going), (Go::Next, true));
    assert!(shown.contains("Grow the tasks to the next size, which costs more (2 of 2 fit)"), "{shown}");
}

#[test]
fn one_way_out_is_for_services_whose_containers_have_different_names() {
    let mut other = service("api", 512, 1024);
    let revision = other.revision.as_mut().expect("a revision");
    let mut document = revision.definition.as_value().clone();
    document["containerDefinitions"][0]["name"] = "main".into();
    revision.definition = TaskDefinition::new(document).expect("a task definition");
    let services = || vec![service("web", 512, 1024), other.clone()];
    let together = "Take it out of a container of each task: app, main (2 of 2 fit)";
    let (go, answers, shown) = sized(&[Reply::Row(together), Reply::Row("go on")], services());
    assert_eq!(go, Go::Next);
    let words = answers.words().join(" ");
    assert!(words.ends_with("--take-from app --take-from main"), "{words}");
    assert!(shown.contains("out of a container of each task: app, main: go on"), "{shown}");
    // Having taken one, another can be taken.
    let (_, answers, _) = sized(&[Reply::Row(together), Reply::Row("Grow the tasks"), Reply::Row("go on")], services());
    assert_eq!(answers.size.room, Room::GrowTask);
}

#[test]
fn another_size_is_judged_by_its_flags() {
    let replies = [
        Reply::Row("Another share"),
        Reply::Text("0"),
        Reply::Text("10"),
        Reply::Row("CPU units and MiB"),
        Reply::Text("1"),
        Reply::Text("64"),
        Reply::Text("100"),
        Reply::Row("64 CPU units and 100 MiB: go on"),
    ];
    let (_, answers, shown) = sized(&replies, vec![service("web", 256, 512)]);
    assert!(answers.words().join(" ").contains("--cpu 64 --memory 100"), "{:?}", answers.words());
    assert!(shown.contains("10 % of CPU and memory: go on"), "{shown}");
}

/// The service with a sensor that was told to export so.
fn with_sensor(service: SurveyedService, export: &str) -> SurveyedService {
    let told = Sidecar {
        image: Some("example/sidetap:1".to_owned()),
        environment: vec![("MODE".to_owned(), "quiet".to_owned())],
        parameters: Parameters { export: vec![export.to_owned()], ..Parameters::default() },
        ..Sidecar::of(Preset::Sensor)
    };
    let mut revision = service.revision.expect("a revision");
    let patched = inject(&revision.definition, &Envelope::default(), &told, &SizeRequest::default());
    revision.definition = patched.expect("there is room").definition;
    SurveyedService { sidecars: installed(&revision.definition), revision: Some(revision), ..service }
}

#[test]
fn an_upgrade_of_several_begins_with_the_first_and_says_what_the_others_lose() {
    let services = vec![
        with_sensor(service("a", 256, 512), "ndjson:-"),
        service("b", 256, 512),
        with_sensor(service("c", 256, 512), "otlp:http://collector:4318"),
    ];
    let (go, answers, shown) = with(&[Reply::Enter, Reply::Enter, Reply::Enter, Reply::Row("Go on")], |wizard| {
        wizard.answers.services = ["a", "b", "c"].map(str::to_owned).to_vec();
        wizard.seen = Some(Seen::of_tests("main", services));
        sidecar::step(wizard).and_then(|_| parameters::step(wizard))
    });
    assert_eq!(go.unwrap(), Go::Next);
    assert!(shown.contains("2 services have a sidecar `sensor`"), "{shown}");
    assert!(shown.contains("As in `a`, it also gets 1 variable."), "{shown}");
    assert!(shown.contains("The sidecar of `c` was told something else, which is lost"), "{shown}");
    assert!(answers.words().join(" ").contains("--export ndjson:- --env MODE=quiet"), "{:?}", answers.words());
}
