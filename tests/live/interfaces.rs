//! Interfaces: which are listened on, and those that go and come back.

use std::time::Duration;

use crate::support::lab::{CABLE, Lab, Namespace, SERVER};
use crate::support::nginx::{Nginx, PORT};
use crate::support::sensor::{Ended, Sensor};
use crate::support::wait_for;

#[test]
fn an_interface_that_is_deleted_and_made_anew_is_captured_again() {
    goes_and_returns(|lab| lab.server.ip(&format!("link del {CABLE}")), Lab::connect);
}

#[test]
fn an_interface_that_goes_down_and_up_is_captured_again() {
    goes_and_returns(
        |lab| lab.server.ip(&format!("link set {CABLE} down")),
        |lab| lab.server.ip(&format!("link set {CABLE} up")),
    );
}

fn goes_and_returns(go: impl Fn(&Lab), come: impl Fn(&Lab)) {
    let Some(lab) = Lab::with(&["nginx", "curl"]) else { return };
    let _nginx = Nginx::start(&lab);
    let sensor = Sensor::new(&lab).args(&["--interface", CABLE, "--interface", "lo"]).listen();
    ask(&lab.client, SERVER, "before/[1-5]");
    for time in 1..=2 {
        go(&lab);
        let said = |words: &str| sensor.stderr().matches(words).count();
        wait_for("the sensor to miss it", || (said("eth0 is down or gone") == time).then_some(()));
        let (used, second) = (sensor.cpu_time(), Duration::from_secs(1));
        std::thread::sleep(second);
        let used = sensor.cpu_time() - used;
        assert!(used < second / 10, "{used:?} of CPU time for nothing");
        ask(&lab.server, "127.0.0.1", &format!("meanwhile-{time}/[1-5]"));

        come(&lab);
        wait_for("the sensor to see it", || (said("eth0 is back") == time).then_some(()));
        ask(&lab.client, SERVER, &format!("after-{time}/[1-20]"));
    }
    let ended = sensor.stop().well();
    for (path, count) in [("before", 5), ("meanwhile-1", 5), ("after-1", 20), ("meanwhile-2", 5), ("after-2", 20)] {
        assert_eq!(complete_below(&ended, path), count, "{path}\n{}", ended.stderr);
    }
}

#[test]
fn any_is_every_interface() {
    let Some(lab) = Lab::with(&["nginx", "curl"]) else { return };
    let _nginx = Nginx::start(&lab);
    let sensor = Sensor::new(&lab).args(&["--interface", "any"]).listen();
    ask(&lab.server, "127.0.0.1", "loopback/[1-5]");
    ask(&lab.client, SERVER, "cable/[1-5]");
    let ended = sensor.stop().without_loss();
    assert_eq!((complete_below(&ended, "loopback"), complete_below(&ended, "cable")), (5, 5));
    assert_eq!(ended.exchanges().count(), 10);
}

#[test]
fn interfaces_that_are_named_and_no_others_are_listened_on() {
    let Some(lab) = Lab::with(&["nginx", "curl"]) else { return };
    lab.server.ip("link add spare0 type veth peer name spare1");
    lab.server.ip("link set spare0 up");
    lab.server.ip("link set spare1 up");
    let _nginx = Nginx::start(&lab);
    // Named twice, in both ways of naming several.
    let sensor = Sensor::new(&lab).args(&["--interface", "eth0,spare0", "--interface", "eth0"]).listen();
    assert!(sensor.stderr().contains("listening on eth0, spare0;"), "{}", sensor.stderr());
    ask(&lab.server, "127.0.0.1", "loopback/[1-5]");
    ask(&lab.client, SERVER, "cable/[1-5]");
    let ended = sensor.stop().without_loss();
    assert_eq!((complete_below(&ended, "loopback"), complete_below(&ended, "cable")), (0, 5));
}

#[test]
fn a_filter_keeps_out_what_it_does_not_accept() {
    let Some(lab) = Lab::with(&["nginx", "curl"]) else { return };
    let _nginx = Nginx::start(&lab);
    lab.client.ip("addr add 10.77.0.3/24 dev eth0");
    let filter = "tcp port 8080 and not host 10.77.0.3";
    let sensor = Sensor::new(&lab).args(&["--interface", CABLE, "--filter", filter]).listen();
    ask(&lab.client, SERVER, "wanted/[1-5]");
    let url = format!("http://{SERVER}:{PORT}/unwanted/[1-5]");
    lab.client.run("curl", &["--silent", "--output", "/dev/null", "--interface", "10.77.0.3", &url]);
    let ended = sensor.stop().without_loss();
    assert_eq!((complete_below(&ended, "wanted"), complete_below(&ended, "unwanted")), (5, 0));
}

#[test]
fn a_filter_by_direction_sees_one_half_of_each_connection() {
    let Some(lab) = Lab::with(&["nginx", "curl"]) else { return };
    let _nginx = Nginx::start(&lab);
    let sensor = Sensor::new(&lab).args(&["--interface", CABLE, "--filter", "inbound"]).listen();
    ask(&lab.client, SERVER, "half/[1-5]");
    let ended = sensor.stop().well();
    let requests = ended.exchanges().filter(|record| record.path().starts_with("/half/"));
    assert_eq!(requests.filter(|record| record.status() == 0).count(), 5, "{:#?}", ended.records);
}

/// Asks nginx for these paths, all on one connection.
fn ask(from: &Namespace, address: &str, path: &str) {
    let url = format!("http://{address}:{PORT}/{path}");
    from.run(
        "curl",
        &["--silent", "--show-error", "--output", "/dev/null", "--retry", "20", "--retry-all-errors", &url],
    );
}

fn complete_below(ended: &Ended, directory: &str) -> usize {
    let prefix = format!("/{directory}/");
    ended.complete().filter(|record| record.path().starts_with(&prefix)).count()
}
