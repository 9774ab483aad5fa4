//! What an archive is by the names of its members, and what each member is in it.

use sakimori_model::Kind;

use crate::recognise::kinds;

/// What the names of the members say about the archive.
#[derive(Default)]
pub(super) struct Shape {
    members: usize,
    arrays: usize,
    /// The folder of `data.pkl` with its final slash.
    torch_root: Option<String>,
    torch_code: bool,
    keras_config: bool,
    keras_other: bool,
    marks: Vec<Kind>,
}

/// What a member is to the loader of the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Numbers that the loader copies as they are.
    RawStorage,
    /// A few bytes of text that the loader compares.
    Marker,
    /// Unpickled by the loader, whatever it looks like.
    Pickle,
    /// Code of a TorchScript module.
    TorchCode,
    /// The configuration of a Keras model.
    KerasConfig,
    /// Judged by its content.
    Other,
}

impl Shape {
    /// Takes a member's name into account.
    pub(super) fn note(&mut self, name: &str) {
        if name.ends_with('/') {
            return;
        }
        self.members += 1;
        self.arrays += usize::from(name.ends_with(".npy"));
        if let Some(root) = name.strip_suffix("data.pkl").filter(|r| r.is_empty() || r.ends_with('/')) {
            self.torch_root.get_or_insert_with(|| root.to_owned());
        }
        self.torch_code |= name.ends_with("constants.pkl") || name.contains("/code/");
        self.keras_config |= name == "config.json";
        self.keras_other |= name == "metadata.json" || name == "model.weights.h5";
        match name {
            "MAR-INF/MANIFEST.json" => self.marks.push(kinds::MAR),
            "[Content_Types].xml" => self.marks.push(kinds::OOXML),
            "AndroidManifest.xml" => self.marks.push(kinds::APK),
            "META-INF/MANIFEST.MF" => self.marks.push(kinds::JAR),
            _ => {}
        }
    }

    /// The kind of the archive.
    pub(super) fn kind(&self) -> Kind {
        if self.torch_root.is_some() {
            return if self.torch_code { kinds::TORCHSCRIPT } else { kinds::PYTORCH_ZIP };
        }
        if self.keras_config && self.keras_other {
            return kinds::KERAS_V3;
        }
        if self.members > 0 && self.arrays == self.members {
            return kinds::NPZ;
        }
        let order = [kinds::MAR, kinds::OOXML, kinds::APK, kinds::JAR];
        order.into_iter().find(|kind| self.marks.contains(kind)).unwrap_or(kinds::ZIP)
    }

    /// True when a program has no business in the archive.
    pub(super) fn is_model(&self) -> bool {
        self.torch_root.is_some() || self.keras_config && self.keras_other || self.kind() == kinds::NPZ
    }

    /// What this member is to the loader.
    pub(super) fn role(&self, name: &str) -> Role {
        if let Some(inner) = self.torch_root.as_deref().and_then(|root| name.strip_prefix(root)) {
            return torch_role(inner);
        }
        if self.keras_config && self.keras_other && name == "config.json" { Role::KerasConfig } else { Role::Other }
    }
}

/// The roles that `torch.load` and `torch.jit.load` give to members, by their path below the archive's root.
fn torch_role(inner: &str) -> Role {
    let numbered = |folder: &str| {
        inner.strip_prefix(folder).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    match inner {
        "data.pkl" | "constants.pkl" | "attributes.pkl" => Role::Pickle,
        "version"
        | "byteorder"
        | ".data/serialization_id"
        | ".data/version"
        | ".format_version"
        | ".storage_alignment" => Role::Marker,
        _ if numbered("data/") || numbered("constants/") || numbered("tensors/") => Role::RawStorage,
        _ if inner.starts_with("code/") && inner.ends_with(".py") => Role::TorchCode,
        _ => Role::Other,
    }
}
