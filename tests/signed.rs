//! Calls outside ECS and STS: the client of the library against the stand-in, which recomputes signatures, and against
//! moto, which we did not write.

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::{Value, json};
use sidetap::aws::{Error, ErrorKind, Service, Session, Signed};
use standin::{ACCESS_KEY, Fault, REGION, SECRET_KEY, Standin};

use crate::moto::Moto;
use crate::support::Python;

/// A client of the library, with the stand-in's keys.
fn client(url: &str, token: Option<&str>) -> Signed {
    let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, token.map(str::to_owned), None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard().with_max_attempts(4))
        .build();
    Signed::new(&Session::of(config).expect("a region is set"))
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// A call of each service, with characters that have to be encoded.
async fn one_of_each(client: &Signed) -> Vec<(&'static str, Option<Error>)> {
    let filter = [("Filter.1.Name", "tag:Name"), ("Filter.1.Value.1", "a b+c~d*é/=&")];
    vec![
        ("ec2", client.query(Service::Ec2, "DescribeSubnets", &filter).await.err()),
        (
            "elasticloadbalancing",
            client
                .query(Service::ElasticLoadBalancing, "DescribeLoadBalancers", &[("Names.member.1", "a")])
                .await
                .err(),
        ),
        ("iam", client.query(Service::Iam, "GetRole", &[("RoleName", "a+b=c,d@e")]).await.err()),
        ("logs", client.json(Service::Logs, "DescribeLogGroups", &json!({ "logGroupNamePrefix": "/é" })).await.err()),
        ("ecr", client.json(Service::Ecr, "DescribeRepositories", &json!({})).await.err()),
        ("events", client.json(Service::Events, "ListEventBuses", &json!({})).await.err()),
        (
            "codedeploy",
            client.json(Service::CodeDeploy, "GetDeployment", &json!({ "deploymentId": "d-1" })).await.err(),
        ),
        (
            "scheduler",
            client.rest(Service::Scheduler, "GET", "/schedules/a%2Fb%20c?groupName=x%2Fy&z=%C3%A9", None).await.err(),
        ),
    ]
}

#[test]
fn the_stand_in_accepts_the_signatures_for_every_service() {
    for token in [None, Some("a/session+token==")] {
        let standin = Standin::start();
        let outcomes = wait(one_of_each(&client(&standin.url(), token)));
        assert_eq!(standin.calls().len(), outcomes.len());
        for (call, (service, error)) in standin.calls().iter().zip(outcomes) {
            assert_eq!((call.service.as_str(), &call.signature_fault), (service, &None), "{error:?}");
            assert!(call.length_ok, "{service}");
        }
    }
}

#[test]
fn wrong_keys_are_refused_as_each_service_refuses_them() {
    let standin = Standin::start();
    let credentials = Credentials::new(ACCESS_KEY, "wrong", None, None, "test");
    let config = SdkConfig::builder()
        .region(Region::new(REGION))
        .endpoint_url(standin.url())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let client = Signed::new(&Session::of(config).expect("a region is set"));
    for (service, error) in wait(one_of_each(&client)) {
        assert_eq!(error.map(|error| error.kind), Some(ErrorKind::Credentials), "{service}");
    }
}

#[test]
fn throttled_calls_are_repeated_and_denied_calls_are_not() {
    let standin = Standin::start();
    standin.fault(Fault::Throttle { operation: "ListEventBuses", times: 2 });
    standin.fault(Fault::LoseReply { operation: "ListRuleNamesByTarget", times: 1 });
    standin.fault(Fault::Deny { operation: "ListSchedules" });
    let client = client(&standin.url(), None);
    let buses = wait(client.json(Service::Events, "ListEventBuses", &json!({}))).unwrap();
    assert_eq!(buses["EventBuses"][0]["Name"], "default");
    assert_eq!(standin.calls_of("ListEventBuses").len(), 3);

    let rules = json!({ "TargetArn": "x" });
    let rules = wait(client.json(Service::Events, "ListRuleNamesByTarget", &rules)).unwrap();
    assert_eq!((rules, standin.calls_of("ListRuleNamesByTarget").len()), (json!({ "RuleNames": [] }), 2));

    let denied = wait(client.rest(Service::Scheduler, "GET", "/schedules", None)).unwrap_err();
    assert_eq!((denied.kind, denied.operation.as_str()), (ErrorKind::AccessDenied, "scheduler:ListSchedules"));
    assert_eq!(denied.hints(), ["the identity needs the IAM action scheduler:ListSchedules"]);
    assert!(denied.request_id.is_some());
    assert_eq!(standin.calls_of("ListSchedules").len(), 1);
}

