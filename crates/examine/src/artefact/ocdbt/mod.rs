//! OCDBT, the database of TensorStore in which Orbax saves checkpoints (tensorstore/kvstore/ocdbt, "Storage format"): manifests,
//! and files of data, in which values and the nodes of a tree lie one after the other. The tree names the values.
//!
//! The values are descriptions of arrays (Zarr), which are examined, and their chunks, which are numbers and of which the first
//! bytes are looked at. A file does not know its name, and most values are named by nodes of other files: what no node of the
//! file accounts for has to be chunks that tell themselves where they end, and is not examined otherwise. Nor does a file say
//! how long it is: one that is cut between two nodes is whole.

mod chunk;
mod envelope;
mod node;
mod values;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;

use sakimori_model::FactName;

use crate::Settings;
use crate::artefact::cursor::Broken;
use crate::artefact::streams;
use crate::artefact::{codes, tensors};
use crate::catalogue::finding;
use crate::recognise::kinds;
use crate::report::Report;
use crate::source::Source;
use envelope::{Envelope, Fault, Sort};
use node::{Sink, Value};

pub use chunk::is_shard;
pub use envelope::ends_with_one as ends_with_a_node;

/// Chunks and descriptions of one file that are found without the help of a node.
const CHUNKS_MAX: usize = 100_000;
/// Places of values of one file that are kept.
const REFERENCES_MAX: usize = 100_000;
/// Values of one file that lie in its nodes.
const INLINE_MAX: usize = 200_000;
/// Files that the nodes of one file refer to.
const FILES_MAX: usize = 65_536;
/// Names of arrays that are kept, so that none counts twice.
const ARRAYS_MAX: usize = 100_000;
/// Stretches of one file that nothing accounts for and that are looked at.
const STRETCHES_MAX: usize = 1_000;
/// Characters of a key that are kept.
const KEY_CHARS_MAX: usize = 80;

/// Examines a manifest, or a file of data.
pub fn examine(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    report.ran("ocdbt", 1);
    report.fact(FactName::Library, "tensorstore");
    let done = match Envelope::at(source, 0) {
        Ok(Some(manifest)) if manifest.sort == Sort::Manifest => examine_manifest(&manifest, source, settings, report),
        Ok(_) => Walk::new(source, settings, report).run(),
        Err(e) => Err(e),
    };
    if let Err(e) = done {
        report.unreadable(&e);
    }
}

/// Examines shards of an array alone: a file of Zarr 3, or one of a database that was full before the first node.
pub fn examine_shard(source: &dyn Source, settings: &Settings, report: &mut Report<'_>) {
    report.ran("zarr-shard", 1);
    if let Err(e) = Walk::new(source, settings, report).run() {
        report.unreadable(&e);
    }
}

fn examine_manifest(
    manifest: &Envelope,
    source: &dyn Source,
    settings: &Settings,
    report: &mut Report<'_>,
) -> io::Result<()> {
    if !manifest.fits(source) {
        report.unreadable(&"the manifest states a length that it does not have");
        return Ok(());
    }
    if manifest.is_intact(source)? {
        let content = manifest.content(source, report);
        let read = content.and_then(|content| node::manifest(&content).map_err(Fault::from));
        tell(read, manifest, report);
    } else {
        report.add(finding(&codes::WRONG_CHECKSUM, report.whole()));
    }
    if manifest.end < source.size() {
        streams::behind(&kinds::OCDBT, source, manifest.end, settings, report);
    }
    Ok(())
}

/// Reports why nothing came out of an envelope.
fn tell(read: Result<(), Fault>, at: &Envelope, report: &mut Report<'_>) {
    match read {
        Ok(()) | Err(Fault::Limit) => {}
        Err(Fault::Broken(Broken::Wrong { what, .. })) => wrong(what, at.start, report),
        Err(Fault::Broken(Broken::Short { .. })) => {
            wrong("a node that ends in the middle of a field", at.start, report)
        }
        Err(Fault::Broken(Broken::Io(e))) => report.unreadable(&e),
        Err(Fault::Unread(why)) => report.unreadable(&why),
    }
}

fn wrong(what: &str, at: u64, report: &mut Report<'_>) {
    report.add(finding(&codes::STRUCTURE, report.byte(at)).with("format", "OCDBT").with("what", what));
}

/// Where a node says that a value lies: in one of the files that it lists, which may be this one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Reference {
    file: usize,
    start: u64,
    end: u64,
    key: String,
}

/// A file of data on the way through it.
struct Walk<'a, 'r> {
    source: &'a dyn Source,
    settings: &'a Settings,
    report: &'a mut Report<'r>,
    /// Numbers of the files, by their paths.
    files: BTreeMap<Vec<u8>, usize>,
    path_bytes: usize,
    /// The list of the node that is being read, in those numbers.
    listed: Vec<usize>,
    references: Vec<Reference>,
    /// Files of which a value lies past the end of this one: they are others, or wrong.
    beyond: HashSet<usize>,
    /// The numbers of the references by the place of the value, whichever file is meant.
    by_place: HashMap<(u64, u64), usize>,
    /// Places that have been judged.
    judged: HashSet<(u64, u64)>,
    /// Where zeros fill up the last page.
    padding: u64,
    inline: usize,
    chunks: usize,
    stretches: usize,
    arrays: HashSet<String>,
    count: tensors::Count,
    /// A limit that was reached, and is reported once.
    over: Option<(&'static str, usize)>,
}

impl Sink for Walk<'_, '_> {
    fn files(&mut self, paths: Vec<Vec<u8>>) {
        self.listed.clear();
        for path in paths {
            let next = self.files.len();
            let room = next < FILES_MAX && self.path_bytes + path.len() <= node::PATHS_BYTES_MAX;
            let number = match self.files.get(&path) {
                Some(number) => *number,
                None if room => {
                    self.path_bytes += path.len();
                    self.files.insert(path, next);
                    next
                }
                // This number stands for all that are too many.
                None => FILES_MAX,
            };
            self.listed.push(number);
        }
    }

