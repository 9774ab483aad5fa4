//! Every fuzz target of this crate over every seed, whatever it was made for.

use std::fs;
use std::path::Path;

use sakimori_model::fuzz::TARGETS;

#[test]
fn every_target_withstands_every_seed() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let folders = fs::read_dir(&seeds).expect("the seeds");
    let files = folders.flat_map(|folder| fs::read_dir(folder.expect("readable").path()).expect("a folder"));
    for path in files.map(|file| file.expect("readable").path()) {
        let bytes = fs::read(&path).expect("readable");
        for target in TARGETS {
            println!("{} over {}", target.name, path.display());
            (target.run)(&bytes);
            (target.run)(&bytes[..bytes.len() / 2]);
        }
    }
    for target in TARGETS {
        let own = seeds.join(target.name);
        assert!(fs::read_dir(own).is_ok_and(|mut files| files.next().is_some()), "{} has no seed", target.name);
    }
}
