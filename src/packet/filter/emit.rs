//! A graph of tests to instructions.
//!
//! Instructions are made from the last to the first, so that the distance of every jump is known when it is made. One
//! that is farther than a byte can say goes by way of another instruction.

use super::ast::Operator;
use super::graph::{Graph, Node, NodeId, Question, Right, Rooted, TooLarge, WordId};
use super::instruction::{Code, Instruction};
use super::ir::{Comparison, Place, Size, Word};
use super::program::MOST_INSTRUCTIONS;

/// What the registers hold before a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Registers {
    a: Option<WordId>,
    /// The offset of the IPv4 header whose length is in `X`.
    x: Option<u32>,
}

/// The instructions of a graph; what it accepts is cut to `snap_length`.
pub(super) fn emit(rooted: &Rooted, snap_length: u32) -> Result<Vec<Instruction>, TooLarge> {
    let Rooted { graph, root } = rooted;
    let before = registers(graph, *root);
    match *root {
        NodeId::ACCEPT => return Ok(vec![Instruction::returning(snap_length)]),
        NodeId::REJECT => return Ok(vec![Instruction::returning(0)]),
        _ => {}
    }
    // From the last instruction to the first.
    let mut backwards = vec![Instruction::returning(0), Instruction::returning(snap_length)];
    // The nearest instruction that is or leads to the beginning of each node.
    let mut nearest = vec![0, 1];
    for id in graph.ids() {
        let registers = before.get(id.index()).copied().flatten();
        let (Some(node), Some(registers)) = (graph.node(id), registers) else {
            nearest.push(0);
            continue;
        };
        branch(&mut backwards, &mut nearest, node);
        let mut loads = Vec::new();
        load(graph, node.question, registers, &mut loads);
        backwards.extend(loads.into_iter().rev());
        nearest.push(backwards.len() - 1);
        if backwards.len() > MOST_INSTRUCTIONS {
            return Err(TooLarge);
        }
    }
    backwards.reverse();
    Ok(backwards)
}

/// The comparison of a node, and the jumps that it needs to get far.
fn branch(backwards: &mut Vec<Instruction>, nearest: &mut [usize], node: Node) {
    let (jt, jf) = loop {
        let distance = |to: NodeId| distance(backwards, nearest, to);
        match (u8::try_from(distance(node.yes)), u8::try_from(distance(node.no))) {
            (Ok(jt), Ok(jf)) => break (jt, jf),
            (yes, _) => lengthen(backwards, nearest, if yes.is_err() { node.yes } else { node.no }),
        }
    };
    let (code, k) = match (node.question.comparison, node.question.right) {
        (Comparison::Equal, Right::Constant(k)) => (Code::JumpEqual, k),
        (Comparison::Greater, Right::Constant(k)) => (Code::JumpGreater, k),
        (Comparison::GreaterOrEqual, Right::Constant(k)) => (Code::JumpGreaterOrEqual, k),
        (Comparison::AnyBit, Right::Constant(k)) => (Code::JumpAnyBit, k),
        (Comparison::Equal, Right::Word(_)) => (Code::JumpEqualX, 0),
        (Comparison::Greater, Right::Word(_)) => (Code::JumpGreaterX, 0),
        (Comparison::GreaterOrEqual, Right::Word(_)) => (Code::JumpGreaterOrEqualX, 0),
        (Comparison::AnyBit, Right::Word(_)) => (Code::JumpAnyBitX, 0),
    };
    backwards.push(Instruction { jt, jf, ..Instruction::new(code, k) });
}

/// How many instructions the next one has to skip to get to a node.
fn distance(backwards: &[Instruction], nearest: &[usize], to: NodeId) -> usize {
    let at = nearest.get(to.index()).copied().unwrap_or(0);
    backwards.len() - at - 1
}

