//! Runs and artifacts as GitHub lists them, and the selection of the artifacts that hold results.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

/// A run of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct WorkflowRun {
    pub id: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(default)]
    pub head_sha: String,
    /// `success`, `failure` and so on; `None` until the run is completed.
    #[serde(default)]
    pub conclusion: Option<String>,
}

/// An artifact of a run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct RemoteArtifact {
    pub id: u64,
    pub name: String,
    /// The size of the zip archive, bytes.
    pub size_in_bytes: u64,
    #[serde(default)]
    pub expired: bool,
    /// The digest of the zip archive: `sha256:` and 64 hexadecimal digits. GitHub has stated it since 2025.
    #[serde(default)]
    pub digest: Option<String>,
}

/// The artifacts of a run that hold results.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ArtifactSelection {
    pub wanted: Vec<RemoteArtifact>,
    /// The names of artifacts with results that are no longer there.
    pub expired: Vec<String>,
}

/// Prefixes of artifacts that are named after a configuration but hold no results.
const OTHER_PREFIXES: [&str; 10] = [
    "agentic_",
    "bmk_agentic_",
    "eval_",
    "gpu_metrics_",
    "graphs_",
    "multinode_",
    "power_audit_",
    "profile_",
    "server_logs_",
    "trace_",
];

/// Selects the artifacts that hold results. These are the aggregates of the run: `results_bmk` since 2025-12, and
/// one `results_{exp}` per experiment before. A configuration that no aggregate covers has its own artifact,
/// `bmk_…`, or before 2025-12 `{exp}_{precision}_{framework}_tp{T}…_conc{C}_{runner}`. Further attempts of a
/// run leave several artifacts with the same name, of which the newest is selected.
pub(super) fn select(artifacts: Vec<RemoteArtifact>) -> ArtifactSelection {
    let mut newest: BTreeMap<String, RemoteArtifact> = BTreeMap::new();
    for artifact in artifacts {
        let id = newest.get(&artifact.name).map_or(0, |other| other.id);
        if artifact.id >= id {
            newest.insert(artifact.name.clone(), artifact);
        }
    }
    let aggregates: Vec<String> = newest
        .values()
        .filter(|artifact| !artifact.expired)
        .filter_map(|artifact| Some(artifact.name.strip_prefix("results_")?.to_owned()))
        .collect();
    let is_covered = |name: &str| {
        aggregates.iter().any(|experiment| match experiment.as_str() {
            "bmk" | "all" => true,
            _ => name.strip_prefix(experiment).is_some_and(|rest| rest.starts_with('_')),
        })
    };
    let mut selection = ArtifactSelection { wanted: Vec::new(), expired: Vec::new() };
    for (name, artifact) in newest {
        let wanted =
            name.starts_with("results_") || is_of_one_configuration(&name) && !is_covered(&name);
        match wanted {
            true if artifact.expired => selection.expired.push(name),
            true => selection.wanted.push(artifact),
            false => {}
        }
    }
    // An expired aggregate stands for its parts, which expired with it.
    if selection.expired.iter().any(|name| name.starts_with("results_")) {
        selection.expired.retain(|name| name.starts_with("results_"));
    }
    selection
}

/// Whether an artifact's name is that of a single configuration's results.
fn is_of_one_configuration(name: &str) -> bool {
    let has_number = |part: &str, label: &str| {
        let digits = part.strip_prefix(label);
        digits.is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))
    };
    let has = |label: &str| name.split(['_', '-']).skip(1).any(|part| has_number(part, label));
    !OTHER_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        && (name.starts_with("bmk_") || has("tp") && has("conc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(id: u64, name: &str) -> RemoteArtifact {
        let name = name.to_owned();
        RemoteArtifact { id, name, size_in_bytes: 1, expired: false, digest: None }
    }

    fn names(artifacts: &[RemoteArtifact]) -> Vec<&str> {
        artifacts.iter().map(|artifact| artifact.name.as_str()).collect()
    }

    #[test]
    fn the_aggregate_of_a_run_is_all_that_is_wanted() {
        let selection = select(vec![
            artifact(1, "bmk_gptoss_1k1k_fp4_vllm_tp1_conc4_b200"),
            artifact(2, "results_bmk"),
            artifact(3, "eval_results_all"),
            artifact(4, "run-stats"),
            artifact(5, "server_logs_gptoss_1k1k_fp4_vllm_tp1_conc4_b200"),
        ]);
        assert_eq!(names(&selection.wanted), ["results_bmk"]);
        assert_eq!(selection.expired, [] as [&str; 0]);
    }

    #[test]
    fn of_the_old_generation_each_experiment_has_an_aggregate_or_its_parts() {
        let selection = select(vec![
            artifact(1, "70b_1k1k_fp8_vllm_tp2_conc4_h100-nv_0"),
            artifact(2, "70b_1k8k_fp8_vllm_tp2_conc4_h100-nv_0"),
            artifact(3, "results_70b_1k1k"),
            artifact(4, "graphs_70b_1k1k"),
            artifact(5, "gptoss_1k1k_fp4_trt_tp4_ep1_dpa_false_conc4_b200-trt_3"),
        ]);
        assert_eq!(
            names(&selection.wanted),
            [
                "70b_1k8k_fp8_vllm_tp2_conc4_h100-nv_0",
                "gptoss_1k1k_fp4_trt_tp4_ep1_dpa_false_conc4_b200-trt_3",
                "results_70b_1k1k",
            ]
        );
    }

    #[test]
    fn without_aggregates_the_parts_are_taken() {
        let selection = select(vec![
            artifact(1, "bmk_dsr1_fp8_sglang_conc4_gb200-multinode"),
            artifact(2, "bmk_agentic_dsr1_fp8_sglang_tp8_conc4_b200"),
            artifact(3, "gpu_metrics_dsr1_fp8_sglang_tp8_conc4_b200"),
        ]);
        assert_eq!(names(&selection.wanted), ["bmk_dsr1_fp8_sglang_conc4_gb200-multinode"]);
    }

    #[test]
    fn of_several_attempts_the_newest_counts() {
        let selection = select(vec![artifact(9, "results_bmk"), artifact(3, "results_bmk")]);
        assert_eq!(selection.wanted, [artifact(9, "results_bmk")]);
    }

    #[test]
    fn expired_aggregates_are_named_once() {
        let expired = |id, name| RemoteArtifact { expired: true, ..artifact(id, name) };
        let selection = select(vec![
            expired(1, "70b_1k1k_fp8_vllm_tp2_conc4_h100-nv_0"),
            expired(2, "results_70b_1k1k"),
            expired(3, "run-stats"),
        ]);
        assert_eq!(selection.wanted, []);
        assert_eq!(selection.expired, ["results_70b_1k1k"]);
    }
}
