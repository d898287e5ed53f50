//! What the inventory tells, and the document of it.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::openapi::TITLE;
use super::operation::{MAX_HOSTS, MAX_STATUSES};
use super::*;
use crate::sensor::budget::Budget;

const SECOND: u64 = 1_000_000_000;
/// 2023-11-14 22:13:20 UTC.
const START: u64 = 1_700_000_000 * SECOND;

fn get(route: &str) -> Observed<'_> {
    Observed {
        time_unix_nanos: START,
        vantage: Vantage::Server,
        scheme: Scheme::Http,
        host: "shop.example.com",
        port: None,
        method: "GET",
        route,
        route_source: RouteSource::Heuristic,
        version: "1.1",
        status: Some(200),
        auth: AuthScheme::None,
        query: None,
        request_media_type: "",
        response_media_type: "",
        request_schema: None,
        response_schema: None,
    }
}

fn inventory() -> Inventory {
    Inventory::new(InventoryLimits::default())
}

fn after(seen: &[Observed<'_>]) -> Inventory {
    let mut inventory = inventory();
    seen.iter().for_each(|seen| inventory.observe(seen));
    inventory
}

fn json_schema(document: &str) -> Schema {
    Schema::of_json(document.as_bytes()).expect("JSON")
}

fn document(seen: &[Observed<'_>]) -> Value {
    let document = after(seen).openapi(TITLE, "1");
    assert_follows_openapi(&document);
    document
}

/// What OpenAPI 3.1 asks for, as far as it concerns what is written here.
fn assert_follows_openapi(document: &Value) {
    let mut shapes = BTreeSet::new();
    let mut names = BTreeSet::new();
    let schemes = &document["components"]["securitySchemes"];
    for (path, item) in document["paths"].as_object().expect("paths") {
        assert!(path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic()), "{path}");
        let pieces: Vec<_> = path.split(['{', '}']).collect();
        let shape: Vec<_> = pieces.iter().step_by(2).collect();
        assert!(shapes.insert(format!("{shape:?}")), "{path} is there twice");
        let in_path: Vec<_> = pieces.iter().skip(1).step_by(2).copied().collect();
        let parameters = item["parameters"].as_array().cloned().unwrap_or_default();
        let described: Vec<_> = parameters.iter().map(|it| it["name"].as_str().expect("a name")).collect();
        assert_eq!(in_path, described, "{path}");
        assert_eq!(in_path.iter().collect::<BTreeSet<_>>().len(), in_path.len(), "{path}");
        assert!(parameters.iter().all(|it| it["required"] == true && it["in"] == "path"));
        for operation in item.as_object().expect("an item").values().filter(|it| it.get("responses").is_some()) {
            assert!(names.insert(operation["operationId"].as_str().expect("a name").to_owned()));
            let responses = operation["responses"].as_object().expect("responses");
            assert!(!responses.is_empty() && responses.values().all(|it| it["description"].is_string()));
            let statuses = responses.keys().map(String::as_str);
            let is_status =
                |it: &str| it == "default" || it.len() == 3 && ('1'..='5').contains(&it.chars().next().unwrap());
            assert!(statuses.into_iter().all(is_status), "{responses:?}");
            let security = operation["security"].as_array().cloned().unwrap_or_default();
            let named = security.iter().flat_map(|it| it.as_object().expect("a requirement").keys());
            named.for_each(|name| assert!(schemes.get(name).is_some(), "{name}"));
        }
    }
}

fn routes(inventory: &mut Inventory, now: u64) -> Vec<String> {
    inventory.discoveries(now).map(|found| found.route).collect()
}

#[test]
fn an_endpoint_is_told_once() {
    let mut inventory = inventory();
    inventory.observe(&get("/a"));
    inventory.observe(&get("/a"));
    let found: Vec<_> = inventory.discoveries(START).collect();
    let told = DiscoveredEndpoint {
        time_unix_nanos: START,
        host: "shop.example.com".into(),
        method: "GET".into(),
        route: "/a".into(),
        route_source: RouteSource::Heuristic,
        version: "1.1",
        status: Some(200),
        requests: 2,
        ..DiscoveredEndpoint::default()
    };
    assert_eq!(found, [told]);
    inventory.observe(&get("/a"));
    assert!(routes(&mut inventory, START).is_empty());
}

#[test]
fn an_endpoint_is_told_for_each_version_of_http() {
    let mut inventory =
        after(&[get("/a"), Observed { version: "2", ..get("/a") }, Observed { version: "1.0", ..get("/a") }]);
    let versions: Vec<_> = inventory.discoveries(START).map(|found| found.version).collect();
    assert_eq!(versions, ["1.1", "2", "1.0"]);
}

#[test]
fn an_endpoint_is_told_again_when_its_types_change() {
    let mut inventory = inventory();
    let mut tell = |document: &str| {
        let schema = json_schema(document);
        let seen =
            Observed { response_media_type: "application/json; v=1", response_schema: Some(&schema), ..get("/a") };
        inventory.observe(&seen);
        inventory.discoveries(START).collect::<Vec<_>>()
    };
    let first = tell(r#"{"a": 1, "list": [1]}"#);
    assert_eq!(first[0].response_content_type, "application/json");
    assert!(tell(r#"{"a": 2, "list": [1, 2, 3]}"#).is_empty(), "other values, other lengths");
    let second = tell(r#"{"a": "x", "list": []}"#);
    assert_ne!(first[0].schema_hash, second[0].schema_hash);
    assert_eq!(first[0].schema_hash.len(), 32);
    let schema: Value = serde_json::from_str(&second[0].response_schema).expect("JSON");
    assert_eq!(schema["properties"]["a"], json!({"type": ["integer", "string"]}));
    assert!(tell(r#"{"a": 1, "list": []}"#).is_empty());
}

#[test]
fn a_new_field_of_the_query_is_a_change() {
    let mut inventory = inventory();
    let mut tell = |query: &str| {
        let query = Schema::of_form(query.as_bytes());
        inventory.observe(&Observed { query: Some(&query), ..get("/a") });
        inventory.discoveries(START).map(|found| found.schema_hash).collect::<Vec<_>>()
    };
    assert_eq!(tell(""), [""]);
    assert_eq!(tell("page=1").len(), 1);
    assert!(tell("page=2").is_empty());
    assert!(tell("").is_empty());
    assert_eq!(tell("page=2&size=3").len(), 1);
}

#[test]
fn what_is_over_the_pace_waits() {
    let mut inventory = inventory();
    let names: Vec<_> = (0..100).map(|number| format!("/{number:03}")).collect();
    names.iter().for_each(|name| inventory.observe(&get(name)));
    assert_eq!(routes(&mut inventory, START), names[..60]);
    assert_eq!(inventory.counts().waiting, 40);
    assert!(routes(&mut inventory, START + 59 * SECOND).is_empty());
    assert_eq!(routes(&mut inventory, START + 60 * SECOND), names[60..]);
    let counts = inventory.counts();
    assert_eq!((counts.discovered, counts.waiting), (100, 0));
}

#[test]
fn whoever_asks_cannot_make_endpoints_of_our_server_by_the_host_he_names() {
    let hosts: Vec<_> = (0..MAX_HOSTS + 5).map(|number| format!("h{number}.example.com")).collect();
    let of = |vantage| hosts.iter().map(move |host| Observed { host, vantage, ..get("/a") }).collect::<Vec<_>>();
    let ours = after(&of(Vantage::Server));
    assert_eq!((ours.counts().endpoints, ours.counts().left_out), (1, 5));
    assert_eq!(ours.openapi(TITLE, "1")["servers"].as_array().map(Vec::len), Some(MAX_HOSTS));
    let theirs = after(&of(Vantage::Client));
    assert_eq!(theirs.counts().endpoints as usize, hosts.len());
    assert_eq!(theirs.openapi(TITLE, "1")["paths"], json!({}));
}

#[test]
fn the_endpoint_that_was_not_used_for_the_longest_time_gives_way() {
    let mut inventory = Inventory::new(InventoryLimits { endpoints: 2, ..InventoryLimits::default() });
    ["/a", "/b", "/a", "/c"].into_iter().for_each(|route| inventory.observe(&get(route)));
    let counts = inventory.counts();
    assert_eq!((counts.endpoints, counts.evicted, counts.evicted_untold, counts.waiting), (2, 1, 1, 2));
    assert_eq!(routes(&mut inventory, START), ["/a", "/c"]);
    inventory.observe(&get("/b"));
    assert_eq!(routes(&mut inventory, START), ["/b"]);
}

#[test]
fn what_is_too_long_is_refused() {
    let long = format!("/{}", "a".repeat(MAX_ROUTE));
    let inventory = after(&[get(&long), Observed { method: &long, ..get("/a") }]);
    let counts = inventory.counts();
    assert_eq!((counts.refused, counts.observed, counts.endpoints), (2, 0, 0));
}

#[test]
fn an_endpoint_that_is_larger_than_the_inventory_loses_its_types() {
    let mut inventory = Inventory::new(InventoryLimits { bytes: 4096, ..InventoryLimits::default() });
    let names: Vec<_> =
        ('a'..='z').flat_map(|a| ["x", "y"].map(|b| format!("\"{a}{b}{}\": 1", "o".repeat(50)))).collect();
    let schema = json_schema(&format!("{{{}}}", names.join(",")));
    let seen = Observed { request_media_type: "application/json", request_schema: Some(&schema), ..get("/a") };
    inventory.observe(&seen);
    assert_eq!(inventory.counts().endpoints, 1);
    assert!(inventory.counts().bytes <= 4096);
    assert_eq!(inventory.counts().schemas_cut, 1);
}

#[test]
fn without_endpoints_there_is_still_a_document() {
    let document = document(&[]);
    let info = json!({"title": "Observed API", "version": "1", "x-sidetap-observed": {"requests": 0}});
    assert_eq!(document, json!({"openapi": "3.1.0", "info": info, "paths": {}}));
}

#[test]
fn the_document_describes_what_was_seen() {
    let query = Schema::of_form(b"page=1&from=2024-05-06");
    let less = Schema::of_form(b"page=2");
    let request = json_schema(r#"{"name": "x"}"#);
    let response = json_schema(r#"[{"id": "0b2f8a2e-7d0c-4a55-9a9e-1b1f0a5a7c11"}]"#);
    let asked = Observed { query: Some(&query), auth: AuthScheme::Bearer, ..get("/users/{id}/cards/{uuid}") };
    let posted = Observed {
        method: "POST",
        query: None,
        request_media_type: "application/json",
        request_schema: Some(&request),
        status: Some(422),
        time_unix_nanos: START + 1500 * SECOND / 1000,
        ..asked
    };
    let answered = Observed {
        query: Some(&less),
        response_media_type: "application/json",
        response_schema: Some(&response),
        ..asked
    };
    let document = document(&[asked, posted, answered]);
    let path = &document["paths"]["/users/{id}/cards/{uuid}"];
    let id = json!({"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}});
    let uuid = json!({"name": "uuid", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}});
    assert_eq!(path["parameters"], json!([id, uuid]));
    let get = json!({
        "operationId": "getUsersByIdCardsByUuid",
        "parameters": [
            {"name": "from", "in": "query", "schema": {"type": "string", "format": "date"}},
            {"name": "page", "in": "query", "required": true, "schema": {"type": "integer"}},
        ],
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": response.to_json_schema()}}}},
        "security": [{"bearer": []}],
        "x-sidetap-observed": {"requests": 2, "first_seen": "2023-11-14T22:13:20.000Z", "last_seen": "2023-11-14T22:13:20.000Z"},
    });
    assert_eq!(path["get"], get);
    let body = json!({"required": true, "content": {"application/json": {"schema": request.to_json_schema()}}});
    assert_eq!(path["post"]["requestBody"], body);
    assert_eq!(path["post"]["responses"], json!({"422": {"description": "Unprocessable Entity"}}));
    assert_eq!(document["servers"], json!([{"url": "http://shop.example.com"}]));
    assert_eq!(document["components"]["securitySchemes"]["bearer"], json!({"type": "http", "scheme": "bearer"}));
    assert_eq!(document["info"]["x-sidetap-observed"]["last_seen"], "2023-11-14T22:13:21.500Z");
}

#[test]
fn templates_that_differ_only_in_names_are_one_path() {
    let document = document(&[
        get("/a/{id}"),
        Observed { method: "PUT", ..get("/a/{uuid}") },
        get("/a/{uuid}"),
        get("/b/{id}/c/{id}/{id2}"),
        get("/d/{token}"),
        get("/d/{date}"),
    ]);
    let paths: Vec<_> = document["paths"].as_object().expect("paths").keys().collect();
    assert_eq!(paths, ["/a/{id}", "/b/{id}/c/{id2}/{id22}", "/d/{id}"]);
    let a = &document["paths"]["/a/{id}"];
    assert_eq!(a["parameters"][0]["schema"]["anyOf"].as_array().map(Vec::len), Some(2));
    assert_eq!(a["get"]["x-sidetap-observed"]["requests"], 2);
    assert_eq!(document["paths"]["/d/{id}"]["parameters"][0]["schema"], json!({"type": "string"}));
}

#[test]
fn paths_have_only_what_a_path_may_have() {
    for (route, path) in [
        ("/a b", "/a%20b"),
        ("/ä", "/%C3%A4"),
        ("/a?b#c", "/a%3Fb%23c"),
        ("/100%", "/100%25"),
        ("/%2F", "/%2F"),
        ("/{", "/%7B"),
        ("/{}", "/%7B%7D"),
        ("/{{id}", "/%7B{id}"),
        ("/{user id}", "/{user_id}"),
        ("/a{id}.json", "/a{id}.json"),
        ("/{id}{id}", "/{id}{id2}"),
        ("/{a/b}", "/%7Ba/b%7D"),
        ("//", "//"),
    ] {
        let document = document(&[get(route)]);
        assert_eq!(document["paths"].as_object().map(|paths| paths.keys().next().cloned()), Some(Some(path.into())));
    }
}

#[test]
fn what_openapi_has_no_place_for_is_listed_apart() {
    let document = document(&[
        Observed { method: "PROPFIND", ..get("/a") },
        Observed { method: "OPTIONS", ..get("*") },
        Observed { status: Some(999), ..get("/b") },
        Observed { status: None, ..get("/c") },
    ]);
    assert_eq!(document["paths"]["/a"], json!({"x-sidetap-other-methods": ["PROPFIND"]}));
    assert_eq!(document["x-sidetap-other-targets"], json!(["*"]));
    assert_eq!(document["paths"]["/b"]["get"]["x-sidetap-other-statuses"], json!([999]));
    let default = json!({"default": {"description": "No response was seen."}});
    assert_eq!(document["paths"]["/c"]["get"]["responses"], default);
}

#[test]
fn statuses_that_are_too_many_are_known_by_their_class() {
    let statuses: Vec<_> = (400..450).map(|status| Observed { status: Some(status), ..get("/a") }).collect();
    let document = document(&statuses);
    let responses = document["paths"]["/a"]["get"]["responses"].as_object().expect("responses");
    assert_eq!(responses.len(), MAX_STATUSES + 1);
    assert_eq!(responses["4XX"], json!({"description": "Client error"}));
}

#[test]
fn a_path_of_some_hosts_names_them() {
    let other = Observed { host: "API.example.com", scheme: Scheme::Https, port: Some(8443), ..get("/b") };
    let odd = Observed { host: "a b/<c>", ..get("/a") };
    let document = document(&[get("/a"), other, odd, Observed { port: Some(80), ..get("/a") }]);
    let (a, b) = (json!({"url": "http://shop.example.com"}), json!({"url": "https://api.example.com:8443"}));
    assert_eq!(document["servers"], json!([a, b]));
    assert_eq!(document["paths"]["/a"]["servers"], json!([a]));
    assert_eq!(document["paths"]["/b"]["servers"], json!([b]));
}

#[test]
fn who_may_ask_without_saying_who_he_is_may_do_so_in_the_document() {
    let auth = [AuthScheme::None, AuthScheme::SigV4, AuthScheme::ApiKey];
    let document = document(&auth.map(|auth| Observed { auth, ..get("/a") }));
    assert_eq!(document["paths"]["/a"]["get"]["security"], json!([{"sigv4": []}, {"apiKey": []}, {}]));
}

proptest! {
    #[test]
    fn the_same_traffic_gives_the_same_document(requests in prop::collection::vec(request(), 0..30)) {
        let seen: Vec<_> = requests.iter().map(Request::observed).collect();
        let (one, other) = (after(&seen).openapi(TITLE, "1"), after(&seen).openapi(TITLE, "1"));
        prop_assert_eq!(one.to_string(), other.to_string());
        assert_follows_openapi(&one);
    }

    #[test]
    fn whatever_comes_the_inventory_is_bounded(requests in prop::collection::vec(request(), 0..40)) {
        let mut inventory = Inventory::new(InventoryLimits { endpoints: 7, bytes: 8192, discoveries_per_minute: 3 });
        for request in &requests {
            inventory.observe(&request.observed());
            let counts = inventory.counts();
            prop_assert!(counts.endpoints <= 7 && counts.bytes <= 8192 && counts.waiting <= counts.endpoints);
            prop_assert_eq!(inventory.by_use.len(), inventory.endpoints.len());
            let bytes: usize = inventory.endpoints.values().map(|endpoint| endpoint.bytes).sum();
            prop_assert_eq!(bytes, inventory.bytes);
        }
        prop_assert!(inventory.discoveries(START).count() <= 3);
    }
}

#[derive(Debug)]
struct Request {
    route: String,
    method: &'static str,
    host: String,
    status: Option<u16>,
    media_type: &'static str,
    schema: Option<Schema>,
    query: Schema,
}

impl Request {
    fn observed(&self) -> Observed<'_> {
        Observed {
            method: self.method,
            host: &self.host,
            status: self.status,
            query: Some(&self.query),
            response_media_type: self.media_type,
            response_schema: self.schema.as_ref(),
            ..get(&self.route)
        }
    }
}

fn request() -> impl Strategy<Value = Request> {
    let segment = prop_oneof!["[a-c]", "\\{(id|uuid|date|token|segment|rest)\\}", "[ -~]{0,4}", any::<String>()];
    let route = prop::collection::vec(segment, 0..4).prop_map(|segments| format!("/{}", segments.join("/")));
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "REPORT", "get"]);
    let media_type = prop::sample::select(vec!["application/json", "text/plain;charset=utf-8", "", "nonsense"]);
    let schema = prop::option::of("[a-f]{1,2}".prop_map(|name| json_schema(&format!("{{\"{name}\": [1, {{}}]}}"))));
    let query = "([a-c]=[0-9a]&){0,3}".prop_map(|query| Schema::of_form(query.as_bytes()));
    let host = prop_oneof!["[a-b]\\.example", any::<String>()];
    (route, method, host, prop::option::of(any::<u16>()), media_type, schema, query).prop_map(
        |(route, method, host, status, media_type, schema, query)| Request {
            route,
            method,
            host,
            status,
            media_type,
            schema,
            query,
        },
    )
}

/// Endpoints of a usual API: a third takes JSON, all answer with some. `docs/openapi.md` has the number.
#[test]
fn about_160_endpoints_with_schemas_fit_in_the_memory_that_will_do() {
    let bytes = Budget::new(25 << 20).unwrap().findings_bytes / 4;
    let mut inventory = Inventory::new(InventoryLimits { bytes, ..InventoryLimits::default() });
    let order = json_schema(
        r#"{"card":"4111","email":"ada@example.com","gift":true,"note":null,"items":[{"sku":"A-100","count":2,"price":9.5}]}"#,
    );
    let answer = json_schema(
        r#"{"id":1,"state":"paid","total":49.9,"created":"2026-01-01T00:00:00Z","customer":{"id":7,"name":"Ada","vip":false}}"#,
    );
    let query = Schema::of_form(b"page=1&sort=name");
    for number in 0..2_000 {
        let route = format!("/api/v1/resource-{number}/{{id}}/orders");
        let usual = Observed {
            query: Some(&query),
            response_media_type: "application/json",
            response_schema: Some(&answer),
            ..get(&route)
        };
        inventory.observe(&match number % 3 {
            0 => Observed {
                method: "POST",
                request_media_type: "application/json",
                request_schema: Some(&order),
                ..usual
            },
            _ => usual,
        });
    }
    let fit = inventory.counts().endpoints;
    assert!((150..170).contains(&fit), "{fit}");
}
