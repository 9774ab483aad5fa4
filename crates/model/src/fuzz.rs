//! Fuzz targets: plain functions over arbitrary bytes, for a fuzzer (`fuzz/` at the root) and for tests.

use crate::Statement;

/// A parser under test.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name, which is that of its program in `fuzz/` and of its folder of seeds.
    pub name: &'static str,
    /// Gives the bytes to the parser and panics when an invariant does not hold.
    pub run: fn(&[u8]),
}

/// The targets of this crate.
pub const TARGETS: &[Target] = &[Target { name: "statement", run: statement }];

/// Runs the target with this name.
///
/// # Panics
/// When there is none, or when an invariant does not hold.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target {name}"));
    (target.run)(bytes);
}

/// What is read as a statement is written as the same bytes.
fn statement(bytes: &[u8]) {
    if let Ok(statement) = Statement::from_bytes(bytes) {
        assert_eq!(statement.to_bytes().ok().as_deref(), Some(bytes));
        assert_eq!(statement.record().to_string().parse(), Ok(statement.record()));
    }
}
