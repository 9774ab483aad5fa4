//! The configurations that are handed out are read by the program that they are for.

use std::fs;
use std::path::{Path, PathBuf};

use sakimori_node::access::listen::PlainBeyondLoopback;
use sakimori_node::config::Config;
use toml::Table;

/// What has no default, or another one in the package, and stands there as an example.
const EXAMPLES: [&str; 9] =
    ["anchor", "home", "monitor", "oidc", "plain_beyond_loopback", "public_url", "tls", "witness", "witnesses"];

fn packaging(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging").join(name)
}

fn table(config: &Config) -> Table {
    Table::try_from(config).expect("a configuration is a table")
}

#[test]
fn the_configuration_of_the_package_is_the_default_in_its_folder() {
    let config = Config::load(&packaging("sakimori.toml")).expect("a configuration");
    let expected = Config { home: Some(PathBuf::from("/var/lib/sakimori")), ..Config::default() };
    assert_eq!(table(&config), table(&expected));
}

#[test]
fn what_is_commented_out_is_the_default_and_every_key_is_there() {
    let text = fs::read_to_string(packaging("sakimori.toml")).expect("readable");
    let uncommented: Vec<&str> = text.lines().filter_map(setting).collect();
    let uncommented = uncommented.join("\n");
    let config: Config = toml::from_str(&uncommented).unwrap_or_else(|error| panic!("{error} in\n{uncommented}"));
    let (mut actual, mut default) = (table(&config), table(&Config::default()));
    for key in EXAMPLES {
        assert!(actual.remove(key).is_some(), "{key} has no example");
        default.remove(key);
    }
    assert_eq!(actual, default);
    let written: Table = toml::from_str(&uncommented).expect("TOML");
    let tables = [
        &[][..],
        &["tls"],
        &["limits"],
        &["oidc"],
        &["oidc", "allow"],
        &["oidc", "roles"],
        &["witness"],
        &["witnesses"],
        &["monitor"],
    ];
    for path in tables {
        let inner = path.iter().fold(&written, |table, key| table[*key].as_table().expect("a table"));
        for key in known_keys(&written, path) {
            assert!(inner.contains_key(&key), "{path:?} lacks {key} in packaging/sakimori.toml");
        }
    }
}

/// The keys that the program knows in a table: it names them when there is another one.
fn known_keys(written: &Table, path: &[&str]) -> Vec<String> {
    let mut with_other = written.clone();
    let inner = path.iter().fold(&mut with_other, |table, key| table[*key].as_table_mut().expect("a table"));
    inner.insert("no_such_key".to_owned(), true.into());
    let error = with_other.try_into::<Config>().expect_err("unknown keys are refused").to_string();
    let first = error.lines().find(|line| line.contains("unknown field")).unwrap_or_default();
    let keys: Vec<String> = first.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(keys[0] == "no_such_key" && keys.len() > 2, "{error}");
    keys.into_iter().skip(1).collect()
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
    assert!(!config.listen.is_loopback());
    assert_eq!(config.plain_beyond_loopback, PlainBeyondLoopback::BehindATlsProxy);
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
