use aliyun_api_spec::model::{EnumValue, Field, Kind, NamedType, Position, Shape, Style, Time, TypeBody};

use super::*;
use crate::specimen;

fn shape(kind: Kind) -> Shape {
    specimen::shape(kind)
}

fn styled(kind: Kind, style: Style) -> Shape {
    Shape { style: Some(style), ..shape(kind) }
}

fn field(name: &str, shape: Shape) -> Field {
    specimen::field(name, shape)
}

fn array(item: Shape) -> Kind {
    Kind::Array(Box::new(item))
}

/// An operation with one parameter of every kind.
fn service() -> Service {
    let mut service = specimen::service();
    service.types = vec![
        NamedType {
            name: "Menu".into(),
            description: None,
            body: TypeBody::Record(vec![
                field("Key", shape(Kind::String)),
                field("Times", Shape { maximum: Some(9.0), ..shape(Kind::Int32) }),
                field("Below", shape(array(shape(Kind::Named("Menu".into()))))),
                field("Variables", styled(Kind::Map(Box::new(shape(Kind::String))), Style::Json)),
            ]),
        },
        NamedType {
            name: "Callee".into(),
            description: None,
            body: TypeBody::Record(vec![
                Field { required: true, ..field("number", Shape { max_length: Some(5), ..shape(Kind::String) }) },
                Field { required: true, ..field("params", shape(array(shape(Kind::String)))) },
                field("tags", styled(array(shape(Kind::Int64)), Style::Simple)),
                field("level", shape(Kind::Named("Level".into()))),
                field("more", styled(Kind::Any, Style::Json)),
            ]),
        },
        NamedType {
            name: "Level".into(),
            description: None,
            body: TypeBody::Enum {
                kind: Kind::Int32,
                values: vec![EnumValue {
                    value: "1".into(),
                    name: "One".into(),
                    description: None,
                    description_zh: None,
                }],
            },
        },
    ];
    let bounded = Shape { minimum: Some(1.0), maximum: Some(10.0), ..shape(Kind::Int32) };
    let menu = || shape(Kind::Named("Menu".into()));
    let callee = || shape(Kind::Named("Callee".into()));
    let time = |time| Shape { time: Some(time), ..shape(Kind::String) };
    service.common_parameters = vec![field("OwnerId", shape(Kind::Int64))];
    let mut operation = specimen::operation("Do");
    operation.parameters = vec![
        field("Text", shape(Kind::String)),
        field("Small", bounded),
        field("Big", shape(Kind::Int64)),
        field("Rate", shape(Kind::Number)),
        field("Flag", shape(Kind::Boolean)),
        field("Level", shape(Kind::Named("Level".into()))),
        field("Menus", styled(array(menu()), Style::Flat)),
        field("Numbers", Shape { maximum: Some(5.0), ..styled(array(shape(Kind::Int32)), Style::Flat) }),
        field("Labels", styled(Kind::Map(Box::new(shape(Kind::Boolean))), Style::Flat)),
        field("MenuJson", styled(Kind::Named("Menu".into()), Style::Json)),
        field("ListJson", styled(array(shape(Kind::Any)), Style::Json)),
        field("AnyJson", styled(Kind::Any, Style::Json)),
        field("Simple", Shape { maximum: Some(5.0), ..styled(array(shape(Kind::Int32)), Style::Simple) }),
        field("Short", Shape { min_length: Some(2), max_length: Some(4), ..shape(Kind::String) }),
        field("Day", time(Time::Pattern("yyyy-MM-dd".into()))),
        field("Moment", time(Time::UnixMilliseconds)),
        field(
            "Few",
            Shape { max_items: Some(2), max_length: Some(3), ..styled(array(shape(Kind::String)), Style::Simple) },
        ),
        field("FewMenus", Shape { max_items: Some(2), ..styled(array(menu()), Style::Flat) }),
        field("FewJson", Shape { max_items: Some(2), ..styled(array(shape(Kind::Int64)), Style::Json) }),
        field("Callees", styled(array(callee()), Style::Json)),
        field("OneCallee", styled(Kind::Named("Callee".into()), Style::Flat)),
        field("Variables", styled(Kind::Map(Box::new(shape(Kind::String))), Style::Json)),
    ];
    service.operations = vec![operation];
    service
}

fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The code of the refusal of one parameter.
fn code(name: &str, value: &str) -> Option<String> {
    let service = service();
    let mut warnings = Vec::new();
    let checked = check(&service, &service.operations[0], &parameters(&[(name, value)]), &mut warnings);
    checked.err().map(|refusal| refusal.code.into())
}

