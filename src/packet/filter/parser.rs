//! Tokens to a tree: the grammar of pcap-filter(7).
//!
//! A parenthesis can open a list of values (`port (80 or 443)`), a number (`(80)`), a sum or a whole expression, and
//! only what is inside tells which. So [`Parser::unit`] and [`Parser::list`] answer which of the four they found, and
//! no token is read twice. A bare value takes over the qualifiers of what stands before it. Nesting is bounded by
//! [`MOST_NESTED`], and with it the depth of every tree that is made from an expression.

use std::ops::Range;

use super::ast::{
    Arithmetic, Direction, Expression, Joint, Kind, Mask, Primitive, Protocol, Qualifiers, Term, Value, What,
};
use super::error::{FilterError, FilterErrorKind, quote};
use super::lexer::{self, Sign, Spanned, Token};
use super::names::{self, Keyword};

/// The most parentheses, `not`s, indexes and operators inside one another.
pub(super) const MOST_NESTED: usize = 64;

const A_TEST: &str = "a test such as `tcp`, `host` or `port`";
const A_VALUE: &str = "an address, a number or a name";
const A_NUMBER: &str = "a number";
const AN_END: &str = "`and`, `or` or the end";

pub(super) struct Parser<'a> {
    pub(super) expression: &'a str,
    pub(super) tokens: Vec<Spanned<'a>>,
    /// The token to read next.
    pub(super) next: usize,
    /// How many levels deep that is.
    pub(super) nested: usize,
}

/// What a stretch of tokens turned out to be.
enum Parsed<'a> {
    /// A lone number: a value, or the beginning of a sum.
    Number(u32, Range<usize>),
    Sum(Arithmetic),
    /// Values that took their qualifiers over.
    Values(Expression<'a>),
    /// Whole tests, and what a bare value after them takes over.
    Tests(Expression<'a>, Option<Qualifiers>),
}

/// Whether a keyword begins qualifiers.
fn heads(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::Source
            | Keyword::Destination
            | Keyword::Host
            | Keyword::Net
            | Keyword::Port
            | Keyword::PortRange
            | Keyword::Proto
    )
}

/// The tree of an expression; `None` where it is empty.
pub(super) fn parse(expression: &str) -> Result<Option<Expression<'_>>, FilterError> {
    let tokens = lexer::tokens(expression)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { expression, tokens, next: 0, nested: 0 };
    let parsed = parser.list(None)?;
    if parser.peek().is_some() {
        return Err(parser.unexpected(AN_END));
    }
    parser.tests(parsed).map(|(expression, _)| Some(expression))
}

