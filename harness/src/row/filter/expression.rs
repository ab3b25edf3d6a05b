//! An expression, ready to be evaluated: its wildcards, numbers and days are prepared once.

use wildmatch::WildMatch;

use crate::row::property::{Field, Property};

/// A condition on rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of them.
    And(Vec<Filter>),
    /// Any of them.
    Or(Vec<Filter>),
    /// The opposite.
    Not(Box<Filter>),
    /// A property that matches any of these patterns.
    In(Property, Vec<ValuePattern>),
    /// A property below or above a bound.
    Order(Property, Order, Bound),
}

/// A value to compare with, in which `*` and `?` are wildcards.
#[derive(Debug, Clone, PartialEq)]
pub struct ValuePattern {
    /// As it was written.
    pub(super) text: String,
    /// The prepared wildcards; `None` without any.
    pub(super) wildcards: Option<WildMatch>,
}

impl ValuePattern {
    /// Prepares a pattern.
    #[must_use]
    pub fn new(text: String) -> Self {
        let wildcards = text.contains(['*', '?']).then(|| WildMatch::new(&text));
        Self { text, wildcards }
    }
}

/// The bound of an order.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// A number.
    Number(f64),
    /// A day, `2026-01-31`.
    Day(String),
}

/// The side of a bound on which a value has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Order {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::AtMost, Self::AtLeast, Self::Less, Self::Greater];

    /// The operator in expressions.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl Filter {
    /// The condition that a field has this value.
    #[must_use]
    pub fn is(field: Field, value: String) -> Self {
        Self::In(Property::Field(field), vec![ValuePattern::new(value)])
    }

    /// The condition that all of these hold; `None` without any.
    #[must_use]
    pub fn all_of(mut filters: Vec<Self>) -> Option<Self> {
        match filters.len() {
            0 => None,
            1 => filters.pop(),
            _ => Some(Self::And(filters)),
        }
    }

    /// The distinct properties that it asks for.
    #[must_use]
    pub fn properties(&self) -> Vec<Property> {
        let mut properties = Vec::new();
        let mut open = vec![self];
        while let Some(filter) = open.pop() {
            match filter {
                Self::And(all) | Self::Or(all) => open.extend(all.iter().rev()),
                Self::Not(inner) => open.push(inner),
                Self::In(property, _) | Self::Order(property, ..) => {
                    if !properties.contains(property) {
                        properties.push(*property);
                    }
                }
            }
        }
        properties
    }
}
