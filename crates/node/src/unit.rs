//! A model or an agent's package as one: a file, or a folder with all that is in it, examined and hashed together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::*;
use sakimori_examine::report::Report;
use sakimori_examine::repository::{self, REPOSITORY, RepositoryFile};
use sakimori_examine::source::read_up_to;
use sakimori_examine::{Examination, Settings, catalogue, codes, examine as examine_whole};
use sakimori_model::{Digest, ExaminerRef, Fact, Finding, Kind, Place};
use sakimori_proof::limits::MODEL_BUNDLE_BYTES_MAX;
use sakimori_proof::model_signing::is_bundle;
use sha2::{Digest as _, Sha256};

use crate::flow::Progress;
use crate::observe::{Opened, Unobserved, Walked, WalkedFile, path_text, sha256_of, walk_as_one};
use crate::signature::SIGNATURE_FILE;

/// Files of one folder. The rest of a larger one is a finding.
pub const FILES_MAX: usize = 100_000;
/// Facts that are kept of the files of one folder; those of the folder as a whole come beside them.
pub const FACTS_MAX: usize = 10_000;
/// Bytes of all files of one folder that are looked at together. Small ones come first.
pub const TOGETHER_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Files that are examined before their results are put together: this bounds what lies in memory.
const GROUP_FILES: usize = 64;

/// What was seen of a model or package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The name of its file or folder.
    pub name: String,
    /// Whether it is a file or a folder.
    pub shape: Shape,
    /// What it is: the kind of the file, or [`REPOSITORY`].
    pub kind: Kind,
    /// Its digest: of a file that of its bytes, of a folder [`root_digest`].
    pub sha256: Digest,
    /// Its files, in the order of the steps of their paths.
    pub files: Vec<UnitFile>,
    /// What is there and was not read: each of them is a finding as well. The digest does not cover it.
    pub unread: Vec<Unobserved>,
    /// What was left out on purpose, such as `.git`: paths below the folder. The digest does not cover it.
    pub left_out: Vec<String>,
    /// What was found: file by file, then what shows only when all are seen together. In a folder, every place names the
    /// file as member (`path`, or `path!/inner`).
    pub findings: Vec<Finding>,
    /// What it says of itself, in the same order and with such places.
    pub facts: Vec<Fact>,
    /// Facts that were more than [`FACTS_MAX`], and are not kept.
    pub facts_dropped: usize,
    /// The examiners that took part.
    pub examiners: Vec<ExaminerRef>,
    /// Where on the Hugging Face hub it comes from, where it lies in such a cache.
    pub hub: Option<Hub>,
}

/// Whether a unit is a file or a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One file.
    File,
    /// A folder with all that is in it.
    Folder,
}

/// A file of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFile {
    /// Its path below the folder, steps joined by `/`; of a single file, its name.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// What it is, by its content.
    pub kind: Kind,
}

/// A repository of the Hugging Face hub, as the layout of its cache names it: `models--ORG--NAME/snapshots/REVISION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    /// `org/name`, or `name`.
    pub repository: String,
    /// The commit: 40 hexadecimal digits.
    pub revision: String,
}

impl Unit {
    /// The number of bytes of all files.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// True when everything was examined.
    #[must_use]
    pub fn is_examined(&self) -> bool {
        !self.findings.iter().any(sakimori_examine::report::is_unexamined)
    }
}

