//! Signing and verifying models, as a user does it, and with OpenSSF's own tool as a judge.

mod common;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Node, Run, oracle};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _};

/// A model with folders, an empty file, git's files and names that sort in a special way.
fn model(node: &Node) -> PathBuf {
    for (name, content) in [
        ("m/config.json", "{}"),
        ("m/a/weights.bin", "weights"),
        ("m/a.bin", "other"),
        ("m/empty", ""),
        ("m/日本 語.txt", "text"),
        ("m/.gitattributes", "*"),
        ("m/.git/HEAD", "ref"),
    ] {
        node.write(name, content.as_bytes());
    }
    node.path("m")
}

/// A private key and its public half.
fn keys(node: &Node, name: &str) -> (PathBuf, PathBuf) {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
    let public = pem("PUBLIC KEY", &key.subject_public_key_info());
    (
        node.write(&format!("{name}.pem"), key.serialize_pem().as_bytes()),
        node.write(&format!("{name}.pub"), public.as_bytes()),
    )
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn run(node: &Node, arguments: &[&dyn AsRef<OsStr>]) -> Run {
    node.run(&arguments.iter().map(|argument| argument.as_ref().to_owned()).collect::<Vec<_>>())
}

#[test]
fn what_is_signed_is_verified_and_every_change_is_named() {
    let node = Node::new();
    let (model, (key, public)) = (model(&node), keys(&node, "key"));
    let signed = run(&node, &[&"model", &"sign", &model, &"--key", &key]);
    assert_eq!(signed.status, Some(0), "{}", signed.err);
    let verify = || run(&node, &[&"model", &"verify", &model, &"--key", &public, &"--format", &"json"]);
    let holds = verify();
    assert_eq!(holds.status, Some(0), "{}{}", holds.out, holds.err);
    let report: serde_json::Value = serde_json::from_str(&holds.out).expect("JSON");
    assert_eq!((&report["holds"], &report["files"]), (&true.into(), &5.into()), "{report}");
    assert_eq!(report["ignored"], serde_json::json!([".git", ".gitattributes", "model.sig"]));
    type Deed<'a> = &'a dyn Fn();
    let changes: [(&str, Deed<'_>, Deed<'_>); 4] = [
        ("changed", &|| fs::write(model.join("a.bin"), "Other").expect("written"), &|| {
            fs::write(model.join("a.bin"), "other").expect("written")
        }),
        ("missing", &|| fs::rename(model.join("empty"), node.path("away")).expect("moved"), &|| {
            fs::rename(node.path("away"), model.join("empty")).expect("moved")
        }),
        ("extra", &|| fs::write(model.join("a/x.py"), "").expect("written"), &|| {
            fs::remove_file(model.join("a/x.py")).expect("removed")
        }),
        ("refused", &|| std::os::unix::fs::symlink(&key, model.join("link")).expect("linked"), &|| {
            fs::remove_file(model.join("link")).expect("removed")
        }),
    ];
    for (what, change, back) in changes {
        change();
        let differs = verify();
        assert_eq!(differs.status, Some(1), "{what}: {}{}", differs.out, differs.err);
        let report: serde_json::Value = serde_json::from_str(&differs.out).expect("JSON");
        assert_eq!(
            (report["holds"].as_bool(), report[what].as_array().map(Vec::len)),
            (Some(false), Some(1)),
            "{report}"
        );
        back();
        assert_eq!(verify().status, Some(0), "{what} and back");
    }
    std::os::unix::fs::symlink(&model, node.path("current")).expect("linked");
    let linked = run(&node, &[&"model", &"verify", &node.path("current"), &"--key", &public]);
    assert_eq!(linked.status, Some(0), "the model by a link to it: {}", linked.out);
    let text = run(&node, &[&"model", &"verify", &model, &"--key", &public]);
    assert!(text.out.contains("all 5 files") && text.out.contains(".git, .gitattributes, model.sig"), "{}", text.out);
    let (_, other) = keys(&node, "other");
    let refused = run(&node, &[&"model", &"verify", &model, &"--key", &other]);
    assert_eq!((refused.status, refused.out.contains("none of the trusted keys")), (Some(1), true), "{}", refused.out);
}

#[test]
fn a_single_file_is_a_model_too() {
    let node = Node::new();
    let ((key, public), file) = (keys(&node, "key"), node.write("one.gguf", b"GGUF"));
    let signed = run(&node, &[&"model", &"sign", &file, &"--key", &key]);
    assert_eq!(signed.status, Some(0), "{}", signed.err);
    assert!(node.path("one.gguf.sig").is_file());
    assert_eq!(run(&node, &[&"model", &"verify", &file, &"--key", &public]).status, Some(0));
    fs::write(&file, "GGUG").expect("written");
    assert_eq!(run(&node, &[&"model", &"verify", &file, &"--key", &public]).status, Some(1));
}

#[test]
fn first_mistakes_get_a_hint() {
    let node = Node::new();
    let (model, (key, public)) = (model(&node), keys(&node, "key"));
    let fails = |code: &str, arguments: &[&dyn AsRef<OsStr>]| {
        let run = run(&node, arguments);
        assert_eq!(run.status, Some(2), "{code}: {}", run.out);
        assert!(run.err.contains(code) && run.err.contains("hint: "), "{code}: {}", run.err);
    };
    fails("SKM-E-0050", &[&"model", &"sign", &model, &"--key", &public]);
    fails("SKM-E-0016", &[&"model", &"sign", &model.join("none"), &"--key", &key]);
    fails("SKM-E-0056", &[&"model", &"sign", &model, &"--key", &key, &"--out", &model.join("a.bin")]);
    fails("SKM-E-0058", &[&"model", &"verify", &model]);
    fails("SKM-E-0016", &[&"model", &"verify", &model, &"--key", &public]);
    fails("SKM-E-0051", &[&"model", &"verify", &model, &"--key", &public, &"--signature", &model.join("a.bin")]);
    fails("SKM-E-0055", &[&"model", &"sign", &model, &"--key", &key, &"--ignore", &"../m"]);
    std::os::unix::fs::symlink(&key, model.join("link")).expect("linked");
    fails("SKM-E-0055", &[&"model", &"sign", &model, &"--key", &key]);
    assert_eq!(run(&node, &[&"model", &"sign", &model, &"--key", &key, &"--follow-links"]).status, Some(0));
    fails("SKM-E-0053", &[&"model", &"verify", &model, &"--root", &certificate(&node)]);
}

/// A root certificate that nobody uses.
fn certificate(node: &Node) -> PathBuf {
    let made = rcgen::generate_simple_self_signed(Vec::new()).expect("a certificate");
    node.write("root.pem", made.cert.pem().as_bytes())
}

/// Keys, and a chain of three certificates, by the tools that the other side uses.
const MAKE: &str = r#"
import sys, datetime
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, rsa
folder = sys.argv[1]
def write(name, data): open(f'{folder}/{name}', 'wb').write(data)
def keep(name, key):
    write(name + '.pem', key.private_bytes(s.Encoding.PEM, s.PrivateFormat.TraditionalOpenSSL, s.NoEncryption()))
    write(name + '.pub', key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo))
