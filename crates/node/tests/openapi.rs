//! The description of the interface is a golden file: a change of it is a change of the contract, and is reviewed as one.

use sakimori_node::api::routes;

#[test]
fn the_description_in_docs_is_that_of_this_build() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let made = routes::document();
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        std::fs::write(path, &made).expect("written");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(made == kept, "docs/openapi.json differs; UPDATE_CORPUS=1 writes it anew");
}
