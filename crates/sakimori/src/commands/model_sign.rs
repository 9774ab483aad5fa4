//! `sakimori model sign` and `sakimori model verify`: signatures of models, made and verified.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sakimori_model::Timestamp;
use sakimori_node::observe::{ModelTree, RefusedWhy, hash_model, now, walk_model};
use sakimori_node::told::Told as _;
use sakimori_proof::limits::{MODEL_BUNDLE_BYTES_MAX, PEM_BYTES_MAX, TRUSTED_ROOT_BYTES_MAX};
use sakimori_proof::model_signing::{
    self, Certificate, Differences, Granularity, ModelKeyError, ModelSignError, ModelVerifyError, PublicKey,
    ResourcePath, Roots, Serialization, SignedBy, Signer, SigningKey, SigstoreTrust, Symlinks, Trust, TrustedRoot,
    VerifiedModel,
};
use serde_json::{Value, json};

use crate::cli::{Context, DocumentFormat, ModelSign, ModelVerify, Trusted};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::words::{harmless, say};

/// What a signature leaves out unless its signer says otherwise: what git keeps beside the files.
const GIT: [&str; 4] = [".git", ".gitattributes", ".github", ".gitignore"];

/// Signs a model.
pub fn sign(context: &Context, options: &ModelSign) -> Result<Exit, Failure> {
    let signer = signer(options)?;
    let out = options.out.clone().unwrap_or_else(|| beside(&options.path));
    let is_other =
        fs::symlink_metadata(&out).is_ok() && !model_signing::is_bundle(&read(&out, MODEL_BUNDLE_BYTES_MAX)?);
    if is_other {
        return Err(Failure::said("SKM-E-0056", "failure.no-signature", &[("path", &out.display())]));
    }
    let mut ignored = ignored(&options.path, &options.ignore)?;
    ignored.extend(GIT.into_iter().filter_map(|name| name.parse().ok()));
    ignored.extend(inside(&options.path, &out));
    ignored.sort();
    ignored.dedup();
    let symlinks = if options.follow_links { Symlinks::Followed } else { Symlinks::Refused };
    let serialization = Serialization { granularity: Granularity::Files, symlinks, ignored };
    let mut tree = walk(&options.path, &serialization)?;
    if !tree.refused.is_empty() {
        return Err(Failure::new("SKM-E-0055", tree.refused.swap_remove(0)));
    }
    let bar = Bar::new(context);
    let hashed = hash_model(&tree.files, &serialization, &bar);
    bar.finish();
    let manifest = hashed.map_err(|refused| Failure::new("SKM-E-0055", refused))?;
    let name = name_of(&options.path);
    let bundle = model_signing::sign(&manifest, &name, &signer)?;
    write_whole(&out, &bundle).map_err(|error| Failure::output(&out, error))?;
    let (count, root) = (manifest.resources().len(), hex(&manifest.root_digest()));
    let out = out.display().to_string();
    match options.format {
        DocumentFormat::Json => {
            let uncovered = texts(&tree.ignored);
            outln!(
                "{:#}",
                json!({ "name": name, "files": count, "sha256": root, "signature": out, "ignored": uncovered })
            )?;
        }
        DocumentFormat::Text => {
            let name = harmless(&name);
            outln!(
                "{}",
                say(
                    context.lang,
                    "model.signed",
                    &[("name", &name), ("count", &count), ("root", &root), ("out", &out)]
                )
            )?;
            print_uncovered(context, &tree)?;
        }
    }
    Ok(Exit::Done)
}

/// Verifies the signature of a model.
pub fn verify(context: &Context, options: &ModelVerify) -> Result<Exit, Failure> {
    let at = options.at.unwrap_or_else(now);
    let trust = trust(&options.trusted, at)?;
    let signature = options.signature.clone().unwrap_or_else(|| beside(&options.path));
    let bundle = read(&signature, MODEL_BUNDLE_BYTES_MAX)?;
    let verified = match model_signing::verify(&bundle, &trust) {
        Ok(verified) => verified,
        Err(error) => return refused(context, options.format, error),
    };
    let mut serialization = verified.manifest.serialization().clone();
    serialization.ignored.extend(ignored(&options.path, &options.ignore)?);
    serialization.ignored.extend(inside(&options.path, &signature));
    let mut tree = walk(&options.path, &serialization)?;
    if let Some(place) = tree.refused.iter().position(|refused| matches!(refused.why, RefusedWhy::Unreadable(_))) {
        return Err(Failure::new("SKM-E-0016", tree.refused.swap_remove(place)));
    }
    let bar = Bar::new(context);
    let hashed = hash_model(&tree.files, &serialization, &bar);
    bar.finish();
    let found = hashed.map_err(|refused| Failure::new("SKM-E-0016", refused))?;
    let differences = verified.compare(&found);
    let is_same = differences.is_empty() && tree.refused.is_empty();
    match options.format {
        DocumentFormat::Json => outln!("{:#}", report(&verified, &differences, &tree))?,
        DocumentFormat::Text if is_same => print_holds(context, &verified, &tree)?,
        DocumentFormat::Text => print_differences(context, &differences, &tree)?,
    }
    Ok(if is_same { Exit::Done } else { Exit::Findings })
}

