//! Folders of real models, when `SAKIMORI_DATA` names the folder with the unpacked packs: what is said of each is printed,
//! and nothing of weight may be said of those that come from packages in use. `SAKIMORI_TEXTS` names any folder whose
//! licence files are tried.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sakimori_examine::repository::{self, RepositoryFile};
use sakimori_examine::{Examination, Settings};
use sakimori_model::{FactName, Severity};

#[test]
fn folders_of_models_in_use_are_quiet() {
    let Some(data) = std::env::var_os("SAKIMORI_DATA") else {
        println!("skipped: SAKIMORI_DATA is not set");
        return;
    };
    let root = Path::new(&data).join("artefact");
    let mut folders = subfolders(&root.join("pypi_models"));
    let in_use = folders.len();
    assert!(in_use > 0);
    folders.extend(subfolders(&root.join("modelaudit/scenarios")).iter().flat_map(|f| subfolders(f)));
    folders.extend(subfolders(&root.join("poc/hf")));
    for (index, folder) in folders.iter().enumerate() {
        let examination = together(folder);
        let codes: Vec<&str> = examination.findings.iter().map(|f| f.code.as_str()).collect();
        println!("{} {codes:?} {} facts", folder.display(), examination.facts.len());
        let worst = examination.findings.iter().map(|f| f.severity).max();
        assert!(index >= in_use || worst < Some(Severity::Medium), "{}: {codes:?}", folder.display());
    }
}

#[test]
fn licences_of_packages_are_recognised() {
    let Some(folder) = std::env::var_os("SAKIMORI_TEXTS") else {
        println!("skipped: SAKIMORI_TEXTS is not set");
        return;
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for path in files(Path::new(&folder)).iter().filter(|path| path.file_name().is_some_and(|n| n == "LICENSE")) {
        let Ok(bytes) = fs::read(path) else { continue };
        let examination = examined(&[("LICENSE".to_owned(), bytes)]);
        let licence = examination.facts.iter().find(|f| f.name == FactName::Licence).map(|f| f.value.clone());
        if licence.is_none() {
            println!("not recognised: {}", path.display());
        }
        *counts.entry(licence.unwrap_or_default()).or_default() += 1;
    }
    println!("{counts:?}");
    assert!(!counts.is_empty());
}

fn together(folder: &Path) -> Examination {
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(folder).expect("below").display().to_string();
        (name, fs::read(path).expect("readable"))
    };
    examined(&files(folder).iter().map(read).collect::<Vec<_>>())
}

fn examined(files: &[(String, Vec<u8>)]) -> Examination {
    let settings = Settings::default();
    let modules = repository::modules(files.iter().map(|(path, _)| path.as_str()));
    let alone: Vec<_> =
        files.iter().map(|(path, bytes)| repository::examine_file(path, bytes, &settings, &modules)).collect();
    let seen: Vec<RepositoryFile<'_>> = files
        .iter()
        .zip(&alone)
        .map(|((path, bytes), alone)| RepositoryFile {
            path,
            size: bytes.len() as u64,
            kind: &alone.kind,
            facts: &alone.facts,
            bytes: repository::wants(path).then_some(bytes.as_slice()),
        })
        .collect();
    repository::examine(&seen, &settings)
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// The files below a folder, without links.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        let about = fs::symlink_metadata(&path).expect("readable");
        if about.is_dir() {
            found.extend(files(&path));
        } else if about.is_file() {
            found.push(path);
        }
    }
    found.sort();
    found
}
