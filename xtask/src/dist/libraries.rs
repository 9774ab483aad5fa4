//! The libraries that are linked into the program, with their licences: who gives the program on owes them that.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

/// How files with licences and notices begin.
const NAMES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"];

/// Writes the names, versions and licences, then each text once with the libraries that have it.
pub fn write(path: &Path) -> Result<()> {
    let metadata = MetadataCommand::new().manifest_path(crate::root().join("Cargo.toml")).exec()?;
    let linked = linked(&metadata)?;
    let mut out = String::from("Libraries that are linked into sakimori: name, version, licence.\n\n");
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in &linked {
        let name = format!("{} {}", package.name, package.version);
        let licence = package.license.as_deref().unwrap_or("see below");
        writeln!(out, "{name}: {licence}")?;
        for text in texts_of(package)? {
            texts.entry(text).or_default().push(name.clone());
        }
    }
    for (text, names) in texts {
        write!(out, "\n{}\n{}\n\n{}\n", "=".repeat(80), names.join(", "), text.trim_end())?;
    }
    Ok(fs::write(path, out)?)
}

/// The packages that the program is built of, besides our own; those that only build or test it are left out.
fn linked(metadata: &Metadata) -> Result<Vec<&Package>> {
    let nodes: BTreeMap<&PackageId, _> =
        metadata.resolve.iter().flat_map(|resolve| &resolve.nodes).map(|node| (&node.id, node)).collect();
    let program = metadata.packages.iter().find(|package| package.name == "sakimori").context("our program")?;
    let mut found = BTreeSet::new();
    let mut next = vec![&program.id];
    while let Some(id) = next.pop() {
        if found.insert(id) {
            let dependencies = nodes.get(id).into_iter().flat_map(|node| &node.deps);
            let normal =
                |kinds: &[cargo_metadata::DepKindInfo]| kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
            next.extend(
                dependencies.filter(|dependency| normal(&dependency.dep_kinds)).map(|dependency| &dependency.pkg),
            );
        }
    }
    let mut packages: Vec<&Package> =
        metadata.packages.iter().filter(|package| found.contains(&package.id) && package.source.is_some()).collect();
    packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok(packages)
}

/// The texts of the licences in a package.
fn texts_of(package: &Package) -> Result<Vec<String>> {
    let folder = package.manifest_path.parent().context("a manifest in a folder")?;
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        if NAMES.iter().any(|start| name.starts_with(start)) && entry.file_type()?.is_file() {
            texts.push(String::from_utf8_lossy(&fs::read(entry.path())?).into_owned());
        }
    }
    texts.sort();
    Ok(texts)
}
