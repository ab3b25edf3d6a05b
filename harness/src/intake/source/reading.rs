//! The outcome of reading artifacts: rows, and an account of every result that did not become one.

use std::collections::BTreeSet;

use super::{Artifact, GivenFacts, SkipReason};
use crate::base::error::Place;
use crate::base::tally::Tally;
use crate::row::Row;

/// The rows of one or more artifacts, and what became of each result in them.
#[derive(Debug, Default)]
pub struct Reading {
    /// The rows, in the order of the files.
    pub rows: Vec<Row>,
    /// The number of results by the generation of their format and their fate.
    pub fates: Tally<(&'static str, Fate)>,
    /// The number of results by each key that the reader does not know and did not read.
    pub unknown_keys: Tally<String>,
    /// The models that the wanted results name.
    pub models: BTreeSet<String>,
    /// Remarks for people, one sentence each.
    pub warnings: Vec<String>,
}

/// The fate of a result.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It became a row.
    Taken,
    /// It did not, for this reason.
    Skipped(SkipReason),
}

impl Reading {
    /// Takes a row that was read from a format of this generation.
    pub fn take(&mut self, generation: &'static str, row: Row) {
        self.fates.add((generation, Fate::Taken), 1);
        self.rows.push(row);
    }

    /// Counts a result that is not taken.
    pub fn skip(&mut self, generation: &'static str, reason: SkipReason) {
        self.fates.add((generation, Fate::Skipped(reason)), 1);
    }

    /// Whether a result is wanted whose model goes by these names. A result of another model is counted
    /// under the first of them.
    #[must_use]
    pub fn wants(&mut self, generation: &'static str, names: &[&str], given: &GivenFacts) -> bool {
        let wanted = given.wants(names);
        let name = names.first().copied();
        if wanted {
            self.models.extend(name.map(str::to_owned));
        } else {
            let name = name.unwrap_or("unnamed").to_owned();
            self.skip(generation, SkipReason::AnotherModel(name));
        }
        wanted
    }

    /// Whether the result at a place is wanted, which may name its model. A result without a name is
    /// taken as one of the wanted model, with a warning.
    #[must_use]
    pub(super) fn wants_model(
        &mut self,
        generation: &'static str,
        model: Option<&str>,
        given: &GivenFacts,
        place: &Place,
    ) -> bool {
        match model {
            Some(model) => self.wants(generation, &[model], given),
            None => {
                self.warn_of_unnamed_model(place);
                true
            }
        }
    }

    /// Warns of a result that names no model.
    pub(super) fn warn_of_unnamed_model(&mut self, place: &Place) {
        self.warnings
            .push(format!("{place} names no model; it is taken as a result of this model"));
    }

    /// Warns of a table whose last line has no newline. Published files are accepted without it.
    pub(super) fn warn_of_unended_table(&mut self, artifact: &Artifact) {
        if !artifact.text.ends_with('\n') {
            self.warnings.push(format!(
                "the last line of {} has no newline; it is read as complete",
                artifact.path.display()
            ));
        }
    }

    /// Adds what was read from another artifact.
    pub fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.fates.append(other.fates);
        self.unknown_keys.append(other.unknown_keys);
        self.models.extend(other.models);
        self.warnings.extend(other.warnings);
    }
}
