//! Every parameter of every operation at and beyond what its specification says of it.

use aliyun_api_spec::model::{EnumValue, Field, Kind, Operation, Shape, Style, Time};
use aliyun_api_spec::types::{Type, Types};
use aliyun_emulator::Emulator;
use serde_json::Value;

use crate::support::{Call, emulator};

/// Parameters by name.
type Pairs = Vec<(String, String)>;

/// The example of an operation as it travels.
fn example(operation: &Operation) -> Pairs {
    let mut pairs = Vec::new();
    for (name, value) in &operation.examples[0].request {
        write(&mut pairs, name, value, operation.parameter(name).unwrap().shape.style);
    }
    pairs
}

fn write(pairs: &mut Pairs, name: &str, value: &Value, style: Option<Style>) {
    match (style, value) {
        (Some(Style::Json), value) => pairs.push((name.to_owned(), value.to_string())),
        (Some(Style::Simple), Value::Array(items)) => {
            pairs.push((name.to_owned(), items.iter().map(text).collect::<Vec<_>>().join(",")));
        }
        (_, Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                write(pairs, &format!("{name}.{}", index + 1), item, style);
            }
        }
        (_, Value::Object(members)) => {
            for (member, value) in members {
                write(pairs, &format!("{name}.{member}"), value, style);
            }
        }
        (_, value) => pairs.push((name.to_owned(), text(value))),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What the type and the bounds of a scalar forbid, and what they admit at their ends.
struct Sides {
    forbidden: Vec<String>,
    admitted: Vec<String>,
}

fn sides(types: Types<'_>, shape: &Shape, kind: &Kind) -> Sides {
    let mut sides = Sides { forbidden: Vec::new(), admitted: Vec::new() };
    let mut forbid = |texts: &[&str]| sides.forbidden.extend(texts.iter().map(|&text| text.to_owned()));
    let (Type::Scalar(kind) | Type::Enum { kind, .. }) = types.resolve(kind) else { return sides };
    match kind {
        Kind::Int32 => forbid(&["1.0", "+1", " 1", "1e3", "01", "x", "2147483648", "-2147483649"]),
        Kind::Int64 => forbid(&["1.0", "+1", "1 ", "1e3", "-0", "x", "9223372036854775808"]),
        Kind::Number => forbid(&["NaN", "inf", "+1", " 1", "1.", "x", "1e999"]),
        Kind::Boolean => forbid(&["yes", "1", "0", " true", "x"]),
        _ => {}
    }
    if let Some(minimum) = shape.minimum {
        sides.forbidden.push((minimum - 1.0).to_string());
        sides.admitted.push(minimum.to_string());
    }
    if let Some(maximum) = shape.maximum {
        sides.forbidden.push((maximum + 1.0).to_string());
        sides.admitted.push(maximum.to_string());
    }
    let long = |length: u64| "占".repeat(usize::try_from(length).unwrap());
    // An empty text is absent.
    if let Some(least) = shape.min_length {
        sides.admitted.push(long(least));
        sides.forbidden.extend((least > 1).then(|| long(least - 1)));
    }
    if let Some(most) = shape.max_length {
        sides.admitted.push(long(most));
        sides.forbidden.push(long(most + 1));
    }
    match &shape.time {
        Some(Time::Pattern(pattern)) => {
            let digits = |year: &str, day: &str| {
                let text = pattern.replace("yyyy", year).replace("MM", "02").replace("dd", day);
                text.replace("HH", "23").replace("mm", "59").replace("ss", "59")
            };
            sides.admitted.push(digits("2028", "29"));
            sides.forbidden.extend([digits("2028", "29") + " ", "x".to_owned(), "2028".to_owned()]);
            sides.forbidden.extend((pattern.contains("yyyy")).then(|| digits("2026", "29")));
        }
        Some(Time::UnixSeconds | Time::UnixMilliseconds) => {
            sides.forbidden.push("2026-03-01".to_owned());
            sides.admitted.push("1772368496".to_owned());
        }
        None => {}
    }
    sides
}

/// Requests that differ from the example in one parameter: those to be refused, and those to be accepted.
fn variants(types: Types<'_>, field: &Field) -> (Pairs, Pairs) {
    let (name, shape) = (field.wire_name.as_str(), &field.shape);
    let named = |suffix: &str, texts: Vec<String>| -> Pairs {
        texts.into_iter().map(|text| (format!("{name}{suffix}"), text)).collect()
    };
    let strings = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    match (&shape.kind, shape.style) {
        (Kind::Array(items), Some(Style::Simple)) => {
            let Sides { mut forbidden, admitted } = sides(types, shape, &items.kind);
            let fits = admitted.first().cloned().unwrap_or_else(|| "1".to_owned());
            if let Some(most) = shape.max_items {
                let most = usize::try_from(most).unwrap();
                forbidden.push(vec![fits.as_str(); most + 1].join(","));
                return (named("", forbidden), named("", vec![vec![fits.as_str(); most].join(",")]));
            }
            (named("", forbidden), named("", admitted))
        }
        (kind, Some(Style::Json)) => {
            let mut forbidden: Vec<String> = strings(&["{", "[", "x", "{'a':1}", "[1,]"]);
            match kind {
                Kind::Array(items) => {
                    forbidden.extend(strings(&["{}", "1", "\"[]\"", "true"]));
                    let item = match &items.kind {
                        Kind::String => "\"1\"".to_owned(),
                        Kind::Int64 => "1".to_owned(),
                        Kind::Named(_) => {
                            forbidden.extend(strings(&["[1]", "[[]]", "[\"x\"]"]));
                            required(types, &items.kind)
                        }
                        Kind::Map(_) => "{}".to_owned(),
                        other => panic!("{name}: {other:?}"),
                    };
                    forbidden.extend((items.kind == Kind::String).then(|| "[{}]".to_owned()));
                    forbidden.extend((items.kind == Kind::Int64).then(|| "[\"1\"]".to_owned()));
                    if let Some(most) = shape.max_items {
                        let most = usize::try_from(most).unwrap();
                        forbidden.push(format!("[{}]", vec![item.as_str(); most + 1].join(",")));
                        return (
                            named("", forbidden),
                            named("", vec![format!("[{}]", vec![item.as_str(); most].join(","))]),
                        );
                    }
                }
                Kind::Map(items) => {
                    forbidden.extend(strings(&["[]", "1", "\"{}\""]));
                    forbidden.extend((items.kind == Kind::String).then(|| r#"{"a":{}}"#.to_owned()));
                }
                Kind::Named(_) => {
                    forbidden.extend(strings(&["[]", "1", "\"{}\""]));
                    let whole: Value = serde_json::from_str(&required(types, kind)).unwrap();
                    for member in whole.as_object().unwrap().keys() {
                        let mut without = whole.clone();
                        without.as_object_mut().unwrap().remove(member);
                        forbidden.push(without.to_string());
                    }
                    return (named("", forbidden), named("", vec![whole.to_string()]));
                }
                _ => {}
            }
            (named("", forbidden), Vec::new())
        }
        (Kind::Array(items), Some(Style::Flat)) => {
            let member = &members(types, &items.kind)[0].wire_name;
            let mut forbidden = named("", strings(&["x", "[]"]));
            forbidden.extend(
                ["0", "x", "01", "4294967296"].map(|index| (format!("{name}.{index}.{member}"), "1".to_owned())),
            );
            forbidden.extend(shape.max_items.map(|most| (format!("{name}.{}.{member}", most + 1), "1".to_owned())));
            (forbidden, Vec::new())
        }
        (kind, _) => {
            let Sides { forbidden, admitted } = sides(types, shape, kind);
            (named("", forbidden), named("", admitted))
        }
    }
}

fn members<'s>(types: Types<'s>, kind: &'s Kind) -> &'s [Field] {
    let Type::Record(fields) = types.resolve(kind) else { panic!("{kind:?}") };
    fields
}

/// A record with its required members.
fn required(types: Types<'_>, kind: &Kind) -> String {
    let value = |kind: &Kind| match types.resolve(kind) {
        Type::Scalar(Kind::Int32 | Kind::Int64) => Value::from(1),
        Type::Scalar(Kind::Boolean) => true.into(),
        Type::Array(_) => Value::Array(Vec::new()),
        Type::Enum { values, kind: Kind::String } => first(values).into(),
        Type::Enum { values, .. } => first(values).parse::<i64>().unwrap().into(),
        Type::Record(_) => panic!("{kind:?}"),
        _ => "1".into(),
    };
    let members = members(types, kind).iter().filter(|field| field.required);
    let value = |field: &Field| field.shape.example.clone().unwrap_or_else(|| value(&field.shape.kind));
    Value::Object(members.map(|field| (field.wire_name.clone(), value(field))).collect()).to_string()
}

fn first(values: &[EnumValue]) -> &str {
    &values[0].value
}

/// The code of the answer.
fn code(emulator: &Emulator, operation: &Operation, nonce: usize, pairs: &[(String, String)]) -> String {
    let call = Call::new().set("Action", &operation.action).set("SignatureNonce", &nonce.to_string());
    pairs.iter().fold(call, |call, (name, value)| call.set(name, value)).to(emulator).member("Code")
}

#[test]
fn every_parameter_is_held_against_its_specification() {
    let service = aliyun_api_spec::dyvmsapi();
    let emulator = emulator();
    let (mut sent, mut refused, mut accepted, mut missing) = (0, 0, 0, 0);
    let mut code = |operation: &Operation, pairs: &[(String, String)]| {
        sent += 1;
        code(&emulator, operation, sent, pairs)
    };
    for operation in &service.operations {
        let example = example(operation);
        let action = &operation.action;
        let own = code(operation, &example);
        assert!(["OK", "200"].contains(&own.as_str()), "{action}: {own}");
        for field in &operation.parameters {
            let name = &field.wire_name;
            let is_of =
                |known: &str| known == name || known.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
            let rest: Vec<_> = example.iter().filter(|(known, _)| !is_of(known)).cloned().collect();
            let is_alone =
                operation.at_most_one.iter().flatten().all(|grouped| grouped != name) || rest.len() < example.len();
            if !is_alone {
                continue;
            }
            let with = |pair: (String, String)| [rest.as_slice(), &[pair]].concat();
            let (forbidden, admitted) = variants(Types::of(operation, service), field);
            for pair in forbidden {
                let shown = format!("{action}: {}={}", pair.0, pair.1);
                assert_eq!(code(operation, &with(pair)), format!("Invalid{name}"), "{shown}");
                refused += 1;
            }
            for pair in admitted {
                let shown = format!("{action}: {}={}", pair.0, pair.1);
                assert_eq!(code(operation, &with(pair)), own, "{shown}");
                accepted += 1;
            }
            if field.required {
                for blank in ["", "  ", "\u{3000}"] {
                    let blank = with((name.clone(), blank.to_owned()));
                    assert_eq!(code(operation, &blank), format!("Missing{name}"), "{action}");
                    missing += 1;
                }
                assert_eq!(code(operation, &rest), format!("Missing{name}"), "{action}");
            } else if rest.len() == example.len() {
                assert_eq!(code(operation, &with((name.clone(), String::new()))), own, "{action}: {name}=");
            }
        }
    }
    assert!(refused > 3000 && accepted > 300 && missing > 500, "{refused}, {accepted}, {missing}");
}

/// What the real gateway does with these is not known. So the emulator takes what a JSON reader takes: the last of two
/// members counts, and `null` is absent. The typed client writes neither, and the command refuses the first.
#[test]
fn json_parameters_take_members_given_twice_and_null_as_a_json_reader_does() {
    for (value, misfit) in [
        (r#"{"code":"1","code":"2"}"#, None),
        (r#"{"code":["1"],"code":"2"}"#, None),
        (r#"{"code":"1","code":["2"]}"#, Some("TtsParam: code: expected a text")),
        ("null", None),
        (r#"{"code":null}"#, None),
        ("{}", None),
        ("[null]", Some("TtsParam: expected an object")),
    ] {
        let emulator = emulator();
        let call = Call::new().set("Action", "SingleCallByTts").set("CalledNumber", "13000000000");
        let reply = call.set("TtsCode", "TTS_10001").set("TtsParam", value).to(&emulator);
        let received = &emulator.requests()[0];
        let warnings: Vec<&str> = received.warnings().iter().map(String::as_str).collect();
        assert_eq!(warnings, misfit.into_iter().collect::<Vec<_>>(), "{value}");
        assert_eq!(received.refusal(), misfit.map(|_| "InvalidTtsParam"), "{value}");
        assert_eq!(reply.status(), if misfit.is_some() { 400 } else { 200 }, "{value}");
        // It is observed as it was sent.
        assert_eq!(received.parameter("TtsParam"), Some(value));
    }
}

/// Codes and words of refusals, and the reason that the service does not tell: it is a warning.
#[test]
fn a_refused_parameter_is_named_and_the_reason_is_a_warning() {
    let long = "x".repeat(16);
    for (action, name, value, code, reason) in [
        ("SingleCallByTts", "OutId", long.as_str(), "InvalidOutId", "OutId: expected at most 15 characters, found 16"),
        ("SingleCallByTts", "PlayTimes", "4", "InvalidPlayTimes", "PlayTimes: expected at most 3"),
        ("SingleCallByTts", "PlayTimes", "+1", "InvalidPlayTimes", "PlayTimes: expected a 32-bit integer"),
        ("SingleCallByTts", "TtsParam", "code=1", "InvalidTtsParam", "TtsParam: expected JSON"),
        ("SingleCallByTts", "TtsParam", "[]", "InvalidTtsParam", "TtsParam: expected an object"),
        ("SingleCallByTts", "TtsParam", r#"{"code":["1"]}"#, "InvalidTtsParam", "TtsParam: code: expected a text"),
        (
            "UploadRobotTaskCalledFile",
            "TtsParam",
            r#"[{"number":"13000000000"}]"#,
            "InvalidTtsParam",
            r#"TtsParam[0]: the required member "params" is missing"#,
        ),
    ] {
        let emulator = emulator();
        let operation = aliyun_api_spec::dyvmsapi().operation(action).unwrap();
        let call = example(operation).iter().fold(Call::new(), |call, (name, value)| call.set(name, value));
        let reply = call.set("Action", action).set(name, value).to(&emulator);
        reply.assert_refused(400, code, &format!("Specified parameter {name} is not valid."));
        let received = &emulator.requests()[0];
        assert_eq!((received.refusal(), received.warnings()), (Some(code), [reason.to_owned()].as_slice()), "{value}");
        assert!(received.dialled().is_empty());
    }
    let emulator = emulator();
    let call = Call::new().set("Action", "SingleCallByTts").set("CalledNumber", "13000000000").set("TtsCode", " ");
    call.to(&emulator).assert_refused(400, "MissingTtsCode", "TtsCode is mandatory for this action.");
}