fn warnings(pairs: &[(&str, &str)]) -> Vec<String> {
    let service = service();
    let mut warnings = Vec::new();
    let _ = check(&service, &service.operations[0], &parameters(pairs), &mut warnings);
    warnings
}

#[test]
fn accepts_values_of_their_type() {
    for (name, values) in [
        ("Text", &["anything", " ", "", "占线"] as &[&str]),
        ("Small", &["1", "10", ""]),
        ("Big", &["-9223372036854775808", "9223372036854775807", "0"]),
        ("Rate", &["1e+21", "1E5", "-0.5", "7", "1.0", "0"]),
        ("Flag", &["true", "false", "True", "FALSE", ""]),
        ("Level", &["99", "1", "-3"]),
        ("Menus", &[""]),
        ("Menus.1.Times", &["3", "9", ""]),
        ("Menus.1.Variables", &[r#"{"k":"v"}"#, ""]),
        ("Menus.2.Unknown", &["x"]),
        ("Menus.1.Below.1.Below.2.Times", &["3"]),
        ("Menus.4294967295.Key", &["x"]),
        ("Numbers.1", &["5"]),
        ("Labels.Any", &["true"]),
        (
            "MenuJson",
            &[
                r#" {"Key":"1"} "#,
                r#"{"Key":null,"Times":9}"#,
                "{}",
                r#"{"Unknown":1}"#,
                "null",
                "",
                r#"{"Variables":{"a":"b"}}"#,
                r#"{"Variables":"{\"a\":\"b\"}"}"#,
                r#"{"Below":[{"Times":1}]}"#,
            ],
        ),
        ("ListJson", &["[1,null,{}]", "[]"]),
        ("AnyJson", &["null", "1", "\"x\"", "[{}]"]),
        ("Simple", &["1,2,5", "", "1,,2", "5"]),
        ("Unknown", &["x"]),
        ("Text.1", &["x"]),
        ("OwnerId", &["1234567890123"]),
        ("Short", &["ab", "abcd", "占线占线", ""]),
        ("Day", &["2026-03-01", ""]),
        ("Moment", &["1772368496000", "0", "-1"]),
        ("Few", &["abc,x", "abc", "占占占"]),
        ("FewMenus.2.Key", &["x"]),
        ("FewJson", &["[1,-2]", "[]"]),
        (
            "Callees",
            &[
                r#"[{"number":"12345","params":[]}]"#,
                r#"[{"number":"1","params":["a"],"level":7,"other":{}}]"#,
                r#"[{"number":"1","params":[],"tags":"1,2"}]"#,
                r#"[{"number":"1","params":[],"tags":[1,2]}]"#,
                r#"[{"number":"1","params":[],"more":"{}"}]"#,
                "[]",
            ],
        ),
        ("Variables", &[r#"{"code":"1234"}"#, r#"{"code":1234,"on":true,"rate":1.50}"#, "{}", r#"{"code":null}"#]),
    ] {
        for value in values {
            assert_eq!(code(name, value), None, "{name}={value}: {:?}", warnings(&[(name, value)]));
        }
    }
}

#[test]
fn refuses_what_is_not_of_the_type_or_outside_the_bounds() {
    let integers =
        ["1.0", "+1", " 1", "1 ", "1e3", "01", "-0", "0x1", "1_000", "1,000", "one", "１", "--1", "null", "true"];
    for name in ["Small", "Big", "Level", "Menus.1.Times", "Numbers.1", "OwnerId"] {
        for value in integers {
            let base = name.split('.').next().unwrap();
            assert_eq!(code(name, value), Some(format!("Invalid{base}")), "{name}={value}");
        }
    }
    for (name, values) in [
        ("Small", &["0", "11", "2147483648", "-2147483649", "-1"] as &[&str]),
        ("Big", &["9223372036854775808", "-9223372036854775809", "99999999999999999999"]),
        ("Rate", &["inf", "NaN", "infinity", "+1.5", ".5", "5.", " 1", "1e400", "0x1", "1,5", "one"]),
        ("Flag", &["yes", "1", "0", "on", " true", "t", "null"]),
        ("Level", &["high", "2147483648"]),
        ("Menus", &["x", "[]", "{}"]),
        ("Menus.0.Times", &["1"]),
        ("Menus.x.Times", &["1"]),
        ("Menus.+1.Times", &["1"]),
        ("Menus.01.Times", &["1"]),
        ("Menus.4294967296.Key", &["x"]),
        ("Menus.1", &["x"]),
        ("Menus.1.Times", &["x", "10"]),
        ("Menus.1.Variables", &["x", "[]", r#"{"a":[]}"#]),
        ("Menus.1.Below.1.Below.2.Times", &["x"]),
        ("Numbers.1", &["6", "x"]),
        ("Labels.Any", &["1"]),
        (
            "MenuJson",
            &[
                "[]",
                "{",
                "x",
                "{} {}",
                "1",
                "\"{}\"",
                r#"{"Key":1}"#,
                r#"{"Times":"1"}"#,
                r#"{"Times":1.0}"#,
                r#"{"Times":1e3}"#,
                r#"{"Times":10}"#,
                r#"{"Times":2147483648}"#,
                r#"{"Below":{}}"#,
                r#"{"Below":[1]}"#,
                r#"{"Below":[{"Below":[{"Times":true}]}]}"#,
                r#"{"Variables":[]}"#,
                r#"{"Variables":"x"}"#,
                r#"{"Key":"1",}"#,
            ],
        ),
        ("MenuJson.Key", &["x"]),
        ("ListJson", &["{}", "null,", "x", "true"]),
        ("AnyJson", &["nil", "{'a':1}"]),
        ("Simple", &["1,x", "1,6", "1, 2", "1;2", "1.0"]),
        ("Simple.1", &["1"]),
        ("Short", &["a", "abcde", "占线占线占"]),
        ("Day", &["2026-3-1", "2026-02-30", "20260301", "2026-03-01 00:00:00", "today"]),
        ("Moment", &["2026-03-01", "1.7e12", "+1", " 1"]),
        ("Few", &["a,b,c", "a,bcde", "a,,"]),
        ("FewMenus.3.Key", &["x"]),
        ("FewJson", &["[1,2,3]", "[1.5]", "[\"1\"]", "[9223372036854775808]", "{}"]),
        (
            "Callees",
            &[
                "{}",
                "[{}]",
                r#"[{"number":"1"}]"#,
                r#"[{"params":[]}]"#,
                r#"[{"number":null,"params":[]}]"#,
                r#"[{"number":" ","params":[]}]"#,
                r#"[{"number":1,"params":[]}]"#,
                r#"[{"number":"123456","params":[]}]"#,
                r#"[{"number":"1","params":"a"}]"#,
                r#"[{"number":"1","params":[1]}]"#,
                r#"[{"number":"1","params":[[]]}]"#,
                r#"[{"number":"1","params":[],"tags":"1,x"}]"#,
                r#"[{"number":"1","params":[],"level":"x"}]"#,
                "[[]]",
                "[1]",
                r#"[{"number":"1","params":[]},{"number":"1"}]"#,
            ],
        ),
        ("OneCallee.params.1", &["a"]),
        ("OneCallee.number", &["123456"]),
        ("Variables", &["[]", "\"x\"", "x", "1", r#"{"code":{}}"#, r#"{"code":["1"]}"#]),
    ] {
        for value in values {
            let base = name.split('.').next().unwrap();
            assert_eq!(code(name, value), Some(format!("Invalid{base}")), "{name}={value}");
        }
    }
}

#[test]
fn a_flattened_record_needs_its_required_members() {
    let code = |pairs: &[(&str, &str)]| {
        let service = service();
        let checked = check(&service, &service.operations[0], &parameters(pairs), &mut Vec::new());
        checked.err().map(|refusal| refusal.code.into_owned())
    };
    let both = [("OneCallee.number", "1"), ("OneCallee.params.1", "a")];
    assert_eq!(code(&both), None);
    for one in both {
        assert_eq!(code(&[one]).as_deref(), Some("InvalidOneCallee"));
    }
    assert_eq!(code(&[both[0], ("OneCallee.params.1", "")]).as_deref(), None);
    assert_eq!(code(&[both[1], ("OneCallee.number", "  ")]).as_deref(), Some("InvalidOneCallee"));
}

#[test]
fn says_what_is_unknown_and_what_was_wrong_and_shows_no_value() {
    assert_eq!(warnings(&[("Level", "99")]), ["Level: its value is none of the known 1"]);
    assert_eq!(
        warnings(&[("Smal", "hidden"), ("Xyz\n", "hidden")]),
        ["Smal: Do has no such parameter; did you mean Small?", "Xyz\\n: Do has no such parameter"]
    );
    let known = [("Level", "1"), ("RegionId", "cn-hangzhou"), ("Signature", "x"), ("OwnerId", "1")];
    assert_eq!(warnings(&known), [""; 0]);
    let many: Vec<String> = (0..100).map(|index| format!("X{index}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(warnings(&many).len(), MAX_WARNINGS);
    for (name, value, said) in [
        ("Small", "hidden", "Small: expected a 32-bit integer"),
        ("Small", "11", "Small: expected at most 10"),
        ("Short", "hidden", "Short: expected at most 4 characters, found 6"),
        ("Few", "a,hidden", "Few[1]: expected at most 3 characters, found 6"),
        ("FewMenus.3.Key", "hidden", "FewMenus: expected at most 2 items"),
        ("Menus.1.Times", "hidden", "Menus[0].Times: expected a 32-bit integer"),
        ("Menus.1.Other", "hidden", "Menus[0].Other: unknown member"),
        ("Text.1", "hidden", "Text: 1: unknown member"),
        ("Variables", r#"{"code":"hidden","n":1}"#, "Variables: n: the specification wants a text"),
        ("Callees", r#"[{"number":"hidde"}]"#, r#"Callees[0]: the required member "params" is missing"#),
        ("Callees", "hidden", "Callees: expected JSON"),
        ("MenuJson.hidden", "x", "MenuJson: expected one text, found a flattened name"),
        ("Day", "hidden", "Day: expected a time such as yyyy-MM-dd"),
    ] {
        assert_eq!(warnings(&[(name, value)]), [said], "{name}={value}");
    }
}

#[test]
fn a_name_of_any_depth_and_a_json_text_of_any_size_end() {
    assert_eq!(code(&format!("Menus{}", ".1.Below".repeat(100_000)), "x"), Some("InvalidMenus".into()));
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(code("ListJson", &deep), Some("InvalidListJson".into()));
    assert_eq!(warnings(&[("ListJson", &deep)]), ["ListJson: expected JSON that is less deep"]);
    let wrong = format!("[{}1]", "1,".repeat(1_000_000));
    assert_eq!(warnings(&[("Callees", &wrong)]).len(), MAX_WARNINGS);
    let long = format!("{{\"{}\n\":{{}}}}", "x".repeat(1_000_000));
    let told = warnings(&[("Variables", &long.replace('\n', "\\n"))]);
    assert_eq!(told.len(), 1);
    assert!(told[0].ends_with("x\\n: expected a text") && told[0].len() < 300, "{}", told[0].len());
}

#[test]
fn asks_for_required_parameters_and_groups() {
    let mut service = service();
    let operation = &mut service.operations[0];
    operation.at_least_one = vec![vec!["Big".into(), "Rate".into()]];
    operation.at_most_one = vec![vec!["Flag".into(), "Level".into()]];
    for field in &mut operation.parameters {
        field.required = ["Text", "Menus"].contains(&field.wire_name.as_str());
        assert_eq!(field.position, Position::Query);
    }
    let code = |pairs: &[(&str, &str)]| {
        let checked = check(&service, &service.operations[0], &parameters(pairs), &mut Vec::new());
        checked.err().map(|refusal| refusal.code.into_owned())
    };
    assert_eq!(code(&[]).as_deref(), Some("MissingText"));
    for blank in ["", " ", "\t\u{3000}\n"] {
        assert_eq!(code(&[("Text", blank), ("Menus.1.Key", "k")]).as_deref(), Some("MissingText"), "{blank:?}");
        assert_eq!(code(&[("Text", "t"), ("Menus.1.Key", blank)]).as_deref(), Some("MissingMenus"), "{blank:?}");
    }
    assert_eq!(code(&[("Text", ""), ("Menus.1.Key", "k")]).as_deref(), Some("MissingText"));
    assert_eq!(code(&[("Text", "t"), ("Menus2", "k")]).as_deref(), Some("MissingMenus"));
    let given = [("Text", "t"), ("Menus.1.Key", "k")];
    assert_eq!(code(&given).as_deref(), Some("MissingBig"));
    assert_eq!(code(&[given.as_slice(), &[("Rate", "1")]].concat()), None);
    let both = [given.as_slice(), &[("Rate", "1"), ("Flag", "true"), ("Level", "1")]].concat();
    assert_eq!(code(&both).as_deref(), Some("InvalidLevel"));
}
