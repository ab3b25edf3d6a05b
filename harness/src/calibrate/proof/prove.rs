//! Calibrates and proves every group.

use super::super::{FitGroup, Members, Observations, Physics};
use super::Proof;
use super::group_fit::GroupFit;
use crate::base::parallel;
use crate::mantile::hardware::Hardware;
use crate::row::Identity;

/// Calibrates each group and proves it. `now` gives Mantile's parameters for a group today; `done` is called
/// after each group. A group that cannot be calibrated comes with the reason.
pub fn prove(
    observations: &Observations,
    group: impl Fn(&Identity) -> FitGroup,
    physics: Physics,
    now: impl Fn(&FitGroup) -> Option<Hardware> + Sync,
    done: impl Fn() + Sync,
) -> Vec<(FitGroup, Result<Proof, String>)> {
    let groups: Vec<(FitGroup, Members<'_>)> = observations.groups(group).into_iter().collect();
    let fits: Vec<Result<GroupFit<'_>, String>> = parallel::map(&groups, |(group, members)| {
        GroupFit::new(group, members, &observations.dtypes, physics, now(group))
    });
    let fitted: Vec<&GroupFit<'_>> = fits.iter().flatten().collect();
    let proofs = parallel::map(&fits, |fit| {
        let proof = fit.as_ref().map_err(Clone::clone).and_then(|fit| {
            let others = fitted.iter().filter(|other| other.group.gpu_model != fit.group.gpu_model);
            fit.prove(&others.copied().collect::<Vec<_>>())
        });
        done();
        proof
    });
    let names: Vec<FitGroup> = groups.iter().map(|(group, _)| group.clone()).collect();
    names.into_iter().zip(proofs).collect()
}
