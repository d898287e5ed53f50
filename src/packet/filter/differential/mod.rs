//! Compares compiled expressions with what tcpdump compiles, packet for packet.
//!
//! tcpdump's optimiser leaves out loads whose outcome nobody asks for and changes the order of others, so that its two
//! programs (`-ddd` and `-O -ddd`) can differ on a packet that ends within the headers. Where they agree, ours agrees;
//! where they differ, ours is one of them.

mod expressions;
mod packets;

use std::path::Path;
use std::process::Command;

use proptest::prelude::*;

use self::packets::Sample;
use super::{Ancillary, Filter, FilterError, FilterErrorKind, Instruction, Program, Target};
use crate::packet::file::CaptureFile;
use crate::packet::{Frame, LinkType};

/// The link types that both compile for, by the names that tcpdump has for them.
const LINKS: [(LinkType, &str); 6] = [
    (LinkType::Ethernet, "EN10MB"),
    (LinkType::LinuxSll, "LINUX_SLL"),
    (LinkType::LinuxSll2, "LINUX_SLL2"),
    (LinkType::Raw, "RAW"),
    (LinkType::Ipv4, "IPV4"),
    (LinkType::Ipv6, "IPV6"),
];

const SAMPLES: usize = 3000;

/// Whether tcpdump is here. Where `CI` is `true` it has to be.
fn have_tcpdump() -> bool {
    let found = Command::new("tcpdump").arg("--version").output().is_ok();
    if !found {
        crate::not_run::not_run("this test needs tcpdump");
    }
    found
}

/// What tcpdump compiles, or says where it refuses the expression.
fn tcpdump(arguments: &[&str], expression: &str) -> Result<Program, String> {
    let output = Command::new("tcpdump").args(arguments).args(["-ddd", "--", expression]).output().unwrap();
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        // It finds out about some of these, and we about some others.
        return if error.contains("rejects all packets") { Ok(nothing()) } else { Err(error) };
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let instructions = text.lines().skip(1).map(|line| {
        let fields: Vec<u32> = line.split(' ').map(|field| field.parse().unwrap()).collect();
        let [code, jt, jf, k] = fields[..] else { panic!("{line}") };
        Instruction { code: code as u16, jt: jt as u8, jf: jf as u8, k }
    });
    Ok(Program::from_instructions(instructions.collect()).unwrap())
}

/// Refuses every packet.
fn nothing() -> Program {
    Program::from_instructions(vec![Instruction { code: 6, jt: 0, jf: 0, k: 0 }]).unwrap()
}

/// What we compile.
fn sidetap(expression: &str, link: LinkType, target: Target) -> Result<Program, FilterError> {
    Filter::compile_for(expression, link, target).or_else(|error| match error.kind {
        FilterErrorKind::AcceptsNothing => Ok(nothing()),
        _ => Err(error),
    })
}

/// Both of tcpdump's programs, and ours.
struct Trial {
    expression: String,
    ours: Result<Program, FilterError>,
    optimised: Result<Program, String>,
    plain: Result<Program, String>,
}

impl Trial {
    fn of_file(expression: &str, link: LinkType, name: &str) -> Self {
        Trial {
            expression: expression.to_owned(),
            ours: sidetap(expression, link, Target::File),
            optimised: tcpdump(&["-y", name], expression),
            plain: tcpdump(&["-O", "-y", name], expression),
        }
    }

    /// How many samples were accepted, and how many tcpdump does not agree with itself on.
    fn run<'a>(&self, samples: impl IntoIterator<Item = &'a Sample>) -> Result<(usize, usize), String> {
        let (ours, optimised, plain) = match (&self.ours, &self.optimised, &self.plain) {
            (Ok(ours), Ok(optimised), Ok(plain)) => (ours, optimised, plain),
            (Err(_), Err(_), _) => return Ok((0, 0)),
            (Err(FilterError { kind: FilterErrorKind::OverLlc(_), .. }), ..) => return Ok((0, 0)),
            // It folds constants later than it looks for these.
            (Err(FilterError { kind: FilterErrorKind::DivisionByZero | FilterErrorKind::ShiftTooFar(_), .. }), ..) => {
                return Ok((0, 0));
            }
            // It takes the constant index of `ip[0]` for the divisor, or the distance of a shift.
            (Ok(_), Err(error), _) if ["by zero", "more than 31 bits"].iter().any(|known| error.contains(known)) => {
                return Ok((0, 0));
            }
            (ours, theirs, _) => {
                return Err(format!("tcpdump has {theirs:?} for `{}`, and we have {ours:?}", self.expression));
            }
        };
        let (mut accepted, mut split) = (0, 0);
        for Sample { bytes, wire_len, ancillary } in samples {
            let run = |program: &Program| program.run_with(bytes, *wire_len, ancillary) != 0;
            let (ours, optimised, plain) = (run(ours), run(optimised), run(plain));
            accepted += usize::from(ours);
            split += usize::from(optimised != plain);
            if ours != optimised && ours != plain {
                return Err(format!(
                    "`{}`: {ours} from us and {optimised} from tcpdump for {wire_len} bytes, {ancillary:?}: {bytes:02x?}\n{:?}",
                    self.expression,
                    self.ours.as_ref().map(Program::instructions),
                ));
            }
        }
        Ok((accepted, split))
    }
}

