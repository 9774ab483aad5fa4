//! Where a model comes from: the codes of what was found about its signature. Signatures are verified elsewhere; the codes
//! stand here, so that a policy can ask for them like for any other finding.

pub mod codes;
