//! Facts: what an artefact says of itself, read from its own bytes. They are claims of whoever made it, not findings.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Place, shown};

/// One thing that an artefact says of itself, such as its licence or the number of its parameters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What is said.
    pub name: FactName,
    /// The value as the artefact has it, cleaned of control characters and at most [`Fact::VALUE_CHARS_MAX`] long.
    pub value: String,
    /// Where it says so.
    pub place: Place,
}

impl Fact {
    /// The longest value, in characters.
    pub const VALUE_CHARS_MAX: usize = 1_000;

    /// A fact. The value is made harmless as in [`shown`].
    #[must_use]
    pub fn new(name: FactName, value: impl fmt::Display, place: Place) -> Self {
        Self { name, value: shown(value.to_string().trim(), Self::VALUE_CHARS_MAX), place }
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)*) => {
        /// What a fact is about. Several facts may have one name: a model has many tensors' types, licences, data sets.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum FactName { $($(#[$doc])* $variant,)* }

        impl FactName {
            /// The word as it stands in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

names! {
    /// The name that the model or package gives itself.
    Name = "name",
    /// Its version.
    Version = "version",
    /// What it says it is, in a sentence.
    Description = "description",
    /// Who made it: a person, an organisation, the publisher.
    Author = "author",
    /// The architecture, such as `llama` or `BertForSequenceClassification`.
    Architecture = "architecture",
    /// The family of architectures, such as `transformer` or `gradient-boosted-trees`.
    ArchitectureFamily = "architecture-family",
    /// The number of parameters in this file: a decimal number. Added up over the files of a model.
    Parameters = "parameters",
    /// The number of tensors in this file: a decimal number. Added up over the files of a model.
    Tensors = "tensors",
    /// A type of the tensors' numbers, such as `F16` or `Q4_K`.
    DataType = "data-type",
    /// The scheme by which the numbers were made smaller, such as `gptq-4bit`.
    Quantization = "quantization",
    /// The length of the context in tokens: a decimal number.
    ContextLength = "context-length",
    /// The size of the vocabulary: a decimal number.
    VocabularySize = "vocabulary-size",
    /// A licence: an SPDX expression where the artefact has one, or the words that it uses.
    Licence = "licence",
    /// The address of the licence's text.
    LicenceLink = "licence-link",
    /// A data set that it was trained on.
    Dataset = "dataset",
    /// A model that it was made from, such as `org/name`.
    BaseModel = "base-model",
    /// How it was made from its base model: `finetune`, `adapter`, `quantized` or `merge`.
    BaseModelRelation = "base-model-relation",
    /// A human language that it is for, as the artefact names it.
    Language = "language",
    /// What it is for, such as `text-classification`.
    Task = "task",
    /// The library that loads it, such as `transformers`.
    Library = "library",
    /// The program and version that wrote the file, such as `torch 2.1` or `keras 3.0.5`.
    Producer = "producer",
    /// An address where it comes from or is described.
    Link = "link",
    /// A word that its author filed it under.
    Tag = "tag",
    /// A measured quality, as `metric=value (data set)`.
    Metric = "metric",
    /// A package that it needs to run, as `name==version`, `name` or the requirement as written.
    Dependency = "dependency",
    /// A command, server or tool that an agent package brings, as its name.
    Tool = "tool",
    /// What it is meant for, and what not, in its author's words.
    IntendedUse = "intended-use",
    /// What its author warns of.
    Limitation = "limitation",
}

impl fmt::Display for FactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_name_is_the_one_in_json() {
        for name in [FactName::Name, FactName::ContextLength, FactName::BaseModelRelation, FactName::IntendedUse] {
            assert_eq!(serde_json::to_value(name).expect("a name is JSON"), name.as_str());
        }
    }
}
