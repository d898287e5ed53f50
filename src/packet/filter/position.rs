//! Where the parser is in its tokens, and what it says about one that does not belong there.

use std::ops::Range;

use super::ast::{Joint, Relation};
use super::error::{FilterError, FilterErrorKind, quote};
use super::lexer::{Sign, Spanned, Token};
use super::names::{self, Keyword};
use super::parser::{MOST_NESTED, Parser};

impl<'a> Parser<'a> {
    pub(super) fn joint(&self) -> Option<Joint> {
        match self.peek_token() {
            Some(Token::Keyword(Keyword::And)) => Some(Joint::And),
            Some(Token::Keyword(Keyword::Or)) => Some(Joint::Or),
            _ => None,
        }
    }

    pub(super) fn relation(&self) -> Option<Relation> {
        match self.peek_token() {
            Some(Token::Sign(Sign::Equal)) => Some(Relation::Equal),
            Some(Token::Sign(Sign::NotEqual)) => Some(Relation::NotEqual),
            Some(Token::Sign(Sign::Less)) => Some(Relation::Less),
            Some(Token::Sign(Sign::LessOrEqual)) => Some(Relation::LessOrEqual),
            Some(Token::Sign(Sign::Greater)) => Some(Relation::Greater),
            Some(Token::Sign(Sign::GreaterOrEqual)) => Some(Relation::GreaterOrEqual),
            _ => None,
        }
    }

    /// Whether the next token makes a sum or a comparison of a number before it.
    pub(super) fn at_operator(&self) -> bool {
        self.relation().is_some() || self.operator().is_some()
    }

    /// Goes a level deeper; the caller comes back with [`Parser::leave`].
    pub(super) fn enter(&mut self) -> Result<(), FilterError> {
        self.nested += 1;
        if self.nested > MOST_NESTED {
            return Err(self.too_deep());
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.nested -= 1;
    }

    pub(super) fn too_deep(&self) -> FilterError {
        FilterError::new(self.span_of_next(), FilterErrorKind::TooDeep { most: MOST_NESTED })
    }

    pub(super) fn advance(&mut self) {
        self.next += 1;
    }

    pub(super) fn expect(&mut self, sign: Sign, expected: &'static str) -> Result<(), FilterError> {
        if self.peek_token() != Some(Token::Sign(sign)) {
            return Err(self.unexpected(expected));
        }
        self.next += 1;
        Ok(())
    }

    pub(super) fn peek(&self) -> Option<&Spanned<'a>> {
        self.tokens.get(self.next)
    }

    pub(super) fn peek_token(&self) -> Option<Token<'a>> {
        self.peek().map(|spanned| spanned.token)
    }

    pub(super) fn peek_second(&self) -> Option<Token<'a>> {
        self.tokens.get(self.next + 1).map(|spanned| spanned.token)
    }

    pub(super) fn start_of_next(&self) -> usize {
        self.peek().map_or(self.expression.len(), |spanned| spanned.at.start)
    }

    pub(super) fn end_of_last(&self) -> usize {
        let last = self.next.checked_sub(1).and_then(|last| self.tokens.get(last));
        last.map_or(0, |spanned| spanned.at.end)
    }

    pub(super) fn span_of_next(&self) -> Range<usize> {
        self.peek().map_or(self.expression.len()..self.expression.len(), |spanned| spanned.at.clone())
    }

    /// The next token is not what belongs here.
    pub(super) fn unexpected(&self, expected: &'static str) -> FilterError {
        let at = self.span_of_next();
        let found = self.expression.get(at.clone()).unwrap_or_default();
        let kind = match self.peek_token() {
            None => FilterErrorKind::UnexpectedEnd { expected },
            Some(Token::Keyword(Keyword::Unsupported)) => return self.unsupported(),
            Some(Token::Name(name)) => {
                let nearest = names::nearest_keyword(name);
                FilterErrorKind::Unexpected { found: quote(found), expected, nearest }
            }
            Some(_) => FilterErrorKind::Unexpected { found: quote(found), expected, nearest: None },
        };
        FilterError::new(at, kind)
    }

    pub(super) fn unsupported(&self) -> FilterError {
        let at = self.span_of_next();
        let found = self.expression.get(at.clone()).unwrap_or_default();
        FilterError::new(at, FilterErrorKind::Unsupported(quote(found)))
    }
}
