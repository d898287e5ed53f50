//! What the sensor may do: capture with `CAP_NET_RAW` and nothing else, and nothing any more once it captures.

use std::path::PathBuf;
use std::process::Command;

use crate::support::lab::{Lab, SERVER};
use crate::support::nginx::{Nginx, PORT};
use crate::support::record::Record;
use crate::support::sensor::{BINARY, Listening, Sensor, copy};

/// Nobody.
const USER: &str = "65534";

#[test]
fn nobody_with_net_raw_sees_every_transaction_of_loopback_and_cable_once() {
    let Some(lab) = Lab::with(&["nginx", "curl"]) else { return };
    let mut command = as_nobody(&lab, &["--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw"]);
    command.arg("--bounding-set=-all,+net_raw").arg(copy(&lab));
    sees_everything_once(&lab, Sensor::of(&lab, command), |listening| {
        // Emptying the bounding set takes CAP_SETPCAP; `no_new_privs` makes what is left of it useless.
        assert_eq!(listening.status("CapBnd"), "0000000000002000");
    });
}

#[test]
fn nobody_with_the_capability_on_the_file_sees_every_transaction_of_loopback_and_cable_once() {
    let Some(lab) = Lab::with(&["nginx", "curl", "setcap"]) else { return };
    let binary = copy(&lab);
    let marked = Command::new("setcap").arg("cap_net_raw+ep").arg(&binary).output().expect("setcap runs");
    assert!(marked.status.success(), "{}", String::from_utf8_lossy(&marked.stderr));
    let mut command = as_nobody(&lab, &["--inh-caps=-all"]);
    command.arg(binary);
    sees_everything_once(&lab, Sensor::of(&lab, command), |_| {});
}

#[test]
fn root_keeps_no_capability_and_can_gain_none() {
    let Some(lab) = Lab::with(&[]) else { return };
    let listening = Sensor::new(&lab).listen();
    has_no_rights(&listening);
    assert_eq!(listening.status("CapBnd"), "0000000000000000");
    listening.stop().well();
}

#[test]
fn without_net_raw_it_says_what_to_add() {
    let Some(lab) = Lab::with(&[]) else { return };
    let mut nobody = as_nobody(&lab, &["--inh-caps=-all"]);
    nobody.arg(copy(&lab));
    let mut root = lab.server.command("setpriv");
    root.args(["--inh-caps=-net_raw", "--bounding-set=-net_raw", BINARY]);
    for command in [nobody, root] {
        let ended = Sensor::of(&lab, command).fail();
        assert_eq!(ended.status.code(), Some(4), "{}", ended.stderr);
        for words in ["CAP_NET_RAW", "root", "setcap cap_net_raw+ep", "linuxParameters.capabilities.drop", "NET_RAW"] {
            assert!(ended.stderr.contains(words), "no `{words}` in: {}", ended.stderr);
        }
    }
}

#[test]
fn root_writes_where_it_may_though_it_gives_up_its_rights() {
    let Some(lab) = Lab::with(&["nginx", "curl"]) else { return };
    let _nginx = Nginx::start(&lab);
    let theirs = theirs(&lab);
    let exports = ["ndjson", "pcapng", "har"].map(|kind| format!("{kind}:{}/{kind}", theirs.display()));
    let args: Vec<&str> = exports.iter().flat_map(|export| ["--export", export]).collect();
    let listening = Sensor::new(&lab).args(&args).listen();
    has_no_rights(&listening);
    lab.client.run("curl", &["--silent", "--output", "/dev/null", &format!("http://{SERVER}:{PORT}/a")]);
    listening.stop().without_loss();
    assert_eq!(Record::read(&theirs.join("ndjson")).len(), 1);
    assert!(std::fs::metadata(theirs.join("pcapng")).expect("a file").len() > 500);
    assert_eq!(std::fs::read_dir(theirs.join("har")).expect("a directory").count(), 1);
}

/// HAR files are made one after the other.
#[test]
fn root_without_its_rights_says_why_it_cannot_make_har_files() {
    let Some(lab) = Lab::with(&[]) else { return };
    let export = format!("har:{}", theirs(&lab).display());
    let ended = Sensor::new(&lab).args(&["--export", &export]).fail();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    for words in ["cannot write to", "Permission denied", "hint: listening gives up root's rights"] {
        assert!(ended.stderr.contains(words), "no `{words}` in: {}", ended.stderr);
    }
}

/// A directory that belongs to somebody else, who alone may write in it.
fn theirs(lab: &Lab) -> PathBuf {
    let theirs = lab.directory().join("theirs");
    std::fs::create_dir(&theirs).expect("a directory");
    std::os::unix::fs::chown(&theirs, Some(65_534), None).expect("root may give away");
    theirs
}

fn sees_everything_once(lab: &Lab, sensor: Sensor<'_>, check: impl Fn(&Listening)) {
    let nginx = Nginx::start(lab);
    let listening = sensor.listen();
    assert!(listening.stderr().contains("listening on lo, eth0;"), "{}", listening.stderr());
    has_no_rights(&listening);
    check(&listening);
    // To itself by both of its addresses, and from the other end of the cable.
    for (namespace, address, path) in
        [(&lab.server, "127.0.0.1", "loopback"), (&lab.server, SERVER, "own"), (&lab.client, SERVER, "cable")]
    {
        let url = format!("http://{address}:{PORT}/{path}/[1-40]");
        namespace.run("curl", &["--silent", "--show-error", "--output", "/dev/null", &url]);
    }
    let ended = listening.stop().without_loss();
    let mut logged = nginx.finish();
    let mut seen: Vec<_> = ended
        .complete()
        .map(|record| {
            let (method, path) = (record.method().to_owned(), record.path().to_owned());
            (method, path, record.status(), record.response_body())
        })
        .collect();
    assert_eq!(ended.exchanges().count(), 120);
    logged.sort();
    seen.sort();
    assert_eq!(seen, logged);
}

fn has_no_rights(listening: &Listening) {
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(listening.status(set), "0000000000000000", "{set}");
    }
    assert_eq!(listening.status("NoNewPrivs"), "1");
}

/// `setpriv` to nobody, in the server's namespace.
fn as_nobody(lab: &Lab, words: &[&str]) -> Command {
    let mut command = lab.server.command("setpriv");
    command.args([&format!("--reuid={USER}"), &format!("--regid={USER}"), "--clear-groups"]).args(words);
    command
}
