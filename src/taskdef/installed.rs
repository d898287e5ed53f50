//! The sidecars that a task definition has, and what they were told: what an upgrade starts from.

use serde_json::Value;

use super::cpu_limit;
use super::document::{TaskDefinition, name_of, present};
use super::logs::{self, LogRequest};
use super::parameters::Parameters;
use super::preset::Preset;
use super::recognise::{VERSION_LABEL, kind_of, preset_of};
use super::sidecar::{LEVO_REGION, LISTEN, Sidecar};
use super::sizing::{Amount, DEFAULT_AMOUNT, Size, SizeRequest, basis, container_size, wanted};
use super::undo::without_sidecars;

/// A sidecar that is there: ours by its labels, or a vendor's by its image.
#[derive(Debug, Clone, PartialEq)]
pub struct Installed {
    /// `sensor`, `forwarder`, `levo`, `traceable` or `custom`.
    pub preset: String,
    pub container_name: String,
    /// The version of sidetap that put it there; absent where it was not sidetap.
    pub version: Option<String>,
    pub image: String,
    container: Value,
}

const KNOWN: [Preset; 4] = [Preset::Sensor, Preset::Forwarder, Preset::Levo, Preset::Traceable];

/// The sidecars of a task definition, in its order.
pub fn installed(definition: &TaskDefinition) -> Vec<Installed> {
    let containers = definition.containers().iter();
    let installed = containers.filter_map(|container| {
        let preset = kind_of(container)?.to_owned();
        Some(Installed {
            preset,
            container_name: name_of(container).to_owned(),
            version: container["dockerLabels"][VERSION_LABEL].as_str().map(str::to_owned),
            image: container["image"].as_str().unwrap_or_default().to_owned(),
            container: container.clone(),
        })
    });
    installed.collect()
}

impl Installed {
    /// The sidecar that, injected into `definition`, would be this one; none of a custom one, whose definition sidetap
    /// did not make.
    pub fn sidecar(&self, definition: &TaskDefinition) -> Option<Sidecar> {
        let preset = KNOWN.into_iter().find(|preset| preset.label() == self.preset)?;
        let container = &self.container;
        let (parameters, arguments) = match preset {
            Preset::Sensor => of_sensor(words(container, "command").strip("capture")),
            Preset::Forwarder => of_forwarder(words(container, "command").strip("forward")),
            Preset::Levo => of_levo(words(container, "entryPoint").strip("./bin/init").strip("apidump")),
            _ => (of_traceable(container), Vec::new()),
        };
        let mut application = definition.clone();
        application
            .containers_mut()
            .retain(|other| preset_of(other).is_none() && name_of(other) != self.container_name);
        let own = |name: &str| match preset {
            Preset::Traceable => Parameters::default().traceable_environment().iter().any(|(own, _)| *own == name),
            Preset::Levo => name == LEVO_REGION,
            _ => false,
        };
        let task = without_sidecars(definition).and_then(|bare| basis(&bare)).ok().and_then(|basis| basis.cpu);
        let mut environment = pairs(container, "environment", "value");
        environment.retain(|(name, value)| {
            let listens = name == LISTEN && Some(value.as_str()) == preset.health_address();
            !listens && !own(name) && !cpu_limit::is_usual(name, value, &preset, container, task)
        });
        let usual_essential = matches!(preset, Preset::Traceable);
        let essential = container["essential"].as_bool().unwrap_or(true);
        Some(Sidecar {
            image: Some(self.image.clone()).filter(|image| preset.image() != Some(image)),
            container_name: Some(self.container_name.clone()).filter(|name| name != preset.container_name()),
            environment,
            secrets: pairs(container, "secrets", "valueFrom"),
            essential: (essential != usual_essential).then_some(essential),
            logs: of_logs(container, &application, &preset),
            parameters,
            arguments,
            ..Sidecar::of(preset)
        })
    }
}

