//! What the reader takes, and what it says of the rest.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;

use super::*;
use crate::field::{Fields, Member, View, Viewer};
use crate::slot::Record;

/// A record with a field of every kind, as the generator writes them.
#[derive(Debug, Default, Clone, PartialEq)]
struct Specimen {
    text: Option<String>,
    plain: String,
    int32: Option<i32>,
    int64: Option<i64>,
    float: Option<f64>,
    truth: Option<bool>,
    free: Option<Value>,
    json: Option<Value>,
    inner: Option<Inner>,
    list: Vec<Inner>,
    texts: Vec<String>,
    numbers: Vec<i64>,
    map: BTreeMap<String, i64>,
    secret: Option<i64>,
    text_of_json: Option<String>,
}

#[derive(Debug, Default, Clone, PartialEq)]
struct Inner {
    name: Option<String>,
    count: Option<i64>,
}

macro_rules! record {
    ($type:ty, $table:expr, [$($field:ident),*]) => {
        impl Fields for $type {
            fn walk(&self, viewer: &mut dyn Viewer) {
                viewer.members(stringify!($type), $table, &[$(&self.$field),*]);
            }
        }
        impl Record for $type {
            fn fill(&mut self, filler: &mut dyn Filler) {
                filler.fill($table, &mut [$(&mut self.$field),*]);
            }
        }
    };
}

const SPECIMEN: &[Entry] = &[
    ("Text", Flags::NONE),
    ("Plain", Flags::NONE),
    ("Int32", Flags::NONE),
    ("Int64", Flags::NONE),
    ("Float", Flags::NONE),
    ("Truth", Flags::NONE),
    ("Free", Flags::NONE),
    ("Json", Flags::JSON),
    ("Inner", Flags::NONE),
    ("List", Flags::JSON),
    ("Texts", Flags::SIMPLE),
    ("Numbers", Flags::SIMPLE),
    ("Map", Flags::JSON),
    ("Secret", Flags::SENSITIVE),
    ("TextOfJson", Flags::JSON),
    ("Int_64", Flags::alias_of(3)),
];
const INNER: &[Entry] = &[("name", Flags::NONE), ("count", Flags::NONE)];

record!(
    Specimen,
    SPECIMEN,
    [text, plain, int32, int64, float, truth, free, json, inner, list, texts, numbers, map, secret, text_of_json]
);
record!(Inner, INNER, [name, count]);

const MEMORY: usize = 1 << 20;

fn read_into(text: &str, origin: Origin) -> Result<Specimen, String> {
    let mut specimen = Specimen::default();
    read(text, Place::Record(&mut specimen), origin, MEMORY).map_err(|fault| fault.to_string())?;
    Ok(specimen)
}

fn json(value: &Value) -> Result<Specimen, String> {
    read_into(&value.to_string(), Origin::Json)
}

fn inner(name: &str, count: i64) -> Inner {
    Inner { name: Some(name.to_owned()), count: Some(count) }
}

#[test]
fn every_kind_is_read_as_it_should_come() {
    let read = json(&json!({
        "Text": "t", "Plain": "p", "Int32": 1, "Int64": -2, "Float": 1.5, "Truth": true, "Free": {"a": [1, null]},
        "Json": [1], "Inner": {"name": "n", "count": 3}, "List": [{"name": "n", "count": 3}], "Texts": ["a", "b"],
        "Numbers": [1, 2], "Map": {"k": 1}, "Secret": 9, "TextOfJson": "x",
    }))
    .unwrap();
    let expected = Specimen {
        text: Some("t".to_owned()),
        plain: "p".to_owned(),
        int32: Some(1),
        int64: Some(-2),
        float: Some(1.5),
        truth: Some(true),
        free: Some(json!({"a": [1, null]})),
        json: Some(json!([1])),
        inner: Some(inner("n", 3)),
        list: vec![inner("n", 3)],
        texts: vec!["a".to_owned(), "b".to_owned()],
        numbers: vec![1, 2],
        map: BTreeMap::from([("k".to_owned(), 1)]),
        secret: Some(9),
        text_of_json: Some("x".to_owned()),
    };
    assert_eq!(read, expected);
}

