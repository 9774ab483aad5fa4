//! A Sigstore of one's own: a certificate authority, a certificate log, a transparency log of either version, a timestamp
//! authority, and bundles as its users would get them. A test changes one part of it.
#![allow(dead_code, clippy::allow_attributes, reason = "each test program uses its own part")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PublicKeyData as _, SanType,
    SerialNumber, SigningKey as _, date_time_ymd,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha384};

/// 2026-06-01, in seconds since 1970.
pub const NOW: u64 = 1_780_272_000;
/// Seconds for which a signer's certificate is valid, from [`NOW`] on.
pub const CERTIFICATE_SECONDS: u64 = 600;
pub const IDENTITY: &str = "taro@example.jp";
pub const ISSUER: &str = "https://accounts.example.jp";
const LOG: &str = "rekor.example.jp";
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

const SCT_LIST: [u64; 10] = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
const ISSUER_V1: [u64; 9] = [1, 3, 6, 1, 4, 1, 57264, 1, 1];
const ISSUER_V2: [u64; 9] = [1, 3, 6, 1, 4, 1, 57264, 1, 8];
const TST_INFO: [u8; 11] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 16, 1, 4];
const SHA256: [u8; 11] = [6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
const SHA384: [u8; 11] = [6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2];

/// An authority with its certificate.
pub struct Authority {
    pub params: CertificateParams,
    pub key: KeyPair,
    pub der: Vec<u8>,
}

/// A whole Sigstore.
pub struct Sigstore {
    pub root: Authority,
    pub between: Authority,
    pub certificate_log: KeyPair,
    pub log: KeyPair,
    pub log_2: KeyPair,
    pub time_root: Authority,
    pub time: Authority,
}

/// The kinds of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Dsse1,
    Dsse2,
    HashedRekord1,
    HashedRekord2,
    Intoto2,
}

/// What is signed, by whom and how.
pub struct Plan<'a> {
    pub payload: Vec<u8>,
    pub kind: Kind,
    pub names: Vec<SanType>,
    pub issuer_1: Option<&'a str>,
    pub issuer_2: Option<&'a str>,
    /// The last change of the certificate before its authority signs it.
    pub certificate: &'a dyn Fn(&mut CertificateParams),
    /// The list of timestamps of certificate logs, made of the only honest one.
    pub scts: &'a dyn Fn(Vec<u8>) -> Option<Vec<Vec<u8>>>,
    /// The last change of the body before the log takes it.
    pub body: &'a dyn Fn(&mut Value),
    /// When a log of version 1 took it in; none is a log of version 2.
    pub integrated: Option<u64>,
    /// Times of timestamps.
    pub stamped: Vec<u64>,
}

/// A bundle with all that it was made of.
pub struct Made {
    pub bundle: Value,
    pub certificate: Vec<u8>,
    pub signature: Vec<u8>,
}

pub fn plan<'a>(payload: &[u8]) -> Plan<'a> {
    Plan {
        payload: payload.to_vec(),
        kind: Kind::Dsse1,
        names: vec![SanType::Rfc822Name(IDENTITY.try_into().expect("ASCII"))],
        issuer_1: Some(ISSUER),
        issuer_2: Some(ISSUER),
        certificate: &|_| {},
        scts: &|sct| Some(vec![sct]),
        body: &|_| {},
        integrated: Some(NOW + 5),
        stamped: Vec::new(),
    }
}

/// As [`plan`], with a log of version 2 and a timestamp.
pub fn plan_2<'a>(payload: &[u8]) -> Plan<'a> {
    Plan { kind: Kind::HashedRekord2, integrated: None, stamped: vec![NOW + 5], ..plan(payload) }
}

impl Kind {
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Dsse1 => ("dsse", "0.0.1"),
            Self::Dsse2 => ("dsse", "0.0.2"),
            Self::HashedRekord1 => ("hashedrekord", "0.0.1"),
            Self::HashedRekord2 => ("hashedrekord", "0.0.2"),
            Self::Intoto2 => ("intoto", "0.0.2"),
        }
    }
}

impl Authority {
    pub fn new(name: &str, above: Option<&Self>, edit: &dyn Fn(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2036, 1, 1));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        edit(&mut params);
        let certificate = match above {
            Some(above) => params.signed_by(&key, &Issuer::from_params(&above.params, &above.key)),
            None => params.self_signed(&key),
        };
        let der = certificate.expect("a certificate").der().to_vec();
        Self { params, key, der }
    }
}