impl<'a> Parser<'a> {
    /// Units joined by `and` and `or`, to the end or a closing parenthesis.
    fn list(&mut self, inherited: Option<Qualifiers>) -> Result<Parsed<'a>, FilterError> {
        let first = self.unit(inherited)?;
        if self.joint().is_none() {
            return Ok(first);
        }
        let values = matches!(first, Parsed::Number(..) | Parsed::Values(_));
        let (first, mut qualifiers) = match first {
            Parsed::Number(..) | Parsed::Values(_) => (self.values(first, inherited)?, inherited),
            other => self.tests(other)?,
        };
        let mut rest = Vec::new();
        while let Some(joint) = self.joint() {
            self.next += 1;
            let at = self.next;
            let unit = self.unit(qualifiers)?;
            let next = match unit {
                Parsed::Number(..) | Parsed::Values(_) => self.values(unit, qualifiers)?,
                // `host (a or tcp)`: a list of values holds no tests.
                _ if values => {
                    self.next = at;
                    return Err(self.unexpected(A_VALUE));
                }
                other => {
                    let (tests, own) = self.tests(other)?;
                    qualifiers = own;
                    tests
                }
            };
            rest.push((joint, next));
        }
        let chain = Expression::Chain(Box::new(first), rest);
        Ok(if values { Parsed::Values(chain) } else { Parsed::Tests(chain, qualifiers) })
    }

    /// One test, value, number or sum, or a list in parentheses.
    fn unit(&mut self, inherited: Option<Qualifiers>) -> Result<Parsed<'a>, FilterError> {
        self.enter()?;
        let unit = self.unit_inside(inherited);
        self.leave();
        unit
    }

    fn unit_inside(&mut self, inherited: Option<Qualifiers>) -> Result<Parsed<'a>, FilterError> {
        let Some(Spanned { token, at }) = self.peek().cloned() else {
            return Err(self.unexpected(if inherited.is_some() { A_VALUE } else { A_TEST }));
        };
        let parsed = match token {
            Token::Keyword(Keyword::Not) => {
                self.next += 1;
                return match self.unit(inherited)? {
                    Parsed::Tests(tests, own) => Ok(Parsed::Tests(Expression::Not(Box::new(tests)), own)),
                    Parsed::Sum(_) => Err(self.unexpected("a comparison such as `>`")),
                    values => Ok(Parsed::Values(Expression::Not(Box::new(self.values(values, inherited)?)))),
                };
            }
            Token::Sign(Sign::Open) => {
                self.next += 1;
                let inside = self.list(inherited)?;
                self.expect(Sign::Close, "`)`")?;
                match inside {
                    Parsed::Tests(tests, _) => Parsed::Tests(tests, inherited),
                    other => other,
                }
            }
            Token::Number(number) => {
                self.next += 1;
                Parsed::Number(number, at)
            }
            Token::Name(_) | Token::Ipv4(_) | Token::Ipv6(_) | Token::Ethernet(_) => {
                self.next += 1;
                let value = self.address(token)?;
                let at = at.start..self.end_of_last();
                Parsed::Values(self.value(value, inherited, at)?)
            }
            Token::Sign(Sign::Minus) | Token::Keyword(Keyword::Length) => Parsed::Sum(self.arithmetic()?),
            Token::Keyword(Keyword::Protocol(_)) if self.peek_second() == Some(Token::Sign(Sign::OpenIndex)) => {
                Parsed::Sum(self.arithmetic()?)
            }
            _ => return self.test(),
        };
        let left = match parsed {
            Parsed::Number(number, at) if self.at_operator() => Arithmetic { term: Term::Number(number), at, depth: 0 },
            Parsed::Sum(sum) => sum,
            other => return Ok(other),
        };
        let left = self.continued(left)?;
        let Some(relation) = self.relation() else {
            return Ok(Parsed::Sum(left));
        };
        self.next += 1;
        let right = self.arithmetic()?;
        let at = left.at.start..right.at.end;
        let what = What::Relation(left, relation, right);
        Ok(Parsed::Tests(Expression::Primitive(Primitive { what, at }), None))
    }

    /// A test that begins with a keyword.
    fn test(&mut self) -> Result<Parsed<'a>, FilterError> {
        let start = self.start_of_next();
        let protocol = match self.peek_token() {
            Some(Token::Keyword(Keyword::Protocol(protocol))) => {
                self.next += 1;
                Some(protocol)
            }
            _ => None,
        };
        let what = match (self.peek_token(), protocol) {
            (Some(Token::Keyword(keyword)), _) if heads(keyword) => return self.head(protocol),
            (Some(Token::Keyword(Keyword::Unsupported)), _) => return Err(self.unsupported()),
            (Some(Token::Keyword(Keyword::Broadcast)), _) => What::Broadcast(protocol),
            (Some(Token::Keyword(Keyword::Multicast)), _) => What::Multicast(protocol),
            (_, Some(protocol)) => return Ok(self.primitive(What::Protocol(protocol), start)),
            (Some(Token::Keyword(Keyword::Inbound)), None) => What::Inbound,
            (Some(Token::Keyword(Keyword::Outbound)), None) => What::Outbound,
            (Some(Token::Keyword(keyword @ (Keyword::Less | Keyword::Greater))), None) => {
                self.next += 1;
                let length = self.number()?;
                let what = if keyword == Keyword::Less { What::AtMost(length) } else { What::AtLeast(length) };
                return Ok(self.primitive(what, start));
            }
            (Some(Token::Keyword(Keyword::Vlan)), None) => {
                self.next += 1;
                let what = What::Vlan(self.vlan()?);
                return Ok(self.primitive(what, start));
            }
            _ => return Err(self.unexpected(A_TEST)),
        };
        self.next += 1;
        Ok(self.primitive(what, start))
    }

    /// Qualifiers and the value that they are for.
    fn head(&mut self, protocol: Option<Protocol>) -> Result<Parsed<'a>, FilterError> {
        let direction = self.direction();
        let kind = match self.peek_token() {
            Some(Token::Keyword(Keyword::Host)) => Kind::Host,
            Some(Token::Keyword(Keyword::Net)) => Kind::Net,
            Some(Token::Keyword(Keyword::Port)) => Kind::Port,
            Some(Token::Keyword(Keyword::PortRange)) => Kind::PortRange,
            Some(Token::Keyword(Keyword::Proto)) if direction.is_none() => Kind::Protocol,
            Some(Token::Keyword(Keyword::Unsupported)) => return Err(self.unsupported()),
            _ => Kind::Unsaid,
        };
        if kind != Kind::Unsaid {
            self.next += 1;
        }
        let qualifiers = Qualifiers { protocol, direction: direction.unwrap_or(Direction::Either), kind };
        match self.peek_token() {
            // `proto tcp`: the word is a keyword, and only a backslash makes it a name.
            Some(Token::Keyword(Keyword::Protocol(_))) if kind == Kind::Protocol => {
                return Err(self.unexpected("a number, or a name behind a backslash such as `\\tcp`"));
            }
            Some(Token::Keyword(Keyword::Not)) => {}
            Some(Token::Keyword(_)) => return Err(self.unexpected(A_VALUE)),
            _ => {}
        }
        let at = self.next;
        match self.unit(Some(qualifiers))? {
            values @ (Parsed::Number(..) | Parsed::Values(_)) => {
                Ok(Parsed::Tests(self.values(values, Some(qualifiers))?, Some(qualifiers)))
            }
            Parsed::Sum(_) | Parsed::Tests(..) => {
                self.next = at;
                Err(self.unexpected(A_VALUE))
            }
        }
    }

    /// `src`, `dst`, or both with `or` or `and` between.
    fn direction(&mut self) -> Option<Direction> {
        let (alone, other) = match self.peek_token() {
            Some(Token::Keyword(Keyword::Source)) => (Direction::Source, Keyword::Destination),
            Some(Token::Keyword(Keyword::Destination)) => (Direction::Destination, Keyword::Source),
            _ => return None,
        };
        self.next += 1;
        let joint = self.joint();
        match joint.filter(|_| self.peek_second() == Some(Token::Keyword(other))) {
            None => Some(alone),
            Some(joint) => {
                self.next += 2;
                Some(if joint == Joint::And { Direction::Both } else { Direction::Either })
            }
        }
    }

    /// The rest of an address: a prefix length or a mask.
    fn address(&mut self, token: Token<'a>) -> Result<Value<'a>, FilterError> {
        Ok(match token {
            Token::Ipv4(address) => {
                let mask = match self.peek_token() {
                    Some(Token::Sign(Sign::Slash)) => {
                        self.next += 1;
                        Mask::Length(self.number()?)
                    }
                    Some(Token::Keyword(Keyword::Mask)) => {
                        self.next += 1;
                        let Some(Token::Ipv4(bits)) = self.peek_token() else {
                            return Err(self.unexpected("a mask such as `255.255.0.0`"));
                        };
                        self.next += 1;
                        Mask::Bits(bits)
                    }
                    _ => Mask::Unsaid,
                };
                Value::Ipv4 { address, mask }
            }
            Token::Ipv6(address) => {
                let prefix = match self.peek_token() {
                    Some(Token::Sign(Sign::Slash)) => {
                        self.next += 1;
                        Some(self.number()?)
                    }
                    _ => None,
                };
                Value::Ipv6 { address, prefix }
            }
            Token::Ethernet(address) => Value::Ethernet(address),
            Token::Name(name) => Value::Name(name),
            _ => return Err(self.unexpected(A_VALUE)),
        })
    }

    fn value(
        &self,
        value: Value<'a>,
        qualifiers: Option<Qualifiers>,
        at: Range<usize>,
    ) -> Result<Expression<'a>, FilterError> {
        let Some(qualifiers) = qualifiers else {
            let found = self.expression.get(at.clone()).unwrap_or_default();
            let nearest = names::nearest_keyword(found);
            return Err(FilterError::new(at, FilterErrorKind::NoQualifier { found: quote(found), nearest }));
        };
        Ok(Expression::Primitive(Primitive { what: What::Value(qualifiers, value), at }))
    }

    /// Takes a number or values for values.
    fn values(&self, parsed: Parsed<'a>, qualifiers: Option<Qualifiers>) -> Result<Expression<'a>, FilterError> {
        match parsed {
            Parsed::Number(number, at) => self.value(Value::Number(number), qualifiers, at),
            Parsed::Values(values) | Parsed::Tests(values, _) => Ok(values),
            Parsed::Sum(_) => Err(self.unexpected("a comparison such as `>`")),
        }
    }

    /// Takes whole tests for tests; a lone number or a sum is none.
    fn tests(&self, parsed: Parsed<'a>) -> Result<(Expression<'a>, Option<Qualifiers>), FilterError> {
        match parsed {
            Parsed::Tests(tests, own) => Ok((tests, own)),
            other => self.values(other, None).map(|values| (values, None)),
        }
    }

    /// The identifier of a VLAN, where one follows.
    fn vlan(&mut self) -> Result<Option<u32>, FilterError> {
        let mut open = 0;
        while self.peek_token() == Some(Token::Sign(Sign::Open)) {
            self.next += 1;
            open += 1;
        }
        if open == 0 && !matches!(self.peek_token(), Some(Token::Number(_))) {
            return Ok(None);
        }
        let number = self.number()?;
        for _ in 0..open {
            self.expect(Sign::Close, "`)`")?;
        }
        Ok(Some(number))
    }

    pub(super) fn number(&mut self) -> Result<u32, FilterError> {
        let Some(Token::Number(number)) = self.peek_token() else {
            return Err(self.unexpected(A_NUMBER));
        };
        self.next += 1;
        Ok(number)
    }

    fn primitive(&self, what: What<'a>, start: usize) -> Parsed<'a> {
        let at = start..self.end_of_last();
        Parsed::Tests(Expression::Primitive(Primitive { what, at }), None)
    }
}
