//! What the tensors of a file add up to, as facts.

use std::collections::BTreeMap;

use sakimori_model::FactName;

use crate::report::Report;

/// Dimensions of one tensor that are multiplied.
pub const DIMENSIONS_MAX: u64 = 32;
/// Types of tensors that are told apart.
const TYPES_MAX: usize = 32;

/// Tensors counted so far.
#[derive(Default)]
pub struct Count {
    tensors: u64,
    parameters: u64,
    types: BTreeMap<String, u64>,
}

impl Count {
    /// Adds a tensor of so many elements.
    pub fn add(&mut self, data_type: &str, elements: u64) {
        self.tensors += 1;
        self.parameters = self.parameters.saturating_add(elements);
        if self.types.len() < TYPES_MAX || self.types.contains_key(data_type) {
            let of_type = self.types.entry(data_type.to_owned()).or_default();
            *of_type = of_type.saturating_add(elements);
        }
    }

    /// Notes the numbers and the types, that of the most elements first. Nothing when there are no tensors.
    pub fn report(&self, report: &mut Report<'_>) {
        if self.tensors == 0 {
            return;
        }
        report.fact(FactName::Parameters, self.parameters);
        report.fact(FactName::Tensors, self.tensors);
        let mut types: Vec<_> = self.types.iter().collect();
        types.sort_by_key(|(name, elements)| (std::cmp::Reverse(**elements), name.as_str()));
        for (name, _) in types {
            report.fact(FactName::DataType, name);
        }
    }
}
