//! The answer of `GET /api/layers`: which layers a model has and what each can be split by.

use serde::Deserialize;

/// A model's layers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LayerTable {
    /// In the order of the answer.
    pub layers: Vec<Layer>,
}

/// One kind of layer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Layer {
    /// Its name in requests.
    pub name: String,
    /// Mantile's class, such as `MoELayer`.
    pub class: String,
    /// How many of it the model has.
    pub count: u32,
    /// The names of the parallelism that it takes.
    pub available_parallelism: Vec<String>,
}

impl Layer {
    /// Whether a degree of this name has an effect on the layer.
    #[must_use]
    pub fn takes(&self, parallelism: &str) -> bool {
        self.available_parallelism.iter().any(|name| name == parallelism)
    }
}
