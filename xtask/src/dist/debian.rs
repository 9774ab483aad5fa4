//! The Debian package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::{Release, mode, output, put, run_command};

/// The revision of the packaging of one version.
const REVISION: u32 = 1;
/// Who answers for the package, unless `DEBFULLNAME` and `DEBEMAIL` say otherwise. The project has no domain of its own.
const MAINTAINER: (&str, &str) = ("Sakimori maintainers", "sakimori@users.noreply.invalid");

/// Makes the package and returns its path.
pub fn package(release: &Release, work: &Path, out: &Path) -> Result<PathBuf> {
    let root = work.join("root");
    arrange(release, &root)?;
    let control = root.join("DEBIAN");
    fs::create_dir_all(&control)?;
    fs::write(control.join("control"), control_file(release, work, &root)?)?;
    fs::write(control.join("conffiles"), "/etc/sakimori/sakimori.toml\n")?;
    for script in ["postinst", "prerm", "postrm"] {
        let path = control.join(script);
        put(&packaging(&format!("debian/{script}")), &path)?;
        mode(&path, 0o755)?;
    }
    fs::write(control.join("md5sums"), md5sums(&root)?)?;
    for entry in walkdir::WalkDir::new(&root) {
        let entry = entry?;
        if entry.file_type().is_dir() {
            mode(entry.path(), 0o755)?;
        }
    }
    let path = out.join(format!("sakimori_{}-{REVISION}_{}.deb", release.version, release.arch));
    let mut build = Command::new("dpkg-deb");
    build.env("SOURCE_DATE_EPOCH", &release.epoch).args(["--root-owner-group", "--build"]);
    run_command(build.arg(&root).arg(&path))?;
    Ok(path)
}

/// Puts the parts to where Debian has them.
fn arrange(release: &Release, root: &Path) -> Result<()> {
    let parts = &release.parts;
    let program = root.join("usr/bin/sakimori");
    put(&parts.join("sakimori"), &program)?;
    mode(&program, 0o755)?;
    for (folder, target) in [("man/man1", "man/man1"), ("man/ja/man1", "man/ja/man1")] {
        for page in fs::read_dir(parts.join(folder))? {
            let page = page?.path();
            let name = page.file_name().context("a page has a name")?;
            let copy = root.join("usr/share").join(target).join(name);
            put(&page, &copy)?;
            gzip(release, &copy)?;
        }
    }
    let doc = root.join("usr/share/doc/sakimori");
    for (from, to) in [
        ("completions/bash", "usr/share/bash-completion/completions/sakimori"),
        ("completions/zsh", "usr/share/zsh/vendor-completions/_sakimori"),
        ("completions/fish", "usr/share/fish/vendor_completions.d/sakimori.fish"),
        ("sakimori.service", "lib/systemd/system/sakimori.service"),
        ("sakimori.sysusers", "usr/lib/sysusers.d/sakimori.conf"),
        ("sakimori.toml", "etc/sakimori/sakimori.toml"),
        ("doc/README.md", "usr/share/doc/sakimori/README.md"),
        ("doc/backup.md", "usr/share/doc/sakimori/backup.md"),
        ("doc/log.md", "usr/share/doc/sakimori/log.md"),
        ("doc/CHANGELOG.md", "usr/share/doc/sakimori/changelog"),
        ("doc/libraries", "usr/share/doc/sakimori/libraries"),
    ] {
        put(&parts.join(from), &root.join(to))?;
    }
    put(&packaging("debian/copyright"), &doc.join("copyright"))?;
    fs::write(doc.join("changelog.Debian"), changelog(release)?)?;
    for name in ["changelog", "changelog.Debian", "libraries"] {
        gzip(release, &doc.join(name))?;
    }
    Ok(())
}

fn packaging(name: &str) -> PathBuf {
    crate::root().join("packaging").join(name)
}

/// Replaces a file by its compressed form, without a time or a name in it.
fn gzip(release: &Release, path: &Path) -> Result<()> {
    run_command(Command::new("touch").arg(format!("--date=@{}", release.epoch)).arg(path))?;
    run_command(Command::new("gzip").args(["-9n"]).arg(path))?;
    let packed = path.with_file_name(format!("{}.gz", path.file_name().unwrap_or_default().to_string_lossy()));
    mode(&packed, 0o644)
}

fn maintainer() -> String {
    let name = std::env::var("DEBFULLNAME").unwrap_or_else(|_| MAINTAINER.0.to_owned());
    let address = std::env::var("DEBEMAIL").unwrap_or_else(|_| MAINTAINER.1.to_owned());
    format!("{name} <{address}>")
}

fn changelog(release: &Release) -> Result<String> {
    let date =
        output(Command::new("date").env("LC_ALL", "C").args(["--utc", "-R", &format!("--date=@{}", release.epoch)]))?;
    Ok(format!(
        "sakimori ({}-{REVISION}) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- {}  {}\n",
        release.version,
        maintainer(),
        date.trim()
    ))
}

fn control_file(release: &Release, work: &Path, root: &Path) -> Result<String> {
    let size: u64 = walkdir::WalkDir::new(root)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len().div_ceil(1024))
        .sum();
    let libraries = libraries_of(work, root)?;
    Ok(format!(
        "Package: sakimori\nVersion: {}-{REVISION}\nArchitecture: {}\nMaintainer: {}\nInstalled-Size: {size}\n\
         Depends: {libraries}, systemd | systemd-standalone-sysusers | systemd-sysusers\n\
         Recommends: ca-certificates\nSection: admin\nPriority: optional\n\
         Description: AI cyberdefence: vet, detect, decide, record and prove\n \
         Sakimori examines models, logs and mails, says what they are, whether they\n \
         may be used and why, records each decision in a transparency log that\n \
         nobody can rewrite unseen, and gives out evidence that a stranger verifies\n \
         offline.\n .\n \
         It is a command line (sakimori check) and a service (sakimori serve), which\n \
         the installation does not start: systemctl enable --now sakimori\n",
        release.version,
        release.arch,
        maintainer(),
    ))
}

/// The packages of the libraries that the program is linked with.
fn libraries_of(work: &Path, root: &Path) -> Result<String> {
    let folder = work.join("shlibs");
    fs::create_dir_all(folder.join("debian"))?;
    // The tool refuses to work without this file.
    fs::write(folder.join("debian/control"), "Source: sakimori\n\nPackage: sakimori\nArchitecture: any\n")?;
    let program = fs::canonicalize(root.join("usr/bin/sakimori"))?;
    let found = output(Command::new("dpkg-shlibdeps").current_dir(&folder).arg("-O").arg(program))?;
    let depends = found.lines().find_map(|line| line.strip_prefix("shlibs:Depends="));
    Ok(depends.context("dpkg-shlibdeps names no libraries")?.to_owned())
}

/// The sums that `dpkg --verify` compares, of every file but those in `DEBIAN` and the configuration.
fn md5sums(root: &Path) -> Result<String> {
    let mut names: Vec<String> = walkdir::WalkDir::new(root)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| Some(entry.path().strip_prefix(root).ok()?.to_str()?.to_owned()))
        .filter(|name| !name.starts_with("DEBIAN/") && !name.starts_with("etc/"))
        .collect();
    names.sort();
    output(Command::new("md5sum").current_dir(root).arg("--").args(names))
}
