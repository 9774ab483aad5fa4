//! The in-toto statement that is signed: one subject, the model, and all resources in the predicate.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Sha256Digest;
use super::error::ModelVerifyError;
use super::manifest::{Granularity, Manifest, Serialization, Symlinks, root_over};
use super::resource::{Resource, ResourceError, ResourcePath};
use crate::limits::MODEL_RESOURCES_MAX;

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://model_signing/signature/v1.0";
const HASH_TYPE: &str = "sha256";

/// What a statement is, of whatever kind: looked at first, so that others are told by their kind.
#[derive(Deserialize)]
struct Types {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(rename = "predicateType")]
    predicate_type: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    #[serde(rename = "_type")]
    _kind: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    _predicate_type: String,
    predicate: Predicate,
}

#[derive(Deserialize)]
struct Subject {
    name: String,
    digest: SubjectDigest,
}

#[derive(Deserialize)]
struct SubjectDigest {
    sha256: String,
}

/// Verifiers ignore other members, as the reference has it: they are signed, but say nothing that is checked.
#[derive(Deserialize)]
struct Predicate {
    serialization: SerializationMembers,
    resources: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct SerializationMembers {
    method: String,
    hash_type: String,
    allow_symlinks: bool,
    #[serde(default)]
    ignore_paths: Vec<String>,
    #[serde(default)]
    shard_size: Option<f64>,
}

#[derive(Deserialize)]
struct Descriptor {
    name: String,
    algorithm: String,
    digest: String,
}

/// The statement about a model as JSON.
pub(super) fn write(manifest: &Manifest, name: &str) -> String {
    let resources: Vec<Value> = manifest
        .resources()
        .map(|(resource, digest)| {
            let algorithm = algorithm(manifest.serialization().granularity);
            json!({ "name": resource.to_string(), "algorithm": algorithm, "digest": hex::encode(digest) })
        })
        .collect();
    let statement = json!({
        "_type": STATEMENT_TYPE,
        "subject": [{ "name": name, "digest": { "sha256": hex::encode(manifest.root_digest()) } }],
        "predicateType": PREDICATE_TYPE,
        "predicate": { "serialization": serialization_json(manifest.serialization()), "resources": resources },
    });
    statement.to_string()
}

/// The name and the resources of a statement, whose signature the caller has verified.
pub(super) fn read(payload: &[u8]) -> Result<(String, Manifest), ModelVerifyError> {
    let types: Types = serde_json::from_slice(payload).map_err(ModelVerifyError::malformed)?;
    if types.kind != STATEMENT_TYPE {
        return Err(ModelVerifyError::Unsupported(format!("the statement type {:?}", types.kind)));
    }
    if types.predicate_type != PREDICATE_TYPE {
        return Err(ModelVerifyError::Unsupported(format!("the predicate type {:?}", types.predicate_type)));
    }
    let statement: Statement = serde_json::from_slice(payload).map_err(ModelVerifyError::malformed)?;
    let [subject] = statement.subject.as_slice() else {
        return Err(ModelVerifyError::malformed("it is not about exactly one model"));
    };
    let serialization = serialization(&statement.predicate.serialization)?;
    let resources = &statement.predicate.resources;
    if resources.len() > MODEL_RESOURCES_MAX {
        return Err(ModelVerifyError::TooManyResources);
    }
    if resources.is_empty() {
        return Err(ModelVerifyError::malformed("it names no file"));
    }
    let entries = resources.iter().map(|d| entry(d, serialization.granularity)).collect::<Result<Vec<_>, _>>()?;
    let root = root_over(entries.iter().map(|(_, digest)| digest));
    if subject.digest.sha256 != hex::encode(root) {
        return Err(ModelVerifyError::Root);
    }
    let manifest = Manifest::new(serialization, entries)
        .map_err(|(resource, why)| ModelVerifyError::Resource { name: resource.to_string(), why })?
        .signed_as(root);
    let is_whole = |(resource, _): (&Resource, _)| resource.path == ResourcePath::whole();
    if manifest.resources().any(is_whole) && !manifest.resources().all(is_whole) {
        return Err(ModelVerifyError::malformed("it is about one file and about a folder"));
    }
    Ok((subject.name.clone(), manifest))
}

fn entry(descriptor: &Descriptor, granularity: Granularity) -> Result<(Resource, Sha256Digest), ModelVerifyError> {
    if descriptor.algorithm != algorithm(granularity) {
        return Err(ModelVerifyError::Unsupported(format!("the digest {:?}", descriptor.algorithm)));
    }
    let refused = |why: ResourceError| ModelVerifyError::Resource { name: descriptor.name.clone(), why };
    let resource = match granularity {
        Granularity::Files => descriptor.name.parse().map(Resource::file),
        Granularity::Shards { .. } => Resource::parse_shard(&descriptor.name),
    };
    let resource = resource.map_err(refused)?;
    let mut digest = [0; 32];
    hex::decode_to_slice(&descriptor.digest, &mut digest)
        .map_err(|_| ModelVerifyError::malformed("a digest is not 64 hexadecimal digits"))?;
    Ok((resource, digest))
}

fn serialization(members: &SerializationMembers) -> Result<Serialization, ModelVerifyError> {
    let granularity = match (members.method.as_str(), members.shard_size) {
        ("files", None) => Granularity::Files,
        ("shards", Some(bytes)) => Granularity::Shards { bytes: whole_number(bytes)? },
        _ => return Err(ModelVerifyError::Unsupported(format!("the serialization {:?}", members.method))),
    };
    if members.hash_type != HASH_TYPE {
        return Err(ModelVerifyError::Unsupported(format!("the digest {:?}", members.hash_type)));
    }
    let ignored = members.ignore_paths.iter().map(|path| match path.parse::<ResourcePath>() {
        Ok(parsed) if parsed != ResourcePath::whole() => Ok(parsed),
        Ok(_) => Err(ModelVerifyError::malformed("it ignores the whole model")),
        Err(why) => Err(ModelVerifyError::Resource { name: path.clone(), why }),
    });
    Ok(Serialization {
        granularity,
        symlinks: if members.allow_symlinks { Symlinks::Followed } else { Symlinks::Refused },
        ignored: ignored.collect::<Result<_, _>>()?,
    })
}

/// Statements go through protobuf's `Struct` there, which has floating-point numbers only: 1000000000.0.
fn whole_number(number: f64) -> Result<u64, ModelVerifyError> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    if number.fract() != 0.0 || !(1.0..=EXACT_MAX).contains(&number) {
        return Err(ModelVerifyError::malformed("the size of a shard is not a whole number"));
    }
    format!("{number:.0}").parse().map_err(ModelVerifyError::malformed)
}

fn serialization_json(serialization: &Serialization) -> Value {
    let mut members = serde_json::Map::new();
    let method = match serialization.granularity {
        Granularity::Files => "files",
        Granularity::Shards { .. } => "shards",
    };
    members.insert("method".to_owned(), method.into());
    members.insert("hash_type".to_owned(), HASH_TYPE.into());
    if let Granularity::Shards { bytes } = serialization.granularity {
        members.insert("shard_size".to_owned(), bytes.into());
    }
    members.insert("allow_symlinks".to_owned(), (serialization.symlinks == Symlinks::Followed).into());
    if !serialization.ignored.is_empty() {
        let ignored: Vec<&str> = serialization.ignored.iter().map(ResourcePath::as_str).collect();
        members.insert("ignore_paths".to_owned(), ignored.into());
    }
    Value::Object(members)
}

fn algorithm(granularity: Granularity) -> String {
    match granularity {
        Granularity::Files => HASH_TYPE.to_owned(),
        Granularity::Shards { bytes } => format!("{HASH_TYPE}-sharded-{bytes}"),
    }
}
