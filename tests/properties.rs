//! What holds for every task definition.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use sidetap::taskdef::{
    Amount, Envelope, Injected, Kind, Parameters, Preset, Room, Sidecar, SizeRequest, TaskDefinition, Which, inject,
    patch, remove,
};

/// Any JSON, a few levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9f64).prop_map(Value::from),
        "[ -~]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z~/]{1,6}", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Keys that no version of ECS has.
fn unknown_keys() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map("x[A-Z][a-z~/]{0,5}", any_json(), 0..3).prop_map(|keys| keys.into_iter().collect())
}

fn with(mut object: Value, more: Map<String, Value>) -> Value {
    object.as_object_mut().unwrap().extend(more);
    object
}

fn container(name: String) -> impl Strategy<Value = Value> {
    let cpu = prop_oneof![Just(json!(0)), Just(Value::Null), (2u64..300).prop_map(Value::from)];
    let memory = prop_oneof![Just(Value::Null), (6u64..600).prop_map(Value::from)];
    let reservation = prop_oneof![Just(Value::Null), (6u64..100).prop_map(Value::from)];
    (cpu, memory, reservation, unknown_keys(), unknown_keys()).prop_map(move |(cpu, memory, soft, more, nested)| {
        let logs = with(json!({"logDriver": "awslogs"}), nested);
        let mut container =
            with(json!({"name": name, "image": "i", "essential": true, "logConfiguration": logs}), more);
        for (key, value) in [("cpu", cpu), ("memory", memory), ("memoryReservation", soft)] {
            if !value.is_null() {
                container[key] = value;
            }
        }
        container
    })
}

fn size() -> impl Strategy<Value = (Value, Value)> {
    prop::sample::select(vec![
        (json!("256"), json!("512")),
        (json!("512"), json!("1024")),
        (json!(1024), json!(2048)),
        (json!(".5 vcpu"), json!("2 GB")),
        (json!("16384"), json!("122880")),
    ])
}

fn task_definition() -> impl Strategy<Value = Value> {
    let containers =
        (1usize..4).prop_flat_map(|count| (0..count).map(|n| container(format!("c{n}"))).collect::<Vec<_>>());
    let tags = prop_oneof![
        Just(None),
        Just(Some(json!([]))),
        Just(Some(json!([{"key": "aws:cloudformation:stack-name", "value": "s"}, {"key": "team", "value": "x"}])))
    ];
    (containers, size(), unknown_keys(), tags, any::<bool>()).prop_map(|(containers, (cpu, memory), more, tags, fargate)| {
        let mut definition = json!({
            "family": "web", "networkMode": "awsvpc", "cpu": cpu, "memory": memory, "containerDefinitions": containers
        });
        if fargate {
            definition["requiresCompatibilities"] = json!(["FARGATE"]);
        }
        if let Some(tags) = tags {
            definition["tags"] = tags;
        }
        with(definition, more)
    })
}

/// The document in one of the shapes that files have.
fn document() -> impl Strategy<Value = Value> {
    (task_definition(), 0..3, unknown_keys()).prop_map(|(definition, shape, more)| match shape {
        0 => definition,
        1 => with(
            definition,
            json!({"revision": 3, "status": "ACTIVE", "registeredAt": 1762000000.123}).as_object().unwrap().clone(),
        ),
        _ => with(json!({"taskDefinition": definition, "tags": [{"key": "beside", "value": "1"}]}), more),
    })
}

fn request() -> impl Strategy<Value = SizeRequest> {
    let amount = prop_oneof![
        Just(None),
        (0.1..100.0f64).prop_map(|percent| Some(Amount::Percent(percent))),
        (6u64..400).prop_map(|units| Some(Amount::Absolute(units))),
    ];
    let room = prop::sample::select(vec![
        Room::Available,
        Room::TakeFrom(vec!["c0".to_owned()]),
        Room::GrowTask,
        Room::BestEffort,
    ]);
    (amount.clone(), amount, room).prop_map(|(cpu, memory, room)| SizeRequest {
        cpu,
        memory,
        room,
        ..SizeRequest::default()
    })
}

