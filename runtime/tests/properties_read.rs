//! What must hold for everything that is read: an untidy answer is the answer that was meant, in JSON and in XML.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use crate::specimen::{Answers, Color, Detail, Inner, Shapes, answer, builder};
use aliyun_runtime::{Error, Format, Value};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Map, json};

/// The same cases in every run.
fn cases() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(20_170_525),
        failure_persistence: None,
        cases: 128,
        ..ProptestConfig::default()
    }
}

/// Reads a body as a client does.
fn read(body: &str, format: Format) -> Result<Shapes, Error> {
    let body = body.to_owned();
    let transport = Answers(move |_| Ok(answer(200, body.clone())));
    let client = builder().format(format).transport(transport).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(client.send(Shapes::default()).into_future())
}

/// A text that XML can carry.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,8}", "\\PC{0,8}", "[0-9]{1,4}", Just("null".to_owned()), Just("[1]".to_owned())]
}

fn detail() -> impl Strategy<Value = Detail> {
    (any::<Option<bool>>(), proptest::option::of(text())).prop_map(|(truth, name)| Detail { name, truth })
}

prop_compose! {
    fn inner()(
        name in proptest::option::of(text()), count in any::<Option<i64>>(), detail in proptest::option::of(detail()),
        names in proptest::collection::vec(text(), 0..3),
    ) -> Inner {
        Inner { name, count, detail, names }
    }
}

prop_compose! {
    fn shapes()(
        text in proptest::option::of(text()), plain in text(), int32 in any::<Option<i32>>(),
        int64 in any::<Option<i64>>(), float in proptest::option::of(-1e9..1e9f64), truth in any::<Option<bool>>(),
        inner in proptest::option::of(inner()), list in proptest::collection::vec(inner(), 0..3),
        texts in proptest::collection::vec(text(), 0..3), joined in proptest::collection::vec(any::<i64>(), 0..4),
        nested in proptest::collection::vec(proptest::collection::vec(any::<i64>(), 0..3), 0..3),
        map in proptest::collection::btree_map("[a-z]{1,3}", any::<i64>(), 0..3),
        table in proptest::collection::btree_map("[a-z]{1,3}", proptest::collection::vec(self::inner(), 0..2), 0..3),
    ) -> Shapes {
        let color = int32.map(|number| if number > 0 { Color::Red } else { Color::Other("blue".to_owned()) });
        let secret = text.clone();
        Shapes {
            code: Some("OK".to_owned()), text, plain, int32, int64, float, truth, inner, list, texts, joined, nested, map,
            table, color, secret, ..Shapes::default()
        }
    }
}

type Members = Vec<(&'static str, Value)>;

fn detail_members(detail: &Detail) -> Members {
    vec![("name", json!(detail.name)), ("truth", json!(detail.truth))]
}

fn inner_members(inner: &Inner) -> Members {
    vec![
        ("name", json!(inner.name)),
        ("count", json!(inner.count)),
        ("detail", inner.detail.as_ref().map(|detail| object(detail_members(detail))).unwrap_or_default()),
        ("names", json!(inner.names)),
    ]
}

fn inners(list: &[Inner]) -> Value {
    list.iter().map(|inner| object(inner_members(inner))).collect()
}

/// The members of the answer as they should come; `null` where there is nothing.
fn members(shapes: &Shapes) -> Members {
    let color = shapes.color.as_ref().map(|color| match color {
        Color::Red => "red",
        Color::Other(wire) => wire,
    });
    let table: BTreeMap<_, _> = shapes.table.iter().map(|(key, list)| (key, inners(list))).collect();
    vec![
        ("Code", json!(shapes.code)),
        ("Text", json!(shapes.text)),
        ("Plain", json!(shapes.plain)),
        ("Int32", json!(shapes.int32)),
        ("Int64", json!(shapes.int64)),
        ("Float", json!(shapes.float)),
        ("Truth", json!(shapes.truth)),
        ("Inner", shapes.inner.as_ref().map(|inner| object(inner_members(inner))).unwrap_or_default()),
        ("List", inners(&shapes.list)),
        ("Texts", json!(shapes.texts)),
        ("Joined", json!(shapes.joined)),
        ("Nested", json!(shapes.nested)),
        ("Map", json!(shapes.map)),
        ("Table", json!(table)),
        ("Color", json!(color)),
        ("Secret", json!(shapes.secret)),
    ]
}

fn object(members: Members) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

/// A choice at each step, the same for the same seed.
struct Choices(u64);

impl Choices {
    /// One of `count`, by a step of splitmix64.
    fn one_of(&mut self, count: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 31)) % count
    }

    fn yes(&mut self) -> bool {
        self.one_of(2) == 0
    }
}

