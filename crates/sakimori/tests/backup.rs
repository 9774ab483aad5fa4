//! A backup that is made while others write is whole, and a damaged one is never restored.

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{BAD_PICKLE, GOOD_SAFETENSORS, Node, Run};
use serde_json::Value;

/// A node with some records, and a backup of it.
fn backed_up() -> (Node, PathBuf) {
    let node = Node::new();
    for i in 0..40 {
        node.write(&format!("many/f{i:02}"), if i % 7 == 0 { BAD_PICKLE } else { GOOD_SAFETENSORS });
    }
    assert_eq!(node.check(&node.path("many")).len(), 40);
    let folder = node.path("../backup");
    let run = node.run(&["backup", &text(&folder)]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    (node, folder)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The program on another folder than the node's.
fn on(node: &Node, home: &Path, arguments: &[&str]) -> Run {
    Run::of(node.command().arg("--home").arg(home).args(arguments).output().expect("started"))
}

fn is_sound(node: &Node, home: &Path) {
    for arguments in [&["log", "verify"][..], &["audit"]] {
        let run = on(node, home, arguments);
        assert_eq!(run.status, Some(0), "{arguments:?}: {}{}", run.out, run.err);
    }
}

fn size(checkpoint: &str) -> u64 {
    checkpoint.lines().nth(1).and_then(|size| size.parse().ok()).expect("a size")
}

#[test]
fn a_backup_while_others_write_is_of_one_moment() {
    let node = Node::new();
    for i in 0..300 {
        node.write(&format!("many/f{i:03}"), if i % 7 == 0 { BAD_PICKLE } else { GOOD_SAFETENSORS });
    }
    node.check(&node.path("many/f000"));
    let mut writers: Vec<_> = (0..2).map(|_| Writer::start(&node)).collect();
    let key = node.key();
    for round in 0..4 {
        let acknowledged: Vec<String> = writers.iter_mut().flat_map(|writer| writer.all_so_far(60)).collect();
        let proof = node.path(&format!("proof{round}.json"));
        let wrote = node.run(&["prove", &acknowledged[0], "--out", &text(&proof)]);
        assert_eq!(wrote.status, Some(0), "{}", wrote.err);
        let folder = node.path(&format!("../backup{round}"));
        let run = node.run(&["backup", "--format", "json", &text(&folder)]);
        assert_eq!(run.status, Some(0), "{}", run.err);
        let home = node.path(&format!("../restored{round}"));
        let restored = on(&node, &home, &["restore", &text(&folder)]);
        assert_eq!(restored.status, Some(0), "{}", restored.err);
        is_sound(&node, &home);
        // Every record that was acknowledged before the backup began is in it, with its place.
        let db = rusqlite::Connection::open(home.join("state.db")).expect("opened");
        for id in &acknowledged {
            let sql = "SELECT count(*) FROM records WHERE id = ?1 AND log_index IS NOT NULL";
            let count: i64 = db.query_row(sql, [id], |row| row.get(0)).expect("counted");
            assert_eq!(count, 1, "{id} was acknowledged before the backup began");
        }
        for id in [&acknowledged[0], &acknowledged[acknowledged.len() - 1]] {
            let proven = on(&node, &home, &["prove", id]);
            assert_eq!(proven.status, Some(0), "{id}: {}", proven.err);
        }
        let checkpoint = on(&node, &home, &["log", "checkpoint"]).out;
        assert_eq!(Some(size(&checkpoint)), run.json()["size"].as_u64());
        assert!(size(&checkpoint) >= acknowledged.len() as u64);
        // Evidence from before holds against the same key, and the key is the same.
        let verified = node.run(&["verify", &text(&proof), "--key", &text(&key)]);
        assert_eq!(verified.status, Some(0), "{}", verified.out);
        assert_eq!(on(&node, &home, &["log", "key", "--public"]).out, node.run(&["log", "key", "--public"]).out);
    }
    assert!(writers.iter_mut().all(Writer::is_running), "the writers wrote all the time");
    drop(writers);
    // What they had staged when they were killed gets its place with the next group.
    node.check(&node.path("many/f000"));
    node.is_sound();
}

/// A process that goes on recording, and whose receipts are read.
struct Writer {
    child: std::process::Child,
    receipts: std::sync::mpsc::Receiver<String>,
}

impl Writer {
    fn start(node: &Node) -> Self {
        let script = "while :; do \"$0\" check --quiet --format jsonl in/many; done";
        let mut shell = Command::new("sh");
        shell.args(["-c", script, env!("CARGO_BIN_EXE_sakimori")]).env("SAKIMORI_HOME", node.home());
        shell.current_dir(node.home().parent().expect("a parent")).stdout(Stdio::piped()).stderr(Stdio::null());
        std::os::unix::process::CommandExt::process_group(&mut shell, 0);
        let mut child = shell.spawn().expect("sh");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        // Read all the time, so that a full pipe never holds the writer up.
        let (send, receipts) = std::sync::mpsc::channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Self { child, receipts }
    }

    /// The records of all receipts that were printed since the last call, at least so many.
    fn all_so_far(&mut self, count: usize) -> Vec<String> {
        let lines: Vec<String> = self.receipts.iter().take(count).chain(self.receipts.try_iter()).collect();
        let value = |line: &String| serde_json::from_str::<Value>(line).expect("JSON");
        lines.iter().map(|line| value(line)["record"].as_str().expect("an id").to_owned()).collect()
    }

    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The shell and what it runs at the moment: their group.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.child.wait();
    }
}

#[test]
fn a_backup_after_a_crash_is_whole() {
    for point in ["Staged", "Log(TilesPlaced)", "Log(Decided)", "Appended"] {
        let (node, _) = backed_up();
        let mut crashed = node.command();
        crashed.env("SAKIMORI_CRASH_AT", point).args(["check", "in/many/f00"]);
        assert_eq!(Run::of(crashed.output().expect("started")).status, None, "{point} was not reached");
        let (folder, home) = (node.path("../after"), node.path("../restored"));
        assert_eq!(node.run(&["backup", &text(&folder)]).status, Some(0), "{point}");
        let run = on(&node, &home, &["restore", &text(&folder)]);
        assert_eq!(run.status, Some(0), "{point}: {}", run.err);
        is_sound(&node, &home);
        assert_eq!(size(&on(&node, &home, &["log", "checkpoint"]).out), 41, "{point}");
    }
}

#[test]
fn a_restored_node_goes_on() {
    let (node, folder) = backed_up();
    let home = node.path("../restored");
    let run = on(&node, &home, &["restore", &text(&folder)]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    assert!(run.err.contains("can't be told"), "without a checkpoint, age is unknown: {}", run.err);
    let more = on(&node, &home, &["check", "--format", "jsonl", "in/many/f00"]);
    assert_eq!(more.status, Some(1), "{}", more.err);
    is_sound(&node, &home);
    assert_eq!(size(&on(&node, &home, &["log", "checkpoint"]).out), 41);
}

#[test]
fn only_the_owner_can_read_a_backup_and_what_is_restored() {
    let (node, folder) = backed_up();
    let home = node.path("../restored");
    on(&node, &home, &["restore", &text(&folder)]);
    for root in [folder, home] {
        assert_eq!(mode(&root), 0o700, "{}", root.display());
        for name in ["key", "state.db", "log/checkpoint"] {
            assert_eq!(mode(&root.join(name)), 0o600, "{}", root.join(name).display());
        }
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

#[test]
fn the_configuration_comes_along() {
    let (node, _) = backed_up();
    let config = node.write("other.toml", b"listen = \"127.0.0.1:1\"\n");
    let folder = node.path("../with-config");
    let run = node.run(&["backup", "--config", &text(&config), &text(&folder)]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    let home = node.path("../restored");
    let run = on(&node, &home, &["restore", &text(&folder)]);
    assert!(run.out.contains("sakimori.toml"), "{}", run.out);
    assert_eq!(fs::read(home.join("sakimori.toml")).expect("there"), fs::read(config).expect("there"));

    // It also names the node's folder.
    let config = node.write("home.toml", format!("home = {:?}\n", node.home()).as_bytes());
    let folder = node.path("../by-config");
    let mut command = node.command();
    command.env_remove("SAKIMORI_HOME").args(["backup", "--config", &text(&config), &text(&folder)]);
    let run = Run::of(command.output().expect("started"));
    assert!(run.status == Some(0) && run.out.contains("40 log entries"), "{}{}", run.out, run.err);
}

#[test]
fn a_damaged_or_edited_backup_is_refused() {
    let (node, folder) = backed_up();
    let all = files(&folder);
    assert!(all.len() >= 6, "{all:?}");
    for name in &all {
        for damage in [Damage::Missing, Damage::Cut, Damage::Changed] {
            let broken = node.path("../broken");
            copy(&folder, &broken);
            damage.happens_to(&broken.join(name));
            let home = node.path("../restored");
            let run = on(&node, &home, &["restore", &text(&broken)]);
            let is_refused = run.status == Some(2) && run.err.contains("error[SKM-E-004") && run.err.contains("hint: ");
            assert!(is_refused, "{name} {damage:?}: {}{}", run.out, run.err);
            assert!(!home.exists(), "{name} {damage:?}: nothing is restored");
            fs::remove_dir_all(&broken).expect("removed");
        }
    }
    assert_eq!(leftovers(&node), Vec::<String>::new());
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    Missing,
    Cut,
    Changed,
}

impl Damage {
    fn happens_to(self, path: &Path) {
        let length = fs::metadata(path).expect("there").len();
        match self {
            Self::Missing => fs::remove_file(path).expect("removed"),
            Self::Cut => {
                fs::OpenOptions::new().write(true).open(path).and_then(|f| f.set_len(length / 2)).expect("cut")
            }
            Self::Changed => {
                let mut file = fs::OpenOptions::new().read(true).write(true).open(path).expect("opened");
                let mut byte = [0];
                file.seek(SeekFrom::Start(length / 2)).expect("there");
                file.read_exact(&mut byte).expect("read");
                file.seek(SeekFrom::Start(length / 2)).expect("there");
                file.write_all(&[byte[0] ^ 1]).expect("written");
            }
        }
    }
}

#[test]
fn who_edits_the_state_and_the_manifest_is_caught_by_the_log() {
    let (node, folder) = backed_up();
    let state = folder.join("state.db");
    let db = rusqlite::Connection::open(&state).expect("opened");
    db.execute("UPDATE decisions SET effect = 'allow' WHERE effect = 'block'", []).expect("edited");
    db.close().expect("closed");
    let manifest = folder.join("backup.json");
    let mut value: Value = serde_json::from_slice(&fs::read(&manifest).expect("read")).expect("JSON");
    let file = value["files"].as_array_mut().and_then(|files| files.iter_mut().find(|f| f["path"] == "state.db"));
    let file = file.expect("the state is listed");
    let bytes = fs::read(&state).expect("read");
    file["bytes"] = bytes.len().into();
    file["sha256"] = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&bytes)).into();
    fs::write(&manifest, value.to_string()).expect("written");
    let run = on(&node, &node.path("../restored"), &["restore", &text(&folder)]);
    assert!(run.err.contains("SKM-E-0043") && run.err.contains("decisions"), "{}", run.err);
}

#[test]
fn a_manifest_cannot_write_outside_of_the_folder() {
    let (node, folder) = backed_up();
    let manifest = folder.join("backup.json");
    for name in ["../evil", "/tmp/evil", "log/../../evil", "log/tile/0/000.p/./1", "lock"] {
        let mut value: Value = serde_json::from_slice(&fs::read(&manifest).expect("read")).expect("JSON");
        let entry = serde_json::json!({ "path": name, "bytes": 0, "sha256": "0".repeat(64) });
        value["files"].as_array_mut().expect("files").push(entry);
        let edited = node.path("../edited");
        copy(&folder, &edited);
        fs::write(edited.join("backup.json"), value.to_string()).expect("written");
        let run = on(&node, &node.path("../restored"), &["restore", &text(&edited)]);
        assert!(run.err.contains("SKM-E-0041"), "{name}: {}", run.err);
        fs::remove_dir_all(edited).expect("removed");
    }
}

#[test]
fn a_checkpoint_that_was_kept_tells_how_old_a_backup_is() {
    let (node, folder) = backed_up();
    let backup = text(&folder);
    let same = node.write("same", node.run(&["log", "checkpoint"]).out.as_bytes());
    node.check(&node.path("many/f00"));
    let later = node.write("later", node.run(&["log", "checkpoint"]).out.as_bytes());
    let home = |n: u32| node.path(&format!("../restored{n}"));
    let (same, later) = (text(&same), text(&later));

    let run = on(&node, &home(1), &["restore", "--checkpoint", &same, &backup]);
    assert_eq!((run.status, run.err.as_str()), (Some(0), ""), "it reaches the checkpoint");
    let run = on(&node, &home(2), &["restore", "--checkpoint", &later, &backup]);
    assert!(run.status == Some(2) && run.err.contains("SKM-E-0045"), "{}", run.err);
    let run = on(&node, &home(3), &["restore", "--checkpoint", &later, "--older", &backup]);
    assert!(run.status == Some(0) && run.err.contains("1 records are lost"), "{}", run.err);

    // Going on from the older one makes a second history, which the checkpoint shows.
    on(&node, &home(3), &["check", "in/many/f01"]);
    on(&node, &home(3), &["check", "in/many/f02"]);
    let forked = node.path("../forked");
    assert_eq!(on(&node, &home(3), &["backup", &text(&forked)]).status, Some(0));
    let run = on(&node, &home(4), &["restore", "--checkpoint", &later, &text(&forked)]);
    assert!(run.status == Some(2) && run.err.contains("SKM-E-0046"), "{}", run.err);

    // And a checkpoint of another log is none of this one.
    let other = Node::new();
    other.key();
    let other = node.write("other", other.run(&["log", "checkpoint"]).out.as_bytes());
    for file in [text(&other), text(&node.write("junk", b"junk"))] {
        let run = on(&node, &home(5), &["restore", "--checkpoint", &file, &backup]);
        assert!(run.status == Some(2) && run.err.contains("SKM-E-0047"), "{}", run.err);
    }
}

#[test]
fn what_is_there_is_never_overwritten() {
    let (node, folder) = backed_up();
    let backup = text(&folder);
    let before = node.run(&["log", "checkpoint"]).out;
    let again = node.run(&["backup", &backup]);
    assert!(again.status == Some(2) && again.err.contains("SKM-E-0040"), "{}", again.err);
    let inside = node.run(&["backup", &text(&node.home().join("backups/one"))]);
    assert!(inside.status == Some(2) && inside.err.contains("SKM-E-0048"), "{}", inside.err);
    let run = node.run(&["restore", &backup]);
    assert!(run.status == Some(2) && run.err.contains("SKM-E-0044"), "{}", run.err);
    assert_eq!(node.run(&["log", "checkpoint"]).out, before);

    node.check(&node.path("many/f00"));
    let after = node.run(&["log", "checkpoint"]).out;
    let run = node.run(&["restore", "--set-aside", "--format", "json", &backup]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    let aside = PathBuf::from(run.json()["set_aside"].as_str().expect("a path"));
    assert_eq!(on(&node, &aside, &["log", "checkpoint"]).out, after, "the old folder is kept as it was");
    assert_eq!(node.run(&["log", "checkpoint"]).out, before);
    node.is_sound();
}

#[test]
fn a_service_is_backed_up_while_it_runs_and_never_set_aside() {
    let (node, folder) = backed_up();
    let service = Service::start(&node);
    let id = node.check(&node.path("many/f00"))[0]["record"].as_str().expect("an id").to_owned();
    let (while_it_runs, home) = (node.path("../while-it-runs"), node.path("../restored"));
    assert_eq!(node.run(&["backup", &text(&while_it_runs)]).status, Some(0));
    assert_eq!(on(&node, &home, &["restore", &text(&while_it_runs)]).status, Some(0));
    is_sound(&node, &home);
    assert_eq!(on(&node, &home, &["prove", &id]).status, Some(0));
    let run = node.run(&["restore", "--set-aside", &text(&folder)]);
    assert!(run.status == Some(2) && run.err.contains("SKM-E-0003"), "{}", run.err);
    drop(service);
    let run = node.run(&["restore", "--set-aside", &text(&folder)]);
    assert_eq!(run.status, Some(0), "{}", run.err);
}

/// The service on a node, which ends with this value.
struct Service(std::process::Child);

impl Service {
    fn start(node: &Node) -> Self {
        let mut command = node.command();
        command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("started");
        let mut line = String::new();
        let read = BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line);
        assert!(read.is_ok() && line.starts_with("http://"), "it says where it is: {line}");
        Self(child)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_dry_run_restores_nothing() {
    let (node, folder) = backed_up();
    let before = files(&folder);
    let home = node.path("../restored");
    let run = on(&node, &home, &["restore", "--dry-run", &text(&folder)]);
    assert_eq!(run.status, Some(0), "{}", run.err);
    assert!(!home.exists() && files(&folder) == before);
    fs::write(folder.join("key"), "junk").expect("written");
    assert_eq!(on(&node, &home, &["restore", "--dry-run", &text(&folder)]).status, Some(2));
}

#[test]
fn no_room_and_no_right_are_clear_errors_and_leave_nothing() {
    let (node, _) = backed_up();
    // No file may grow over 24 KiB: the copy of the state can't be written. The node itself needs no more room.
    let script = "trap '' XFSZ; ulimit -f 24; exec \"$0\" backup full";
    let mut shell = Command::new("bash");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_sakimori")]).env("SAKIMORI_LANG", "en");
    shell.env("SAKIMORI_HOME", node.home()).current_dir(node.home().parent().expect("a parent"));
    let run = Run::of(shell.output().expect("bash"));
    assert_eq!(run.status, Some(2), "{}{}", run.out, run.err);
    assert!(run.err.contains("error[SKM-E-") && run.err.contains("hint: "), "{}", run.err);
    // /proc is read-only for everybody, root too.
    let run = node.run(&["backup", "/proc/sakimori-backup"]);
    assert!(run.status == Some(2) && run.err.contains("SKM-E-0049"), "{}", run.err);
    assert_eq!(leftovers(&node), Vec::<String>::new());
    assert!(!node.path("../full").exists());
    let none = on(&node, &node.path("../nowhere"), &["backup", &text(&node.path("../b"))]);
    assert!(none.err.contains("SKM-E-0023") && !node.path("../nowhere").exists(), "{}", none.err);
    node.is_sound();
}

#[test]
fn people_are_told_in_japanese_too() {
    let (node, folder) = backed_up();
    let run = on(&node, &node.path("../restored"), &["--lang", "ja", "restore", &text(&folder)]);
    assert!(run.out.contains("控えを") && run.err.contains("警告"), "{}{}", run.out, run.err);
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder").map(|entry| entry.expect("readable").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                found.push(text(entry.strip_prefix(folder).expect("below it")));
            }
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    for name in files(from) {
        let target = to.join(&name);
        fs::create_dir_all(target.parent().expect("a parent")).expect("made");
        fs::copy(from.join(name), target).expect("copied");
    }
}

/// Folders of backups and restores that were not finished.
fn leftovers(node: &Node) -> Vec<String> {
    let parent = node.home().parent().expect("a parent").to_owned();
    let names = fs::read_dir(parent).expect("a folder").map(|e| e.expect("readable").file_name());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.contains(".partial-")).collect()
}
