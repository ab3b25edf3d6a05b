//! Verdicts in one word.

/// The verdict on a row in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Every measured metric is inside its band, and the row fits into the memory.
    Inside,
    /// Some quantities are outside, each within the bound of a known deviation.
    KnownDeviation,
    /// Some quantities are outside.
    Outside,
    /// Mantile refused the request, gave an impossible answer, or did not answer.
    NotPredicted,
    /// Mantile cannot be asked about the configuration.
    Unmapped,
}

impl Status {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 5] =
        [Self::Inside, Self::KnownDeviation, Self::Outside, Self::NotPredicted, Self::Unmapped];

    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::KnownDeviation => "known_deviation",
            Self::Outside => "outside",
            Self::NotPredicted => "not_predicted",
            Self::Unmapped => "unmapped",
        }
    }

    /// The words in reports.
    #[must_use]
    pub fn words(self) -> String {
        self.name().replace('_', " ")
    }

    /// Whether a row with this status fails. An unmapped row does not fail; it lowers the coverage.
    #[must_use]
    pub fn fails(self) -> bool {
        matches!(self, Self::Outside | Self::NotPredicted)
    }
}

/// The verdict on a quantity in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Inside its band.
    Inside,
    /// Outside, but within the bound of a known deviation that has not expired.
    Known,
    /// Outside its band.
    Outside,
    /// Measured, but no band applies. It does not pass, because it was not checked.
    NoBand,
}

impl Standing {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::Known => "known_deviation",
            Self::Outside => "outside",
            Self::NoBand => "no_band",
        }
    }

    /// The words in tables.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::Known => "known",
            Self::Outside => "outside",
            Self::NoBand => "no band",
        }
    }
}
