//! A folder examined as one: which files belong to it, its digest, and what becomes of those that can't be read.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use sakimori_examine::{Settings, codes};
use sakimori_model::{Digest, Finding, Place};
use sakimori_node::flow::Progress;
use sakimori_node::observe::walk_as_one;
use sakimori_node::unit::{Shape, Unit, examine};

struct Silent;
impl Progress for Silent {}

fn seen(path: &Path) -> Unit {
    examine(path, None, &Settings::default(), &Silent).expect("something is there")
}

fn written(root: &Path, files: &[(&str, &[u8])]) {
    for (path, bytes) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
}

fn paths(unit: &Unit) -> Vec<&str> {
    unit.files.iter().map(|file| file.path.as_str()).collect()
}

fn member(place: &Place) -> &str {
    match place {
        Place::Whole { member } | Place::Byte { member, .. } | Place::Text { member, .. } => {
            member.as_deref().unwrap_or_default()
        }
        Place::Event { .. } => "",
    }
}

#[test]
fn a_single_file_has_its_own_digest() {
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path(), &[("config.json", b"{}")]);
    let unit = seen(&folder.path().join("config.json"));
    assert_eq!((unit.shape, unit.sha256, unit.name.as_str()), (Shape::File, Digest::of(b"{}"), "config.json"));
    assert_eq!((paths(&unit), unit.size()), (vec!["config.json"], 2));
}

#[test]
fn the_digest_of_a_folder_is_over_the_raw_digests_by_the_steps_of_the_paths() {
    let folder = tempfile::tempdir().expect("a folder");
    // As text, `a-b/x` is before `a/x`; by steps it comes after it.
    written(folder.path(), &[("a-b/x", b"1"), ("a/x", b"2"), ("Z", b"3")]);
    let unit = seen(folder.path());
    assert_eq!((paths(&unit), unit.shape), (vec!["Z", "a/x", "a-b/x"], Shape::Folder));
    let raw: Vec<u8> = [b"3", b"2", b"1"].iter().flat_map(|b| *Digest::of(*b).as_bytes()).collect();
    assert_eq!(unit.sha256, Digest::of(&raw));
}

#[test]
fn every_place_names_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path(), &[("weights/model.pkl", b"cos\nsystem\n(S'id'\ntR."), ("empty", b"")]);
    let unit = seen(folder.path());
    assert!(unit.findings.iter().any(|f| member(&f.place).starts_with("weights/model.pkl")), "{:?}", unit.findings);
    // What is missing in the folder as a whole, such as a licence, is in no file.
    let of_the_whole = |f: &Finding| f.code.family() == "REP" && f.place == Place::WHOLE;
    let of_a_file = |f: &Finding| paths(&unit).iter().any(|path| member(&f.place).starts_with(path));
    assert!(unit.findings.iter().all(|f| of_a_file(f) || of_the_whole(f)), "{:?}", unit.findings);
    assert!(!unit.is_examined(), "an empty file has nothing to examine");
}

#[test]
fn links_are_read_inside_of_the_folder_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let outside = folder.path().join("outside");
    fs::write(&outside, b"not yours").expect("written");
    let root = folder.path().join("model");
    written(&root, &[("real", b"1"), ("sub/real", b"2")]);
    symlink("real", root.join("good")).expect("linked");
    symlink(&outside, root.join("leads-out")).expect("linked");
    symlink("../outside", root.join("leads-out-too")).expect("linked");
    symlink("sub", root.join("to-a-folder")).expect("linked");
    symlink("nothing", root.join("broken")).expect("linked");
    symlink("loop", root.join("loop")).expect("linked");
    let unit = seen(&root);
    assert_eq!(paths(&unit), ["good", "real", "sub/real"]);
    assert_eq!(unit.files[0].sha256, Digest::of(b"1"));
    let unread: Vec<&str> = unit.unread.iter().map(|unread| unread.path.as_str()).collect();
    assert_eq!(unread, ["broken", "leads-out", "leads-out-too", "loop", "to-a-folder"]);
    for path in unread {
        let told = unit.findings.iter().any(|f| f.code == codes::UNREADABLE && member(&f.place) == path);
        assert!(told, "{path} is a finding");
    }
    assert!(!unit.is_examined());
}

#[test]
fn a_cache_of_the_hub_is_read_through_its_links() {
    let folder = tempfile::tempdir().expect("a folder");
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let repository = folder.path().join("models--acme--tiny");
    written(&repository, &[("blobs/b1", b"{}"), ("refs/main", commit.as_bytes())]);
    let root = repository.join("snapshots").join(commit);
    fs::create_dir_all(&root).expect("made");
    symlink("../../blobs/b1", root.join("config.json")).expect("linked");
    symlink("../../refs/main", root.join("elsewhere")).expect("linked");
    let unit = seen(&root);
    assert_eq!((paths(&unit), unit.unread.len()), (vec!["config.json"], 1));
    let hub = unit.hub.expect("it lies in a cache");
    assert_eq!((hub.repository.as_str(), hub.revision.as_str()), ("acme/tiny", commit));
}

#[test]
fn what_is_left_out_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path(), &[(".git/config", b"x"), ("sub/.git/evil", b"y"), ("a", b"1"), ("home/key", b"secret")]);
    let own = folder.path().join("home");
    let unit = examine(folder.path(), Some(&own), &Settings::default(), &Silent).expect("there");
    assert_eq!(paths(&unit), ["a", "sub/.git/evil"]);
    assert_eq!(unit.left_out, [".git", "home"]);
}

#[test]
fn what_is_no_file_or_not_there_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(examine(&folder.path().join("missing"), None, &Settings::default(), &Silent).is_err());
    let empty = seen(folder.path());
    assert_eq!(empty.findings.iter().map(|f| &f.code).collect::<Vec<_>>(), [&codes::EMPTY]);
    let status = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status().expect("mkfifo");
    assert!(status.success());
    let unit = seen(folder.path());
    assert_eq!((unit.unread.len(), unit.is_examined()), (1, false), "a pipe is not waited for");
}

#[test]
fn too_many_files_are_cut_and_said() {
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path(), &[("a", b"1"), ("b", b"2"), ("c", b"3")]);
    let cut = walk_as_one(folder.path(), None, 2);
    assert_eq!((cut.files.len(), cut.is_cut), (2, true));
    let all = walk_as_one(folder.path(), None, 3);
    assert_eq!((all.files.len(), all.is_cut), (3, false));
}

#[test]
fn many_files_without_an_examiner_are_one_finding() {
    let folder = tempfile::tempdir().expect("a folder");
    let image = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 40]].concat();
    for at in 0..100 {
        written(folder.path(), &[(&format!("picture-{at}.png"), &image)]);
    }
    let unit = seen(folder.path());
    assert_eq!(unit.files.len(), 100);
    assert!(unit.findings.len() <= 1, "{:?}", unit.findings);
}

#[test]
fn the_same_bytes_give_the_same_unit() {
    let Some(data) = std::env::var_os("SAKIMORI_DATA").map(PathBuf::from) else {
        println!("skipped: SAKIMORI_DATA is not set");
        return;
    };
    let all = seen(&data.join("artefact"));
    assert!(all.files.len() > 300, "{}", all.files.len());
    assert!(all == seen(&data.join("artefact")), "two runs differ");
}
