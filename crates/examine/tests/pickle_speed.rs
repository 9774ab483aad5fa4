//! How fast the pickle examiner runs; `cargo test --test pickle_speed -- --ignored --nocapture` prints it.

use std::time::Instant;

use sakimori_examine::artefact::pickle::{Carrier, examine};
use sakimori_examine::limits::Limits;
use sakimori_examine::report::Report;

#[test]
#[ignore = "a measurement"]
fn five_million_opcodes() {
    for (name, unit) in [
        ("numbers on and off the stack", b"K\x010".as_slice()),
        ("memoized text in a list", b"\x8c\x04name\x94a"),
        ("tuples in a dictionary", b"K\x01K\x02K\x03\x86\x94s"),
        ("instances", b"h\x00)\x81\x94}\x94\x8c\x01aK\x01sba"),
        ("protocol 0", b"I17\nap1\n"),
        ("calls of what calls return", b"h\x00)R)R0"),
        ("names from text", b"\x8c\x0bcollections\x8c\x07Counter\x930"),
        ("pickles of one value", b".N"),
        ("text like hidden pickles", b"\x8c\x108003abcdef0123450"),
        ("hidden pickles", b"C\x0e\x80\x04cos\nsystem\n.0"),
    ] {
        let opcodes = match name {
            "instances" => 11,
            "tuples in a dictionary" => 6,
            "numbers on and off the stack" => 2,
            "calls of what calls return" => 6,
            "names from text" => 4,
            "text like hidden pickles" | "hidden pickles" | "pickles of one value" => 2,
            _ => 3,
        };
        let container: &[u8] = if name.starts_with("tuples") { b"}" } else { b"]" };
        let mut pickle = b"\x80\x04ccollections\nCounter\n\x940".to_vec();
        pickle.extend(container);
        for _ in 0..5_000_000 / opcodes {
            pickle.extend(unit);
        }
        pickle.push(b'.');
        let limits = Limits::default();
        let mut report = Report::new(&limits);
        let start = Instant::now();
        examine(&pickle, Carrier::Plain, &mut report);
        let took = start.elapsed();
        println!(
            "{name}: 5 million opcodes in {} ms, {} findings",
            took.as_millis(),
            report.finish(sakimori_examine::recognise::UNKNOWN).findings.len()
        );
    }
}
