//! Services with their sidecars and what has become of them, as people read it and as programs do.

use std::fmt::Write;

use serde::Serialize;

use super::sanitise;
use super::style::{self, paint};
use super::table::aligned;
use crate::ecs::{Drift, Look, ServiceStatus, cluster_name, family_revision};
use crate::taskdef::PresentSidecar;

/// Which columns the table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// The cluster is known.
    OfOneCluster,
    WithCluster,
}

#[derive(Serialize)]
struct Row<'a> {
    cluster: &'a str,
    service: &'a str,
    service_arn: &'a str,
    task_definition: &'a str,
    desired: i32,
    running: i32,
    /// Whether another deployment is under way.
    deploying: bool,
    sidecars: Vec<Sidecar<'a>>,
    drift: &'a [Drift],
}

#[derive(Serialize)]
struct Sidecar<'a> {
    container_name: &'a str,
    preset: &'a str,
    /// Whether sidetap put it there.
    is_ours: bool,
    /// Of the sidetap that put it there.
    version: Option<&'a str>,
    image: &'a str,
    cpu: Option<u64>,
    cpu_percentage: Option<f64>,
    memory_mib: Option<u64>,
    memory_percentage: Option<f64>,
}

/// One look on a line of its own.
#[derive(Serialize)]
struct Line<'a> {
    time: &'a str,
    services: Vec<Row<'a>>,
}

impl<'a> From<&'a ServiceStatus> for Row<'a> {
    fn from(status: &'a ServiceStatus) -> Self {
        let service = &status.service;
        Row {
            cluster: cluster_name(&service.cluster_arn),
            service: &service.name,
            service_arn: &service.arn,
            task_definition: &service.task_definition,
            desired: service.desired,
            running: service.running,
            deploying: service.deployments.len() > 1,
            sidecars: status.sidecars.iter().map(Sidecar::from).collect(),
            drift: &status.drift,
        }
    }
}

impl<'a> From<&'a PresentSidecar> for Sidecar<'a> {
    fn from(sidecar: &'a PresentSidecar) -> Self {
        Sidecar {
            container_name: &sidecar.container_name,
            preset: &sidecar.preset,
            is_ours: sidecar.is_ours,
            version: sidecar.version.as_deref(),
            image: &sidecar.image,
            cpu: sidecar.cpu,
            cpu_percentage: sidecar.cpu_percentage(),
            memory_mib: sidecar.memory_mib,
            memory_percentage: sidecar.memory_percentage(),
        }
    }
}

fn rows(look: &Look) -> Vec<Row<'_>> {
    look.services.iter().map(Row::from).collect()
}

/// The services as a JSON array.
pub fn json(look: &Look) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(&rows(look))? + "\n")
}

/// The services as a JSON object on one line, with the time.
pub fn json_line(look: &Look, time: &str) -> serde_json::Result<String> {
    Ok(serde_json::to_string(&Line { time, services: rows(look) })? + "\n")
}

/// A table with a line a service, then what has drifted in words.
pub fn text(look: &Look, columns: Columns) -> String {
    if look.services.is_empty() {
        return String::new();
    }
    let mut header = vec!["SERVICE", "SIDECAR", "VERSION", "SIZE", "REVISION", "DRIFT"];
    if columns == Columns::WithCluster {
        header.insert(0, "CLUSTER");
    }
    let table = aligned(&header, look.services.iter().map(|status| cells(status, columns)));
    let (head, body) = table.split_once('\n').unwrap_or((&table, ""));
    let mut text = format!("{}\n{body}", paint(style::STRONG, head));
    let mut gap = "\n";
    for status in &look.services {
        for drift in &status.drift {
            let name = paint(style::STRONG, &sanitise(&status.service.name));
            let code = paint(style::WARNING, drift.code.name());
            let _ = writeln!(text, "{gap}{name}: {code}: {}", sanitise(&drift.message));
            gap = "";
        }
    }
    text
}

/// How many have sidecars, and how many of all have drifted.
pub fn summary(look: &Look) -> String {
    let all = look.services.len();
    let with = look.services.iter().filter(|status| !status.sidecars.is_empty()).count();
    let drifted = look.services.iter().filter(|status| !status.drift.is_empty()).count();
    let services = if all == 1 { "service" } else { "services" };
    format!("{with} of {all} {services} with a sidecar, {drifted} drifted")
}

/// One look under its time.
pub fn block(look: &Look, columns: Columns, time: &str) -> String {
    let mut text = format!("{time}  {}\n", summary(look));
    for note in &look.notes {
        let _ = writeln!(text, "{}", sanitise(note));
    }
    text + &self::text(look, columns)
}

/// One look in the place of the last one: from the upper left corner, and only as much as there is room for.
pub fn screen(look: &Look, columns: Columns, time: &str, colours: bool) -> String {
    const HOME: &str = "\x1b[H";
    const CLEAR_LINE: &str = "\x1b[K";
    const CLEAR_BELOW: &str = "\x1b[J";
    let (height, width) = console::Term::stdout().size();
    let (height, width) = (usize::from(height).max(2), usize::from(width).max(2));
    let mut block = block(look, columns, time);
    if !colours {
        block = anstream::adapter::strip_str(&block).to_string();
    }
    let lines: Vec<&str> = block.lines().collect();
    // The last line stays free, or the terminal would move all of them up.
    let room = height - 1;
    let more = lines.len().saturating_sub(room);
    let kept = if more > 0 { room - 1 } else { lines.len() };
    let mut text = HOME.to_owned();
    for line in &lines[..kept] {
        let _ = writeln!(text, "{}{CLEAR_LINE}", console::truncate_str(line, width, "…"));
    }
    if more > 0 {
        let _ = writeln!(text, "… {} more lines{CLEAR_LINE}", lines.len() - kept);
    }
    text + CLEAR_BELOW
}

fn cells(status: &ServiceStatus, columns: Columns) -> Vec<String> {
    let service = &status.service;
    let each = |cell: &dyn Fn(&PresentSidecar) -> String| match status.sidecars.as_slice() {
        [] => "-".to_owned(),
        sidecars => sidecars.iter().map(cell).collect::<Vec<_>>().join(", "),
    };
    let mut revision = family_revision(&service.task_definition).to_owned();
    if service.deployments.len() > 1 {
        revision.push_str(" (deploying)");
    }
    let codes: Vec<&str> = status.drift.iter().map(|drift| drift.code.name()).collect();
    let mut cells = vec![
        service.name.clone(),
        each(&|sidecar| sidecar.preset.clone()),
        each(&|sidecar| match &sidecar.version {
            Some(version) => version.clone(),
            None if sidecar.is_ours => "unknown".to_owned(),
            None => "pasted".to_owned(),
        }),
        each(&size),
        revision,
        if codes.is_empty() { "-".to_owned() } else { codes.join(", ") },
    ];
    if columns == Columns::WithCluster {
        cells.insert(0, cluster_name(&service.cluster_arn).to_owned());
    }
    cells
}

/// CPU units and MiB, each with its share of the task's.
fn size(sidecar: &PresentSidecar) -> String {
    let share = |percentage: Option<f64>| percentage.map_or_else(String::new, |percent| format!(" ({percent}%)"));
    let cpu = match sidecar.cpu {
        Some(cpu) => format!("{cpu} CPU{}", share(sidecar.cpu_percentage())),
        None => "no CPU".to_owned(),
    };
    let memory = match sidecar.memory_mib {
        Some(mib) => format!("{mib} MiB{}", share(sidecar.memory_percentage())),
        None => "no limit".to_owned(),
    };
    format!("{cpu} + {memory}")
}
