//! HTTP/2 between nghttp2's servers and clients.

use crate::support::child::Child;
use crate::support::lab::{CABLE, Lab, SERVER};
use crate::support::nginx::{Nginx, PORT};
use crate::support::sensor::{ROOMY, Sensor};

const NGHTTPD: u16 = 8081;
const NGHTTPX: u16 = 8082;

#[test]
fn every_stream_of_h2load_is_one_record() {
    let Some(lab) = Lab::with(&["nghttpd", "h2load"]) else { return };
    let _nghttpd = nghttpd(&lab);
    let sensor = Sensor::new(&lab).args(&["--interface", CABLE, "--memory-limit", ROOMY]).listen();
    let urls = ["/small.txt", "/large.txt", "/absent"].map(|path| format!("http://{SERVER}:{NGHTTPD}{path}"));
    let words = ["--requests=1500", "--clients=5", "--max-concurrent-streams=20", "--threads=1"];
    let told = lab.client.run("h2load", &[&words, &urls.each_ref().map(String::as_str)[..]].concat());
    assert!(told.contains("1500 done"), "{told}");
    let ended = sensor.stop().without_loss();

    assert_eq!(ended.complete().count(), 1500, "{}", ended.stderr);
    assert_eq!(ended.exchanges().count(), 1500);
    // Each client takes the three in turn, and asks 300 times.
    for (path, status, size) in
        [("/small.txt", 200, Some(6)), ("/large.txt", 200, Some(20_000)), ("/absent", 404, None)]
    {
        let of_path: Vec<_> = ended.complete().filter(|record| record.path() == path).collect();
        assert_eq!(of_path.len(), 500, "{path}");
        for record in of_path {
            assert_eq!((record.method(), record.status()), ("GET", status), "{path}");
            assert!(size.is_none_or(|size| record.response_body() == size), "{record:?}");
            assert_eq!(record.text("network.protocol.version"), "2");
        }
    }
    let streams = ended.complete().filter_map(|record| record.number("sidetap.http2.stream"));
    assert_eq!(streams.filter(|stream| stream % 2 == 1).count(), 1500, "clients open odd streams");
}

#[test]
fn uploads_over_http_2_are_measured() {
    let Some(lab) = Lab::with(&["nghttpd", "nghttp"]) else { return };
    let _nghttpd = nghttpd(&lab);
    let body = lab.directory().join("body");
    std::fs::write(&body, vec![b'z'; 300_000]).expect("a file");
    let sensor = Sensor::new(&lab).args(&["--interface", CABLE]).listen();
    let url = format!("http://{SERVER}:{NGHTTPD}/small.txt");
    lab.client.run("nghttp", &["--null-out", "--data", body.to_str().expect("UTF-8"), &url]);
    let ended = sensor.stop().without_loss();
    let seen: Vec<_> = ended.complete().map(|record| (record.method(), record.request_body())).collect();
    assert_eq!(seen, [("POST", 300_000)], "{:?}", ended.records);
}

#[test]
fn an_upgrade_to_http_2_is_followed() {
    let Some(lab) = Lab::with(&["nghttpx", "nghttp", "nginx"]) else { return };
    let nginx = Nginx::start(&lab);
    let mut command = lab.server.command("nghttpx");
    command.args([
        "--conf=/dev/null",
        "--workers=1",
        "--log-level=ERROR",
        "--accesslog-file=/dev/null",
        &format!("--frontend=*,{NGHTTPX};no-tls"),
        &format!("--backend=127.0.0.1,{PORT}"),
    ]);
    let _nghttpx = lab.server.serve(command, NGHTTPX);
    let sensor = Sensor::new(&lab).args(&["--interface", CABLE]).listen();
    let urls = ["/first", "/second", "/third"].map(|path| format!("http://{SERVER}:{NGHTTPX}{path}"));
    let words = ["--null-out", "--upgrade"];
    lab.client.run("nghttp", &[&words, &urls.each_ref().map(String::as_str)[..]].concat());
    let ended = sensor.stop().without_loss();
    nginx.finish();

    let mut seen: Vec<_> = ended
        .complete()
        .filter(|record| record.status() == 200)
        .map(|record| (record.path(), record.response_body(), record.text("network.protocol.version")))
        .collect();
    seen.sort();
    assert_eq!(seen.len(), 3, "{:#?}\n{}", ended.records, ended.stderr);
    assert_eq!(
        seen.iter().map(|seen| (seen.0, seen.1)).collect::<Vec<_>>(),
        [("/first", 6), ("/second", 7), ("/third", 6)]
    );
    assert_eq!(seen[1].2, "2");
    assert_eq!(seen[2].2, "2");
}

/// An nghttpd with two files, for clients who know that it speaks HTTP/2.
fn nghttpd(lab: &Lab) -> Child {
    let files = lab.directory().join("files");
    std::fs::create_dir_all(&files).expect("a directory");
    std::fs::write(files.join("small.txt"), "small\n").expect("a file");
    std::fs::write(files.join("large.txt"), vec![b'x'; 20_000]).expect("a file");
    let mut command = lab.server.command("nghttpd");
    command.arg("--no-tls").arg(format!("--htdocs={}", files.display())).arg(NGHTTPD.to_string());
    lab.server.serve(command, NGHTTPD)
}