/// The CPU and memory by which these sidecars, each with the task definition that it is in, would be as large as they
/// are: a share in percent that is right for all of them, else what they all have. None is the usual share, or that they
/// have nothing in common.
pub fn amounts(there: &[(&TaskDefinition, &Installed)]) -> (Option<Amount>, Option<Amount>) {
    let sizes = there.iter().filter_map(|(definition, installed)| {
        let basis = without_sidecars(definition).and_then(|bare| basis(&bare)).ok()?;
        Some((basis, container_size(&installed.container).ok()?))
    });
    let sizes: Vec<(Size, Size)> = sizes.collect();
    let cpu = amount(&sizes, |size| size.cpu, |(cpu, _)| cpu);
    (cpu, amount(&sizes, |size| size.memory_mib, |(_, memory)| memory))
}

/// The amount of which all sizes, each after what it is a share of, have what `of` tells.
fn amount(sizes: &[(Size, Size)], of: fn(&Size) -> Option<u64>, part: fn((u64, u64)) -> u64) -> Option<Amount> {
    let sizes: Vec<(Size, u64)> = sizes.iter().filter_map(|(basis, has)| Some((*basis, of(has)?))).collect();
    let is_share = |percent: &Amount| {
        let request = SizeRequest { cpu: Some(*percent), memory: Some(*percent), ..SizeRequest::default() };
        sizes.iter().all(|(basis, has)| wanted(*basis, &request).is_ok_and(|wanted| part(wanted) == *has))
    };
    if is_share(&DEFAULT_AMOUNT) {
        return None;
    }
    let share = (1..=100).map(|percent| Amount::Percent(percent.into())).find(is_share);
    let (_, first) = sizes.first()?;
    share.or_else(|| sizes.iter().all(|(_, has)| has == first).then_some(Amount::Absolute(*first)))
}

/// The words of a command line, read from its front.
struct Words(Vec<String>);

fn words(container: &Value, list: &str) -> Words {
    let items = container[list].as_array().map_or(&[][..], Vec::as_slice);
    Words(items.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect())
}

impl Words {
    /// Without this word, if it is the first.
    fn strip(mut self, word: &str) -> Self {
        if self.0.first().is_some_and(|first| first == word) {
            self.0.remove(0);
        }
        self
    }

    /// The value of a flag, if that comes next.
    fn take(&mut self, flag: &str) -> Option<String> {
        if self.0.len() < 2 || self.0[0] != flag {
            return None;
        }
        self.0.remove(0);
        Some(self.0.remove(0))
    }

    /// Whether these words come next; they are taken.
    fn take_all(&mut self, words: &[(&str, &str)]) -> bool {
        let flat: Vec<&str> = words.iter().flat_map(|(flag, value)| [*flag, *value]).collect();
        let starts = self.0.len() >= flat.len() && self.0.iter().zip(&flat).all(|(word, other)| word == other);
        if starts {
            self.0.drain(..flat.len());
        }
        starts
    }
}

/// What is left is what was appended.
fn of_sensor(mut words: Words) -> (Parameters, Vec<String>) {
    let mut parameters = Parameters::default();
    while let Some(export) = words.take("--export") {
        parameters.export.push(export);
    }
    parameters.filter = words.take("--filter");
    parameters.rate_limit = words.take("--rate-limit");
    parameters.low_resource = words.take_all(&Parameters::SENSOR_PROFILE);
    parameters.drop_usual_rate();
    (parameters, words.0)
}

fn of_forwarder(mut words: Words) -> (Parameters, Vec<String>) {
    let parameters = Parameters {
        destination: words.take("--destination"),
        bpf_filter: words.take("--filter"),
        interface: words.take("--interface"),
        mtu: words.take("--mtu"),
        stat_duration: words.take("--stat-duration").and_then(|seconds| seconds.parse().ok()),
        ..Parameters::default()
    };
    (parameters, words.0)
}