    fn value(&mut self, key: &[u8], value: Value) {
        // A character has four bytes at most.
        let start = &key[..key.len().min(4 * KEY_CHARS_MAX)];
        let key: String = String::from_utf8_lossy(start).chars().take(KEY_CHARS_MAX).collect();
        match value {
            Value::Inline(bytes) => {
                self.inline += 1;
                if self.inline > INLINE_MAX {
                    self.over = Some(("ocdbt_inline_max", INLINE_MAX));
                } else {
                    self.judge(&key, &bytes);
                }
            }
            Value::There(there) => {
                let (file, start) = (self.listed[there.file as usize], there.offset);
                let end = start.saturating_add(there.length);
                if end > self.source.size() {
                    self.beyond.insert(file);
                } else if self.references.len() >= REFERENCES_MAX {
                    self.over = Some(("ocdbt_references_max", REFERENCES_MAX));
                } else if start < end {
                    self.references.push(Reference { file, start, end, key });
                }
            }
        }
    }
}

impl<'a, 'r> Walk<'a, 'r> {
    fn new(source: &'a dyn Source, settings: &'a Settings, report: &'a mut Report<'r>) -> Self {
        Self {
            source,
            settings,
            report,
            files: BTreeMap::new(),
            path_bytes: 0,
            listed: Vec::new(),
            references: Vec::new(),
            beyond: HashSet::new(),
            by_place: HashMap::new(),
            judged: HashSet::new(),
            padding: source.size(),
            inline: 0,
            chunks: 0,
            stretches: 0,
            arrays: HashSet::new(),
            count: tensors::Count::default(),
            over: None,
        }
    }

    fn run(mut self) -> io::Result<()> {
        let (nodes, searched_to) = envelope::nodes(self.source)?;
        if searched_to.is_some() {
            self.over = Some(("ocdbt_nodes_max", envelope::NODES_MAX));
        }
        for node in &nodes {
            self.node(node);
        }
        self.references.sort_unstable();
        self.references.dedup();
        let numbered = self.references.iter().enumerate();
        self.by_place = numbered.map(|(number, value)| ((value.start, value.end), number)).collect();
        self.padding = envelope::padding(self.source)?;
        let mut at = 0;
        for node in &nodes {
            self.between(at, node.start)?;
            at = node.end;
        }
        self.between(at, self.source.size())?;
        self.elsewhere()?;
        self.count.report(self.report);
        if let Some((limit, value)) = self.over {
            self.report.over(limit, value as u64);
        }
        Ok(())
    }

    /// Reads a node that is intact.
    fn node(&mut self, node: &Envelope) {
        let read = node.content(self.source, self.report).and_then(|content| {
            let read = match node.sort {
                Sort::Tree => node::tree(&content, self),
                Sort::Versions => node::versions(&content),
                Sort::Manifest => node::manifest(&content),
            };
            read.map_err(Fault::from)
        });
        tell(read, node, self.report);
    }

    /// What lies between two nodes.
    fn between(&mut self, start: u64, end: u64) -> io::Result<()> {
        let mut at = start;
        // Those of the shard that may be going on, as their offsets and bytes.
        let mut shard: Vec<(u64, u64)> = Vec::new();
        while at < end && at < self.padding {
            if self.chunks > CHUNKS_MAX {
                self.over = Some(("ocdbt_chunks_max", CHUNKS_MAX));
                return Ok(());
            }
            if let Some(after) = self.frame(at, end)? {
                shard.push((at, after - at));
                at = after;
            } else if let Some(after) = chunk::index_end(self.source, &shard, at, end)? {
                self.judged.insert((shard[0].0, after));
                shard.clear();
                at = after;
            } else if let Some(after) = self.description(at, end)? {
                shard.clear();
                at = after;
            } else if let Some(after) = self.damaged_node(at, end)? {
                shard.clear();
                at = after;
            } else {
                return self.rest(at, end);
            }
        }
        Ok(())
    }

    /// A damaged node, which is reported. Returns where it ends.
    fn damaged_node(&mut self, at: u64, end: u64) -> io::Result<Option<u64>> {
        let Some(node) = Envelope::at(self.source, at)? else { return Ok(None) };
        if node.end.saturating_sub(at) > envelope::NODE_BYTES_MAX && node.fits(self.source) {
            self.report.over("ocdbt_node_bytes_max", envelope::NODE_BYTES_MAX);
            return Ok(Some(end));
        }
        if node.fits(self.source) && node.end <= end {
            self.report.add(finding(&codes::WRONG_CHECKSUM, self.report.byte(at)));
            return Ok(Some(node.end));
        }
        self.report.unreadable(&"a node states a length that it does not have");
        // Where it ends is not known, and so neither is what follows.
        Ok(Some(end))
    }
}