for name, curve in (('p256', ec.SECP256R1()), ('p384', ec.SECP384R1()), ('p521', ec.SECP521R1())):
    keep(name, ec.generate_private_key(curve))
def certify(name, key, issuer, issuer_key, ca):
    now = datetime.datetime.now(datetime.timezone.utc)
    of = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    made = (x509.CertificateBuilder().subject_name(of(name)).issuer_name(of(issuer)).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(1))
        .not_valid_after(now + datetime.timedelta(30)).add_extension(x509.BasicConstraints(ca, None), True)
        .add_extension(x509.KeyUsage(not ca, False, False, False, False, ca, False, False, False), True))
    if not ca:
        made = made.add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CODE_SIGNING]), False)
    write(name + '.crt', made.sign(issuer_key, hashes.SHA256()).public_bytes(s.Encoding.PEM))
root, between, own = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP256R1())
keep('own', own)
certify('root', root, 'root', root, True)
certify('between', between, 'root', root, True)
certify('own', own, 'between', between, False)
"#;

/// A node with a model and with keys and certificates for it, and the Python that made them.
fn with_keys() -> Option<(Node, PathBuf, PathBuf)> {
    let python = oracle()?;
    let node = Node::new();
    let model = model(&node);
    let made = Command::new(&python).args(["-c", MAKE]).arg(node.path("")).output().expect("started");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some((node, python, model))
}