fn of_levo(mut words: Words) -> (Parameters, Vec<String>) {
    let mut parameters = Parameters {
        satellite_url: words.take("--satellite-url"),
        levo_env: words.take("--levo-env"),
        levoai_org_id: words.take("--levoai-org-id"),
        rate_limit: words.take("--rate-limit"),
        ..Parameters::default()
    };
    parameters.low_resource = words.take_all(&Parameters::LEVO_PROFILE);
    parameters.drop_usual_levo_rate();
    (parameters, words.0)
}

fn of_traceable(container: &Value) -> Parameters {
    let usual = Parameters::default().traceable_environment();
    let environment = pairs(container, "environment", "value");
    let given = |name: &str| {
        let value = environment.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone())?;
        usual.iter().all(|usual| *usual != (name, value.clone())).then_some(value)
    };
    Parameters {
        bpf_filter: given("BPF_FILTER"),
        destination: given("DESTINATION"),
        interface: given("INTERFACE"),
        mtu: given("MTU"),
        stat_duration: given("STAT_DURATION").and_then(|seconds| seconds.parse().ok()),
        ..Parameters::default()
    }
}

fn pairs(container: &Value, list: &str, field: &str) -> Vec<(String, String)> {
    let items = container[list].as_array().map_or(&[][..], Vec::as_slice);
    let pair = |item: &Value| Some((item["name"].as_str()?.to_owned(), item[field].as_str()?.to_owned()));
    items.iter().filter_map(pair).collect()
}

