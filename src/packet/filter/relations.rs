//! What a comparison means: the words on either side, and the headers that must be there for them.

use super::ast::{Arithmetic, Operator, Protocol, Relation, Term};
use super::error::{FilterError, FilterErrorKind};
use super::ir::{Comparison, Condition, Place, Size, Word};
use super::meaning::Meaning;

/// Beyond any packet; and below the offsets that mean something else to a kernel.
const HIGHEST_OFFSET: u32 = 0x00ff_ffff;

/// A word, and what has to hold before it may be loaded.
struct Guarded {
    word: Word,
    guard: Option<Condition>,
}

impl Meaning {
    pub(super) fn relation(
        &self,
        left: &Arithmetic,
        relation: Relation,
        right: &Arithmetic,
    ) -> Result<Condition, FilterError> {
        let (left, right) = (self.word(left)?, self.word(right)?);
        let (comparison, negated) = match relation {
            Relation::Equal => (Comparison::Equal, false),
            Relation::NotEqual => (Comparison::Equal, true),
            Relation::Greater => (Comparison::Greater, false),
            Relation::LessOrEqual => (Comparison::Greater, true),
            Relation::GreaterOrEqual => (Comparison::GreaterOrEqual, false),
            Relation::Less => (Comparison::GreaterOrEqual, true),
        };
        let test = Condition::test(left.word, comparison, right.word);
        let test = if negated { test.not() } else { test };
        Ok(match both(left.guard, right.guard) {
            Some(guard) => guard.and(test),
            None => test,
        })
    }

    fn word(&self, arithmetic: &Arithmetic) -> Result<Guarded, FilterError> {
        match &arithmetic.term {
            Term::Number(number) => Ok(Guarded { word: Word::Constant(*number), guard: None }),
            Term::Length => Ok(Guarded { word: Word::Length, guard: None }),
            Term::Negative(operand) => {
                let Guarded { word, guard } = self.word(operand)?;
                let word = match word {
                    Word::Constant(number) => Word::Constant(number.wrapping_neg()),
                    word => Word::Negative(Box::new(word)),
                };
                Ok(Guarded { word, guard })
            }
            Term::Binary(operator, left, right) => {
                let left = self.word(left)?;
                let word = binary(*operator, left.word, self.word(right)?.word)
                    .map_err(|kind| FilterError::new(right.at.clone(), kind))?;
                // libpcap asks only for the headers of the left operand, so that `5 + ip[0]` is computed of any frame.
                Ok(Guarded { word, guard: left.guard })
            }
            Term::Load { protocol, index, size } => self.load(*protocol, index, *size, arithmetic),
        }
    }

    fn load(
        &self,
        protocol: Protocol,
        index: &Arithmetic,
        size: u32,
        whole: &Arithmetic,
    ) -> Result<Guarded, FilterError> {
        let size = match size {
            1 => Size::Byte,
            2 => Size::Half,
            4 => Size::Word,
            other => return Err(FilterError::new(whole.at.clone(), FilterErrorKind::LoadSize(other))),
        };
        let Guarded { word: position, guard } = self.word(index)?;
        let network = self.layout.network();
        let plain = |base| indexed(base, position.clone(), index);
        let (place, guard) = match protocol {
            Protocol::Ether => (plain(0)?, guard),
            Protocol::Ip | Protocol::Ip6 | Protocol::Arp | Protocol::Rarp => {
                (plain(network)?, both(guard, self.protocol(protocol)))
            }
            Protocol::Icmp6 => {
                // Extension headers are not walked, and the fragment header is none of the exceptions here.
                let header = self.protocol(Protocol::Ip6).map(|ip6| ip6.and(self.network_byte(6).equals(58)));
                (plain(network + 40)?, both(guard, header))
            }
            Protocol::Ah | Protocol::Esp => return Err(self.misapplied(protocol, "an index", &whole.at)),
            _ => {
                let ip = self.protocol(Protocol::Ip);
                let first = self.protocol(protocol).map(|carried| carried.and(self.is_later_fragment().not()));
                (after_header(network, position, index)?, both(ip, both(guard, first)))
            }
        };
        Ok(Guarded { word: Word::Load(size, place), guard })
    }
}

fn indexed(base: u32, position: Word, index: &Arithmetic) -> Result<Place, FilterError> {
    match position {
        Word::Constant(position) => Ok(Place::At(base + within(position, index)?)),
        position => Ok(Place::Indexed { index: Box::new(position), offset: base }),
    }
}

fn after_header(header: u32, position: Word, index: &Arithmetic) -> Result<Place, FilterError> {
    match position {
        Word::Constant(position) => Ok(Place::AfterHeader { header, offset: within(position, index)? }),
        position => Ok(Place::IndexedAfterHeader { header, index: Box::new(position) }),
    }
}

/// An offset that a packet can have.
fn within(position: u32, index: &Arithmetic) -> Result<u32, FilterError> {
    if position > HIGHEST_OFFSET {
        return Err(FilterError::new(index.at.clone(), FilterErrorKind::OffsetTooHigh(position)));
    }
    Ok(position)
}

fn both(first: Option<Condition>, second: Option<Condition>) -> Option<Condition> {
    match (first, second) {
        (Some(first), Some(second)) => Some(first.and(second)),
        (first, second) => first.or(second),
    }
}

fn binary(operator: Operator, left: Word, right: Word) -> Result<Word, FilterErrorKind> {
    if let Word::Constant(right) = right {
        match operator {
            Operator::Divide | Operator::Remainder if right == 0 => return Err(FilterErrorKind::DivisionByZero),
            Operator::ShiftLeft | Operator::ShiftRight if right > 31 => {
                return Err(FilterErrorKind::ShiftTooFar(right));
            }
            _ => {}
        }
    }
    match (left, right) {
        (Word::Constant(left), Word::Constant(right)) => {
            let folded = operator.apply(left, right).ok_or(FilterErrorKind::DivisionByZero)?;
            Ok(Word::Constant(folded))
        }
        (left, right) => Ok(Word::Binary(operator, Box::new(left), Box::new(right))),
    }
}
