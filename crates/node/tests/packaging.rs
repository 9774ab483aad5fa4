//! The configurations that are handed out are read by the program that they are for.

use std::fs;
use std::path::{Path, PathBuf};

use sakimori_node::config::{Config, PlainBeyondLoopback, TlsFiles};

fn packaging(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging").join(name)
}

fn parsed(text: &str) -> Config {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

#[test]
fn the_configuration_of_the_package_is_the_default_in_its_folder() {
    let config = Config::load(&packaging("sakimori.toml")).expect("a configuration");
    assert_eq!(config, Config { home: Some(PathBuf::from("/var/lib/sakimori")), ..Config::default() });
}

#[test]
fn what_is_commented_out_is_the_default_and_every_key_is_there() {
    let text = fs::read_to_string(packaging("sakimori.toml")).expect("readable");
    let uncommented: Vec<&str> = text.lines().filter_map(setting).collect();
    let config = parsed(&uncommented.join("\n"));
    // What has no default stands there as an example.
    let expected = Config {
        home: Some(PathBuf::from("/var/lib/sakimori")),
        public_url: Some("https://sakimori.example.jp".to_owned()),
        plain_beyond_loopback: Some(PlainBeyondLoopback::AProxyDoesTls),
        tls: Some(TlsFiles {
            certificate: PathBuf::from("/etc/sakimori/certificate.pem"),
            key: PathBuf::from("/etc/sakimori/key.pem"),
        }),
        ..Config::default()
    };
    assert_eq!(config, expected);
    let all = toml::Table::try_from(&expected).expect("a table");
    let keys = |table: &toml::Table| table.keys().cloned().collect::<Vec<_>>();
    let limits = all["limits"].as_table().map(keys).unwrap_or_default();
    for key in keys(&all).into_iter().chain(limits) {
        let is_there = |line: &&str| line.starts_with(&format!("{key} =")) || **line == format!("[{key}]");
        assert!(uncommented.iter().any(is_there), "{key} is not in packaging/sakimori.toml");
    }
}

/// The setting in a line, commented out or not; `None` for what is only a comment.
fn setting(line: &str) -> Option<&str> {
    let line = line.strip_prefix("# ").unwrap_or(line);
    let is_key =
        line.split_once(" = ").is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
    (is_key || line.starts_with('[') && line.ends_with(']')).then_some(line)
}

#[test]
fn the_configuration_of_the_container_listens_beyond_loopback_by_an_explicit_word() {
    let config = Config::load(&packaging("container.toml")).expect("a configuration");
    assert!(!config.listen.ip().is_loopback());
    assert_eq!(config.plain_beyond_loopback, Some(PlainBeyondLoopback::AProxyDoesTls));
}

#[test]
fn the_container_file_copies_what_there_is() {
    let text = fs::read_to_string(packaging("Containerfile")).expect("readable");
    let root = packaging("..");
    let copied = text.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--from"));
    let sources: Vec<&str> = copied.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(sources.len() >= 2, "{sources:?}");
    for source in sources {
        assert!(root.join(source).exists(), "{source}");
    }
    let last = text.rsplit("\nFROM ").next().expect("a stage");
    assert!(last.contains("\nUSER sakimori\n") && last.contains("\nVOLUME /var/lib/sakimori\n"), "{last}");
}