impl Sigstore {
    pub fn new() -> Self {
        let key = || KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
        let root = Authority::new("root", None, &|_| {});
        let between = Authority::new("between", Some(&root), &|params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        });
        let time_root = Authority::new("time root", None, &|_| {});
        let time = Self::time_authority(&time_root, &|_| {});
        let log_2 = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
        Self { root, between, certificate_log: key(), log: key(), log_2, time_root, time }
    }

    pub fn time_authority(root: &Authority, edit: &dyn Fn(&mut CertificateParams)) -> Authority {
        Authority::new("time", Some(root), &|params| {
            params.is_ca = IsCa::NoCa;
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            // RFC 3161 wants it critical, for which there is no other way here.
            let usage = element(0x30, &[&[6, 8, 0x2B, 6, 1, 5, 5, 7, 3, 8]]);
            let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], usage);
            extension.set_criticality(true);
            params.custom_extensions.push(extension);
            params.serial_number = Some(SerialNumber::from(vec![0x17, 0x04]));
            edit(params);
        })
    }

    /// `trusted_root.json`.
    pub fn trusted_root(&self) -> Value {
        let start = json!({ "start": "2026-01-01T00:00:00Z" });
        let key = |key: &KeyPair, details: &str| json!({ "rawBytes": base64(&key.subject_public_key_info()), "keyDetails": details, "validFor": start });
        let log = |pair: &KeyPair, details: &str, url: &str| {
            let id = log_id(pair);
            json!({ "baseUrl": url, "hashAlgorithm": "SHA2_256", "publicKey": key(pair, details), "logId": { "keyId": base64(&id) } })
        };
        let authority = |chain: &[&Authority], uri: &str| {
            let chain: Vec<Value> = chain.iter().map(|one| json!({ "rawBytes": base64(&one.der) })).collect();
            let subject = json!({ "organization": "example.jp", "commonName": "example" });
            json!({ "subject": subject, "uri": uri, "certChain": { "certificates": chain }, "validFor": start })
        };
        let (p256, ed25519) = ("PKIX_ECDSA_P256_SHA_256", "PKIX_ED25519");
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(&self.log, p256, "https://rekor.example.jp"), log(&self.log_2, ed25519, "https://rekor.example.jp")],
            "certificateAuthorities": [authority(&[&self.between, &self.root], "https://fulcio.example.jp")],
            "ctlogs": [log(&self.certificate_log, p256, "https://ct.example.jp")],
            "timestampAuthorities": [authority(&[&self.time, &self.time_root], "https://time.example.jp")],
        })
    }

    /// A bundle after this plan.
    pub fn bundle(&self, plan: &Plan<'_>) -> Made {
        let (key, certificate) = self.certify(plan);
        let pae =
            [format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), plan.payload.len()).as_bytes(), &plan.payload]
                .concat();
        let signature = key.sign(&pae).expect("signed");
        let mut body = body(plan, &pae, &signature, &certificate);
        (plan.body)(&mut body);
        let stamps: Vec<Value> =
            plan.stamped.iter().map(|at| json!({ "signedTimestamp": base64(&self.stamp(&signature, *at)) })).collect();
        let bundle = json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": { "rawBytes": base64(&certificate) },
                "tlogEntries": [self.entry(plan.kind, body.to_string().as_bytes(), plan.integrated)],
                "timestampVerificationData": { "rfc3161Timestamps": stamps },
            },
            "dsseEnvelope": {
                "payload": base64(&plan.payload),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [{ "sig": base64(&signature) }],
            },
        });
        Made { bundle, certificate, signature }
    }

    /// The entry for a body, as the log gives it out.
    pub fn entry(&self, kind: Kind, body: &[u8], integrated: Option<u64>) -> Value {
        let log = if integrated.is_some() { &self.log } else { &self.log_2 };
        let (id, (kind, version)) = (log_id(log), kind.names());
        // The third of five entries.
        let leaf = |content: &[u8]| hash(&[&[0], content]);
        let node = |left: [u8; 32], right: [u8; 32]| hash(&[&[1], &left, &right]);
        let [first, second, fourth, fifth] = [b"a", b"b", b"d", b"e"].map(|content| leaf(content));
        let left = node(first, second);
        let root = node(node(left, node(leaf(body), fourth)), fifth);
        let origin = if integrated.is_some() { format!("{LOG} - 1234567890") } else { LOG.to_owned() };
        let mut entry = json!({
            "logIndex": "2",
            "logId": { "keyId": base64(&id) },
            "kindVersion": { "kind": kind, "version": version },
            "inclusionProof": {
                "logIndex": "2",
                "rootHash": base64(&root),
                "treeSize": "5",
                "hashes": [base64(&fourth), base64(&left), base64(&fifth)],
                "checkpoint": { "envelope": note(&format!("{origin}\n5\n{}\n", base64(&root)), LOG, log, &id) },
            },
            "canonicalizedBody": base64(body),
        });
        if let Some(at) = integrated {
            // Over all trees of the log it has another index.
            entry["logIndex"] = json!("121002");
            entry["integratedTime"] = json!(at.to_string());
            let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
            let signed =
                format!(r#"{{"body":"{}","integratedTime":{at},"logID":"{id}","logIndex":121002}}"#, base64(body));
            let promise = log.sign(signed.as_bytes()).expect("signed");
            entry["inclusionPromise"] = json!({ "signedEntryTimestamp": base64(&promise) });
        }
        entry
    }

    /// An answer of the timestamp authority over this signature.
    pub fn stamp(&self, signature: &[u8], at: u64) -> Vec<u8> {
        self.stamp_with(signature, at, &self.time)
    }

    pub fn stamp_with(&self, signature: &[u8], at: u64, authority: &Authority) -> Vec<u8> {
        let seconds = at - NOW;
        assert!(seconds < 86_400, "a time of that day");
        let time = format!("20260601{:02}{:02}{:02}Z", seconds / 3600, seconds / 60 % 60, seconds % 60);
        let algorithm = element(0x30, &[&SHA256, &[5, 0]]);
        let imprint = element(0x30, &[&algorithm, &element(4, &[&hash(&[signature])])]);
        let policy = [6, 3, 0x2A, 3, 4];
        let info = element(0x30, &[&[2, 1, 1], &policy, &imprint, &[2, 1, 9], &element(0x18, &[time.as_bytes()])]);
        let attribute = |id: &[u8], value: &[u8]| element(0x30, &[&element(6, &[id]), &element(0x31, &[value])]);
        let pkcs9 = |last: &[u8]| [&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9], last].concat();
        let own = element(0x30, &[&element(4, &[&hash(&[&authority.der])])]);
        let mut attributes = [
            attribute(&pkcs9(&[3]), &element(6, &[&TST_INFO])),
            attribute(&pkcs9(&[4]), &element(4, &[&Sha384::digest(&info)])),
            attribute(&pkcs9(&[16, 2, 47]), &element(0x30, &[&element(0x30, &[&own])])),
        ];
        // The elements of a set have an order in DER.
        attributes.sort();
        let attributes = attributes.concat();
        let signed = authority.key.sign(&element(0x31, &[&attributes])).expect("signed");
        // The authority's key is on P-384, and signs with SHA-384.
        let ecdsa = element(0x30, &[&[6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 3]]);
        let issuer = issuer_of(&authority.der);
        let who = element(0x30, &[&issuer, &[2, 2, 0x17, 4]]);
        let digest = element(0x30, &[&SHA384]);
        let signer = element(
            0x30,
            &[&[2, 1, 1], &who, &digest, &element(0xA0, &[&attributes]), &ecdsa, &element(4, &[&signed])],
        );
        let content = element(0x30, &[&element(6, &[&TST_INFO]), &element(0xA0, &[&element(4, &[&info])])]);
        let data = element(0x30, &[&[2, 1, 3], &element(0x31, &[&digest]), &content, &element(0x31, &[&signer])]);
        let kind = [6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2];
        let token = element(0x30, &[&kind, &element(0xA0, &[&data])]);
        element(0x30, &[&element(0x30, &[&[2, 1, 0]]), &token])
    }

    /// A key for some minutes, and its certificate.
    fn certify(&self, plan: &Plan<'_>) -> (KeyPair, Vec<u8>) {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.subject_alt_names.clone_from(&plan.names);
        params.not_before = date_time_ymd(2026, 6, 1);
        params.not_after = params.not_before + std::time::Duration::from_secs(CERTIFICATE_SECONDS);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(SerialNumber::from(vec![0x2A; 16]));
        if let Some(issuer) = plan.issuer_1 {
            params.custom_extensions.push(CustomExtension::from_oid_content(&ISSUER_V1, issuer.into()));
        }
        if let Some(issuer) = plan.issuer_2 {
            let text = element(0x0C, &[issuer.as_bytes()]);
            params.custom_extensions.push(CustomExtension::from_oid_content(&ISSUER_V2, text));
        }
        (plan.certificate)(&mut params);
        let above = Issuer::from_params(&self.between.params, &self.between.key);
        let before = params.signed_by(&key, &above).expect("a certificate").der().to_vec();
        let Some(scts) = (plan.scts)(self.sct(&before)) else { return (key, before) };
        let list: Vec<u8> = scts.iter().flat_map(|sct| block(sct)).collect();
        let list = element(4, &[&block(&list)]);
        params.custom_extensions.push(CustomExtension::from_oid_content(&SCT_LIST, list));
        let after = params.signed_by(&key, &above).expect("a certificate").der().to_vec();
        (key, after)
    }

    /// The certificate log's timestamp for a certificate that does not have it yet.
    pub fn sct(&self, certificate: &[u8]) -> Vec<u8> {
        sct(&self.certificate_log, certificate, &self.between.key.subject_public_key_info())
    }
}

