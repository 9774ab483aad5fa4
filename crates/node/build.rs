//! Builds the crate again when the console was built again: its files are part of the program.

fn main() {
    println!("cargo::rerun-if-changed=../../console/dist");
}
