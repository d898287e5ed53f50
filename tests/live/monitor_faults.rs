//! What may go wrong around health checks and metrics: clients that mean harm, addresses that are taken, nobody there.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Output;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::http::{MONITOR, get, health};
use crate::support::lab::{CABLE, Lab, Namespace};
use crate::support::memory_limit;
use crate::support::mirror::{COLLECTOR, Mirror, number};
use crate::support::ping::ping;
use crate::support::sensor::{BINARY, Sensor};

/// The exit code, standard output and standard error.
fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_health_command_tells_by_its_exit_code_and_one_line() {
    let Some(lab) = Lab::with(&[]) else { return };
    let server = &lab.server;
    let absent = format!("error: nobody answers at {MONITOR}: Connection refused (os error 111)\n");
    assert_eq!(said(&health(server, &[])), (Some(1), String::new(), absent));

    let sensor = Sensor::new(&lab).args(&["--interface", "lo", "--listen", "0.0.0.0"]).listen();
    let live = (Some(0), format!("live: {MONITOR}\n"), String::new());
    assert_eq!(said(&health(server, &[])), live);
    assert_eq!(said(&health(server, &["--address", "0.0.0.0:9464"])), live);
    assert_eq!(said(&health(server, &["--address", "127.0.0.1"])), live);
    assert_eq!(said(&with(server, "SIDETAP_LISTEN", "0.0.0.0")), live);
    assert_eq!(said(&with(server, "SIDETAP_HEALTH_LISTEN", "127.0.0.1:9464")), live);
    assert_eq!(said(&with(server, "SIDETAP_LISTEN", "127.0.0.1:9")).0, Some(1));
    assert_eq!(said(&with(server, "SIDETAP_LISTEN", "1:2:x")).0, Some(64));

    // One that hangs.
    sensor.signal(Signal::STOP);
    let since = Instant::now();
    let (code, _, error) = said(&health(server, &[]));
    assert_eq!((code, error.lines().count()), (Some(1), 1), "{error}");
    assert!(error.contains("no answer from 127.0.0.1:9464"), "{error}");
    assert!((3.0..5.0).contains(&since.elapsed().as_secs_f64()), "{:?}", since.elapsed());
    sensor.signal(Signal::CONT);
    assert_eq!(said(&health(server, &[])), live);
    sensor.stop().well();

    // Somebody else.
    let listener = server.enter(|| TcpListener::bind(MONITOR).expect("it is free again"));
    let stranger = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the health command comes");
        let _ = stream.read(&mut [0; 1000]);
        stream.write_all(b"220 smtp.example.com ESMTP\r\n").expect("it reads");
    });
    let (code, _, error) = said(&health(server, &[]));
    assert_eq!((code, error.as_str()), (Some(1), "error: whoever listens on 127.0.0.1:9464 is no sidetap\n"));
    stranger.join().expect("no panic");
}

fn with(namespace: &Namespace, variable: &str, value: &str) -> Output {
    let mut command = namespace.command(BINARY);
    command.arg("health").env(variable, value).output().expect("it runs")
}

#[test]
fn an_address_that_cannot_be_had_ends_it_at_once_with_a_hint() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let server = &mirror.lab.server;
    let _taken = server.enter(|| TcpListener::bind(MONITOR).expect("a port"));
    for args in [
        &["forward", "--destination", COLLECTOR, "--listen", MONITOR][..],
        &["capture", "--listen", MONITOR],
        &["collect", "--health-listen", MONITOR],
    ] {
        let (code, _, error) = said(&server.command(BINARY).args(args).output().expect("it runs"));
        assert_eq!(code, Some(1), "{args:?}: {error}");
        assert!(error.starts_with("error: cannot listen on 127.0.0.1:9464 for health checks and metrics\n"), "{error}");
        assert!(error.contains("hint: `ss -lntp sport = 9464`"), "{error}");
    }
    for bad in ["9464", ":9464", "localhost:9464", "127.0.0.1:99999"] {
        let (code, _, error) =
            said(&server.command(BINARY).args(["capture", "--listen", bad]).output().expect("it runs"));
        assert_eq!(code, Some(64), "{bad}: {error}");
    }
    // A file is read and done with.
    let read = ["capture", "--read", "/dev/null", "--listen", MONITOR];
    let (code, _, error) = said(&server.command(BINARY).args(read).output().expect("it runs"));
    assert_eq!(code, Some(64), "{error}");
    assert!(error.contains("'--listen <ADDRESS[:PORT]>' cannot be used with '--read <FILE>'"), "{error}");
    let mut command = server.command(BINARY);
    command.args(["capture", "--read", "/dev/null"]).env("SIDETAP_LISTEN", MONITOR);
    assert_ne!(said(&command.output().expect("it runs")).0, Some(64), "a variable is meant for others, too");
}

