//! The nouns as JSON: they come back as they were, the canonical form is a fixed point, and what we write refuses
//! what it doesn't know.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use sakimori_model::{
    Code, Confidence, Contribution, Decision, DecisionPredicate, Digest, Effect, Finding, Kind, Observation, Place,
    PolicyRef, Predicate, Receipt, RecordId, Severity, Statement, StatementError, Subject, Technique, Timestamp,
    canonical_json,
};

fn digests() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes)
}

fn places() -> impl Strategy<Value = Place> {
    let member = proptest::option::of(".{0,20}");
    prop_oneof![
        member.clone().prop_map(|member| Place::Whole { member }),
        // JSON numbers are exact up to 2^53 (RFC 8785, section 3.2.2.3).
        (member.clone(), 0..1u64 << 53).prop_map(|(member, offset)| Place::Byte { member, offset }),
        (0..1u64 << 53, proptest::option::of("[a-z.]{1,9}")).prop_map(|(record, field)| Place::Event { record, field }),
        (member, any::<u32>(), any::<u32>()).prop_map(|(member, line, column)| Place::Text { member, line, column }),
    ]
}

fn findings() -> impl Strategy<Value = Finding> {
    let levels = (
        prop_oneof![Just(Severity::Low), Just(Severity::High), Just(Severity::Critical)],
        prop_oneof![Just(Confidence::Low), Just(Confidence::High)],
    );
    (levels, places(), any::<i32>(), proptest::collection::btree_map("[a-z]{1,8}", ".*", 0..4)).prop_map(
        |((severity, confidence), place, points, params)| {
            let made = Finding {
                code: Code::new("SKM-ART-0001"),
                severity,
                confidence,
                place,
                techniques: vec![Technique::known("AML.T0011.000"), Technique::unstated("T1059")],
                rule: None,
                line: None,
                because: vec![Contribution { feature: "a.b".to_owned(), points }],
                params: Default::default(),
            };
            params.iter().fold(made, |finding, (name, value)| finding.with(name, value))
        },
    )
}

fn statements() -> impl Strategy<Value = Statement> {
    (digests(), proptest::collection::vec(findings(), 0..4), any::<u128>(), ".*", 0..4_000_000_000_000_000i64).prop_map(
        |(sha256, findings, id, name, at)| {
            let decision = Decision {
                effect: Effect::Review,
                score: findings.iter().map(Finding::points).sum(),
                reasons: Vec::new(),
                errors: Vec::new(),
                policy: PolicyRef { id: "p".to_owned(), sha256 },
            };
            let predicate = DecisionPredicate {
                source: None,
                vetting: None,
                record: RecordId::from_uuid(uuid::Uuid::from_u128(id)),
                observed: Timestamp::from_micros(at).expect("in range"),
                by: None,
                kind: Kind::new("pickle"),
                size: 7,
                examined: true,
                examiners: Vec::new(),
                rules: None,
                findings,
                decision,
            };
            Statement::about(&name, sha256, Predicate::Decision(Box::new(predicate)))
        },
    )
}

proptest! {
    #[test]
    fn a_statement_comes_back_as_it_was(statement in statements()) {
        let bytes = statement.to_bytes().expect("canonical");
        prop_assert_eq!(Statement::from_bytes(&bytes).expect("ours"), statement);
    }

    #[test]
    fn the_canonical_form_is_a_fixed_point(statement in statements()) {
        let once = statement.to_bytes().expect("canonical");
        let parsed: serde_json::Value = serde_json::from_slice(&once).expect("JSON");
        prop_assert_eq!(canonical_json(&parsed).expect("canonical"), once);
    }

    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Statement::from_bytes(&bytes).is_err());
    }

    #[test]
    fn times_come_back_as_they_were(micros in -62_135_596_800_000_000i64..253_402_300_799_000_000) {
        let time = Timestamp::from_micros(micros).expect("in range");
        prop_assert_eq!(time.to_string().parse::<Timestamp>().expect("ours"), time);
    }

    #[test]
    fn parameters_never_carry_control_characters(value in ".*") {
        let finding = Finding { params: Default::default(), ..finding() }.with("value", value);
        prop_assert!(!finding.params["value"].chars().any(char::is_control));
    }
}

