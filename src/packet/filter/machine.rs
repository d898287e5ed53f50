//! The evaluator of the classic BPF machine.
//!
//! Most of a filter is "load a field, compare it with a constant, branch". So a load is one step with the comparison
//! behind it, which halves the steps of a run. There are as many steps as instructions, so that jumps stay as they are.

use super::ancillary::{self, Ancillary};
use super::instruction::{Code, Instruction};
use super::ir::Comparison;

pub(super) const SCRATCH_WORDS: usize = 16;

/// Instructions in the form in which they run fast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Machine(Box<[Step]>);

/// One instruction, or a load and the comparison behind it. Branches name the step to go on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Byte { at: u32, branch: Branch },
    Half { at: u32, branch: Branch },
    Word { at: u32, branch: Branch },
    HalfIndexed { at: u32, branch: Branch },
    HeaderLength(u32),
    Compare(Branch),
    CompareX(Branch),
    Jump(u16),
    Return(u32),
    Other(Code, u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Branch {
    value: u32,
    yes: u16,
    no: u16,
    comparison: Comparison,
}

/// What a run has computed.
struct Registers {
    a: u32,
    x: u32,
    scratch: [u32; SCRATCH_WORDS],
}

impl Machine {
    /// Of instructions that were found valid.
    pub fn of(instructions: &[Instruction]) -> Self {
        let steps = instructions.iter().enumerate().map(|(at, instruction)| {
            let Some(code) = instruction.decoded() else {
                return Step::Return(0);
            };
            let next = instructions.get(at + 1).and_then(|next| Branch::of(*next, at + 1)).filter(|(_, x)| !x);
            let k = instruction.k;
            match (code, next) {
                (Code::LoadByte, Some((branch, _))) if k < ancillary::OFFSET => Step::Byte { at: k, branch },
                (Code::LoadHalf, Some((branch, _))) if k < ancillary::OFFSET => Step::Half { at: k, branch },
                (Code::LoadWord, Some((branch, _))) if k < ancillary::OFFSET => Step::Word { at: k, branch },
                (Code::LoadHalfIndexed, Some((branch, _))) => Step::HalfIndexed { at: k, branch },
                (Code::LoadXHeaderLength, _) => Step::HeaderLength(k),
                (Code::Jump, _) => Step::Jump((at + 1 + k as usize) as u16),
                (Code::Return, _) => Step::Return(k),
                (other, _) => match Branch::of(*instruction, at) {
                    Some((branch, false)) => Step::Compare(branch),
                    Some((branch, true)) => Step::CompareX(branch),
                    None => Step::Other(other, k),
                },
            }
        });
        Machine(steps.collect())
    }

    /// `None` where a packet is refused for want of bytes.
    pub fn run(&self, bytes: &[u8], wire_len: u32, ancillary: &Ancillary) -> Option<u32> {
        let mut registers = Registers { a: 0, x: 0, scratch: [0; SCRATCH_WORDS] };
        let mut at = 0;
        loop {
            // Every branch goes forward, so that this ends.
            at = match *self.0.get(at)? {
                Step::Byte { at, branch } => {
                    registers.a = byte(bytes, at)?;
                    branch.next(registers.a)
                }
                Step::Half { at, branch } => {
                    registers.a = half(bytes, at)?;
                    branch.next(registers.a)
                }
                Step::Word { at, branch } => {
                    registers.a = word(bytes, at)?;
                    branch.next(registers.a)
                }
                Step::HalfIndexed { at, branch } => {
                    registers.a = half(bytes, registers.x.checked_add(at)?)?;
                    branch.next(registers.a)
                }
                Step::HeaderLength(header) => {
                    registers.x = 4 * (byte(bytes, header)? & 0x0f);
                    at + 1
                }
                Step::Compare(branch) => branch.next(registers.a),
                Step::CompareX(branch) => Branch { value: registers.x, ..branch }.next(registers.a),
                Step::Jump(to) => to.into(),
                Step::Return(k) => return Some(k),
                Step::Other(code, k) => {
                    registers.execute(code, k, bytes, wire_len, ancillary)?;
                    at + 1
                }
            };
        }
    }
}

impl Branch {
    /// What a comparison at `at` means, and whether it compares with `X`.
    fn of(instruction: Instruction, at: usize) -> Option<(Self, bool)> {
        let (comparison, with_x) = match instruction.decoded()? {
            Code::JumpEqual => (Comparison::Equal, false),
            Code::JumpGreater => (Comparison::Greater, false),
            Code::JumpGreaterOrEqual => (Comparison::GreaterOrEqual, false),
            Code::JumpAnyBit => (Comparison::AnyBit, false),
            Code::JumpEqualX => (Comparison::Equal, true),
            Code::JumpGreaterX => (Comparison::Greater, true),
            Code::JumpGreaterOrEqualX => (Comparison::GreaterOrEqual, true),
            Code::JumpAnyBitX => (Comparison::AnyBit, true),
            _ => return None,
        };
        // A valid program is far shorter than 65536 instructions.
        let step = |distance: u8| (at + 1 + usize::from(distance)) as u16;
        let branch = Branch { value: instruction.k, yes: step(instruction.jt), no: step(instruction.jf), comparison };
        Some((branch, with_x))
    }

    #[inline]
    fn next(self, a: u32) -> usize {
        let step = if self.comparison.holds(a, self.value) { self.yes } else { self.no };
        step.into()
    }
}

impl Registers {
    /// An instruction that goes on with the next one.
    fn execute(&mut self, code: Code, k: u32, bytes: &[u8], wire_len: u32, ancillary: &Ancillary) -> Option<()> {
        let Registers { a, x, scratch } = self;
        match code {
            Code::LoadWord => *a = ancillary.answer(k).or_else(|| word(bytes, k))?,
            Code::LoadHalf => *a = ancillary.answer(k).or_else(|| half(bytes, k))?,
            Code::LoadByte => *a = ancillary.answer(k).or_else(|| byte(bytes, k))?,
            Code::LoadWordIndexed => *a = word(bytes, x.checked_add(k)?)?,
            Code::LoadHalfIndexed => *a = half(bytes, x.checked_add(k)?)?,
            Code::LoadByteIndexed => *a = byte(bytes, x.checked_add(k)?)?,
            Code::LoadLength => *a = wire_len,
            Code::LoadConstant => *a = k,
            Code::LoadScratch => *a = *scratch.get(k as usize)?,
            Code::LoadXConstant => *x = k,
            Code::LoadXScratch => *x = *scratch.get(k as usize)?,
            Code::LoadXLength => *x = wire_len,
            Code::Store => *scratch.get_mut(k as usize)? = *a,
            Code::StoreX => *scratch.get_mut(k as usize)? = *x,
            Code::Add => *a = a.wrapping_add(k),
            Code::Subtract => *a = a.wrapping_sub(k),
            Code::Multiply => *a = a.wrapping_mul(k),
            Code::Divide => *a = a.checked_div(k)?,
            Code::Remainder => *a = a.checked_rem(k)?,
            Code::And => *a &= k,
            Code::Or => *a |= k,
            Code::Xor => *a ^= k,
            Code::ShiftLeft => *a = a.checked_shl(k).unwrap_or(0),
            Code::ShiftRight => *a = a.checked_shr(k).unwrap_or(0),
            Code::AddX => *a = a.wrapping_add(*x),
            Code::SubtractX => *a = a.wrapping_sub(*x),
            Code::MultiplyX => *a = a.wrapping_mul(*x),
            Code::DivideX => *a = a.checked_div(*x)?,
            Code::RemainderX => *a = a.checked_rem(*x)?,
            Code::AndX => *a &= *x,
            Code::OrX => *a |= *x,
            Code::XorX => *a ^= *x,
            Code::ShiftLeftX => *a = a.checked_shl(*x).unwrap_or(0),
            Code::ShiftRightX => *a = a.checked_shr(*x).unwrap_or(0),
            Code::Negate => *a = a.wrapping_neg(),
            Code::MoveToX => *x = *a,
            Code::MoveFromX => *a = *x,
            // These are steps of their own.
            Code::Jump | Code::JumpEqual | Code::JumpGreater | Code::JumpGreaterOrEqual | Code::JumpAnyBit => {}
            Code::JumpEqualX | Code::JumpGreaterX | Code::JumpGreaterOrEqualX | Code::JumpAnyBitX => {}
            Code::LoadXHeaderLength | Code::Return => {}
        }
        Some(())
    }
}

#[inline]
fn field<const N: usize>(bytes: &[u8], at: u32) -> Option<[u8; N]> {
    bytes.get(at as usize..)?.first_chunk().copied()
}

#[inline]
fn word(bytes: &[u8], at: u32) -> Option<u32> {
    field(bytes, at).map(u32::from_be_bytes)
}

#[inline]
fn half(bytes: &[u8], at: u32) -> Option<u32> {
    field(bytes, at).map(|bytes| u16::from_be_bytes(bytes).into())
}

#[inline]
fn byte(bytes: &[u8], at: u32) -> Option<u32> {
    bytes.get(at as usize).copied().map(u32::from)
}