#[test]
fn expressions_mean_what_tcpdump_makes_of_them() {
    if !have_tcpdump() {
        return;
    }
    let (mut hits, mut split) = (0, 0);
    for (link, name) in LINKS {
        let samples = packets::samples(link, SAMPLES);
        for expression in expressions::FIXED {
            let outcome = Trial::of_file(expression, link, name).run(&samples);
            let (accepted, differing) = outcome.unwrap_or_else(|message| panic!("{name}: {message}"));
            hits += usize::from(accepted != 0 && accepted != samples.len());
            split += differing;
        }
    }
    let trials = LINKS.len() * expressions::FIXED.len();
    assert!(hits * 2 > trials, "{hits} of {trials} expressions tell the samples apart");
    assert!(split * 1000 < trials * SAMPLES, "tcpdump disagrees with itself on {split} packets");
}

#[test]
fn errors_are_errors_of_tcpdump_too() {
    if !have_tcpdump() {
        return;
    }
    for expression in expressions::REFUSED {
        assert!(tcpdump(&["-y", "EN10MB"], expression).is_err(), "tcpdump compiles {expression}");
        assert!(Filter::compile(expression, LinkType::Ethernet).is_err(), "we compile {expression}");
    }
}

/// Needs the right to open a packet socket, since tcpdump only compiles for one when it has opened it.
#[test]
fn expressions_for_sockets_mean_what_tcpdump_makes_of_them() {
    let loopback = ["-i", "lo"];
    if !have_tcpdump() {
        return;
    }
    if let Err(error) = tcpdump(&loopback, "ip") {
        return crate::not_run::not_run(&format!("this test needs to open a packet socket: {error}"));
    }
    let samples = packets::socket_samples(SAMPLES);
    for expression in expressions::FOR_SOCKETS {
        let trial = Trial {
            expression: (*expression).to_owned(),
            ours: sidetap(expression, LinkType::Ethernet, Target::Socket),
            optimised: tcpdump(&loopback, expression),
            plain: tcpdump(&["-O", "-i", "lo"], expression),
        };
        trial.run(&samples).unwrap_or_else(|message| panic!("{message}"));
    }
}

/// Set `SIDETAP_CAPTURES` to a directory of capture files to compare on real packets too.
#[test]
fn expressions_find_the_same_packets_of_captures() {
    let Some(directory) = std::env::var_os("SIDETAP_CAPTURES").filter(|_| have_tcpdump()) else {
        eprintln!("skipped: SIDETAP_CAPTURES names no directory");
        return;
    };
    let mut packets = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let Some((link, samples)) = capture(&entry.unwrap().path()) else { continue };
        let Some((_, name)) = LINKS.iter().find(|(known, _)| *known == link) else { continue };
        packets += samples.len();
        for expression in expressions::FIXED {
            Trial::of_file(expression, link, name).run(&samples).unwrap_or_else(|message| panic!("{message}"));
        }
    }
    assert!(packets > 0, "no packets in the captures");
    eprintln!("compared on {packets} packets");
}

/// The packets of a capture file with one interface.
fn capture(path: &Path) -> Option<(LinkType, Vec<Sample>)> {
    let mut file = CaptureFile::open(path).ok()?;
    let mut samples = Vec::new();
    while let Ok(Some(Frame { bytes, wire_len, .. })) = file.next() {
        samples.push(Sample { bytes: bytes.to_vec(), wire_len, ancillary: Ancillary::default() });
    }
    match file.interfaces() {
        [interface] => Some((interface.link, samples)),
        _ => None,
    }
}

proptest! {
    #[test]
    fn random_expressions_mean_what_tcpdump_makes_of_them(
        expression in expressions::random(),
        (link, name) in proptest::sample::select(LINKS.to_vec()),
        seed in any::<u64>(),
    ) {
        if !have_tcpdump() {
            return Ok(());
        }
        let samples = packets::samples_of(link, seed, 400);
        let outcome = Trial::of_file(&expression, link, name).run(&samples);
        prop_assert!(outcome.is_ok(), "{name}: {}", outcome.unwrap_err());
    }
}
