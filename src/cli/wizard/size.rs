//! How much the sidecar gets, and where that comes from.

use super::prompter::{Field, Tone};
use super::{Go, Wizard, choose, counted};
use crate::cli::output::sanitise;
use crate::ecs::{CommonWay, SurveyedService, common_ways};
use crate::taskdef::{Amount, Outlook, Room, Size, SizeRequest};

/// The most services that are shown with their figures, and where a reason has to be told.
const SHOWN: usize = 6;
const SHOWN_WITH_REASON: usize = 4;

/// What can be done on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    GoOn,
    /// The way to make room of that number.
    Room(usize),
    LeaveOut,
    Percent,
    Absolute,
}

pub fn step(wizard: &mut Wizard<'_>) -> anyhow::Result<Go> {
    let sidecar = wizard.sidecar()?;
    loop {
        wizard.begin();
        let size = wizard.answers.size.clone();
        let services = chosen(wizard);
        let mut looks: Vec<(&SurveyedService, Option<Outlook>)> =
            services.iter().map(|service| (service, service.outlook(&sidecar, &size))).collect();
        let is_fit =
            |(_, look): &(&SurveyedService, Option<Outlook>)| look.as_ref().is_some_and(|look| look.sidecar.is_ok());
        let fits = looks.iter().filter(|look| is_fit(look)).count();
        // What is in the way comes first.
        looks.sort_by_key(is_fit);
        let shown = if fits == services.len() { SHOWN } else { SHOWN_WITH_REASON };
        for line in table(&looks, shown) {
            wizard.prompter.say(Tone::Row, &line);
        }
        tell_why(wizard, &looks);
        wizard.prompter.say(Tone::Plain, "");
        let mut ways = match fits < services.len() || size.room != Room::Available {
            true => common_ways(&services, &sidecar, &size),
            false => Vec::new(),
        };
        // Of several services, a way by which no more fit than without is no help.
        let left = ways.iter().find(|way| way.room == Room::Available).map_or(0, |way| way.fits);
        ways.retain(|way| services.len() == 1 || way.fits > left || way.room == Room::Available);
        let rows = rows(&size, services.len(), fits, &ways);
        let Some(choice) = choose(wizard.prompter, "How much does the sidecar get?", &rows, 0)? else {
            return Ok(Go::Back);
        };
        match choice {
            Choice::GoOn => {
                wizard.answers.keep_going = false;
                return Ok(Go::Next);
            }
            Choice::LeaveOut => {
                wizard.answers.keep_going = true;
                return Ok(Go::Next);
            }
            Choice::Room(index) => wizard.answers.size.room = ways[index].room.clone(),
            Choice::Percent => ask_percent(wizard)?,
            Choice::Absolute => ask_absolute(wizard)?,
        }
    }
}

/// The services that were chosen, with what they run.
fn chosen(wizard: &Wizard<'_>) -> Vec<SurveyedService> {
    wizard.seen.iter().flat_map(|seen| seen.chosen(&wizard.answers.services)).cloned().collect()
}

fn table(looks: &[(&SurveyedService, Option<Outlook>)], shown: usize) -> Vec<String> {
    let name = |service: &SurveyedService| sanitise(&service.service.name);
    let width = looks.iter().map(|(service, _)| name(service).chars().count()).max().unwrap_or(0).clamp(7, 24);
    let mut lines =
        vec![format!("{:<width$}  {:>13}  {:>13}  {:>13}", "CPU units / MiB", "task has", "left", "sidecar gets")];
    for (service, look) in looks.iter().take(shown) {
        let name: String = name(service).chars().take(width).collect();
        let Some(look) = look else {
            lines.push(format!("{name:<width$}  sizes that cannot be read"));
            continue;
        };
        let gets = match &look.sidecar {
            Ok(size) => pair(Size { cpu: size.cpu, memory_mib: Some(size.memory_mib) }),
            Err(_) => "does not fit".to_owned(),
        };
        let has = match look.task {
            Size { cpu: None, memory_mib: None } => "no size".to_owned(),
            task => pair(task),
        };
        lines.push(format!("{name:<width$}  {has:>13}  {:>13}  {gets:>13}", pair(look.left)));
    }
    if looks.len() > shown {
        lines.push(format!("and {} more", looks.len() - shown));
    }
    let first = width.max("CPU units / MiB".len());
    lines.iter().map(|line| if line.starts_with("CPU") { line.clone() } else { realign(line, width, first) }).collect()
}

/// The heading may be wider than the names below it.
fn realign(line: &str, width: usize, first: usize) -> String {
    let at = line.char_indices().nth(width).map_or(line.len(), |(at, _)| at);
    format!("{}{}{}", &line[..at], " ".repeat(first - width), &line[at..])
}

fn pair(size: Size) -> String {
    let number = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    format!("{} / {}", number(size.cpu), number(size.memory_mib))
}

