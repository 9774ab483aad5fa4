//! What is handed to those who install: a Debian package, an archive of the same files, and their digests.
//!
//! The same sources give the same bytes: times are those of the last commit (`SOURCE_DATE_EPOCH`), owners are root.

mod debian;
mod libraries;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use sakimori_model::Digest;

/// The shells for which there is a completion script.
const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// What is packaged, and what about it is said.
struct Release {
    version: String,
    /// As Debian calls it, such as `amd64`.
    arch: String,
    /// Seconds since 1970-01-01T00:00:00Z, as text.
    epoch: String,
    /// The folder with every file, before it is arranged for a package.
    parts: PathBuf,
}

/// Makes everything in `out`. Without `program`, the release binary is built.
pub fn run(program: Option<&Path>, out: &Path) -> Result<()> {
    let program = match program {
        Some(program) => program.to_owned(),
        None => built()?,
    };
    fs::create_dir_all(out)?;
    let work = out.join("work");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    let release = Release {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        arch: output(Command::new("dpkg").arg("--print-architecture"))?.trim().to_owned(),
        epoch: epoch()?,
        parts: work.join("parts"),
    };
    gather(&release, &program)?;
    let made = [debian::package(&release, &work, out)?, archive(&release, &work, out)?];
    fs::remove_dir_all(&work)?;
    sums(out, &made)?;
    for path in &made {
        println!("{}", path.display());
    }
    Ok(())
}

/// The release binary, built now.
fn built() -> Result<PathBuf> {
    if !crate::root().join("console/dist/index.html").is_file() {
        eprintln!(
            "warning: console/dist is missing, so the program will have no console (cd console && npm ci && npm run build)"
        );
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run_command(Command::new(cargo).current_dir(crate::root()).args([
        "build",
        "--release",
        "--locked",
        "-p",
        "sakimori",
    ]))?;
    let metadata =
        cargo_metadata::MetadataCommand::new().manifest_path(crate::root().join("Cargo.toml")).no_deps().exec()?;
    Ok(metadata.target_directory.join("release/sakimori").into_std_path_buf())
}

/// The time of what is packaged: what the environment says, or the last commit.
fn epoch() -> Result<String> {
    if let Ok(epoch) = std::env::var("SOURCE_DATE_EPOCH") {
        return Ok(epoch);
    }
    let commit = output(Command::new("git").current_dir(crate::root()).args(["log", "-1", "--format=%ct"]))?;
    Ok(commit.trim().to_owned())
}

/// Puts every file that is handed out into one folder: the program, what it prints about itself, and `packaging/`.
fn gather(release: &Release, program: &Path) -> Result<()> {
    let parts = &release.parts;
    let man =
        |lang: &str, folder: &str| run_command(ours(program, lang).args(["man", "--dir"]).arg(parts.join(folder)));
    man("en", "man/man1")?;
    man("ja", "man/ja/man1")?;
    fs::create_dir_all(parts.join("completions"))?;
    for shell in SHELLS {
        let script = output(ours(program, "en").args(["completions", shell]))?;
        fs::write(parts.join("completions").join(shell), script)?;
    }
    let stripped = parts.join("sakimori");
    run_command(Command::new("strip").args(["--strip-unneeded", "-o"]).arg(&stripped).arg(program))?;
    mode(&stripped, 0o755)?;
    for name in ["packaging/sakimori.service", "packaging/sakimori.sysusers", "packaging/sakimori.toml"] {
        put(&crate::root().join(name), &parts.join(name.trim_start_matches("packaging/")))?;
    }
    for name in ["LICENSE", "CHANGELOG.md", "README.md", "docs/backup.md", "docs/log.md"] {
        put(&crate::root().join(name), &parts.join("doc").join(name.trim_start_matches("docs/")))?;
    }
    libraries::write(&parts.join("doc/libraries"))
}

/// The program that is packaged, asked about itself: without a node, in this language.
fn ours(program: &Path, lang: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["--lang", lang]).env_remove("SAKIMORI_HOME");
    command
}

/// The archive: the parts as they are, in a folder that is named after the release.
fn archive(release: &Release, work: &Path, out: &Path) -> Result<PathBuf> {
    let name = format!("sakimori-{}-linux-{}", release.version, release.arch);
    fs::rename(&release.parts, work.join(&name))?;
    let path = out.join(format!("{name}.tar.gz"));
    let mut tar = Command::new("tar");
    tar.arg("--directory").arg(work).args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner"]);
    tar.arg(format!("--mtime=@{}", release.epoch)).args(["--use-compress-program=gzip -9n", "--create", "--file"]);
    run_command(tar.arg(&path).arg(&name))?;
    Ok(path)
}

/// The digests in the form that `sha256sum --check` reads.
fn sums(out: &Path, made: &[PathBuf]) -> Result<()> {
    let mut text = String::new();
    for path in made {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        text += &format!("{}  {name}\n", Digest::of(&fs::read(path)?));
    }
    Ok(fs::write(out.join("SHA256SUMS"), text)?)
}

/// Copies a file that everybody may read.
fn put(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().context("a file in a folder")?)?;
    fs::copy(from, to).with_context(|| from.display().to_string())?;
    mode(to, 0o644)
}

fn mode(path: &Path, mode: u32) -> Result<()> {
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}

fn run_command(command: &mut Command) -> Result<()> {
    let status =
        command.status().with_context(|| format!("{command:?} (Debian: apt-get install binutils dpkg-dev)"))?;
    if status.success() { Ok(()) } else { bail!("{command:?}: {status}") }
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?} (Debian: apt-get install dpkg-dev)"))?;
    if !output.status.success() {
        bail!("{command:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}
