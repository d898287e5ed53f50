//! The sums of the grammar: what can stand on either side of a comparison.
//!
//! Operators bind as in C, but for `%` and `^`: libpcap's grammar gives these two no precedence, so each takes all
//! that follows as its right side and what stands just before it as its left. `ip[0] % 4 * 2` is `ip[0] % (4 * 2)`.

use super::ast::{Arithmetic, Operator, Term};
use super::error::FilterError;
use super::lexer::{Sign, Token};
use super::names::Keyword;
use super::parser::{MOST_NESTED, Parser};

/// How tightly an operator binds; `None` for the two that have no precedence.
fn precedence(operator: Operator) -> Option<u8> {
    match operator {
        Operator::Or => Some(1),
        Operator::And => Some(2),
        Operator::ShiftLeft | Operator::ShiftRight => Some(3),
        Operator::Add | Operator::Subtract => Some(4),
        Operator::Multiply | Operator::Divide => Some(5),
        Operator::Remainder | Operator::Xor => None,
    }
}

/// The precedence of a sign before its operand.
const SIGN: u8 = 6;

impl<'a> Parser<'a> {
    pub(super) fn arithmetic(&mut self) -> Result<Arithmetic, FilterError> {
        let first = self.operand()?;
        self.continued(first)
    }

    /// The operators and operands after `left`.
    pub(super) fn continued(&mut self, left: Arithmetic) -> Result<Arithmetic, FilterError> {
        self.climb(left, 0)
    }

    fn climb(&mut self, left: Arithmetic, least: u8) -> Result<Arithmetic, FilterError> {
        self.enter()?;
        let mut left = left;
        while let Some(operator) = self.operator() {
            let binds = precedence(operator);
            if binds.is_some_and(|binds| binds < least) {
                break;
            }
            self.advance();
            let right = self.operand()?;
            let right = self.climb(right, binds.map_or(0, |binds| binds + 1))?;
            let at = left.at.start..right.at.end;
            let depth = left.depth.max(right.depth) + 1;
            let term = Term::Binary(operator, Box::new(left), Box::new(right));
            left = self.bounded(Arithmetic { term, at, depth })?;
        }
        self.leave();
        Ok(left)
    }

    fn operand(&mut self) -> Result<Arithmetic, FilterError> {
        self.enter()?;
        let start = self.start_of_next();
        let (term, depth) = match self.peek_token() {
            Some(Token::Number(number)) => {
                self.advance();
                (Term::Number(number), 0)
            }
            Some(Token::Keyword(Keyword::Length)) => {
                self.advance();
                (Term::Length, 0)
            }
            Some(Token::Sign(Sign::Minus)) => {
                self.advance();
                let operand = self.operand()?;
                let operand = self.climb(operand, SIGN)?;
                let depth = operand.depth + 1;
                (Term::Negative(Box::new(operand)), depth)
            }
            Some(Token::Sign(Sign::Open)) => {
                self.advance();
                let inside = self.arithmetic()?;
                self.expect(Sign::Close, "an operator or `)`")?;
                (inside.term, inside.depth)
            }
            Some(Token::Keyword(Keyword::Protocol(protocol))) => {
                self.advance();
                self.expect(Sign::OpenIndex, "an index such as `[0]`")?;
                let index = Box::new(self.arithmetic()?);
                let size = if self.peek_token() == Some(Token::Sign(Sign::Colon)) {
                    self.advance();
                    self.number()?
                } else {
                    1
                };
                self.expect(Sign::CloseIndex, "`]`")?;
                let depth = index.depth + 1;
                (Term::Load { protocol, index, size }, depth)
            }
            _ => return Err(self.unexpected("a number, `len` or a field such as `ip[0]`")),
        };
        self.leave();
        self.bounded(Arithmetic { term, at: start..self.end_of_last(), depth })
    }

    fn bounded(&self, arithmetic: Arithmetic) -> Result<Arithmetic, FilterError> {
        if arithmetic.depth > MOST_NESTED {
            return Err(self.too_deep());
        }
        Ok(arithmetic)
    }

    pub(super) fn operator(&self) -> Option<Operator> {
        let Some(Token::Sign(sign)) = self.peek_token() else {
            return None;
        };
        match sign {
            Sign::Plus => Some(Operator::Add),
            Sign::Minus => Some(Operator::Subtract),
            Sign::Star => Some(Operator::Multiply),
            Sign::Slash => Some(Operator::Divide),
            Sign::Percent => Some(Operator::Remainder),
            Sign::Ampersand => Some(Operator::And),
            Sign::Bar => Some(Operator::Or),
            Sign::Caret => Some(Operator::Xor),
            Sign::ShiftLeft => Some(Operator::ShiftLeft),
            Sign::ShiftRight => Some(Operator::ShiftRight),
            _ => None,
        }
    }
}