/// Why it does not fit, for the first that it does not fit.
fn tell_why(wizard: &mut Wizard<'_>, looks: &[(&SurveyedService, Option<Outlook>)]) {
    let unfit = looks.iter().find_map(|(service, look)| Some((service, look.as_ref()?.sidecar.as_ref().err()?)));
    if let Some((service, error)) = unfit {
        wizard.prompter.say(Tone::Warning, &format!("{}: {error}", service.service.name));
    }
}

fn rows(size: &SizeRequest, services: usize, fits: usize, ways: &[CommonWay]) -> Vec<(Choice, String)> {
    let mut rows = Vec::new();
    if fits == services {
        rows.push((Choice::GoOn, format!("{}: go on", asked(size))));
    }
    for (index, way) in ways.iter().enumerate().filter(|(_, way)| way.room != size.room) {
        rows.push((Choice::Room(index), way_row(way, services)));
    }
    if (1..services).contains(&fits) {
        rows.push((
            Choice::LeaveOut,
            format!("Go on, and leave out {} without room", counted(services - fits, "service")),
        ));
    }
    rows.push((Choice::Percent, "Another share in percent".to_owned()));
    rows.push((Choice::Absolute, "CPU units and MiB".to_owned()));
    rows
}

/// What is asked for, in words.
fn asked(size: &SizeRequest) -> String {
    let amount = |amount: Option<Amount>, unit: &str| match amount {
        None => "5 %".to_owned(),
        Some(Amount::Percent(percent)) => format!("{percent} %"),
        Some(Amount::Absolute(number)) => format!("{number} {unit}"),
    };
    let (cpu, memory) = (amount(size.cpu, "CPU units"), amount(size.memory, "MiB"));
    let share = match cpu == memory {
        true => format!("{cpu} of CPU and memory"),
        false if cpu.ends_with('%') || memory.ends_with('%') => format!("{cpu} (CPU) and {memory} (memory)"),
        false => format!("{cpu} and {memory}"),
    };
    match &size.room {
        Room::Available => share,
        Room::TakeFrom(names) => format!("{share}, out of {}", containers(names)),
        Room::GrowTask => format!("{share}, in a larger task where needed"),
        Room::BestEffort => format!("At most {memory} of memory, nothing reserved"),
    }
}

/// One container, or one of several in each task.
fn containers(names: &[String]) -> String {
    match names {
        [name] => format!("container `{name}`"),
        names => format!("a container of each task: {}", names.join(", ")),
    }
}

fn way_row(way: &CommonWay, services: usize) -> String {
    let what = match &way.room {
        Room::TakeFrom(names) => format!("Take it out of {}", containers(names)),
        Room::GrowTask => match (way.example.task_cpu, way.example.task_memory_mib) {
            (Some(cpu), Some(memory)) if services == 1 => {
                format!("Grow the task to {cpu} CPU units and {memory} MiB, which costs more")
            }
            _ => "Grow the tasks to the next size, which costs more".to_owned(),
        },
        Room::BestEffort => "Reserve nothing, only limit what the sidecar may use".to_owned(),
        Room::Available => "Only out of what is left".to_owned(),
    };
    if services == 1 { what } else { format!("{what} ({} of {services} fit)", way.fits) }
}

fn ask_percent(wizard: &mut Wizard<'_>) -> anyhow::Result<()> {
    let percent = match wizard.answers.size.memory {
        Some(Amount::Percent(percent)) => percent.to_string(),
        _ => "5".to_owned(),
    };
    wizard.begin();
    let answer = wizard.prompter.input(&Field {
        question: "How many percent of the task's CPU and memory?",
        help: "above 0 and at most 100 (--cpu-percentage-limit, --memory-percentage-limit)",
        initial: &percent,
        check: &|text| super::answers::check_flag("--memory-percentage-limit", text),
    })?;
    let number = answer.and_then(|text| text.trim_end_matches('%').trim().parse().ok());
    if let Some(percent) = number {
        wizard.answers.size.cpu = Some(Amount::Percent(percent));
        wizard.answers.size.memory = Some(Amount::Percent(percent));
    }
    Ok(())
}

fn ask_absolute(wizard: &mut Wizard<'_>) -> anyhow::Result<()> {
    let before = |amount: Option<Amount>| match amount {
        Some(Amount::Absolute(number)) => number.to_string(),
        _ => String::new(),
    };
    let size = &wizard.answers.size;
    let (cpu, memory) = (before(size.cpu), before(size.memory));
    wizard.begin();
    let Some(cpu) = wizard.prompter.input(&Field {
        question: "How many CPU units?",
        help: "1024 are one vCPU (--cpu)",
        initial: &cpu,
        check: &|text| super::answers::check_flag("--cpu", text),
    })?
    else {
        return Ok(());
    };
    wizard.begin();
    let Some(memory) = wizard.prompter.input(&Field {
        question: "How many MiB of memory?",
        help: "the sensor and the forwarder need 25 at least (--memory)",
        initial: &memory,
        check: &|text| super::answers::check_flag("--memory", text),
    })?
    else {
        return Ok(());
    };
    wizard.answers.size.cpu = cpu.parse().ok().map(Amount::Absolute);
    wizard.answers.size.memory = memory.parse().ok().map(Amount::Absolute);
    Ok(())
}
