//! What a model needs to run: requirements of pip, environments of conda and MLflow.

use sakimori_model::FactName;

use crate::report::Report;
use crate::repository::codes;
use crate::repository::folder::{Folder, name, note, tell, text, yaml};
use crate::sigma::yaml::{Node, Yaml};

/// Requirements of one file that are looked at.
const REQUIREMENTS_MAX: usize = 1_000;

/// Notes the requirements, and says which come from elsewhere than the usual registry or may change.
pub(super) fn examine(folder: &Folder<'_>, report: &mut Report<'_>) {
    for file in folder.files() {
        let lower = name(file.path).to_ascii_lowercase();
        let wanted = if lower.starts_with("requirements") && lower.ends_with(".txt") {
            text(file).map(|text| lines(&text))
        } else if ["conda.yaml", "conda.yml", "environment.yml", "environment.yaml", "python_env.yaml"]
            .contains(&lower.as_str())
        {
            yaml(file).map(|environment| environment.member("dependencies").map(listed).unwrap_or_default())
        } else {
            None
        };
        if let Some(wanted) = wanted {
            judge(file.path, &wanted, report);
        }
    }
}

/// The requirements of a file of pip, without comments, with its options.
fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split(" #").next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).take(REQUIREMENTS_MAX).map(str::to_owned).collect()
}

/// The requirements of an environment, with those that pip shall install.
fn listed(list: &Node) -> Vec<String> {
    let mut found = Vec::new();
    for item in list.items().iter().take(REQUIREMENTS_MAX) {
        match &item.value {
            Yaml::Map(_) => found.extend(item.member("pip").map(listed).unwrap_or_default()),
            _ => found.extend(item.scalar().map(str::to_owned)),
        }
    }
    found
}

fn judge(path: &str, wanted: &[String], report: &mut Report<'_>) {
    let packages: Vec<&String> = wanted.iter().filter(|line| !line.starts_with('-')).collect();
    note(report, path, packages.iter().map(|package| (FactName::Dependency, package)));
    let elsewhere: Vec<&String> = wanted.iter().filter(|line| is_elsewhere(line)).collect();
    if let Some(first) = elsewhere.first() {
        let count = elsewhere.len().to_string();
        tell(report, path, &codes::REQUIREMENT_ELSEWHERE, &[("name", first), ("count", &count)]);
    }
    let loose: Vec<&&String> = packages.iter().filter(|package| !package.contains('=') || is_range(package)).collect();
    if let Some(first) = loose.first() {
        let count = loose.len().to_string();
        tell(report, path, &codes::REQUIREMENT_NOT_PINNED, &[("name", first), ("count", &count)]);
    }
}

/// A requirement, or an option, that takes packages from an address, a folder or another registry.
fn is_elsewhere(line: &str) -> bool {
    const OPTIONS: &[&str] = &["-i ", "--index-url", "--extra-index-url", "-f ", "--find-links", "--trusted-host"];
    // The registry's own address, and the indexes of PyTorch, which has one for each kind of machine.
    const USUAL: &[&str] = &["https://pypi.org/simple", "https://download.pytorch.org/whl/"];
    let option = OPTIONS.iter().any(|option| line.starts_with(option));
    let address = ["://", "git+", " @ "].iter().any(|sign| line.contains(sign));
    (option || address) && !(option && USUAL.iter().any(|usual| line.contains(usual)))
}

/// Anything but one version.
fn is_range(package: &str) -> bool {
    ['>', '<', '~', '!', '*'].iter().any(|sign| package.contains(*sign))
}