#[test]
fn throttling_without_end_is_told_as_such() {
    let standin = Standin::start();
    standin.fault(Fault::Throttle { operation: "DescribeSubnets", times: 99 });
    let error = wait(client(&standin.url(), None).query(Service::Ec2, "DescribeSubnets", &[])).unwrap_err();
    assert_eq!((error.kind, error.code.as_deref()), (ErrorKind::Throttled, Some("RequestLimitExceeded")));
    assert_eq!(standin.calls_of("DescribeSubnets").len(), 4);
}

#[test]
fn nobody_at_the_other_end_is_a_matter_of_the_network() {
    let config = SdkConfig::builder()
        .region(Region::new(REGION))
        .endpoint_url(format!("http://127.0.0.1:{}", crate::support::free_port()))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("a", "b", None, None, "test")))
        .build();
    let client = Signed::new(&Session::of(config).expect("a region is set"));
    let error = wait(client.json(Service::Logs, "DescribeLogGroups", &json!({}))).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Network, "{error}");
    assert!(error.to_string().starts_with("logs:DescribeLogGroups was not answered: "), "{error}");
}

#[test]
fn moto_understands_every_protocol() {
    let Some(python) = Python::prepared("moto") else { return };
    let moto = Moto::start(python);
    let client = client(moto.url(), None);
    wait(async {
        let subnets = client.query(Service::Ec2, "DescribeSubnets", &[]).await.unwrap();
        let subnets: Vec<_> = subnets.child("subnetSet").unwrap().children("item").collect();
        assert!(!subnets.is_empty() && subnets[0].text_of("subnetId").unwrap().starts_with("subnet-"));
        let id = subnets[0].text_of("subnetId").unwrap();
        let filter = [("Filter.1.Name", "subnet-id"), ("Filter.1.Value.1", id)];
        let one = client.query(Service::Ec2, "DescribeSubnets", &filter).await.unwrap();
        assert_eq!(one.child("subnetSet").unwrap().children("item").count(), 1);

        let document = "{\"Version\": \"2012-10-17\", \"Statement\": []}";
        let role = [("RoleName", "a+b=c"), ("Path", "/p/"), ("AssumeRolePolicyDocument", document)];
        client.query(Service::Iam, "CreateRole", &role).await.unwrap();
        let role = client.query(Service::Iam, "GetRole", &[("RoleName", "a+b=c")]).await.unwrap();
        let arn = role.at(&["GetRoleResult", "Role", "Arn"]).unwrap().text();
        assert!(arn.ends_with(":role/p/a+b=c"), "{arn}");
        let gone = client.query(Service::Iam, "GetRole", &[("RoleName", "gone")]).await.unwrap_err();
        assert!(gone.is("NoSuchEntity") && gone.request_id.is_some(), "{gone}");

        let balancers = client.query(Service::ElasticLoadBalancing, "DescribeLoadBalancers", &[]).await.unwrap();
        assert!(balancers.at(&["DescribeLoadBalancersResult", "LoadBalancers"]).is_some());

        client.json(Service::Logs, "CreateLogGroup", &json!({ "logGroupName": "/ecs/web" })).await.unwrap();
        let groups = client.json(Service::Logs, "DescribeLogGroups", &json!({})).await.unwrap();
        assert_eq!(groups["logGroups"][0]["logGroupName"], "/ecs/web");
        let missing = json!({ "logGroupName": "missing" });
        let missing = client.json(Service::Logs, "DescribeLogStreams", &missing).await.unwrap_err();
        assert!(missing.is("ResourceNotFoundException"), "{missing}");

        client.json(Service::Ecr, "CreateRepository", &json!({ "repositoryName": "a/b" })).await.unwrap();
        let repositories = client.json(Service::Ecr, "DescribeRepositories", &json!({})).await.unwrap();
        assert_eq!(repositories["repositories"][0]["repositoryName"], "a/b");

        let buses = client.json(Service::Events, "ListEventBuses", &json!({})).await.unwrap();
        assert_eq!(buses["EventBuses"][0]["Name"], "default");

        let schedule = json!({
            "ScheduleExpression": "rate(1 day)",
            "FlexibleTimeWindow": { "Mode": "OFF" },
            "Target": { "Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main", "RoleArn": "arn:aws:iam::1:role/r" }
        });
        client.rest(Service::Scheduler, "POST", "/schedules/nightly", Some(&schedule)).await.unwrap();
        let nightly: Value =
            client.rest(Service::Scheduler, "GET", "/schedules/nightly?groupName=default", None).await.unwrap();
        assert_eq!(nightly["ScheduleExpression"], "rate(1 day)");
        let gone = client.rest(Service::Scheduler, "GET", "/schedules/gone", None).await.unwrap_err();
        assert!(gone.is("ResourceNotFoundException"), "{gone}");
    });
}
