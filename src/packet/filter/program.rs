//! Programs of the classic BPF machine.
//!
//! Two programs can be joined and one can be negated, so that what a sensor must not see of itself is excluded
//! whatever the user's expression says.
//!
//! A program has at most [`MOST_INSTRUCTIONS`], and every jump goes forward and stays inside, so that one run takes no
//! more steps than that. [`Program::from_instructions`] holds programs from elsewhere to the same.

use super::ancillary::Ancillary;
use super::instruction::{Code, Instruction};
use super::machine::{Machine, SCRATCH_WORDS};

/// The most instructions that Linux takes: BPF_MAXINSNS of `linux/bpf_common.h`.
pub const MOST_INSTRUCTIONS: usize = 4096;
/// What an accepted packet is cut to where nothing else is asked for: tcpdump's default.
pub const DEFAULT_SNAP_LENGTH: u32 = 262_144;

/// A valid program: classic BPF, as a socket takes it or [`Program::run`] evaluates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    instructions: Vec<Instruction>,
    machine: Machine,
}

/// Why instructions are no program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProgram {
    /// There are none.
    #[error("a program has at least one instruction")]
    Empty,
    /// There are too many.
    #[error("a program has at most {MOST_INSTRUCTIONS} instructions, and this one has {0}")]
    TooLong(usize),
    /// An instruction that the machine does not have.
    #[error("instruction {at} has the unknown code {code:#04x}")]
    UnknownCode { at: usize, code: u16 },
    /// A jump to nowhere.
    #[error("instruction {at} jumps out of the program")]
    JumpOutside { at: usize },
    /// A scratch word that the machine does not have.
    #[error("instruction {at} uses scratch word {word} of {SCRATCH_WORDS}")]
    NoSuchScratch { at: usize, word: u32 },
    /// A constant that cannot be divided or shifted by.
    #[error("instruction {at} divides by zero or shifts too far")]
    BadConstant { at: usize },
    /// The last instruction does not return.
    #[error("the last instruction is no return")]
    NoReturn,
}

impl Program {
    /// Accepts everything, cut to `snap_length` bytes, of which there are at least one.
    pub fn accept_all(snap_length: u32) -> Self {
        Program::valid(vec![Instruction::returning(snap_length.max(1))])
    }

    /// Takes instructions from elsewhere.
    ///
    /// # Errors
    ///
    /// Where they are no program of the machine, jump outside, or return a computed value.
    pub fn from_instructions(instructions: Vec<Instruction>) -> Result<Self, InvalidProgram> {
        if instructions.len() > MOST_INSTRUCTIONS {
            return Err(InvalidProgram::TooLong(instructions.len()));
        }
        let Some(last) = instructions.last() else {
            return Err(InvalidProgram::Empty);
        };
        if last.decoded() != Some(Code::Return) {
            return Err(InvalidProgram::NoReturn);
        }
        for (at, instruction) in instructions.iter().enumerate() {
            check(*instruction, at, instructions.len() - at - 1)?;
        }
        Ok(Program::valid(instructions))
    }

    fn valid(instructions: Vec<Instruction>) -> Self {
        let machine = Machine::of(&instructions);
        Program { instructions, machine }
    }

    /// The instructions, laid out as `struct sock_filter` has them.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// The same program, with accepted packets cut to `snap_length` bytes, of which there are at least one.
    #[must_use]
    pub fn with_snap_length(mut self, snap_length: u32) -> Self {
        for instruction in self.instructions.iter_mut().filter(|instruction| instruction.accepts()) {
            instruction.k = snap_length.max(1);
        }
        Program::valid(self.instructions)
    }

    /// Accepts what both programs accept, cut as `next` says.
    ///
    /// # Errors
    ///
    /// Where the two are longer than one program may be.
    pub fn and(mut self, next: &Program) -> Result<Self, InvalidProgram> {
        let length = self.instructions.len();
        for (at, instruction) in self.instructions.iter_mut().enumerate() {
            if instruction.accepts() {
                // Programs are far shorter than the longest jump.
                *instruction = Instruction::jump((length - at - 1) as u32);
            }
        }
        self.instructions.extend_from_slice(&next.instructions);
        if self.instructions.len() > MOST_INSTRUCTIONS {
            return Err(InvalidProgram::TooLong(self.instructions.len()));
        }
        Ok(Program::valid(self.instructions))
    }

    /// Accepts what this program refuses, except packets too short for the question: those both refuse.
    #[must_use]
    pub fn negated(mut self, snap_length: u32) -> Self {
        for instruction in &mut self.instructions {
            if instruction.decoded() == Some(Code::Return) {
                let accepted = instruction.k != 0;
                *instruction = Instruction::returning(if accepted { 0 } else { snap_length.max(1) });
            }
        }
        Program::valid(self.instructions)
    }

    /// Whether the program accepts a packet; see [`Program::run`].
    #[inline]
    pub fn matches(&self, bytes: &[u8], wire_len: u32) -> bool {
        self.run(bytes, wire_len) != 0
    }

    /// How many bytes of a packet to keep: 0 where it is refused.
    ///
    /// A load beyond the captured bytes refuses the packet, as in the kernel; so does a division by zero. Only shifts by
    /// a computed distance over 31 differ: they give 0, as in libpcap, where a kernel takes the distance modulo 32.
    #[inline]
    pub fn run(&self, bytes: &[u8], wire_len: u32) -> u32 {
        self.run_with(bytes, wire_len, &Ancillary::default())
    }

    /// As [`Program::run`], for programs that ask what only the kernel knows.
    pub fn run_with(&self, bytes: &[u8], wire_len: u32, ancillary: &Ancillary) -> u32 {
        self.machine.run(bytes, wire_len, ancillary).unwrap_or(0)
    }
}

/// Whether an instruction with `after` others behind it is one that the machine has.
fn check(instruction: Instruction, at: usize, after: usize) -> Result<(), InvalidProgram> {
    let Instruction { code, jt, jf, k } = instruction;
    let inside = |distance: u32| {
        if (distance as usize) < after { Ok(()) } else { Err(InvalidProgram::JumpOutside { at }) }
    };
    match instruction.decoded().ok_or(InvalidProgram::UnknownCode { at, code })? {
        Code::Jump => inside(k),
        Code::JumpEqual | Code::JumpGreater | Code::JumpGreaterOrEqual | Code::JumpAnyBit => {
            inside(jt.into())?;
            inside(jf.into())
        }
        Code::JumpEqualX | Code::JumpGreaterX | Code::JumpGreaterOrEqualX | Code::JumpAnyBitX => {
            inside(jt.into())?;
            inside(jf.into())
        }
        Code::LoadScratch | Code::LoadXScratch | Code::Store | Code::StoreX if k as usize >= SCRATCH_WORDS => {
            Err(InvalidProgram::NoSuchScratch { at, word: k })
        }
        Code::Divide | Code::Remainder if k == 0 => Err(InvalidProgram::BadConstant { at }),
        Code::ShiftLeft | Code::ShiftRight if k > 31 => Err(InvalidProgram::BadConstant { at }),
        _ => Ok(()),
    }
}