#[test]
fn openssf_model_signing_agrees_in_both_directions() {
    let Some((node, python, model)) = with_keys() else { return };
    let theirs = |arguments: &[&dyn AsRef<OsStr>]| theirs(&python, arguments);
    let (ours, other) = (node.path("ours.sig"), node.path("theirs.sig"));
    let weights = model.join("a/weights.bin");
    // Signs both ways, lets each verify the other's, and both again with a changed file.
    let agree = |what: &str,
                 sign: &[&dyn AsRef<OsStr>],
                 their_sign: &[&dyn AsRef<OsStr>],
                 verify: &[&dyn AsRef<OsStr>],
                 their_verify: &[&dyn AsRef<OsStr>]| {
        let signed = run(&node, &[&[&"model" as &dyn AsRef<OsStr>, &"sign", &model, &"--out", &ours], sign].concat());
        assert_eq!(signed.status, Some(0), "{what}: {}", signed.err);
        let (done, said) =
            theirs(&[&[&"sign" as &dyn AsRef<OsStr>], their_sign, &[&model, &"--signature", &other]].concat());
        assert!(done, "{what}: {said}");
        for holds in [true, false] {
            fs::write(&weights, if holds { "weights" } else { "Weights" }).expect("written");
            let (accepted, said) =
                theirs(&[&[&"verify" as &dyn AsRef<OsStr>], their_verify, &[&model, &"--signature", &ours]].concat());
            assert_eq!(accepted, holds, "{what}, ours by them: {said}");
            let verified = run(
                &node,
                &[&[&"model" as &dyn AsRef<OsStr>, &"verify", &model, &"--signature", &other], verify].concat(),
            );
            assert_eq!(
                verified.status,
                Some(if holds { 0 } else { 1 }),
                "{what}, theirs by us: {}{}",
                verified.out,
                verified.err
            );
        }
        fs::write(&weights, "weights").expect("written");
    };
    for curve in ["p256", "p384", "p521"] {
        let (key, public) = (node.path(&format!("{curve}.pem")), node.path(&format!("{curve}.pub")));
        agree(
            curve,
            &[&"--key", &key],
            &[&"key", &"--private_key", &key],
            &[&"--key", &public],
            &[&"key", &"--public_key", &public],
        );
    }
    let [key, own, between, root] = ["own.pem", "own.crt", "between.crt", "root.crt"].map(|name| node.path(name));
    agree(
        "certificate",
        &[&"--key", &key, &"--certificate", &own, &"--chain", &between],
        &[&"certificate", &"--private_key", &key, &"--signing_certificate", &own, &"--certificate_chain", &between],
        &[&"--root", &root],
        &[&"certificate", &"--certificate_chain", &root],
    );
}

/// Signs by pieces of three bytes, which the command line of OpenSSF's tool has no option for.
const SIGN_SHARDS: &str = r"
import sys
from model_signing import hashing, signing
by = hashing.Config().use_shard_serialization(shard_size=3)
signing.Config().use_elliptic_key_signer(private_key=sys.argv[1]).set_hashing_config(by).sign(sys.argv[2], sys.argv[3])
";

#[test]
fn signatures_over_pieces_of_files_are_verified() {
    let Some((node, python, model)) = with_keys() else { return };
    let (key, public, signature) = (node.path("p256.pem"), node.path("p256.pub"), node.path("shards.sig"));
    let signed =
        Command::new(&python).args(["-c", SIGN_SHARDS]).args([&key, &model, &signature]).output().expect("started");
    assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    let weights = model.join("a/weights.bin");
    // As it was; one byte in the last piece; a piece less; a byte more.
    for (content, status) in [("weights", 0), ("weightS", 1), ("weight", 1), ("weightss", 1), ("weights", 0)] {
        fs::write(&weights, content).expect("written");
        let verified = run(&node, &[&"model", &"verify", &model, &"--signature", &signature, &"--key", &public]);
        assert_eq!(verified.status, Some(status), "{content}: {}{}", verified.out, verified.err);
    }
}

/// Runs OpenSSF's tool: whether it agreed, and what it said.
fn theirs(python: &Path, arguments: &[&dyn AsRef<OsStr>]) -> (bool, String) {
    let arguments = arguments.iter().map(|argument| argument.as_ref().to_owned());
    let ran = Command::new(python).args(["-m", "model_signing"]).args(arguments).output().expect("started");
    let said = String::from_utf8_lossy(&ran.stderr).into_owned() + &String::from_utf8_lossy(&ran.stdout);
    (ran.status.success(), said)
}
