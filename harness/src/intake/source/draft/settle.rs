//! The settlement of a fact between a file and its user.

use std::fmt::Display;

use crate::base::error::{Error, Place, Result};
use crate::base::text::is_name;

/// Settles facts that the file states, or the user, or both alike; and notes the missing ones.
pub(super) struct Settlement<'a> {
    place: &'a Place,
    /// The facts that neither states, each with the option that gives it.
    missing: Vec<(&'static str, &'static str)>,
}

impl<'a> Settlement<'a> {
    pub(super) fn new(place: &'a Place) -> Self {
        Self { place, missing: Vec::new() }
    }

    /// A name in lower case. An empty name in the file counts as absent.
    pub(super) fn name(
        &mut self,
        fact: &'static str,
        option: &'static str,
        in_file: Option<&str>,
        given: Option<&str>,
    ) -> Result<Option<String>> {
        let in_file = in_file.filter(|text| !text.is_empty()).map(str::to_ascii_lowercase);
        let given = given.map(str::to_ascii_lowercase);
        let Some(name) = self.value(fact, option, in_file, given)? else { return Ok(None) };
        if is_name(&name) {
            Ok(Some(name))
        } else {
            let message = format!("the {fact} `{name}` is not made of letters, digits and . _ - +");
            Err(Error::content(self.place.clone(), message))
        }
    }

    /// A value. Two that differ are an error.
    pub(super) fn value<T: PartialEq + Display>(
        &mut self,
        fact: &'static str,
        option: &'static str,
        in_file: Option<T>,
        given: Option<T>,
    ) -> Result<Option<T>> {
        match (in_file, given) {
            (Some(in_file), Some(given)) if in_file != given => Err(Error::content(
                self.place.clone(),
                format!("the file says {fact} {in_file} and {option} says {given}"),
            )
            .with_help(format!("leave {option} out"))),
            (Some(value), _) | (None, Some(value)) => Ok(Some(value)),
            (None, None) => {
                self.missing.push((fact, option));
                Ok(None)
            }
        }
    }

    /// The error that names everything missing at once.
    pub(super) fn missing(self) -> Error {
        let (facts, options): (Vec<_>, Vec<_>) = self.missing.into_iter().unzip();
        let verb = if facts.len() == 1 { "is" } else { "are" };
        let message = format!("the {} {verb} not in the file", facts.join(", "));
        Error::content(self.place.clone(), message)
            .with_help(format!("give it with {}", options.join(", ")))
    }
}
