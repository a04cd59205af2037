//! What the reader takes, and what it says of the rest.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;

use super::*;
use crate::generated::field::{Fields, Member, View, Viewer};
use crate::generated::slot::Record;

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
    note: String,
    noted: Option<i64>,
    notes: Vec<Inner>,
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
    ("Note", Flags::LENIENT),
    ("Noted", Flags::LENIENT),
    ("Notes", Flags::LENIENT),
    ("Int_64", Flags::alias_of(3)),
];
const INNER: &[Entry] = &[("name", Flags::NONE), ("count", Flags::NONE)];

record!(
    Specimen,
    SPECIMEN,
    [
        text,
        plain,
        int32,
        int64,
        float,
        truth,
        free,
        json,
        inner,
        list,
        texts,
        numbers,
        map,
        secret,
        text_of_json,
        note,
        noted,
        notes
    ]
);
record!(Inner, INNER, [name, count]);

const MEMORY: usize = 1 << 20;

fn read_into(text: &str, origin: Origin) -> Result<Specimen, String> {
    let mut specimen = Specimen::default();
    read(text, Place::Record(&mut specimen), origin, MEMORY, &|| false).map_err(|fault| fault.to_string())?;
    Ok(specimen)
}

/// What is read in spite of a fault, and the fault.
fn read_partly(text: &str) -> (Specimen, String) {
    let mut specimen = Specimen::default();
    let outcome = read(text, Place::Record(&mut specimen), Origin::Json, MEMORY, &|| false);
    (specimen, outcome.map_or_else(|fault| fault.to_string(), |()| String::new()))
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
        ..Specimen::default()
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
        (json!({"Secret": "redactor"}), "Secret: expected an integer, found another value (not shown)"),
        (json!({"Numbers": "1,x"}), "Numbers[1]: expected an integer, found \"x\""),
        (json!([1]), "expected an object, found a list"),
    ] {
        assert_eq!(json(&value).unwrap_err(), message, "{value}");
    }
    for (text, message) in [
        (
            r#"{"List": "[{\"count\": 1"}"#,
            "List: the text is not JSON: unexpected end, expected `,` or `}` at line 1 column 13",
        ),
        (
            r#"{"List": "[{\"count\": \u0031"}"#,
            "List: the text is not JSON: unexpected end, expected `,` or `}` at line 1 column 13",
        ),
        (r#"{"List": "[{\"count\" 1}]"}"#, "List: the text is not JSON: expected `:` at line 1 column 11"),
    ] {
        assert_eq!(read_into(text, Origin::Json).unwrap_err(), message, "{text}");
    }
}

