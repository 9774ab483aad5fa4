//! The events that a rule is for.

use super::error::Problem;
use super::yaml::{Node, Yaml};
use crate::log::origin::{Origin, is_told_by_content};

/// What a rule says of the events that it is for. All words are in lower case; `None` fits anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LogSource {
    /// The product, such as `windows`.
    pub product: Option<String>,
    /// The kind of event, such as `process_creation`.
    pub category: Option<String>,
    /// The service of the product, such as `security`.
    pub service: Option<String>,
}

impl LogSource {
    pub(crate) fn read(node: &Node) -> Result<Self, Problem> {
        let word = |name: &str| match node.member(name) {
            None => Ok(None),
            Some(Node { value: Yaml::Text(word), .. }) => Ok(Some(word.trim().to_lowercase())),
            Some(Node { value: Yaml::Null, .. }) => Ok(None),
            Some(other) => Err(Problem::new("sigma::bad-value", other.position.clone())
                .message(format!("`{name}` is no text"))
                .help("write one word")),
        };
        let source = Self { product: word("product")?, category: word("category")?, service: word("service")? };
        if source == Self::default() {
            return Err(Problem::new("sigma::missing", node.position.clone())
                .message("the log source names nothing")
                .help("say with `product`, `category` or `service` what the rule is for"));
        }
        Ok(source)
    }

    /// Whether events of this origin are meant.
    #[must_use]
    pub fn fits(&self, origin: &Origin) -> bool {
        if !origin.is_known() {
            return !is_told_by_content(self.product.as_deref(), self.category.as_deref());
        }
        let product = self.product.as_deref().is_none_or(|product| origin.product == Some(product));
        let service = self.service.as_deref().is_none_or(|service| origin.services.contains(&service));
        // Rules for applications name the product; the category then says nothing more.
        let category = self.category.as_deref().is_none_or(|category| {
            origin.categories.contains(&category) || (category == "application" && self.product.is_some())
        });
        product && service && category
    }
}