fn sidecar() -> impl Strategy<Value = Sidecar> {
    let with_image = |preset| Sidecar { image: Some("i".to_owned()), ..Sidecar::of(preset) };
    let destination = Parameters { destination: Some("collector".to_owned()), ..Parameters::default() };
    let levo = Parameters {
        satellite_url: Some("http://s".to_owned()),
        levo_env: Some("e".to_owned()),
        levoai_org_id: Some("o".to_owned()),
        ..Parameters::default()
    };
    let custom =
        json!({"name": "own", "image": "i", "memory": 64, "memoryReservation": 32, "dockerLabels": {"a": "b"}});
    prop::sample::select(vec![
        with_image(Preset::Sensor),
        Sidecar { parameters: destination, ..with_image(Preset::Forwarder) },
        Sidecar { parameters: levo, region: Some("eu-west-1".to_owned()), ..Sidecar::of(Preset::Levo) },
        Sidecar::of(Preset::Traceable),
        Sidecar::of(Sidecar::custom(custom).unwrap()),
    ])
}

/// Injects, or checks that the refusal is one that a person can act on.
fn injected(base: &TaskDefinition, envelope: &Envelope, sidecar: &Sidecar, request: &SizeRequest) -> Option<Injected> {
    let error = match inject(base, envelope, sidecar, request) {
        Ok(injected) => return Some(injected),
        Err(error) => error,
    };
    assert_eq!(error.kind(), Kind::Blocked, "{error}");
    assert!(!error.hints().is_empty(), "{error}");
    None
}

/// Takes out what the sidecar may change, to compare the rest.
fn untouched(definition: &Value, sidecar: &str) -> Value {
    let mut rest = definition.clone();
    for key in ["cpu", "memory"] {
        rest.as_object_mut().unwrap().remove(key);
    }
    let containers = rest["containerDefinitions"].as_array_mut().unwrap();
    containers.retain(|container| container["name"] != sidecar);
    for container in containers {
        for key in ["cpu", "memory", "memoryReservation"] {
            container.as_object_mut().unwrap().remove(key);
        }
    }
    rest
}