/// A value as some gateway would write it: the kind of a scalar says little, and structure may be text.
fn untidy(value: &Value, choices: &mut Choices) -> String {
    let written = match value {
        Value::Number(number) if choices.yes() => return json!(format!(" {number}")).to_string(),
        Value::Bool(truth) => match choices.one_of(4) {
            0 => return truth.to_string(),
            1 => return u8::from(*truth).to_string(),
            2 => return if *truth { r#""True""# } else { r#""False""# }.to_owned(),
            _ => return json!(truth.to_string()).to_string(),
        },
        // A text that a number has as its decimal form may be one.
        Value::String(text) if text.parse::<i64>().is_ok_and(|number| number.to_string() == *text) && choices.yes() => {
            return text.clone();
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| untidy(item, choices)).collect();
            format!(" [{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
            untidy_object(members, choices)
        }
        value => return value.to_string(),
    };
    if choices.one_of(3) == 0 { json!(written).to_string() } else { written }
}

/// An object with its members in any order, unknown ones between them and some twice, of which the last one counts.
fn untidy_object(members: Vec<(&str, Value)>, choices: &mut Choices) -> String {
    let mut written: Vec<String> = Vec::new();
    for (name, value) in members {
        if value.is_null() {
            match choices.one_of(2) {
                0 => {}
                _ => written.push(format!("{}:null", json!(name))),
            }
            continue;
        }
        let member = format!("{}:{}", json!(name), untidy(&value, choices));
        let at = choices.one_of(written.len() as u64 + 1);
        written.insert(usize::try_from(at).unwrap(), member);
    }
    format!("{{{}}}", written.join(","))
}

/// XML that says the same. Items of a list stand within a wrapper or, where there are several, side by side.
fn xml(name: &str, value: &Value, choices: &mut Choices) -> String {
    match value {
        Value::Array(items) if items.len() > 1 && choices.yes() => {
            items.iter().map(|item| element(name, item, choices)).collect()
        }
        value => element(name, value, choices),
    }
}

/// One element; the lists of a list stand in one each.
fn element(name: &str, value: &Value, choices: &mut Choices) -> String {
    let content = match value {
        Value::Null => return String::new(),
        Value::Array(items) => items.iter().map(|item| element("Item", item, choices)).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| xml(name, value, choices)).collect(),
        Value::String(text) => escaped(text, choices),
        scalar => scalar.to_string(),
    };
    format!("<{name}>{content}</{name}>")
}

fn escaped(text: &str, choices: &mut Choices) -> String {
    if choices.yes() && !text.contains("]]>") {
        return format!("<![CDATA[{text}]]>");
    }
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str(if choices.yes() { "&amp;" } else { "&#38;" }),
            c => escaped.push(c),
        }
    }
    escaped
}

/// XML cannot tell an empty record from none.
fn without_empty_records(mut shapes: Shapes) -> Shapes {
    let tables = shapes.table.values_mut().flatten();
    for inner in shapes.inner.iter_mut().chain(&mut shapes.list).chain(tables) {
        inner.detail = inner.detail.take().filter(|detail| *detail != Detail::default());
    }
    shapes
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_tidy_answer_is_what_it_says(shapes in shapes()) {
        let body = object(members(&shapes)).to_string();
        prop_assert_eq!(read(&body, Format::Json).unwrap(), shapes);
    }

    #[test]
    fn an_untidy_answer_is_the_answer_that_was_meant(shapes in shapes(), seed in any::<u64>()) {
        let body = untidy_object(members(&shapes), &mut Choices(seed));
        prop_assert_eq!(read(&body, Format::Json).unwrap(), shapes, "{}", body);
    }

    #[test]
    fn members_that_are_unknown_or_come_again_change_nothing(shapes in shapes(), other in shapes(), unknown in inner()) {
        let text = |members: Members| object(members).to_string();
        let (first, last) = (text(members(&other)), text(members(&shapes)));
        // What is absent the second time stays as it was the first time, so only what is there again is compared.
        let again: Vec<&str> = members(&shapes).iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| *name).collect();
        let first: Map<String, Value> = serde_json::from_str(&first).unwrap();
        let first: Map<String, Value> = first.into_iter().filter(|(name, _)| again.contains(&name.as_str())).collect();
        let first = Value::Object(first).to_string();
        let unknown = format!(r#""Unknown":{},"unknown":null"#, object(inner_members(&unknown)));
        let body = format!("{},{unknown},{}", &first[..first.len() - 1], &last[1..]);
        prop_assert_eq!(read(&body, Format::Json).unwrap(), shapes, "{}", body);
    }

    #[test]
    fn an_answer_says_the_same_in_xml(shapes in shapes(), seed in any::<u64>()) {
        let (shapes, mut choices) = (without_empty_records(shapes), Choices(seed));
        let content: String = members(&shapes).iter().map(|(name, value)| xml(name, value, &mut choices)).collect();
        let body = format!("<?xml version='1.0' encoding='UTF-8'?><ShapesResponse>{content}</ShapesResponse>");
        let json = read(&object(members(&shapes)).to_string(), Format::Json).unwrap();
        prop_assert_eq!(read(&body, Format::Xml).unwrap(), json, "{}", body);
    }
}
