//! The first `README.md` of a new model.

use crate::mantile::ServiceFacts;

/// The text of the model's `README.md`, for a person to complete.
#[must_use]
pub fn readme(facts: &ServiceFacts, source: &str) -> String {
    let layers = facts.layers.layers.iter();
    let layers: Vec<String> =
        layers.map(|layer| format!("{} × {} ({})", layer.count, layer.name, layer.class)).collect();
    format!(
        "# {name}\n\n`{name}`, in Mantile `{id}`: {layers}.\n\n## Rows\n\n\
         | file | provider | rows | measured | licence |\n|---|---|---:|---|---|\n\
         | `{source}.csv` | (who published them, with a link) | | | |\n\n\
         ## How the rows were measured\n\n(Load, lengths, and which requests the latencies cover.)\n\n\
         ## How Mantile is asked\n\n(Which approximations apply, and how large their errors are.)\n",
        name = facts.published_name,
        id = facts.model_id,
        layers = layers.join(", "),
    )
}
