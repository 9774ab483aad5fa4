//! How well orders to a model are told from other text, over whole sets of prompts, when `SAKIMORI_DATA` names the folder with
//! the unpacked packs. The table was written while looking at the first half of the sets only; the figure that counts is the
//! other half's. Which set is where was chosen before, by name, with sets of one origin on one side.
//!
//! Prompts are no descriptions of tools: their recall says how many wordings are known, and their false alarms are an upper
//! bound, since a prompt may well be an order without any harm.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sakimori_examine::agent::orders_in;

const BUILT_ON: &[&str] = &[
    "bastioncorpus",
    "bipia_contexts",
    "cse_prompt_injection",
    "cse_prompt_injection_multi",
    "garak_dan",
    "injecguard_valid",
    "ja_jsquad",
    "tau2_user_tasks",
    "writingbench",
];
const HELD_OUT: &[&str] = &[
    "bipia_attacks",
    "cse_instruct_benign_code",
    "garak_inthewild",
    "ja_jcommonsenseqa",
    "neuralchemy",
    "pyrit_jailbreak",
    "swelancer_issues",
    "wildguard_benign",
    "xstest",
];

#[test]
fn orders_in_sets_of_prompts() {
    let Some(data) = std::env::var_os("SAKIMORI_DATA") else {
        println!("skipped: SAKIMORI_DATA is not set");
        return;
    };
    for (half, sets) in [("built on", BUILT_ON), ("held out", HELD_OUT)] {
        let mut all: BTreeMap<bool, (usize, usize)> = BTreeMap::new();
        for set in sets {
            let path = Path::new(&data).join("prompts").join(set).join("data.jsonl");
            let lines = fs::read_to_string(path).expect("the set is there");
            let mut counts: BTreeMap<bool, (usize, usize)> = BTreeMap::new();
            for line in lines.lines() {
                let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
                let attack = row["label"] == 1;
                // Its other half asks for harm in plain words, which is no order to set anything aside.
                if *set == "xstest" && attack {
                    continue;
                }
                let signs = orders_in(row["text"].as_str().unwrap_or_default());
                let hit = usize::from(!signs.is_empty());
                for count in [counts.entry(attack).or_default(), all.entry(attack).or_default()] {
                    count.0 += 1;
                    count.1 += hit;
                }
                if std::env::var_os("SAKIMORI_MISSES").is_some() && half == "built on" && attack != (hit == 1) {
                    println!("{set}\t{attack}\t{signs:?}\t{:.200}", row["text"]);
                }
            }
            println!("{half}\t{set}\t{counts:?}");
        }
        println!("{half}\tall\t{all:?}");
        let (attacks, found) = all[&true];
        let (benign, flagged) = all[&false];
        // Most of these attacks order nothing (they ask for a password, or in another language), so this is a floor only.
        assert!(found * 20 > attacks, "{half}: only {found} of {attacks} found");
        assert!(flagged * 100 < benign, "{half}: {flagged} of {benign} benign flagged");
    }
}