/// A signature that proves nothing is an answer; one that can't be read or checked is a failure.
fn refused(context: &Context, format: DocumentFormat, error: ModelVerifyError) -> Result<Exit, Failure> {
    let code = match error {
        ModelVerifyError::TooLarge | ModelVerifyError::TooManyResources | ModelVerifyError::Malformed(_) => {
            "SKM-E-0051"
        }
        ModelVerifyError::Unsupported(_) => "SKM-E-0052",
        ModelVerifyError::OtherKind { .. } => "SKM-E-0053",
        _ => {
            match format {
                DocumentFormat::Json => outln!("{:#}", json!({ "holds": false, "why": error.to_string() }))?,
                DocumentFormat::Text => {
                    let why = harmless(&error.told(context.lang));
                    outln!("{}", say(context.lang, "model.fails", &[("why", &why)]))?;
                }
            }
            return Ok(Exit::Findings);
        }
    };
    Err(Failure::new(code, error))
}

fn signer(options: &ModelSign) -> Result<Signer, Failure> {
    let password = options.password_file.as_deref().map(text).transpose()?;
    let password = password.as_deref().map(|text| text.lines().next().unwrap_or_default());
    let key = SigningKey::from_pem(&text(&options.key)?, password.map(str::as_bytes))
        .map_err(|error| key_failure(&options.key, error))?;
    let Some(path) = &options.certificate else { return Ok(Signer::key(key)) };
    let mut own = certificates(path)?.into_iter();
    let certificate = own.next().ok_or_else(|| key_failure(path, ModelKeyError::Missing("certificate")))?;
    let mut chain: Vec<Certificate> = own.collect();
    for path in &options.chain {
        chain.extend(certificates(path)?);
    }
    Ok(Signer::certified(key, certificate, chain)?)
}

/// Whom the user trusts: by keys, by roots that are valid at this time, or by an identity under a Sigstore.
pub fn trust(trusted: &Trusted, at: Timestamp) -> Result<Trust, Failure> {
    let Trusted { key: keys, root: roots, trusted_root, identity, issuer } = trusted;
    if !trusted.names_somebody() {
        return Err(Failure::said("SKM-E-0058", "failure.no-trust", &[]));
    }
    if let (Some(path), Some(identity), Some(issuer)) = (trusted_root, identity, issuer) {
        let root = TrustedRoot::from_json(&read(path, TRUSTED_ROOT_BYTES_MAX)?)
            .map_err(|error| Failure::about("SKM-E-0059", path, error))?;
        let (identity, issuer) = (identity.clone(), issuer.clone());
        return Ok(Trust::Sigstore(Box::new(SigstoreTrust { root, identity, issuer })));
    }
    if !keys.is_empty() {
        let keys = keys.iter().map(|path| PublicKey::from_pem(&text(path)?).map_err(|error| key_failure(path, error)));
        return Ok(Trust::Keys(keys.collect::<Result<_, Failure>>()?));
    }
    let mut trusted = Vec::new();
    for path in roots {
        trusted.extend(certificates(path)?);
    }
    let seconds = u64::try_from(at.as_micros() / 1_000_000).unwrap_or_default();
    Ok(Trust::Roots(Roots::new(trusted, seconds)))
}

fn walk(path: &Path, serialization: &Serialization) -> Result<ModelTree, Failure> {
    fs::metadata(path).map_err(|error| Failure::file(path, error))?;
    Ok(walk_model(path, serialization))
}

