//! The answer of `GET /api/layers`: a model's layers, and the parallelism that each takes.

use serde::Deserialize;

/// A model's layers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LayerTable {
    /// The layers, in the order of the answer.
    pub layers: Vec<Layer>,
}

/// One kind of layer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Layer {
    /// The layer's name in requests.
    pub name: String,
    /// Mantile's class, such as `MoELayer`.
    pub class: String,
    /// The number of such layers in the model.
    pub count: u32,
    /// The names of the kinds of parallelism that it takes, such as `tensor_parallel`.
    pub available_parallelism: Vec<String>,
}

impl Layer {
    /// Whether the layer takes this kind of parallelism.
    #[must_use]
    pub fn takes(&self, parallelism: &str) -> bool {
        self.available_parallelism.iter().any(|name| name == parallelism)
    }
}
