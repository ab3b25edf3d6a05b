//! A proposed band compared with the band that `reconcile.toml` has for the same group.

use super::Proposal;
use crate::row::group::Group;
use crate::row::metric::Metric;
use crate::rules::band::{Band, Interval};

/// The band of a group and metric, before and after a proposal. At least one of the intervals exists.
#[derive(Debug)]
pub struct BandChange<'a> {
    /// The proposal for the group.
    pub proposal: &'a Proposal,
    /// The metric.
    pub metric: Metric,
    /// The interval in `reconcile.toml`.
    pub written: Option<Interval>,
    /// The proposed interval.
    pub proposed: Option<Interval>,
}

/// The kind of a change of a band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BandChangeKind {
    /// The band stays as it is.
    Same,
    /// The proposed band is wider.
    Wider,
    /// The proposed band is as wide or tighter.
    Tighter,
    /// There is no band yet.
    New,
    /// There is no proposal any more.
    Gone,
}

impl BandChangeKind {
    /// The kinds that are changes, in the order of summaries.
    pub const CHANGES: [Self; 4] = [Self::Wider, Self::Tighter, Self::New, Self::Gone];

    /// The name in tables and files. A wider band is written in capitals, because it lets more pass.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Wider => "WIDER",
            Self::Tighter => "tighter",
            Self::New => "new",
            Self::Gone => "gone",
        }
    }
}

impl<'a> BandChange<'a> {
    /// The changes of all bands, in the order of the proposals.
    #[must_use]
    pub fn all(bands: &[Band], proposals: &'a [Proposal]) -> Vec<Self> {
        let written = |proposal: &Proposal, metric: Metric| {
            let band = bands.iter().find(|band| is_same(&band.group, &proposal.group))?;
            band.ratio[metric].map(|written| written.value)
        };
        let changes = proposals.iter().flat_map(|proposal| {
            Metric::ALL.into_iter().map(move |metric| BandChange {
                proposal,
                metric,
                written: written(proposal, metric),
                proposed: proposal.ratio[metric],
            })
        });
        changes.filter(|change| change.written.is_some() || change.proposed.is_some()).collect()
    }

    /// The groups of the bands in `reconcile.toml` without a proposal.
    #[must_use]
    pub fn dropped<'b>(bands: &'b [Band], proposals: &[Proposal]) -> Vec<&'b Group> {
        let is_proposed =
            |group: &Group| proposals.iter().any(|proposal| is_same(group, &proposal.group));
        bands.iter().map(|band| &band.group).filter(|group| !is_proposed(group)).collect()
    }

    /// The kind of the change.
    #[must_use]
    pub fn kind(&self) -> BandChangeKind {
        match (self.written, self.proposed) {
            (None, _) => BandChangeKind::New,
            (Some(_), None) => BandChangeKind::Gone,
            (Some(old), Some(new)) if old == new => BandChangeKind::Same,
            (Some(old), Some(new)) if new.high / new.low > old.high / old.low => {
                BandChangeKind::Wider
            }
            _ => BandChangeKind::Tighter,
        }
    }
}

/// Groups are the same if they are written the same.
fn is_same(group: &Group, other: &Group) -> bool {
    group.to_string() == other.to_string()
}
