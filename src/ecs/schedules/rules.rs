//! EventBridge rules: which run tasks in a cluster, and their targets.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use super::{AT_ONCE, ATTEMPTS, Found, Runner, in_time};
use crate::aws::{self, Service, Signed};
use crate::ecs::client::Ecs;
use crate::taskdef::ScheduleKind;

/// The API's largest page.
const PAGE: u64 = 100;

/// The rules of all buses that run tasks in these clusters, or in every one.
pub(super) async fn find(ecs: &Ecs, mut clusters: Vec<String>, every_cluster: bool) -> Found {
    in_time(async |found| {
        if every_cluster {
            clusters = ecs.cluster_arns().await.map_err(|error| match error {
                crate::ecs::Error::Call(error) => error,
                other => aws::Error::unreadable("ecs:ListClusters", other),
            })?;
        }
        let signed = &ecs.signed.with_attempts(ATTEMPTS);
        let buses = names(&pages(signed, "ListEventBuses", json!({}), "EventBuses").await?, "Name");
        let asked = buses.iter().flat_map(|bus| clusters.iter().map(move |cluster| (bus, cluster)));
        let asked = asked.map(|(bus, cluster)| async move {
            let body = json!({ "TargetArn": cluster, "EventBusName": bus });
            let rules = pages(signed, "ListRuleNamesByTarget", body, "RuleNames").await?;
            let rules = rules.into_iter().filter_map(|name| Some((bus, cluster, name.as_str()?.to_owned())));
            Ok::<_, aws::Error>(rules.collect::<Vec<_>>())
        });
        let rules: Vec<_> = stream::iter(asked).buffered(AT_ONCE).try_concat().await?;
        let mut targets = stream::iter(rules)
            .map(|(bus, cluster, rule)| async move {
                let targets = targets(signed, bus, &rule).await?;
                Ok::<_, aws::Error>(targets.iter().filter_map(|target| runner(bus, cluster, &rule, target)).collect())
            })
            .buffered(AT_ONCE);
        while let Some(runners) = targets.next().await {
            let runners: Vec<Runner> = runners?;
            found.extend(runners);
        }
        Ok(())
    })
    .await
}

/// A rule's targets, whole.
pub(super) async fn targets(signed: &Signed, bus: &str, rule: &str) -> aws::Result<Vec<Value>> {
    pages(signed, "ListTargetsByRule", json!({ "Rule": rule, "EventBusName": bus }), "Targets").await
}

fn runner(bus: &str, cluster: &str, rule: &str, target: &Value) -> Option<Runner> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let task_definition = text(&target["EcsParameters"]["TaskDefinitionArn"])?;
    (target["Arn"] == cluster).then(|| Runner {
        kind: ScheduleKind::Rule,
        group: bus.to_owned(),
        name: rule.to_owned(),
        target_id: text(&target["Id"]),
        cluster: cluster.to_owned(),
        task_definition,
        changeable: true,
    })
}

/// All pages of a list.
async fn pages(signed: &Signed, operation: &str, mut body: Value, key: &str) -> aws::Result<Vec<Value>> {
    body["Limit"] = PAGE.into();
    let mut items = Vec::new();
    loop {
        let mut answer = signed.json(Service::Events, operation, &body).await?;
        if let Value::Array(page) = answer[key].take() {
            items.extend(page);
        }
        match answer["NextToken"].take() {
            Value::String(token) if !token.is_empty() => body["NextToken"] = token.into(),
            _ => return Ok(items),
        }
    }
}

fn names(items: &[Value], key: &str) -> Vec<String> {
    items.iter().filter_map(|item| item[key].as_str()).map(str::to_owned).collect()
}
