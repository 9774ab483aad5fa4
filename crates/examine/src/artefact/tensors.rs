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

/// The name of a type as the other formats write it, given NumPy's; as it is for others.
#[must_use]
pub fn numpy_name(name: &str) -> &str {
    match name {
        "float64" | "f8" => "F64",
        "float32" | "f4" => "F32",
        "float16" | "f2" => "F16",
        "bfloat16" => "BF16",
        "int64" | "i8" => "I64",
        "int32" | "i4" => "I32",
        "int16" | "i2" => "I16",
        "int8" | "i1" => "I8",
        "uint64" | "u8" => "U64",
        "uint32" | "u4" => "U32",
        "uint16" | "u2" => "U16",
        "uint8" | "u1" => "U8",
        "bool" | "b1" => "BOOL",
        "complex64" | "c8" => "C64",
        "complex128" | "c16" => "C128",
        other => other,
    }
}
