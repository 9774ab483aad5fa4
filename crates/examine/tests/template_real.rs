//! Chat templates of real models: none may be found to do anything. Runs where `SAKIMORI_TEMPLATES` names a folder with
//! one template a file.

use std::fs;

use sakimori_examine::{Settings, examine};

#[test]
fn real_chat_templates_are_clean() {
    let Some(folder) = std::env::var_os("SAKIMORI_TEMPLATES") else {
        println!("skipped: SAKIMORI_TEMPLATES is not set");
        return;
    };
    let (mut count, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        let text = String::from_utf8_lossy(&fs::read(&path).expect("readable")).into_owned();
        // As tokenizers carry them.
        let carried = serde_json::json!({"tokenizer_class": "Example", "chat_template": text}).to_string();
        let findings = examine(&carried.into_bytes(), &Settings::default()).findings;
        count += 1;
        wrong.extend(findings.iter().map(|f| format!("{}: {} {:?}", path.display(), f.code, f.params)));
    }
    println!("{} of {count} templates are clean", count - wrong.len());
    assert!(count > 0 && wrong.is_empty(), "{}", wrong.join("\n"));
}