/// A timestamp of a certificate log.
pub fn sct(log: &KeyPair, certificate: &[u8], issuer: &[u8]) -> Vec<u8> {
    let before = first(inner(certificate)).0;
    let at = (NOW * 1000 + 1).to_be_bytes();
    let length = u32::try_from(before.len()).expect("short").to_be_bytes();
    let signed = [&[0, 0], &at[..], &[0, 1], &hash(&[issuer]), &length[1..], before, &[0, 0]].concat();
    let signature = log.sign(&signed).expect("signed");
    [&[0], &log_id(log)[..], &at, &[0, 0], &[4, 3], &block(&signature)].concat()
}

pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub fn bytes(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64).expect("Base64")
}

pub fn hash(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

/// The id of a log.
pub fn log_id(key: &KeyPair) -> [u8; 32] {
    hash(&[&key.subject_public_key_info()])
}

/// A note with the signature of a log.
pub fn note(text: &str, name: &str, key: &KeyPair, id: &[u8]) -> String {
    let signature = key.sign(text.as_bytes()).expect("signed");
    format!("{text}\n— {name} {}\n", base64(&[&id[..4], &signature].concat()))
}

/// A certificate as PEM text.
pub fn pem(der: &[u8]) -> String {
    let text = base64(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// What the log keeps of an envelope.
fn body(plan: &Plan<'_>, pae: &[u8], signature: &[u8], certificate: &[u8]) -> Value {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let sha256 = |bytes: &[u8]| json!({ "algorithm": "sha256", "value": hex(&hash(&[bytes])) });
    let proto = |bytes: &[u8]| json!({ "algorithm": "SHA2_256", "digest": base64(&hash(&[bytes])) });
    let (pem, signature) = (base64(pem(certificate).as_bytes()), base64(signature));
    let signature_2 = json!({
        "content": signature,
        "verifier": { "keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": { "rawBytes": base64(certificate) } },
    });
    let spec = match plan.kind {
        Kind::Dsse1 => json!({
            "envelopeHash": sha256(b"an envelope"),
            "payloadHash": sha256(&plan.payload),
            "signatures": [{ "signature": signature, "verifier": pem }],
        }),
        Kind::Dsse2 => json!({ "dsseV002": { "payloadHash": proto(&plan.payload), "signatures": [signature_2] } }),
        Kind::HashedRekord1 => json!({
            "data": { "hash": sha256(pae) },
            "signature": { "content": signature, "publicKey": { "content": pem } },
        }),
        Kind::HashedRekord2 => json!({ "hashedRekordV002": { "data": proto(pae), "signature": signature_2 } }),
        Kind::Intoto2 => json!({ "content": {
            "envelope": {
                "payloadType": PAYLOAD_TYPE,
                "signatures": [{ "publicKey": pem, "sig": base64(signature.as_bytes()) }],
            },
            "hash": sha256(b"an envelope"),
            "payloadHash": sha256(&plan.payload),
        } }),
    };
    let (kind, version) = plan.kind.names();
    json!({ "apiVersion": version, "kind": kind, "spec": spec })
}

/// A length of two bytes, and the bytes.
fn block(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).expect("short").to_be_bytes(), bytes].concat()
}

/// An element of DER.
pub fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let long: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
    let mut der = vec![tag];
    if content.len() < 128 {
        der.push(length[7]);
    } else {
        der.push(0x80 | u8::try_from(long.len()).expect("short"));
        der.extend(&long);
    }
    der.extend(content);
    der
}

/// The first element, and what follows it.
fn first(der: &[u8]) -> (&[u8], &[u8]) {
    der.split_at(header(der) + length(der))
}

/// The content of an element.
fn inner(der: &[u8]) -> &[u8] {
    &der[header(der)..header(der) + length(der)]
}

fn header(der: &[u8]) -> usize {
    if der[1] < 0x80 { 2 } else { 2 + usize::from(der[1] & 0x7F) }
}

fn length(der: &[u8]) -> usize {
    if der[1] < 0x80 {
        usize::from(der[1])
    } else {
        der[2..header(der)].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    }
}

/// The issuer's name in a certificate, as it is encoded: behind version, serial number and algorithm.
fn issuer_of(certificate: &[u8]) -> Vec<u8> {
    let mut rest = inner(first(inner(certificate)).0);
    for _ in 0..3 {
        rest = first(rest).1;
    }
    first(rest).0.to_vec()
}
