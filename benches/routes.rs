//! The template of a path, and what it costs to learn one.

use std::hint::black_box;
use std::net::IpAddr;

use criterion::{Criterion, criterion_group, criterion_main};
use sidetap::sensor::routes::{Patterns, RouteLimits, Routes};

const HOST: &[u8] = b"api.example.test";

const PATHS: [(&str, &[u8]); 5] = [
    ("known_words", b"/api/v1/users/orders"),
    ("values", b"/api/v1/users/48151623/orders/123e4567-e89b-12d3-a456-426614174000"),
    ("proven_words", b"/frobnicate/gizmos/widgetry/acme"),
    ("rpc", b"/acme.shop.v1.CartService/ListFavourites"),
    ("token", b"/d/CfMkAGbE_aivhFydEpaRafPuGWbmHfG/edit"),
];

/// Knows all of the paths, and some beside them.
fn routes() -> Routes {
    let patterns = ["/shops/{shop}/items/{item}", "/shops/{shop}", "/files/{path...}"];
    let mut routes = Routes::new(RouteLimits::default(), Patterns::parse(patterns).expect("the patterns are right"));
    let verbs = (0..25).map(|verb| format!("/api/v1/users/verb{}", char::from(b'a' + verb)).into_bytes());
    for path in verbs.chain(PATHS.map(|(_, path)| path.to_vec())) {
        for client in 0..4 {
            routes.learn(HOST, &path, IpAddr::from([192, 0, 2, client]), Some(200));
        }
    }
    routes
}

fn bench(criterion: &mut Criterion) {
    let mut routes = routes();
    let (mut template, mut surrogate) = (String::new(), String::new());
    for (name, path) in PATHS {
        criterion.bench_function(&format!("routes/template/{name}"), |bencher| {
            bencher.iter(|| routes.template(HOST, black_box(path), &mut template, &mut surrogate));
        });
        assert_ne!(template, "");
    }
    criterion.bench_function("routes/template/pattern", |bencher| {
        bencher.iter(|| routes.template(HOST, black_box(b"/shops/7/items/acme"), &mut template, &mut surrogate));
    });
    assert_eq!(template, "/shops/{shop}/items/{item}");
    let client = IpAddr::from([192, 0, 2, 1]);
    criterion.bench_function("routes/learn/values", |bencher| {
        bencher.iter(|| routes.learn(HOST, black_box(PATHS[1].1), client, Some(200)));
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
