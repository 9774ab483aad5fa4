//! Style as a test: the crate graph, and ratchets that only turn one way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use syn::spanned::Spanned as _;
use syn::visit::Visit;

/// The arrows of the design: which of our crates each of them may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("sakimori-model", &[]),
    ("sakimori-examine", &["sakimori-model"]),
    ("sakimori-proof", &[]),
    ("sakimori-store", &["sakimori-model"]),
    ("sakimori-node", &["sakimori-model", "sakimori-examine", "sakimori-proof", "sakimori-store"]),
    ("sakimori", &["sakimori-model", "sakimori-examine", "sakimori-proof", "sakimori-node"]),
    ("xtask", &["sakimori-model", "sakimori-examine"]),
];

/// Lines of a function above which it counts as long.
const FUNCTION_LINES_MAX: usize = 70;
/// Lines of a file above which it counts as long.
const FILE_LINES_MAX: usize = 800;
/// Lines of `flow.rs`, which a newcomer reads first.
const FLOW_LINES_MAX: usize = 150;

/// What is done with bounds that got better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ratchet {
    /// They stay.
    Keep,
    /// They are written.
    Update,
}

/// Checks everything.
pub fn run(ratchet: Ratchet) -> Result<()> {
    let mut faults = Vec::new();
    check_arrows(&mut faults)?;
    let measured = measure()?;
    check_ratchet(&measured, ratchet, &mut faults)?;
    check_flow(&mut faults)?;
    super::docs::run(super::docs::Mode::Check)?;
    if faults.is_empty() { Ok(()) } else { bail!("{}", faults.join("\n")) }
}

fn check_arrows(faults: &mut Vec<String>) -> Result<()> {
    let metadata =
        cargo_metadata::MetadataCommand::new().manifest_path(crate::root().join("Cargo.toml")).no_deps().exec()?;
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|p| p.name.as_str()).collect();
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for package in &metadata.packages {
        let Some(allowed) = allowed.get(package.name.as_str()) else {
            faults.push(format!("{} is not in the crate graph of xtask/src/tidy.rs", package.name));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|d| ours.contains(d.name.as_str())) {
            if !allowed.contains(&dependency.name.as_str()) {
                faults.push(format!("{} must not use {}", package.name, dependency.name));
            }
        }
    }
    Ok(())
}

fn check_flow(faults: &mut Vec<String>) -> Result<()> {
    let lines = fs::read_to_string(crate::root().join("crates/node/src/flow.rs"))?.lines().count();
    if lines > FLOW_LINES_MAX {
        faults.push(format!("flow.rs has {lines} lines; a newcomer should read it on one page of {FLOW_LINES_MAX}"));
    }
    Ok(())
}

/// What is counted, by name. Each number may only go down.
type Counts = BTreeMap<String, usize>;

fn measure() -> Result<Counts> {
    let mut counts: Counts =
        ["files-over-800-lines", "functions-over-70-lines", "public-functions-with-a-boolean-parameter"]
            .into_iter()
            .map(|name| (name.to_owned(), 0))
            .collect();
    let mut add = |name: &str, by: usize| *counts.entry(name.to_owned()).or_default() += by;
    for entry in walkdir::WalkDir::new(crate::root().join("crates"))
        .into_iter()
        .chain(walkdir::WalkDir::new(crate::root().join("xtask")))
    {
        let entry = entry?;
        if entry.path().extension().is_none_or(|e| e != "rs") {
            continue;
        }
        let text = fs::read_to_string(entry.path())?;
        let file = syn::parse_file(&text).with_context(|| entry.path().display().to_string())?;
        let mut shape = Shape::default();
        shape.visit_file(&file);
        add("files-over-800-lines", usize::from(text.lines().count() > FILE_LINES_MAX));
        add("functions-over-70-lines", shape.long_functions);
        add("public-functions-with-a-boolean-parameter", shape.boolean_parameters);
    }
    Ok(counts)
}

/// What is counted in one file.
#[derive(Default)]
struct Shape {
    long_functions: usize,
    boolean_parameters: usize,
}

impl Shape {
    fn function(&mut self, visibility: &syn::Visibility, signature: &syn::Signature, block: &syn::Block) {
        let lines = block.span().end().line.saturating_sub(signature.span().start().line) + 1;
        self.long_functions += usize::from(lines > FUNCTION_LINES_MAX);
        if matches!(visibility, syn::Visibility::Public(_)) {
            self.boolean_parameters += usize::from(signature.inputs.iter().any(is_boolean));
        }
    }
}

fn is_boolean(input: &syn::FnArg) -> bool {
    match input {
        syn::FnArg::Typed(typed) => matches!(&*typed.ty, syn::Type::Path(path) if path.path.is_ident("bool")),
        syn::FnArg::Receiver(_) => false,
    }
}

impl<'ast> Visit<'ast> for Shape {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.vis, &item.sig, &item.block);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.vis, &item.sig, &item.block);
        syn::visit::visit_impl_item_fn(self, item);
    }
}

fn check_ratchet(measured: &Counts, ratchet: Ratchet, faults: &mut Vec<String>) -> Result<()> {
    let path = crate::root().join("xtask/ratchet.json");
    let bounds: Counts = read_bounds(&path)?;
    let mut next = bounds.clone();
    for (name, &count) in measured {
        let bound = bounds.get(name).copied();
        if bound.is_some_and(|bound| count > bound) {
            faults.push(format!("{name}: {count}, and the bound is {}", bound.unwrap_or_default()));
        } else {
            next.insert(name.clone(), count);
        }
    }
    if ratchet == Ratchet::Update && next != bounds {
        fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&next)?))?;
    }
    Ok(())
}

fn read_bounds(path: &Path) -> Result<Counts> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(serde_json::from_str(&text)?),
        Err(_) => Ok(Counts::new()),
    }
}