/// Examines and hashes a file, or a folder with all its files. `own` is the node's folder, which is left out. What comes out
/// depends on the bytes and the names alone, and neither on the machine nor on the order in which its threads run.
///
/// # Errors
/// When there is nothing to speak of at this path. A file in a folder that can't be read is a finding instead.
pub fn examine(
    path: &Path,
    own: Option<&Path>,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Unit, Unobserved> {
    if path.is_dir() { Ok(folder(path, own, settings, progress)) } else { single(path, settings, progress) }
}

/// The digest of a folder: SHA-256 over the raw digests of its files one after the other, in the order of the steps of their
/// paths (OpenSSF Model Signing v1.0, the subject's digest of a signature).
#[must_use]
pub fn root_digest(files: &[UnitFile]) -> Digest {
    let mut files: Vec<_> = files.iter().collect();
    files.sort_by(|a, b| a.path.split('/').cmp(b.path.split('/')));
    let mut hasher = Sha256::new();
    files.iter().for_each(|file| hasher.update(file.sha256.as_bytes()));
    Digest::from_bytes(hasher.finalize().into())
}

fn single(path: &Path, settings: &Settings, progress: &dyn Progress) -> Result<Unit, Unobserved> {
    progress.inputs(1);
    let name = name_of(path);
    let unobserved = |error: std::io::Error| Unobserved::unread(&path_text(path), &error);
    let opened = Opened::file(path).map_err(unobserved)?;
    let (file, found) =
        seen(&name, &opened, progress, || examine_whole(&opened.source, settings)).map_err(unobserved)?;
    Ok(Unit {
        name,
        shape: Shape::File,
        kind: found.kind,
        sha256: file.sha256,
        files: vec![file],
        unread: Vec::new(),
        left_out: Vec::new(),
        findings: found.findings,
        facts: found.facts,
        facts_dropped: 0,
        examiners: found.examiners,
        hub: None,
    })
}

fn folder(path: &Path, own: Option<&Path>, settings: &Settings, progress: &dyn Progress) -> Unit {
    let mut walked = walk_as_one(path, own, FILES_MAX);
    leave_signature_out(path, &mut walked);
    progress.inputs(walked.files.len());
    let mut gathered = Gathered::new(settings, &walked);
    let modules = repository::modules(walked.files.iter().map(|file| file.path.as_str()));
    for group in walked.files.chunks(GROUP_FILES) {
        // Collected in the order of the paths, whichever thread is first.
        let results: Vec<_> = group.par_iter().map(|file| observe(file, settings, &modules, progress)).collect();
        for (file, result) in group.iter().zip(results) {
            gathered.take(file, result);
        }
    }
    gathered.finish(path, walked.left_out, settings)
}

/// The signature of a model is about its files and none of them: a model that is signed after it was vetted is the same one.
fn leave_signature_out(root: &Path, walked: &mut Walked) {
    let is_signature = |file: &WalkedFile| {
        file.path == SIGNATURE_FILE
            && Opened::file(&root.join(SIGNATURE_FILE))
                .and_then(|opened| read_up_to(&opened.source, 0, MODEL_BUNDLE_BYTES_MAX))
                .is_ok_and(|bytes| is_bundle(&bytes))
    };
    if let Some(at) = walked.files.iter().position(is_signature) {
        walked.files.remove(at);
        walked.left_out.push(SIGNATURE_FILE.to_owned());
        walked.left_out.sort();
    }
}

fn observe(
    file: &WalkedFile,
    settings: &Settings,
    modules: &BTreeSet<String>,
    progress: &dyn Progress,
) -> Result<(UnitFile, Examination), std::io::Error> {
    let opened = Opened::file(&file.bytes)?;
    seen(&file.path, &opened, progress, || repository::examine_file(&file.path, &opened.source, settings, modules))
}

/// Hashes and examines; a change meanwhile is a finding.
fn seen(
    path: &str,
    opened: &Opened,
    progress: &dyn Progress,
    examine: impl Fn() -> Examination,
) -> Result<(UnitFile, Examination), std::io::Error> {
    let sha256 = sha256_of(&opened.source, &|count| progress.bytes(count))?;
    let mut found = examine();
    if opened.changed() {
        found.findings.push(catalogue::finding(&codes::CHANGED, whole(path)));
    }
    progress.examined(path);
    let size = sakimori_examine::source::Source::size(&opened.source);
    Ok((UnitFile { path: path.to_owned(), size, sha256, kind: found.kind.clone() }, found))
}

/// What is put together of the files of a folder.
struct Gathered<'a> {
    report: Report<'a>,
    files: Vec<UnitFile>,
    places: Vec<WalkedFile>,
    facts: Vec<Vec<Fact>>,
    facts_kept: usize,
    facts_dropped: usize,
    unread: Vec<Unobserved>,
    examiners: BTreeSet<ExaminerRef>,
    /// Files and members that no examiner took, by kind: how many, and where the first is.
    without_examiner: BTreeMap<String, (u64, Place)>,
}

impl<'a> Gathered<'a> {
    fn new(settings: &'a Settings, walked: &Walked) -> Self {
        let mut gathered = Self {
            report: Report::new(&settings.limits),
            files: Vec::new(),
            places: Vec::new(),
            facts: Vec::new(),
            facts_kept: 0,
            facts_dropped: 0,
            unread: Vec::new(),
            examiners: BTreeSet::new(),
            without_examiner: BTreeMap::new(),
        };
        walked.unread.iter().for_each(|unread| gathered.unread(unread.clone()));
        if walked.is_cut {
            gathered.report.over("files_max", FILES_MAX as u64);
        }
        if walked.files.is_empty() {
            gathered.report.add(catalogue::finding(&codes::EMPTY, Place::WHOLE));
        }
        gathered
    }

    fn take(&mut self, file: &WalkedFile, result: Result<(UnitFile, Examination), std::io::Error>) {
        let (seen, mut found) = match result {
            Ok(seen) => seen,
            Err(error) => return self.unread(Unobserved::unread(&file.path, &error)),
        };
        self.find(found.findings);
        self.examiners.extend(found.examiners);
        let left = FACTS_MAX - self.facts_kept;
        self.facts_dropped += found.facts.len().saturating_sub(left);
        found.facts.truncate(left);
        self.facts_kept += found.facts.len();
        self.facts.push(found.facts);
        self.places.push(file.clone());
        self.files.push(seen);
    }

