//! The techniques that findings and our own rules name.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sakimori_examine::catalogue;
use sakimori_examine::sigma::RuleSet;

/// Every id that this build can put into a finding of its own.
fn ids() -> BTreeSet<String> {
    let of_codes = catalogue::entries().flat_map(|(_, entry)| entry.techniques.iter().cloned());
    let of_rules = RuleSet::builtin().rules().flat_map(|rule| rule.techniques.iter().map(|t| t.id.clone()));
    of_codes.chain(of_rules).collect()
}

#[test]
fn every_id_has_the_form_of_its_catalogue() {
    for id in ids() {
        let fits = match id.strip_prefix("AML.T") {
            Some(atlas) => is_number(atlas, 4, 3),
            None => id.strip_prefix('T').is_some_and(|attack| is_number(attack, 4, 3)),
        };
        assert!(fits, "{id} has the form of neither ATT&CK (T1566.001) nor ATLAS (AML.T0011.000)");
        println!("{id}");
    }
}

/// `1234`, or `1234.567` for a technique below another.
fn is_number(text: &str, digits: usize, digits_below: usize) -> bool {
    let all = |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('.') {
        Some((number, below)) => all(number, digits) && all(below, digits_below),
        None => all(text, digits),
    }
}

#[test]
fn every_atlas_id_is_in_the_release() {
    let Some(data) = std::env::var_os("SAKIMORI_DATA") else {
        println!("skipped: SAKIMORI_DATA is not set");
        return;
    };
    let path = Path::new(&data).join("stix/attack/stix-atlas.json");
    let bundle: serde_json::Value =
        serde_json::from_slice(&fs::read(path).expect("the bundle is there")).expect("JSON");
    let released: BTreeSet<&str> = bundle["objects"]
        .as_array()
        .expect("a bundle")
        .iter()
        .filter(|object| object["type"] == "attack-pattern" && object["revoked"] != true)
        .filter_map(|object| object["external_references"][0]["external_id"].as_str())
        .collect();
    assert!(!released.is_empty());
    let ids = ids();
    let unknown: Vec<&String> =
        ids.iter().filter(|id| id.starts_with("AML.") && !released.contains(id.as_str())).collect();
    assert!(unknown.is_empty(), "not in ATLAS: {unknown:?}");
}