#[test]
fn numbers_and_booleans_come_as_text_and_texts_as_numbers() {
    let read = json(&json!({
        "Text": 1_045_001, "Plain": false, "Int32": " 7 ", "Int64": 60.0, "Float": "2.5", "Truth": "True",
        "Secret": "3.0", "Int_64": "8",
    }))
    .unwrap();
    assert_eq!(read.text.as_deref(), Some("1045001"));
    assert_eq!(read.plain, "false");
    assert_eq!((read.int32, read.int64, read.float, read.truth), (Some(7), Some(8), Some(2.5), Some(true)));
    assert_eq!(read.secret, Some(3));
    assert_eq!(json(&json!({"Truth": 1})).unwrap().truth, Some(true));
    assert_eq!(json(&json!({"Truth": "0"})).unwrap().truth, Some(false));
}

#[test]
fn null_and_empty_text_are_absent() {
    let read = json(&json!({
        "Text": null, "Plain": null, "Int32": "", "Truth": "", "Free": null, "Inner": null, "List": "",
        "Map": null, "Numbers": [1, null, 2], "Json": null,
    }))
    .unwrap();
    assert_eq!(read, Specimen { numbers: vec![1, 2], ..Specimen::default() });
}

#[test]
fn json_in_text_is_read_where_structure_is_wanted() {
    let read = json(&json!({
        "Inner": "{\"name\": \"n\", \"count\": \"3\"}", "List": " [{\"name\":\"n\",\"count\":3}]",
        "Map": "{\"k\": \"1\"}", "Json": "[1]", "Free": "[1]", "TextOfJson": {"a": 1}, "Texts": "a, b",
        "Numbers": "1,2",
    }))
    .unwrap();
    assert_eq!((read.inner, read.list), (Some(inner("n", 3)), vec![inner("n", 3)]));
    assert_eq!((read.json, read.free), (Some(json!([1])), Some(json!("[1]"))));
    assert_eq!(read.text_of_json.as_deref(), Some("{\"a\":1}"));
    assert_eq!((read.texts, read.numbers), (vec!["a".to_owned(), "b".to_owned()], vec![1, 2]));
    assert_eq!(read.map, BTreeMap::from([("k".to_owned(), 1)]));
}