/// Makes another instruction that leads to a node, for those that are too far from the last one.
fn lengthen(backwards: &mut Vec<Instruction>, nearest: &mut [usize], to: NodeId) {
    let way = match nearest.get(to.index()).and_then(|at| backwards.get(*at)) {
        // Ends are cheaper to repeat than to reach.
        Some(end) if end.code == Code::Return as u16 => *end,
        _ => Instruction::jump(distance(backwards, nearest, to) as u32),
    };
    if let Some(at) = nearest.get_mut(to.index()) {
        *at = backwards.len();
    }
    backwards.push(way);
}

/// What the registers hold before each node that can be reached, whichever way led there.
fn registers(graph: &Graph, root: NodeId) -> Vec<Option<Registers>> {
    let mut before: Vec<Option<Registers>> = vec![None; graph.ids().count() + 2];
    if let Some(first) = before.get_mut(root.index()) {
        *first = Some(Registers::default());
    }
    for id in graph.ids().rev() {
        let held = before.get(id.index()).copied().flatten();
        let (Some(node), Some(held)) = (graph.node(id), held) else {
            continue;
        };
        let after = after(graph, node.question, held);
        for next in [node.yes, node.no] {
            if let Some(slot) = before.get_mut(next.index()) {
                *slot = Some(match *slot {
                    None => after,
                    Some(other) => Registers {
                        a: after.a.filter(|a| other.a == Some(*a)),
                        x: after.x.filter(|x| other.x == Some(*x)),
                    },
                });
            }
        }
    }
    before
}

fn after(graph: &Graph, question: Question, held: Registers) -> Registers {
    let a = Some(question.left);
    if matches!(question.right, Right::Word(_)) {
        return Registers { a, x: None };
    }
    if held.a == a {
        return held;
    }
    let x = match graph.word(question.left) {
        Some(word) => index_after(word, held.x),
        None => None,
    };
    Registers { a, x }
}

/// Whose header length is in `X` once a word has been computed.
fn index_after(word: &Word, x: Option<u32>) -> Option<u32> {
    match word {
        Word::Constant(_) | Word::Length | Word::Load(_, Place::At(_)) => x,
        Word::Load(_, Place::AfterHeader { header, .. }) => Some(*header),
        Word::Binary(_, left, right) if matches!(**right, Word::Constant(_)) => index_after(left, x),
        Word::Negative(operand) => index_after(operand, x),
        Word::Load(..) | Word::Binary(..) => None,
    }
}

/// Brings the left side into `A`, and a right side that is no constant into `X`.
fn load(graph: &Graph, question: Question, held: Registers, to: &mut Vec<Instruction>) {
    let Some(left) = graph.word(question.left) else {
        return;
    };
    match question.right {
        Right::Word(right) => {
            if let Some(right) = graph.word(right) {
                both(left, right, 0, held.x, to);
            }
        }
        Right::Constant(_) if held.a == Some(question.left) => {}
        Right::Constant(_) => compute(left, 0, held.x, to),
    }
}

/// Computes a word into `A`, with the scratch words from `scratch` on and `X` holding the length of the header at `x`.
fn compute(word: &Word, scratch: u32, x: Option<u32>, to: &mut Vec<Instruction>) {
    let mut push = |code, k| to.push(Instruction::new(code, k));
    match word {
        Word::Constant(value) => push(Code::LoadConstant, *value),
        Word::Length => push(Code::LoadLength, 0),
        Word::Load(size, Place::At(offset)) => push(absolute(*size), *offset),
        Word::Load(size, Place::AfterHeader { header, offset }) => {
            if x != Some(*header) {
                push(Code::LoadXHeaderLength, *header);
            }
            push(indexed(*size), header + offset);
        }
        Word::Load(size, Place::Indexed { index, offset }) => {
            compute(index, scratch, x, to);
            to.push(Instruction::new(Code::MoveToX, 0));
            to.push(Instruction::new(indexed(*size), *offset));
        }
        Word::Load(size, Place::IndexedAfterHeader { header, index }) => {
            compute(index, scratch, x, to);
            to.push(Instruction::new(Code::LoadXHeaderLength, *header));
            to.push(Instruction::new(Code::AddX, 0));
            to.push(Instruction::new(Code::MoveToX, 0));
            to.push(Instruction::new(indexed(*size), *header));
        }
        Word::Negative(operand) => {
            compute(operand, scratch, x, to);
            to.push(Instruction::new(Code::Negate, 0));
        }
        Word::Binary(operator, left, right) => match **right {
            Word::Constant(value) => {
                compute(left, scratch, x, to);
                to.push(Instruction::new(with_constant(*operator), value));
            }
            _ => {
                both(left, right, scratch, x, to);
                to.push(Instruction::new(with_x(*operator), 0));
            }
        },
    }
}

