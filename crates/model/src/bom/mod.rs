//! Bills of materials of models: the parts of CycloneDX and of SPDX that we write, and no more.

pub mod cyclonedx;
pub mod spdx;