#[test]
fn unknown_fields_are_refused_where_we_write() {
    let subject = serde_json::json!({ "sha256": Digest::of(b""), "size": 0, "kind": "empty" });
    let observation = serde_json::json!({ "path": "-", "observed": "2026-11-23T00:00:00Z", "subject": subject });
    assert!(serde_json::from_value::<Observation>(observation.clone()).is_ok());
    for (name, value) in [("observation", observation), ("subject", subject)] {
        let mut more = value;
        more["surprise"] = 1.into();
        let refused = match name {
            "subject" => serde_json::from_value::<Subject>(more).is_err(),
            _ => serde_json::from_value::<Observation>(more).is_err(),
        };
        assert!(refused, "{name}");
    }
    let mut finding = serde_json::to_value(finding()).expect("JSON");
    finding["surprise"] = 1.into();
    assert!(serde_json::from_value::<Finding>(finding).is_err());
}

#[test]
fn a_statement_in_another_byte_order_or_type_is_refused() {
    let bytes = br#"{"predicateType":"urn:sakimori:predicate:share:v1","_type":"https://in-toto.io/Statement/v1","subject":[],"predicate":{"record":"01890a5d-ac96-774b-bcce-b302099a8057","shared":"2026-11-23T00:00:00.000000Z","of":"01890a5d-ac96-774b-bcce-b302099a8057","marking":"TLP:RED","format":"stix-2.1","redactions":[]}}"#;
    assert_eq!(Statement::from_bytes(bytes), Err(StatementError::NotCanonical));
    let other = String::from_utf8_lossy(bytes).replace("Statement/v1", "Statement/v9");
    assert!(matches!(Statement::from_bytes(other.as_bytes()), Err(StatementError::Type(_))));
}

#[test]
fn a_receipt_comes_back_as_it_was() {
    let record = "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id");
    let receipt = Receipt { record, log: "example.com/log".to_owned(), index: 3, commitment: Digest::of(b"x") };
    let text = serde_json::to_string(&receipt).expect("JSON");
    assert_eq!(serde_json::from_str::<Receipt>(&text).expect("ours"), receipt);
}

#[test]
fn newtypes_refuse_what_they_cannot_mean() {
    for wrong in ["", "SKM-A-0001", "SKM-ART-1", "skm-ART-0001", "SKM-ARTEF-0001", "SKM-ART-00011"] {
        assert!(Code::try_from(wrong.to_owned()).is_err(), "{wrong}");
    }
    assert!("AB".repeat(32).parse::<Digest>().is_err(), "upper case would give one digest two names");
    assert!("{01890a5d-ac96-774b-bcce-b302099a8057}".parse::<RecordId>().is_err());
    assert!("yesterday".parse::<Timestamp>().is_err());
}

#[test]
fn the_schemas_in_docs_are_those_of_this_build() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
    for schema in sakimori_model::schemas() {
        let written = std::fs::read_to_string(folder.join(schema.file)).unwrap_or_default();
        assert_eq!(written, schema.text, "{}: `cargo xtask docs` writes it anew", schema.file);
    }
}

#[test]
fn a_statement_fits_its_schema() {
    let text = sakimori_model::schemas().into_iter().find(|s| s.file == "statement.schema.json").expect("there").text;
    let schema = serde_json::from_str(&text).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..16 {
        let statement = statements().new_tree(&mut runner).expect("a value").current();
        assert!(validator.is_valid(&serde_json::to_value(statement).expect("JSON")));
    }
    assert!(!validator.is_valid(&serde_json::json!({ "_type": "x" })));
}

fn finding() -> Finding {
    Finding {
        code: Code::new("SKM-ART-0001"),
        severity: Severity::High,
        confidence: Confidence::High,
        place: Place::WHOLE,
        techniques: Vec::new(),
        rule: None,
        line: None,
        because: Vec::new(),
        params: Default::default(),
    }
}
