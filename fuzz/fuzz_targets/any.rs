//! Every target in one program, which is built once: `SAKIMORI_TARGET` names the one that runs.

#![no_main]

use std::sync::LazyLock;

type Run = fn(&[u8]);

static TARGET: LazyLock<Run> = LazyLock::new(|| {
    let name = std::env::var("SAKIMORI_TARGET").expect("SAKIMORI_TARGET names a target");
    all().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("there is no target {name}")).1
});

fn all() -> impl Iterator<Item = (&'static str, Run)> {
    let examine = sakimori_examine::fuzz::TARGETS.iter().map(|target| (target.name, target.run));
    let model = sakimori_model::fuzz::TARGETS.iter().map(|target| (target.name, target.run));
    let node = sakimori_node::fuzz::TARGETS.iter().map(|target| (target.name, target.run));
    let proof = sakimori_proof::fuzz::TARGETS.iter().map(|target| (target.name, target.run));
    examine.chain(model).chain(node).chain(proof)
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| TARGET(bytes));