/// Where the signature of a model lies by default.
pub fn beside(path: &Path) -> PathBuf {
    if path.is_dir() {
        return path.join("model.sig");
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

/// The name of this file in the model, if it lies in it.
fn inside(model: &Path, file: &Path) -> Option<ResourcePath> {
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = folder.canonicalize().ok()?.join(file.file_name()?);
    let name = file.strip_prefix(model.canonicalize().ok()?).ok()?.to_str()?.parse().ok()?;
    Some(name).filter(|_| model.is_dir())
}

/// The paths that the user wants left out: inside of the model, or as they are seen from here.
fn ignored(model: &Path, paths: &[PathBuf]) -> Result<Vec<ResourcePath>, Failure> {
    let parse = |path: &PathBuf| {
        let inner = path.strip_prefix(model).unwrap_or(path);
        let text = inner.components().collect::<PathBuf>().display().to_string();
        let parsed: Result<ResourcePath, _> = text.parse();
        let parsed = parsed.ok().filter(|parsed| *parsed != ResourcePath::whole());
        parsed.ok_or_else(|| Failure::said("SKM-E-0055", "failure.not-inside", &[("path", &path.display())]))
    };
    paths.iter().map(parse).collect()
}

fn name_of(path: &Path) -> String {
    let named = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let real = || path.canonicalize().ok()?.file_name().map(|name| name.to_string_lossy().into_owned());
    named.or_else(real).unwrap_or_default()
}

fn report(verified: &VerifiedModel, differences: &Differences, tree: &ModelTree) -> Value {
    let signer = match &verified.signer {
        SignedBy::Key { fingerprint } => json!({ "kind": "key", "fingerprint": fingerprint }),
        SignedBy::Certificate { subject, fingerprint, root } => {
            json!({ "kind": "certificate", "subject": subject, "fingerprint": fingerprint, "root": root })
        }
        SignedBy::Sigstore { identity, issuer, at } => {
            json!({ "kind": "sigstore", "identity": identity, "issuer": issuer, "at": Timestamp::from_seconds(*at) })
        }
        _ => Value::Null,
    };
    json!({
        "holds": differences.is_empty() && tree.refused.is_empty(),
        "name": verified.name,
        "sha256": hex(&verified.root),
        "signer": signer,
        "files": verified.manifest.resources().len(),
        "missing": differences.missing,
        "extra": differences.extra,
        "changed": differences.changed,
        "refused": tree.refused.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "ignored": texts(&tree.ignored),
    })
}

fn print_holds(context: &Context, verified: &VerifiedModel, tree: &ModelTree) -> io::Result<()> {
    let lang = context.lang;
    let signer = match &verified.signer {
        SignedBy::Key { fingerprint } => say(lang, "model.by-key", &[("fingerprint", fingerprint)]),
        SignedBy::Certificate { subject, fingerprint, root } => {
            say(lang, "model.by-certificate", &[("subject", subject), ("fingerprint", fingerprint), ("root", root)])
        }
        SignedBy::Sigstore { identity, issuer, at } => {
            let at = Timestamp::from_seconds(*at).map(|at| at.to_string()).unwrap_or_default();
            say(lang, "model.by-sigstore", &[("identity", identity), ("issuer", issuer), ("at", &at)])
        }
        _ => String::new(),
    };
    outln!("  ✓ {}", harmless(&signer))?;
    let (name, count, root) = (harmless(&verified.name), verified.manifest.resources().len(), hex(&verified.root));
    outln!("{}", say(lang, "model.holds", &[("name", &name), ("count", &count), ("root", &root)]))?;
    print_uncovered(context, tree)
}

fn print_uncovered(context: &Context, tree: &ModelTree) -> io::Result<()> {
    if tree.ignored.is_empty() {
        return Ok(());
    }
    let paths = harmless(&texts(&tree.ignored).join(", "));
    outln!("{}", say(context.lang, "model.covers", &[("paths", &paths)]))
}

fn print_differences(context: &Context, differences: &Differences, tree: &ModelTree) -> io::Result<()> {
    let refused: Vec<String> = tree.refused.iter().map(|refused| refused.told(context.lang)).collect();
    let kinds = [
        ("model.missing", &differences.missing),
        ("model.extra", &differences.extra),
        ("model.changed", &differences.changed),
        ("model.refused", &refused),
    ];
    for (kind, names) in kinds {
        for name in names {
            outln!("  {}: {}", say(context.lang, kind, &[]), harmless(name))?;
        }
    }
    let count: usize = kinds.iter().map(|(_, names)| names.len()).sum();
    outln!("{}", say(context.lang, "model.differs", &[("count", &count)]))
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, Failure> {
    Certificate::from_pem(&text(path)?).map_err(|error| key_failure(path, error))
}

fn key_failure(path: &Path, error: ModelKeyError) -> Failure {
    let code = match error {
        ModelKeyError::PasswordMissing | ModelKeyError::PasswordWrong => "SKM-E-0054",
        _ => "SKM-E-0050",
    };
    Failure::about(code, path, error)
}

impl From<ModelSignError> for Failure {
    fn from(error: ModelSignError) -> Self {
        let code = match error {
            ModelSignError::Nothing => "SKM-E-0055",
            ModelSignError::OtherKey => "SKM-E-0057",
            _ => "SKM-E-0050",
        };
        Self::new(code, error)
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path, PEM_BYTES_MAX)?)
        .map_err(|_| Failure::said("SKM-E-0050", "failure.no-text", &[("path", &path.display())]))
}

/// The bytes of a file, if they are not more than these.
pub fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(bytes_max as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|error| Failure::file(path, error))?;
    if bytes.len() > bytes_max {
        return Err(Failure::said(
            "SKM-E-0051",
            "failure.too-large",
            &[("path", &path.display()), ("bytes", &bytes_max)],
        ));
    }
    Ok(bytes)
}

/// Under another name first, so that nobody finds half a signature.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".partial");
    fs::write(&draft, text)?;
    fs::rename(&draft, path)
}

fn texts(paths: &[ResourcePath]) -> Vec<&str> {
    paths.iter().map(ResourcePath::as_str).collect()
}

fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
