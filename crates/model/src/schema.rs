//! The JSON Schemas of what we write, generated into `docs/schema/`.

use crate::{Decision, Finding, Observation, Receipt, Statement};

/// A JSON Schema (draft 2020-12) and the name of its file.
pub struct Schema {
    /// The name of the file below `docs/schema/`.
    pub file: &'static str,
    /// The schema, pretty-printed, with a final line break.
    pub text: String,
}

/// The schemas of all documents that the product writes for others to read.
#[must_use]
pub fn schemas() -> Vec<Schema> {
    vec![
        schema::<Observation>("observation.schema.json"),
        schema::<Finding>("finding.schema.json"),
        schema::<Decision>("decision.schema.json"),
        schema::<Statement>("statement.schema.json"),
        schema::<Receipt>("receipt.schema.json"),
    ]
}

fn schema<T: schemars::JsonSchema>(file: &'static str) -> Schema {
    let value = schemars::schema_for!(T).to_value();
    Schema { file, text: format!("{value:#}\n") }
}