/// The properties below pass over refusals, so that enough of what they try has to succeed.
#[test]
fn most_of_what_is_tried_is_not_refused() {
    let mut runner = TestRunner::deterministic();
    let tried = 300;
    let succeeded = (0..tried).filter(|_| {
        let drawn = (document(), sidecar(), request()).new_tree(&mut runner).unwrap();
        let (document, sidecar, request) = drawn.current();
        let (base, envelope) = TaskDefinition::parse(document).unwrap();
        injected(&base, &envelope, &sidecar, &request).is_some()
    });
    let succeeded = succeeded.count();
    assert!(succeeded * 2 > tried, "{succeeded} of {tried}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn removing_is_the_inverse_of_injecting(document in document(), sidecar in sidecar(), request in request()) {
        let (base, envelope) = TaskDefinition::parse(document.clone()).unwrap();
        if let Some(injected) = injected(&base, &envelope, &sidecar, &request) {
            // What was written to a file is read back.
            let text = injected.definition.as_value().to_string();
            let (read, shape) = TaskDefinition::parse(serde_json::from_str(&text).unwrap()).unwrap();
            prop_assert!(shape.is_bare());
            prop_assert_eq!(remove(&read, &shape, &Which::Ours).unwrap().into_document(), document);
        }
    }

    #[test]
    fn injecting_twice_is_injecting_once(document in document(), sidecar in sidecar(), request in request()) {
        let (base, envelope) = TaskDefinition::parse(document).unwrap();
        if let Some(once) = injected(&base, &envelope, &sidecar, &request) {
            let twice = inject(&once.definition, &Envelope::default(), &sidecar, &request).unwrap();
            prop_assert_eq!(once.definition, twice.definition);
        }
    }

    #[test]
    fn removing_undoes_whatever_was_injected_last(
        document in document(),
        first in sidecar(),
        requests in prop::collection::vec(request(), 2..4),
        second in sidecar(),
    ) {
        let (base, envelope) = TaskDefinition::parse(document.clone()).unwrap();
        let mut current = (base, envelope);
        for request in &requests {
            for sidecar in [&first, &second] {
                if let Some(injected) = injected(&current.0, &current.1, sidecar, request) {
                    current = (injected.definition, Envelope::default());
                }
            }
        }
        prop_assert_eq!(remove(&current.0, &current.1, &Which::Ours).unwrap().into_document(), document);
    }

    #[test]
    fn injecting_one_of_two_again_changes_nothing(
        document in document(),
        first in (sidecar(), request()),
        second in (sidecar(), request()),
    ) {
        prop_assume!(first.0.preset != second.0.preset);
        let (base, envelope) = TaskDefinition::parse(document).unwrap();
        let Some(one) = injected(&base, &envelope, &first.0, &first.1) else { return Ok(()) };
        let bare = Envelope::default();
        let Some(both) = injected(&one.definition, &bare, &second.0, &second.1) else { return Ok(()) };
        for (sidecar, request) in [&first, &second] {
            let again = injected(&both.definition, &bare, sidecar, request);
            let again = again.expect("what fitted once fits again");
            prop_assert_eq!(&again.definition, &both.definition);
        }
    }

    #[test]
    fn only_sizes_and_the_sidecar_change(document in document(), sidecar in sidecar(), request in request()) {
        let (base, envelope) = TaskDefinition::parse(document).unwrap();
        if let Some(injected) = injected(&base, &envelope, &sidecar, &request) {
            let name = &injected.container_name;
            prop_assert_eq!(untouched(base.as_value(), name), untouched(injected.definition.as_value(), name));
        }
    }

    #[test]
    fn what_is_injected_can_be_registered(document in document(), sidecar in sidecar(), request in request()) {
        let (base, envelope) = TaskDefinition::parse(document).unwrap();
        prop_assume!(standin::accepts(base.as_value()).is_ok());
        if let Some(injected) = injected(&base, &envelope, &sidecar, &request) {
            let accepted = standin::accepts(injected.definition.as_value());
            prop_assert!(accepted.is_ok(), "{:?}\n{:#}", accepted, injected.definition.as_value());
        }
    }

    #[test]
    fn the_patch_makes_the_one_of_the_other(from in task_definition(), to in task_definition()) {
        let (from, to) = (TaskDefinition::new(from).unwrap(), TaskDefinition::new(to).unwrap());
        prop_assert_eq!(patch::apply(&from, &patch::between(&from, &to)).unwrap(), to.clone());
        prop_assert!(patch::between(&to, &to).is_empty());
    }

    #[test]
    fn unknown_keys_at_any_level_are_kept_when_a_response_is_registered(definition in task_definition(), extra in any_json()) {
        let mut response = json!({"taskDefinition": definition, "tags": [{"key": "a", "value": "b"}]});
        response["taskDefinition"]["status"] = json!("ACTIVE");
        response["taskDefinition"]["xNew"] = extra.clone();
        let (read, _) = TaskDefinition::parse(response).unwrap();
        prop_assert_eq!(&read.as_value()["xNew"], &extra);
        prop_assert_eq!(&read.as_value()["containerDefinitions"], &definition["containerDefinitions"]);
        prop_assert!(read.get("status").is_none());
    }

    #[test]
    fn any_json_is_read_or_refused_and_never_breaks(document in any_json()) {
        if let Ok((definition, envelope)) = TaskDefinition::parse(document) {
            let _ = remove(&definition, &envelope, &Which::Ours);
        }
    }
}