    fn unread(&mut self, unread: Unobserved) {
        self.report.add(catalogue::finding(&codes::UNREADABLE, whole(&unread.path)).with("why", &unread.why.en));
        self.unread.push(unread);
    }

    /// Files without an examiner are one finding a kind, as members of an archive are: a folder with a hundred photographs
    /// is one sentence.
    fn find(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            let count = finding.params.get("count").and_then(|count| count.parse::<u64>().ok());
            match (finding.params.get("kind"), count) {
                (Some(kind), Some(count)) if finding.code == codes::MEMBERS_WITHOUT_EXAMINER => {
                    self.without_examiner.entry(kind.clone()).or_insert((0, finding.place.clone())).0 += count;
                }
                _ => self.report.add(finding),
            }
        }
    }

    fn finish(mut self, root: &Path, left_out: Vec<String>, settings: &Settings) -> Unit {
        let together = self.together(settings);
        self.find(together.findings);
        for (kind, (count, first)) in std::mem::take(&mut self.without_examiner) {
            let finding = catalogue::finding(&codes::MEMBERS_WITHOUT_EXAMINER, first);
            self.report.add(finding.with("kind", kind).with("count", count));
        }
        self.examiners.extend(together.examiners);
        let mut facts: Vec<Fact> = self.facts.into_iter().flatten().collect();
        facts.extend(together.facts);
        Unit {
            name: name_of(root),
            shape: Shape::Folder,
            kind: REPOSITORY,
            sha256: root_digest(&self.files),
            files: self.files,
            unread: self.unread,
            left_out,
            findings: self.report.finish(REPOSITORY).findings,
            facts,
            facts_dropped: self.facts_dropped,
            examiners: self.examiners.into_iter().collect(),
            hub: hub_of(root),
        }
    }

    /// Looks at all files together.
    fn together(&mut self, settings: &Settings) -> Examination {
        let bytes = self.bytes();
        let files: Vec<RepositoryFile<'_>> = (self.files.iter().zip(&self.facts).zip(&bytes))
            .map(|((file, facts), bytes)| RepositoryFile {
                path: &file.path,
                size: file.size,
                kind: &file.kind,
                facts,
                bytes: bytes.as_deref(),
            })
            .collect();
        repository::examine(&files, settings)
    }

    /// The bytes of the files that are looked at together: read once more, because only now it is known which are the
    /// small ones, and compared with the digest, so that they are the bytes that were examined.
    fn bytes(&mut self) -> Vec<Option<Vec<u8>>> {
        let mut wanted: Vec<usize> = (0..self.files.len())
            .filter(|&at| {
                repository::wants(&self.files[at].path) && self.files[at].size <= repository::WANTED_BYTES_MAX
            })
            .collect();
        wanted.sort_by_key(|&at| self.files[at].size);
        let mut bytes = vec![None; self.files.len()];
        let mut left = TOGETHER_BYTES_MAX;
        for at in wanted {
            let file = &self.files[at];
            let Some(rest) = left.checked_sub(file.size) else {
                self.report.over("together_bytes_max", TOGETHER_BYTES_MAX);
                break;
            };
            left = rest;
            let read = Opened::file(&self.places[at].bytes)
                .and_then(|opened| read_up_to(&opened.source, 0, usize::try_from(file.size).unwrap_or(usize::MAX)))
                .ok()
                .filter(|read| Digest::of(read) == file.sha256);
            if read.is_none() {
                self.report.add(catalogue::finding(&codes::CHANGED, whole(&file.path)));
            }
            bytes[at] = read;
        }
        bytes
    }
}

fn whole(path: &str) -> Place {
    Place::Whole { member: Some(path.to_owned()) }
}

/// The last step of a path; of `.` and the like that of the folder which is meant.
fn name_of(path: &Path) -> String {
    let name = |path: &Path| path.file_name().map(|name| path_text(Path::new(name)));
    name(path).or_else(|| name(&path.canonicalize().ok()?)).unwrap_or_else(|| ".".to_owned())
}

fn hub_of(root: &Path) -> Option<Hub> {
    let root = root.canonicalize().ok()?;
    let revision = root.file_name()?.to_str()?;
    let snapshots = root.parent().filter(|parent| parent.file_name().is_some_and(|name| name == "snapshots"))?;
    let repository = snapshots.parent()?.file_name()?.to_str()?.strip_prefix("models--")?.replace("--", "/");
    let is_commit = revision.len() == 40 && revision.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    is_commit.then(|| Hub { repository, revision: revision.to_owned() })
}