#[test]
fn clients_that_mean_harm_harm_nobody() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let _collector = mirror.listen();
    let args = ["--destination", COLLECTOR, "--interface", CABLE, "--filter", "icmp", "--memory-limit", "25MiB"];
    let forwarding = mirror.forward(&[&args[..], &["--listen", MONITOR]].concat());
    let server = &mirror.lab.server;
    let descriptors = || fs::read_dir(format!("/proc/{}/fd", forwarding.id())).expect("it runs").count();
    assert_eq!(get(server, "/live").map(|answer| answer.0), Some(200));
    let before = descriptors();

    // Those that begin and never end.
    let slow: Vec<TcpStream> = server.enter(|| {
        let connect = |_| {
            let mut stream = TcpStream::connect(MONITOR).expect("it listens");
            stream.write_all(b"G").expect("it is there");
            stream
        };
        (0..100).map(connect).collect()
    });
    let since = Instant::now();
    assert_eq!(get(server, "/live").map(|answer| answer.0), Some(200));
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
    assert!(descriptors() <= before + 17, "{} of {before}", descriptors());

    // Those that ask and do not read, those that send what is no request, and those that cannot have enough.
    server.enter(|| {
        let asked: Vec<TcpStream> = (0..50)
            .map(|number| {
                let mut stream = TcpStream::connect(MONITOR).expect("it listens");
                let garbage = vec![b'\xff'; 20_000];
                let request = if number % 2 == 0 { b"GET /metrics HTTP/1.1\r\n\r\n" } else { &garbage[..] };
                let _ = stream.write_all(request);
                stream
            })
            .collect();
        ping(&mirror.lab.client, 20, Duration::from_millis(20), 1000);
        drop(asked);
    });
    let end = Instant::now() + Duration::from_secs(2);
    while Instant::now() < end {
        assert_eq!(get(server, "/metrics").map(|answer| answer.0), Some(200));
    }
    crate::support::wait_for("all of them to be hung up on", || (descriptors() <= before).then_some(()));
    drop(slow);

    // No thread has any right, the one that answers lets others go first, and memory is what it was.
    let mut answering = 0;
    for task in fs::read_dir(format!("/proc/{}/task", forwarding.id())).expect("it runs") {
        let of = |name| fs::read_to_string(task.as_ref().expect("a thread").path().join(name)).expect("it runs");
        assert!(of("status").contains("CapEff:\t0000000000000000\n"), "{}", of("status"));
        // The 19th field.
        let nice = of("stat").split_whitespace().nth(18).map(str::to_owned);
        let is_answering = of("comm") == "monitor\n";
        assert_eq!(nice.as_deref(), Some(if is_answering { "5" } else { "0" }), "{}", of("stat"));
        answering += usize::from(is_answering);
    }
    assert_eq!(answering, 1);
    let peak: u64 = forwarding.status("VmHWM").parse().expect("a number");
    println!("VmHWM {peak} KiB");
    assert!(peak * 1024 < memory_limit(25 << 20), "{peak} KiB");
    let last = forwarding.stop();
    assert!(last.contains("nothing dropped"), "{last}");
    assert_eq!(number(&last, "packets captured"), 40, "{last}");
}
