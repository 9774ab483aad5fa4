//! Colours on terminals only, and none where `NO_COLOR` is set.

use std::io::IsTerminal as _;

use sakimori_model::{AdmissionState, Effect, Severity};
use sakimori_node::register::Standing;

/// Whether colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// A terminal that may be coloured.
    Colour,
    /// Anything else.
    Plain,
}

impl Paint {
    /// What standard output takes.
    pub fn of_stdout() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        if wanted && std::io::stdout().is_terminal() { Self::Colour } else { Self::Plain }
    }

    /// The text, coloured for an effect.
    pub fn effect(self, effect: Effect, text: &str) -> String {
        let code = match effect {
            Effect::Allow => "32",
            Effect::Review => "33",
            Effect::Block => "1;31",
        };
        self.wrap(code, text)
    }

    /// The text, coloured for a severity.
    pub fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Informational | Severity::Low => "36",
            Severity::Medium => "33",
            Severity::High => "31",
            Severity::Critical => "1;31",
        };
        self.wrap(code, text)
    }

    /// The text, coloured for what holds for a model.
    pub fn standing(self, standing: Standing, text: &str) -> String {
        let code = match standing {
            Standing::Holds(AdmissionState::Admitted) => "32",
            Standing::Holds(AdmissionState::Waiting) | Standing::Expired => "33",
            Standing::Holds(AdmissionState::Refused | AdmissionState::Revoked) => "1;31",
        };
        self.wrap(code, text)
    }

    /// The text, dimmed.
    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        match self {
            Self::Colour => format!("\x1b[{code}m{text}\x1b[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}