/// What has to be asked for to log as the container does.
fn of_logs(container: &Value, application: &TaskDefinition, preset: &Preset) -> LogRequest {
    let followed = logs::application_group(application);
    let Some(own) = present(container, "logConfiguration") else {
        return LogRequest { none: followed.is_some(), ..LogRequest::default() };
    };
    let option = |key: &str| own["options"][key].as_str().map(str::to_owned);
    let defaults = preset.log_defaults(None);
    let group = option("awslogs-group").filter(|group| followed != Some(group));
    LogRequest {
        region: option("awslogs-region").filter(|_| group.is_some()),
        group,
        stream_prefix: option("awslogs-stream-prefix").filter(|prefix| prefix != defaults.stream_prefix),
        none: false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::taskdef::{Envelope, inject};

    fn task() -> TaskDefinition {
        let document = json!({
            "family": "web", "networkMode": "awsvpc", "cpu": "1024", "memory": "2048",
            "containerDefinitions": [{
                "name": "app", "image": "app:1", "cpu": 256, "memory": 512,
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": { "awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web" }
                }
            }]
        });
        TaskDefinition::parse(document).unwrap().0
    }

    fn all() -> Vec<Sidecar> {
        let text = |text: &str| Some(text.to_owned());
        let with = |preset, parameters| Sidecar { parameters, ..Sidecar::of(preset) };
        let image = |sidecar: Sidecar| Sidecar { image: text("example/sidetap:1"), ..sidecar };
        let levo = Parameters {
            satellite_url: text("https://satellite.example"),
            levo_env: text("staging"),
            levoai_org_id: text("org"),
            ..Parameters::default()
        };
        let log_elsewhere = LogRequest { group: text("/other"), region: text("us-east-1"), ..LogRequest::default() };
        vec![
            image(Sidecar::of(Preset::Sensor)),
            image(with(
                Preset::Sensor,
                Parameters {
                    export: vec!["ndjson:-".to_owned(), "otlp:http://collector:4318".to_owned()],
                    filter: text("tcp port 80"),
                    low_resource: true,
                    ..Parameters::default()
                },
            )),
            Sidecar {
                arguments: vec!["--memory-limit".to_owned(), "25MiB".to_owned()],
                environment: vec![("A".to_owned(), "b".to_owned())],
                secrets: vec![("KEY".to_owned(), "arn:aws:ssm:eu-west-1:123456789012:parameter/k".to_owned())],
                essential: Some(true),
                container_name: text("eye"),
                logs: log_elsewhere,
                ..image(with(Preset::Sensor, Parameters { rate_limit: text("100"), ..Parameters::default() }))
            },
            image(with(
                Preset::Forwarder,
                Parameters {
                    destination: text("collector.internal:4789"),
                    bpf_filter: text("tcp"),
                    interface: text("any"),
                    mtu: text("auto"),
                    stat_duration: Some(60),
                    ..Parameters::default()
                },
            )),
            with(Preset::Levo, levo.clone()),
            with(Preset::Levo, Parameters { low_resource: true, ..levo.clone() }),
            with(Preset::Levo, Parameters { rate_limit: text("50"), low_resource: true, ..levo }),
            Sidecar::of(Preset::Traceable),
            with(
                Preset::Traceable,
                Parameters { destination: text("10.0.0.7"), mtu: text("1500"), ..Parameters::default() },
            ),
            Sidecar { logs: LogRequest { none: true, ..LogRequest::default() }, ..image(Sidecar::of(Preset::Sensor)) },
        ]
    }

    #[test]
    fn what_a_sidecar_was_told_is_read_back() {
        for sidecar in all() {
            let asked = Sidecar { region: Some("eu-west-1".to_owned()), ..sidecar.clone() };
            let patched = inject(&task(), &Envelope::default(), &asked, &SizeRequest::default()).unwrap().definition;
            let found = installed(&patched);
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].version.as_deref(), Some(env!("CARGO_PKG_VERSION")));
            assert_eq!(found[0].sidecar(&patched), Some(sidecar));
        }
    }

    #[test]
    fn a_vendors_container_that_was_pasted_is_found_and_what_is_unknown_is_not() {
        let mut task = task();
        let pasted = json!({ "name": "mirror", "image": "registry.example/traceableai/packet-forwarder:1.0.9",
            "environment": [{ "name": "DESTINATION", "value": "10.0.0.7" }] });
        task.containers_mut().push(pasted);
        let found = installed(&task);
        assert_eq!((found.len(), found[0].preset.as_str(), &found[0].version), (1, "traceable", &None));
        assert_eq!(found[0].sidecar(&task).unwrap().parameters.destination.as_deref(), Some("10.0.0.7"));
    }
    /// A sensor of that size in a task of so many CPU units and twice as many MiB.
    fn sized(cpu: u64, size: &SizeRequest) -> (TaskDefinition, Installed) {
        let mut task = task();
        task.set("cpu", cpu.to_string().into());
        task.set("memory", (2 * cpu).to_string().into());
        let sensor = Sidecar { image: Some("i".to_owned()), ..Sidecar::of(Preset::Sensor) };
        let patched = inject(&task, &Envelope::default(), &sensor, size).unwrap().definition;
        let installed = installed(&patched).remove(0);
        (patched, installed)
    }

    #[test]
    fn a_size_is_told_as_the_share_that_all_have_else_as_what_all_have() {
        let percent = |cpu, memory| SizeRequest {
            cpu: Some(Amount::Percent(cpu)),
            memory: Some(Amount::Percent(memory)),
            ..SizeRequest::default()
        };
        let absolute = SizeRequest {
            cpu: Some(Amount::Absolute(33)),
            memory: Some(Amount::Absolute(77)),
            ..SizeRequest::default()
        };
        let told = |sizes: &[(u64, &SizeRequest)]| {
            let there: Vec<_> = sizes.iter().map(|(cpu, size)| sized(*cpu, size)).collect();
            amounts(&there.iter().map(|(definition, installed)| (definition, installed)).collect::<Vec<_>>())
        };
        let (usual, ten) = (SizeRequest::default(), percent(5.0, 10.0));
        assert_eq!(told(&[(1024, &usual), (2048, &usual)]), (None, None));
        assert_eq!(told(&[(1024, &ten), (2048, &ten)]), (None, Some(Amount::Percent(10.0))));
        assert_eq!(told(&[(1024, &absolute), (2048, &absolute)]), (absolute.cpu, absolute.memory));
        assert_eq!(told(&[(1024, &usual), (2048, &absolute)]), (None, None));
        assert_eq!(told(&[]), (None, None));
    }
}