#[test]
fn a_cut_text_is_known_as_one() {
    let mut specimen = Specimen::default();
    let mut fault = |text: &str| read(text, Place::Record(&mut specimen), Origin::Json, MEMORY, &|| false).unwrap_err();
    assert!(fault(r#"{"Text": "a"#).ended_early());
    assert!(!fault(r#"{"Text": }"#).ended_early());
    assert_eq!(fault("{} {").to_string(), "the text is not JSON: expected the end of the text at line 1 column 4");
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
fn what_follows_too_much_memory_is_read() {
    let many = vec!["{}"; 100_000].join(",");
    let text = format!(r#"{{"List": [{many}], "Numbers": [1], "Note": [{many}], "Int32": 7}}"#);
    let (read, fault) = read_partly(&text);
    assert_eq!(fault, "List[26214]: the records would need more than 1048576 bytes of memory");
    // Nothing more is added once there was no room: a list is never silently shorter.
    assert_eq!((read.list.len(), read.numbers.len(), read.int32), (26_214, 0, Some(7)));
    let (read, fault) = read_partly(&format!(r#"{{"Notes": [{many}], "Int32": 7}}"#));
    assert_eq!(fault, "Notes[26214]: the records would need more than 1048576 bytes of memory");
    assert_eq!(read.int32, Some(7));
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
}

#[test]
fn deep_nesting_is_refused_and_passed_over() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let text = |name: &str, depth: usize| format!(r#"{{"{name}": {}, "Text": "t"}}"#, nested(depth));
    // The object around counts.
    assert_eq!(read_partly(&text("Free", DEPTH - 1)).1, "");
    let (read, fault) = read_partly(&text("Free", DEPTH));
    assert_eq!((read.text.as_deref(), &*fault), (Some("t"), "Free: lists and objects are nested more than 128 deep"));
    // What is not kept is not limited.
    for name in ["?", "Note", "Noted"] {
        assert_eq!(read_into(&text(name, 100_000), Origin::Json).unwrap().text.as_deref(), Some("t"), "{name}");
    }
}

#[test]
fn texts_take_numbers_with_all_their_digits() {
    for number in ["100.00", "123456789012345678901234567890", "-9223372036854775809", "1e3", "-0", "1E400", "0.10"] {
        let read = read_into(&format!(r#"{{"Text": {number}, "Plain": {number}, "Texts": [{number}]}}"#), Origin::Json);
        let read = read.unwrap();
        assert_eq!((read.text.as_deref(), &*read.plain), (Some(number), number));
        assert_eq!(read.texts, [number]);
    }
    let text = r#"{ "TextOfJson": {"b": 100.00, "a": 123456789012345678901234, "a": [1e3 ,"\\"] } }"#;
    let read = read_into(text, Origin::Json).unwrap();
    assert_eq!(read.text_of_json.unwrap(), r#"{"b": 100.00, "a": 123456789012345678901234, "a": [1e3 ,"\\"] }"#);
}

#[test]
fn free_values_take_every_number() {
    let text = r#"{"Free": [1, -2, 18446744073709551615, 1.5, 1e3, 1e999], "Text": "t"}"#;
    let read = read_into(text, Origin::Json).unwrap();
    let expected = json!([1, -2, 18_446_744_073_709_551_615_u64, 1.5, 1e3, "1e999"]);
    assert_eq!((read.free, read.text.as_deref()), (Some(expected), Some("t")));
}

#[test]
fn numbers_are_written_as_json_has_them() {
    for number in ["01", "-", "1.", ".5", "+1", "1e", "0x10", "1e+", "--1", "NaN", "Infinity"] {
        for name in ["Text", "Int64", "Float", "?"] {
            let (_, fault) = read_partly(&format!(r#"{{"{name}": {number}}}"#));
            assert!(fault.starts_with("the text is not JSON: expected "), "{name}: {number}: {fault}");
        }
    }
    let (read, fault) = read_partly(r#"{"Float": 1e999, "Int64": 1e3, "Int32": -0}"#);
    assert_eq!((read.float, read.int64, read.int32), (None, Some(1000), Some(0)));
    assert_eq!(fault, "Float: expected a number, found 1e999");
}

/// Values of every type, and strings that no decoder takes.
const ODD: [&str; 14] = [
    "{}",
    r#"{"name": {"count": "x"}}"#,
    "[]",
    "[1, [2]]",
    "null",
    "true",
    "-1.50",
    "1e999",
    r#""plain""#,
    r#""\ud83d""#,
    r#""\udc00 \ud83d\ud83d""#,
    r#""\x \u12 \\""#,
    r#""[{\"name\": ""#,
    "\"a\nb\tc\"",
];

#[test]
fn what_no_decision_needs_never_spoils_the_rest() {
    for odd in ODD {
        for name in ["Note", "Noted", "Notes", "?"] {
            for text in [
                format!(r#"{{"{name}": {odd}, "Text": "t", "List": [{{"count": 1}}]}}"#),
                format!(r#"{{"Text": "t", "List": [{{"count": 1}}], "{name}": {odd}}}"#),
            ] {
                let read = read_into(&text, Origin::Json).unwrap_or_else(|fault| panic!("{fault}: {text}"));
                assert_eq!((read.text.as_deref(), read.list[0].count), (Some("t"), Some(1)), "{text}");
            }
        }
    }
    let note = |value: &str| read_into(&format!(r#"{{"Note": {value}, "Noted": {value}}}"#), Origin::Json).unwrap();
    assert_eq!(note(r#""half \ud83d""#).note, "half \u{fffd}");
    assert_eq!(note("{}"), Specimen::default());
    assert_eq!(note("12"), Specimen { note: "12".to_owned(), noted: Some(12), ..Specimen::default() });
}

#[test]
fn what_follows_a_misfit_is_read() {
    for (misfit, fault) in [
        (r#""Int64": {"deep": [{}, "\ud83d"]}"#, "Int64: expected an integer, found an object"),
        (r#""Text": [[["]"]]]"#, "Text: expected a text, found a list"),
        (r#""List": [{"count": "x"}, {"count": "y"}]"#, "List[0].count: expected an integer, found \"x\""),
        (r#""List": "[{\"count\": [1]}, 2]""#, "List[0].count: expected an integer, found a list"),
        (r#""List": "[{]""#, "List: the text is not JSON: expected a quote at line 1 column 3"),
        (r#""List": "soon""#, "List: expected a list, found a text that is no JSON"),
        (r#""Map": {"a": 1, "b": {}}, "Int64": []"#, "Map[key]: expected an integer, found an object"),
        (
            r#""Text": "half \ud83d""#,
            "Text: expected a text, found a text with an invalid escape, such as half of a surrogate pair",
        ),
        (
            r#""List": "[{\"name\": \"\\ud83d\"}]""#,
            "List[0].name: expected a text, found a text with an invalid escape, such as half of a surrogate pair",
        ),
    ] {
        for text in [
            format!(r#"{{{misfit}, "Int32": 7, "Texts": ["a"], "Free": {{"k": [null]}}}}"#),
            format!(r#"{{"Int32": 7, "Texts": ["a"], "Free": {{"k": [null]}}, {misfit}}}"#),
        ] {
            let (read, found) = read_partly(&text);
            assert_eq!(found, fault, "{text}");
            assert_eq!(
                (read.int32, read.texts, read.free),
                (Some(7), vec!["a".to_owned()], Some(json!({"k": [null]})))
            );
        }
    }
    let (read, _) = read_partly(r#"{"List": [{"name": "a", "count": "x"}, {"count": 2}], "Map": {"a": [], "b": 2}}"#);
    assert_eq!(read.list, [Inner { name: Some("a".to_owned()), count: None }, Inner { name: None, count: Some(2) }]);
    assert_eq!(read.map["b"], 2);
}

#[test]
fn the_part_received_before_the_end_is_kept() {
    let whole = r#"{"Int64": "x", "Text": "t", "List": "[{\"count\": 1}]", "Plain": "p"}"#;
    let after = |value: &str| whole.find(value).unwrap() + value.len();
    for end in 1..whole.len() {
        let (read, fault) = read_partly(&whole[..end]);
        // A cut is more than a value that does not fit: what is not known is not only that value.
        assert!(fault.starts_with("the text is not JSON: unexpected end"), "{fault}: {}", &whole[..end]);
        assert_eq!(read.text.is_some(), end >= after(r#""t""#), "{}", &whole[..end]);
        let counted = read.list.first().and_then(|item| item.count);
        assert_eq!(counted, (end >= after(r#"]""#)).then_some(1), "{}", &whole[..end]);
    }
}

#[test]
fn reading_ends_when_it_is_cancelled() {
    let text = format!(r#"{{"Text": "t", "List": [{}], "Plain": "p"}}"#, vec!["{}"; 10 * VALUES].join(","));
    for (name, text) in [
        ("kept", text.clone()),
        ("skipped", text.replace("List", "?")),
        ("in a text", text.replace('[', "\"[").replace(']', "]\"")),
        ("in a text that is copied", text.replace('[', "\"\\u005b").replace(']', "]\"")),
        ("free", text.replace("List", "Free")),
        ("entries", text.replace("List", "Map").replace("{}", "\"k\":1").replace('[', "{").replace(']', "}")),
        ("joined", format!(r#"{{"Text": "t", "Numbers": "{}", "Plain": "p"}}"#, ",".repeat(10 * VALUES))),
    ] {
        let asked = std::cell::Cell::new(0);
        let stop = || {
            asked.set(asked.get() + 1);
            asked.get() == 3
        };
        let mut specimen = Specimen::default();
        let fault = read(&text, Place::Record(&mut specimen), Origin::Json, MEMORY, &stop).unwrap_err();
        assert!(fault.is_cancelled() && !fault.ended_early(), "{name}: {fault}");
        assert_eq!((asked.get(), specimen.text.as_deref(), &*specimen.plain), (3, Some("t"), ""), "{name}");
    }
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
    serde_json::to_value(crate::generated::field::Shown(View::Record(specimen))).unwrap()
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

/// Any JSON value, with text that has to be escaped.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        r#"[a-z"\\\n中😀]{0,12}"#.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn read_free(text: &str) -> Result<Value, String> {
    let mut value = Value::Null;
    read(text, Place::Value(&mut value), Origin::Json, MEMORY, &|| false).map_err(|fault| fault.to_string())?;
    Ok(value)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..cases() })]

    /// The parser of `serde_json` is stricter in what may stand in a string, and otherwise the measure.
    #[test]
    fn free_values_are_what_serde_json_reads(
        value in any_json(), pretty in any::<bool>(), at in any::<prop::sample::Index>(),
        instead in r#"[\[\]{}",:0-9a-z\\ .eE+-]?"#, mutated in any::<bool>(),
    ) {
        let mut text = if pretty { format!("{value:#}") } else { value.to_string() };
        let at = at.index(text.len());
        if mutated && text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
            text.replace_range(at..=at, &instead);
        }
        match (read_free(&text), serde_json::from_str::<Value>(&text)) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs, "{}", text),
            (Ok(_), Err(error)) => {
                let error = error.to_string();
                let lenient = ["control character", "invalid escape", "surrogate", "number out of range"];
                prop_assert!(lenient.iter().any(|words| error.contains(words)), "{}: {}", error, text);
            }
            (Err(ours), theirs) => prop_assert!(theirs.is_err(), "{}: {}", ours, text),
        }
    }

    /// JSON in a text is read in place where quotes are all that is escaped, and else from a copy.
    #[test]
    fn json_in_a_text_is_the_same_in_place_and_from_a_copy(value in any_json(), cut in any::<prop::sample::Index>()) {
        let text = json!([{"name": value.to_string(), "count": 1}, {"?": value}, value]).to_string();
        for whole in [true, false] {
            let end = if whole { text.len() } else { cut.index(text.len()).max(1) };
            let Some(text) = text.get(..end) else { continue };
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
            let (in_place, fault) = read_partly(&format!(r#"{{"List": "{escaped}", "Int32": 1}}"#));
            let (copied, fault_of_copy) = read_partly(&format!(r#"{{"List": "\u{:04x}{}", "Int32": 1}}"#, 0x5b, &escaped[1..]));
            prop_assert_eq!((&in_place, &fault), (&copied, &fault_of_copy));
            prop_assert_eq!(in_place.int32, Some(1));
        }
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
            let _ = read(&text, Place::Record(&mut specimen), origin, BUDGET, &|| false);
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
