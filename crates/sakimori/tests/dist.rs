//! What `cargo run -p xtask -- dist` makes can be installed and works.
//!
//! Where a tool of Debian is missing, the part of the test that needs it says so and is left out.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Exposure of the service in tenths, by `systemd-analyze security`; 0 is none, 100 all.
const EXPOSURE_MAX: &str = "15";

#[test]
fn the_package_installs_a_program_that_works() {
    if !has("dpkg-deb") || !has("dpkg-shlibdeps") || !has("strip") {
        println!("left out: dpkg-deb, dpkg-shlibdeps or strip is missing");
        return;
    }
    let folder = TempDir::new().expect("a temporary folder");
    let out = folder.path().join("dist");
    let mut dist = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    dist.current_dir(root()).args(["run", "-q", "--locked", "-p", "xtask", "--", "dist"]);
    // The form and not the size is tested here: quickly.
    dist.env("DPKG_DEB_COMPRESSOR_TYPE", "gzip").env("DPKG_DEB_COMPRESSOR_LEVEL", "1");
    ok(dist.args(["--program", env!("CARGO_BIN_EXE_sakimori"), "--out"]).arg(&out));
    ok(Command::new("sha256sum").current_dir(&out).args(["--check", "--strict", "SHA256SUMS"]));
    let made = names(&out);
    assert_eq!(made.len(), 3, "{made:?}");

    let package = out.join(made.iter().find(|name| name.ends_with(".deb")).expect("a package"));
    let tree = folder.path().join("tree");
    ok(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&tree));
    is_installed(&tree);
    works(&tree.join("usr/bin/sakimori"), folder.path());
    is_described(&package);
    lintian(&package);

    let archive = out.join(made.iter().find(|name| name.ends_with(".tar.gz")).expect("an archive"));
    let tree = folder.path().join("archive");
    fs::create_dir(&tree).expect("a folder");
    ok(Command::new("tar").arg("--directory").arg(&tree).args(["--strip-components=1", "-xzf"]).arg(&archive));
    works(&tree.join("sakimori"), folder.path());
    assert_eq!(
        names(&tree),
        ["completions", "doc", "man", "sakimori", "sakimori.service", "sakimori.sysusers", "sakimori.toml"]
    );
}

#[test]
fn the_service_is_locked_in() {
    if !has("systemd-analyze") {
        println!("left out: systemd-analyze is missing");
        return;
    }
    let folder = TempDir::new().expect("a temporary folder");
    let unit = folder.path().join("sakimori.service");
    let text = fs::read_to_string(root().join("packaging/sakimori.service")).expect("readable");
    let here = text.replace("ExecStart=/usr/bin/sakimori", &format!("ExecStart={}", env!("CARGO_BIN_EXE_sakimori")));
    assert_ne!(text, here);
    fs::write(&unit, here).expect("written");
    let verified = ok(Command::new("systemd-analyze").args(["--man=no", "verify"]).arg(&unit));
    assert_eq!(String::from_utf8_lossy(&verified.stderr), "", "an unknown key is only a warning");
    let threshold = format!("--threshold={EXPOSURE_MAX}");
    ok(Command::new("systemd-analyze").args(["security", "--offline=yes", &threshold]).arg(&unit));
}

/// Every file is where Debian has it.
fn is_installed(tree: &Path) {
    for file in [
        "etc/sakimori/sakimori.toml",
        "lib/systemd/system/sakimori.service",
        "usr/lib/sysusers.d/sakimori.conf",
        "usr/share/bash-completion/completions/sakimori",
        "usr/share/zsh/vendor-completions/_sakimori",
        "usr/share/fish/vendor_completions.d/sakimori.fish",
        "usr/share/man/man1/sakimori-check.1.gz",
        "usr/share/man/ja/man1/sakimori-check.1.gz",
        "usr/share/doc/sakimori/copyright",
        "usr/share/doc/sakimori/changelog.Debian.gz",
        "usr/share/doc/sakimori/changelog.gz",
        "usr/share/doc/sakimori/libraries.gz",
    ] {
        let path = tree.join(file);
        assert_eq!(mode(&path), 0o644, "{file}");
        assert!(fs::metadata(path).expect("there").len() > 20, "{file} is empty");
    }
    assert_eq!(mode(&tree.join("usr/bin/sakimori")), 0o755);
    let unit = fs::read_to_string(tree.join("lib/systemd/system/sakimori.service")).expect("readable");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("it starts something");
    let named: Vec<&str> = start.split_whitespace().filter_map(|word| word.strip_prefix('/')).collect();
    assert_eq!(named.len(), 2, "the program and its configuration: {start}");
    named.iter().for_each(|path| assert!(tree.join(path).is_file(), "{path}"));
    let libraries = Command::new("gzip").arg("-dc").arg(tree.join("usr/share/doc/sakimori/libraries.gz")).output();
    let libraries = String::from_utf8(libraries.expect("gzip").stdout).expect("UTF-8");
    assert!(libraries.contains("\nrusqlite ") && libraries.contains("Permission is hereby granted"), "no licences");
}

/// The program does its main job from where it was put, and not by way of the one that was built.
fn works(program: &Path, folder: &Path) {
    let input = folder.join("bad.pkl");
    fs::write(&input, b"cos\nsystem\n(S'true'\ntR.").expect("written");
    let home = folder.join(format!("home-{}", program.to_string_lossy().len()));
    let run = Command::new(program)
        .args(["--lang", "en", "--home"])
        .arg(home)
        .arg("check")
        .arg(input)
        .output()
        .expect("started");
    assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(String::from_utf8_lossy(&run.stdout).contains("[block]"));
}

/// The package says what it is, keeps the configuration over an upgrade, and its scripts are sound.
fn is_described(package: &Path) {
    let field = |name: &str| {
        let output = ok(Command::new("dpkg-deb").arg("-f").arg(package).arg(name));
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    };
    assert_eq!(field("Package"), "sakimori");
    assert!(field("Version").starts_with(env!("CARGO_PKG_VERSION")));
    assert!(field("Depends").contains("libc6 (>="), "{}", field("Depends"));
    let control = package.with_file_name("control");
    ok(Command::new("dpkg-deb").arg("-e").arg(package).arg(&control));
    assert_eq!(fs::read_to_string(control.join("conffiles")).expect("there"), "/etc/sakimori/sakimori.toml\n");
    for script in ["postinst", "prerm", "postrm"] {
        assert_eq!(mode(&control.join(script)), 0o755, "{script}");
        ok(Command::new("sh").arg("-n").arg(control.join(script)));
    }
    let purge = fs::read_to_string(control.join("postrm")).expect("there");
    assert!(!purge.contains("rm -") && purge.contains("/var/lib/sakimori"), "data outlives the program");
}

fn lintian(package: &Path) {
    if !has("lintian") {
        println!("left out: lintian is missing");
        return;
    }
    let mut lintian = Command::new("lintian");
    let found = lintian.args(["--fail-on", "error", "--allow-root"]).arg(package).output().expect("lintian");
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stdout));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn has(tool: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(tool).is_file())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

fn ok(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = || format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}", said());
    output
}
