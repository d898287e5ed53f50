//! A conversation of two ends, written as bytes that mutate well.
//!
//! The first four bytes are the seed of the [`Dice`]. What follows is what the client sends, until a mark: the bytes
//! `FF F7` and a third one that says what comes next.

use sidetap::flow::Side;

use crate::dice::Dice;

const MARK: [u8; 2] = [0xff, 0xf7];

/// What happens next in a conversation.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// One end sends bytes, which are not empty.
    Data(Side, &'a [u8]),
    /// One end sends bytes that nobody sees.
    Gap(Side, u32),
    /// One end sends no more.
    End(Side),
}

/// Reads a script.
pub fn read(input: &[u8]) -> (Dice, Vec<Step<'_>>) {
    let Some((seed, mut rest)) = input.split_first_chunk() else { return (Dice::new(0), Vec::new()) };
    let mut steps = Vec::new();
    let mut side = Side::Client;
    loop {
        let mark = rest.windows(3).position(|window| window[..2] == MARK);
        let (bytes, after) = rest.split_at(mark.unwrap_or(rest.len()));
        if !bytes.is_empty() {
            steps.push(Step::Data(side, bytes));
        }
        let Some((&[_, _, what], after)) = after.split_first_chunk::<3>() else { break };
        rest = after;
        side = if what & 1 == 0 { Side::Client } else { Side::Server };
        match what >> 4 {
            1 => {
                if let Some((&length, after)) = rest.split_first_chunk() {
                    rest = after;
                    steps.push(Step::Gap(side, u32::from(u16::from_be_bytes(length)).max(1)));
                }
            }
            2 => steps.push(Step::End(side)),
            _ => {}
        }
    }
    (Dice::new(u32::from_be_bytes(*seed)), steps)
}

/// Writes a script, for a seed corpus.
pub fn write(seed: u32, steps: &[Step<'_>]) -> Vec<u8> {
    let mut out = seed.to_be_bytes().to_vec();
    for step in steps {
        match step {
            Step::Data(side, bytes) => {
                out.extend([MARK[0], MARK[1], side.index() as u8]);
                out.extend_from_slice(bytes);
            }
            Step::Gap(side, length) => {
                out.extend([MARK[0], MARK[1], 0x10 | side.index() as u8]);
                out.extend((*length as u16).to_be_bytes());
            }
            Step::End(side) => out.extend([MARK[0], MARK[1], 0x20 | side.index() as u8]),
        }
    }
    out
}
