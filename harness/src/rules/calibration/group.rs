//! The groups of rows that get parameters of their own.

use serde::{Deserialize, Serialize};

use crate::row::Identity;

/// A GPU, with one framework or with all of them pooled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FitGroup {
    /// The `gpu_model` of the rows.
    pub gpu_model: String,
    /// The framework of the rows; `None` where all are pooled.
    pub framework: Option<String>,
}

impl FitGroup {
    /// Whether rows of this identity belong to the group.
    #[must_use]
    pub fn holds(&self, identity: &Identity) -> bool {
        let framework = self.framework.as_ref();
        self.gpu_model == identity.gpu_model
            && framework.is_none_or(|framework| *framework == identity.framework)
    }

    /// Whether a row can belong to both groups.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let frameworks = self.framework.as_ref().zip(other.framework.as_ref());
        self.gpu_model == other.gpu_model
            && frameworks.is_none_or(|(framework, other)| framework == other)
    }
}

impl std::fmt::Display for FitGroup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.framework {
            Some(framework) => write!(f, "{} / {framework}", self.gpu_model),
            None => f.write_str(&self.gpu_model),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_with_all_frameworks_shares_rows_with_each_of_its_frameworks() {
        let group = |gpu: &str, framework: Option<&str>| FitGroup {
            gpu_model: gpu.to_owned(),
            framework: framework.map(str::to_owned),
        };
        let (all, vllm, trt) =
            (group("h200", None), group("h200", Some("vllm")), group("h200", Some("trt")));
        assert!(all.meets(&vllm) && vllm.meets(&all) && vllm.meets(&vllm));
        assert!(!vllm.meets(&trt) && !all.meets(&group("h100", None)));
    }
}