#[test]
fn unknown_members_are_passed_over_and_the_last_of_two_counts() {
    let read =
        read_into(r#"{"?": {"deep": [1, {"x": "y"}]}, "List": [{}, {}], "List": [{}], "Int32": 1}"#, Origin::Json);
    assert_eq!(read.unwrap(), Specimen { list: vec![Inner::default()], int32: Some(1), ..Specimen::default() });
}

#[test]
fn a_misfit_is_named_with_its_path() {
    for (value, message) in [
        (json!({"List": [{}, {"count": "abc"}]}), "List[1].count: expected an integer, found \"abc\""),
        (json!({"List": "[{\"count\": [1]}]"}), "List[0].count: expected an integer, found a list"),
        (json!({"Inner": "soon"}), "Inner: expected an object, found a text that is no JSON"),
        (json!({"Inner": [1]}), "Inner: expected an object, found a list"),
        (json!({"List": {}}), "List: expected a list, found an object"),
        (json!({"Int32": 3_000_000_000_i64}), "Int32: expected an integer of 32 bits, found ***"),
        (json!({"Int64": 1.5}), "Int64: expected an integer, found 1.5"),
        (json!({"Int_64": "x"}), "Int_64: expected an integer, found \"x\""),
        (json!({"Truth": 2}), "Truth: expected true or false, found 2"),
        (json!({"Text": {}}), "Text: expected a text, found an object"),
        (json!({"Map": {"13000000000": "x"}}), "Map[key]: expected an integer, found \"x\""),
        (json!({"Secret": "hidden"}), "Secret: expected an integer, found another value (not shown)"),
        (json!({"Numbers": "1,x"}), "Numbers[1]: expected an integer, found \"x\""),
        (json!([1]), "expected an object, found a list"),
    ] {
        assert_eq!(json(&value).unwrap_err(), message, "{value}");
    }
    assert_eq!(
        read_into(r#"{"Text": 123456789012345678901234567890}"#, Origin::Json).unwrap_err(),
        "Text: expected a text, found a number too long to be kept exactly"
    );
    assert_eq!(
        read_into(r#"{"List": "[{\"count\": 1"}"#, Origin::Json).unwrap_err(),
        "List: the text is not JSON: EOF while parsing an object at line 1 column 12"
    );
}

#[test]
fn a_cut_text_is_known_as_one() {
    let mut specimen = Specimen::default();
    let mut fault = |text: &str| read(text, Place::Record(&mut specimen), Origin::Json, MEMORY).unwrap_err();
    assert!(fault(r#"{"Text": "a"#).ended_early());
    assert!(!fault(r#"{"Text": }"#).ended_early());
    assert_eq!(fault("{} {").to_string(), "the text is not JSON: trailing characters at line 1 column 4");
}

#[test]
fn records_of_nothing_are_charged() {
    let text = format!(r#"{{"List": [{}]}}"#, vec!["{}"; 100_000].join(","));
    assert_eq!(
        read_into(&text, Origin::Json).unwrap_err(),
        "List[26214]: the records would need more than 1048576 bytes of memory"
    );
    let text = format!(r#"{{"Free": [{}]}}"#, vec!["0"; 100_000].join(","));
    assert_eq!(
        read_into(&text, Origin::Json).unwrap_err(),
        "Free: the records would need more than 1048576 bytes of memory"
    );
}

#[test]
fn maps_are_charged_with_their_nodes() {
    let text = format!(r#"{{"Free": [{}]}}"#, vec![r#"{"":0}"#; 5_000].join(","));
    assert!(read_into(&text, Origin::Json).unwrap_err().starts_with("Free: the records would need more than"));
}

#[test]
fn what_is_declared_as_json_and_is_none_stays_a_text() {
    assert_eq!(json(&json!({"Json": "[普通] text"})).unwrap().json, Some(json!("[普通] text")));
    assert_eq!(json(&json!({"Inner": "", "Map": " "})).unwrap(), Specimen::default());
    assert_eq!(
        read_into(r#"{"Text": -9223372036854775809}"#, Origin::Json).unwrap_err(),
        "Text: expected a text, found a number too long to be kept exactly"
    );
}

#[test]
fn deep_nesting_is_refused() {
    let text = format!(r#"{{"Free": {}{}}}"#, "[".repeat(200), "]".repeat(200));
    assert!(read_into(&text, Origin::Json).unwrap_err().contains("recursion limit"));
}

#[test]
fn xml_lists_lose_their_wrapper() {
    let item = json!({"name": "n", "count": "3"});
    for list in [json!({"Item": [item, item]}), json!([item, item])] {
        let text = json!({"List": list}).to_string();
        assert_eq!(read_into(&text, Origin::Xml).unwrap().list, vec![inner("n", 3), inner("n", 3)]);
    }
    for list in [json!({"Item": item}), item.clone()] {
        let text = json!({"List": list}).to_string();
        assert_eq!(read_into(&text, Origin::Xml).unwrap().list, vec![inner("n", 3)]);
    }
    let only = json!({"List": {"name": "n"}, "Texts": "a"}).to_string();
    let read = read_into(&only, Origin::Xml).unwrap();
    assert_eq!((read.list[0].name.as_deref(), read.texts), (Some("n"), vec!["a".to_owned()]));
    let text = json!({"Texts": {"Text": ["a", "b"]}, "Numbers": {"Number": "4"}}).to_string();
    let read = read_into(&text, Origin::Xml).unwrap();
    assert_eq!((read.texts, read.numbers), (vec!["a".to_owned(), "b".to_owned()], vec![4]));
}

fn shown(specimen: &Specimen) -> Value {
    serde_json::to_value(crate::field::Shown(View::Record(specimen))).unwrap()
}

/// The same cases in every run.
fn cases() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(20_170_525),
        failure_persistence: None,
        cases: 64,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn whatever_is_written_is_read_back(
        text in any::<Option<String>>(), plain in any::<String>(), int32 in any::<Option<i32>>(),
        int64 in any::<Option<i64>>(), truth in any::<Option<bool>>(), secret in any::<Option<i64>>(),
        texts in any::<Vec<String>>(), numbers in any::<Vec<i64>>(), map in any::<BTreeMap<String, i64>>(),
        names in any::<Vec<Option<String>>>(), float in proptest::option::of(-1e9..1e9f64),
    ) {
        let list = names.into_iter().map(|name| Inner { name, count: None }).collect();
        let specimen = Specimen {
            text, plain, int32, int64, float, truth, list, texts, numbers, map, secret, ..Specimen::default()
        };
        let value = shown(&specimen);
        prop_assert_eq!(json(&value).unwrap(), specimen.clone());
        // The same with structure and numbers as text, as the wire has them.
        let mut quoted = value;
        for name in ["List", "Map", "Int32", "Int64", "Secret", "Truth", "Float"] {
            if let Some(member) = quoted.get_mut(name) {
                *member = Value::String(member.to_string());
            }
        }
        prop_assert_eq!(json(&quoted).unwrap(), specimen);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,200}", xml in any::<bool>()) {
        let _ = read_into(&text, if xml { Origin::Xml } else { Origin::Json });
        let _ = read_into(&format!("{{\"List\": {text}"), Origin::Json);
        let _ = json(&json!({"List": text, "Map": text, "Json": text, "Int32": text, "Texts": text}));
    }
}

/// Texts that stand for more memory than they take, and their mutations.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{}"),
        Just("null"),
        Just("[]"),
        Just("\"\""),
        Just("0"),
        Just("[[]]"),
        Just("{\"name\":\"\"}"),
        Just("{\"a\":{}}"),
        Just("\"[{},{}]\""),
        Just("{\"\":[{}]}"),
        Just("\"1,2,,\""),
        Just("{"),
        Just("\\"),
    ];
    let name = prop_oneof![
        Just("List"),
        Just("Texts"),
        Just("Numbers"),
        Just("Free"),
        Just("Json"),
        Just("Map"),
        Just("Inner"),
        Just("TextOfJson"),
    ];
    let many = (name, proptest::collection::vec(piece, 1..4), 1..4000_usize, 0..4_u8);
    many.prop_map(|(name, pieces, count, form)| {
        let pieces: Vec<&str> = pieces.iter().copied().cycle().take(count).collect();
        let members = || pieces.iter().enumerate().map(|(index, piece)| format!("\"{index}\":{piece}"));
        match form {
            0 => format!("{{\"{name}\":[{}]}}", pieces.join(",")),
            1 => format!("{{\"{name}\":{}}}", json!(format!("[{}]", pieces.join(",")))),
            2 => format!("{{\"{name}\":{{{}}}}}", members().collect::<Vec<_>>().join(",")),
            _ => format!("{{\"{name}\":\"{}\"}}", ",".repeat(count)),
        }
    })
}

proptest! {
    #![proptest_config(cases())]

    /// What a text costs is bounded by the budget and by its own length: a list that grows is there twice for a
    /// moment, and a text within a text is copied.
    #[test]
    fn no_text_takes_more_memory_than_the_budget(text in hostile(), xml in any::<bool>()) {
        const BUDGET: usize = 1 << 16;
        let origin = if xml { Origin::Xml } else { Origin::Json };
        let counted = allocation_counter::measure(|| {
            let mut specimen = Specimen::default();
            let _ = read(&text, Place::Record(&mut specimen), origin, BUDGET);
        });
        let most = 3 * BUDGET + 4 * text.len() + 4096;
        prop_assert!(counted.bytes_max <= most as u64, "{} bytes of {} characters", counted.bytes_max, text.len());
    }
}

#[test]
fn a_member_is_absent_beyond_the_end_of_a_list() {
    let numbers = vec![1_i64];
    let View::List(list) = numbers.view() else { panic!("a list") };
    assert!(matches!((list.item(0), list.item(1)), (View::Integer(1), View::Absent)));
}
