//! Signatures that real people and programs made with Sigstore. None of them is in the project: `SAKIMORI_SIGSTORE` names a
//! folder with a folder for each, in which are `bundle.json`, `trusted_root.json`, and `who`: two lines, identity and issuer.

use std::fs;
use std::path::Path;

use sakimori_proof::model_signing::{
    ModelVerifyError, SignedBy, SigstoreError, SigstoreTrust, Trust, TrustedRoot, verify,
};

#[test]
fn real_signatures_hold_and_no_changed_byte_does() {
    let Some(folder) = std::env::var_os("SAKIMORI_SIGSTORE") else {
        println!("skipped: SAKIMORI_SIGSTORE is not set");
        return;
    };
    let folders = fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path());
    let folders: Vec<_> = folders.filter(|path| path.is_dir()).collect();
    assert!(!folders.is_empty());
    for folder in folders {
        check(&folder);
    }
}

fn check(folder: &Path) {
    let read = |name: &str| fs::read(folder.join(name)).expect(name);
    let who = String::from_utf8(read("who")).expect("a text");
    let (identity, issuer) = who.trim_end().split_once('\n').expect("two lines");
    let root = TrustedRoot::from_json(&read("trusted_root.json")).expect("a trusted root");
    let trust = |identity: &str| {
        let (identity, issuer) = (identity.to_owned(), issuer.to_owned());
        Trust::Sigstore(Box::new(SigstoreTrust { root: root.clone(), identity, issuer }))
    };
    let bundle = read("bundle.json");
    // What is signed may be a statement of another kind, which is looked at only when all the rest held.
    let holds = |result: Result<_, ModelVerifyError>| match result {
        Ok(_) => true,
        Err(ModelVerifyError::Unsupported(what)) => {
            what.starts_with("the predicate type") || what.contains("statement type")
        }
        Err(_) => false,
    };
    match verify(&bundle, &trust(identity)) {
        Ok(verified) => {
            assert!(matches!(&verified.signer, SignedBy::Sigstore { identity: by, .. } if by == identity));
            println!("{} holds: {:?}", folder.display(), verified.signer);
        }
        Err(ModelVerifyError::Unsupported(what)) if what.starts_with("the predicate type") => {
            println!("{} holds, and is no signature of a model: {what}", folder.display());
        }
        Err(error) => panic!("{}: {error}", folder.display()),
    }
    let other = verify(&bundle, &trust("somebody@example.com"));
    assert!(matches!(other, Err(ModelVerifyError::Sigstore(SigstoreError::Identity { .. }))), "{other:?}");
    // Text in Base64 and digits: whatever is changed there must be noticed. The digest of the whole envelope in the log's
    // entry is covered by the log, and so by the promise and the proof.
    let text = String::from_utf8(bundle).expect("a text");
    let timestamp = text.find("signedTimestamp").map(|from| from..text.find("dsseEnvelope").unwrap_or(text.len()));
    // A timestamp brings certificates along, which are not used: the trusted root has them.
    let counts =
        |at: &usize| text.as_bytes()[*at].is_ascii_alphanumeric() && timestamp.as_ref().is_none_or(|t| !t.contains(at));
    for at in (0..text.len()).filter(counts).step_by(61) {
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(
            !holds(verify(&changed, &trust(identity))),
            "{}: byte {at}: {}",
            folder.display(),
            &text[at..at + 40.min(text.len() - at)]
        );
    }
}