/// Computes one word into `A` and another into `X`. The one that needs more scratch words goes first, so that a sum of
/// n terms needs no more than log2 n: the words of an expression cannot use the sixteen up.
fn both(left: &Word, right: &Word, scratch: u32, x: Option<u32>, to: &mut Vec<Instruction>) {
    if scratch_words(right) >= scratch_words(left) {
        compute(right, scratch, x, to);
        to.push(Instruction::new(Code::Store, scratch));
        compute(left, scratch + 1, None, to);
        to.push(Instruction::new(Code::LoadXScratch, scratch));
    } else {
        compute(left, scratch, x, to);
        to.push(Instruction::new(Code::Store, scratch));
        compute(right, scratch + 1, None, to);
        to.push(Instruction::new(Code::MoveToX, 0));
        to.push(Instruction::new(Code::LoadScratch, scratch));
    }
}

/// How many scratch words a word needs while it is computed.
fn scratch_words(word: &Word) -> u32 {
    match word {
        Word::Constant(_) | Word::Length | Word::Load(_, Place::At(_) | Place::AfterHeader { .. }) => 0,
        Word::Load(_, Place::Indexed { index, .. } | Place::IndexedAfterHeader { index, .. }) => scratch_words(index),
        Word::Negative(operand) => scratch_words(operand),
        Word::Binary(_, left, right) if matches!(**right, Word::Constant(_)) => scratch_words(left),
        Word::Binary(_, left, right) => {
            let (left, right) = (scratch_words(left), scratch_words(right));
            left.max(right).max(left.min(right) + 1)
        }
    }
}

fn absolute(size: Size) -> Code {
    match size {
        Size::Byte => Code::LoadByte,
        Size::Half => Code::LoadHalf,
        Size::Word => Code::LoadWord,
    }
}

fn indexed(size: Size) -> Code {
    match size {
        Size::Byte => Code::LoadByteIndexed,
        Size::Half => Code::LoadHalfIndexed,
        Size::Word => Code::LoadWordIndexed,
    }
}

fn with_constant(operator: Operator) -> Code {
    match operator {
        Operator::Add => Code::Add,
        Operator::Subtract => Code::Subtract,
        Operator::Multiply => Code::Multiply,
        Operator::Divide => Code::Divide,
        Operator::Remainder => Code::Remainder,
        Operator::And => Code::And,
        Operator::Or => Code::Or,
        Operator::Xor => Code::Xor,
        Operator::ShiftLeft => Code::ShiftLeft,
        Operator::ShiftRight => Code::ShiftRight,
    }
}

fn with_x(operator: Operator) -> Code {
    match operator {
        Operator::Add => Code::AddX,
        Operator::Subtract => Code::SubtractX,
        Operator::Multiply => Code::MultiplyX,
        Operator::Divide => Code::DivideX,
        Operator::Remainder => Code::RemainderX,
        Operator::And => Code::AndX,
        Operator::Or => Code::OrX,
        Operator::Xor => Code::XorX,
        Operator::ShiftLeft => Code::ShiftLeftX,
        Operator::ShiftRight => Code::ShiftRightX,
    }
}
