//! The command accepts the same responses as the typed client, and shows what was sent.

use aliyun_api_spec::dyvmsapi;
use aliyun_runtime::Paged;
use aliyun_runtime::generated::serialize;
use aliyun_runtime::testing::read_body;
use serde_json::Map as Members;

use super::*;

/// The result of reading a body: the members with a value, or the error.
type Read = Result<Value, String>;

fn without_empty(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(without_empty).collect()),
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name, without_empty(value)));
            let empty = |value: &Value| match value {
                Value::Null => true,
                Value::String(text) => text.is_empty(),
                Value::Array(items) => items.is_empty(),
                Value::Object(members) => members.is_empty(),
                _ => false,
            };
            Value::Object(members.filter(|(_, value)| !empty(value)).collect::<Members<_, _>>())
        }
        value => value,
    }
}

/// Reads a body as the typed client does.
fn typed<O: Paged>(body: &str) -> Read {
    let mut output = O::Output::default();
    read_body(body.as_bytes(), &mut output)?;
    Ok(without_empty(serialize(&output, serde_json::value::Serializer).unwrap()))
}

/// Converts numbers in texts to numbers. The command shows all digits, and a type may keep fewer.
fn by_value(value: Value) -> Value {
    match value {
        Value::String(text) => text.parse::<f64>().map_or(Value::String(text), Value::from),
        Value::Array(items) => Value::Array(items.into_iter().map(by_value).collect()),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (name, by_value(value))).collect())
        }
        value => value,
    }
}

fn dynamic(operation: &'static Operation, body: &str) -> (Response, Read) {
    let mut answer = Response::of(Some(operation));
    let read = read_body(body.as_bytes(), &mut answer);
    answer.keep(body);
    let Root::Known(group) = &answer.root else { panic!("the operation is known") };
    let read = read.map(|()| without_empty(serialize(group, serde_json::value::Serializer).unwrap()));
    (answer, read)
}

/// Usual and unusual values.
const ODD: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "1",
    "2",
    "-1",
    "7.0",
    "1.5",
    "100.00",
    "1e3",
    "-0",
    "3000000000",
    "9223372036854775807",
    "9223372036854775808",
    r#""""#,
    r#"" ""#,
    r#""x""#,
    r#""7""#,
    r#"" 7 ""#,
    r#""007""#,
    r#""+7""#,
    r#""7.0""#,
    r#""1.50""#,
    r#""1e400""#,
    r#""NaN""#,
    r#""true""#,
    r#""TRUE""#,
    r#""yes""#,
    r#""0""#,
    r#""1""#,
    r#""null""#,
    "[]",
    "[null]",
    "[1]",
    "[1,null,2.50]",
    r#"["a"]"#,
    r#"[""]"#,
    "[true]",
    "[{}]",
    "[[1]]",
    r#"["[1]"]"#,
    "{}",
    r#"{"a":1}"#,
    r#"{"a":null}"#,
    r#"{"a":{"b":[1.0]}}"#,
    r#"{"a":"{}"}"#,
    r#""[]""#,
    r#""[1]""#,
    r#""{}""#,
    r#""{\"a\":1.50}""#,
    r#""[{\"a\":1}]""#,
    r#""[{}""#,
    r#""[""#,
    r#""{""#,
    r#""[1] x""#,
    r#""a,b""#,
    r#""a, b,""#,
    r#""1,2""#,
    r#""1,,2.50""#,
    r#"",""#,
    r#""[\"\\ud83d\"]""#,
    r#""[{\"label\":\"\\ud83d\"}]""#,
    r#""占线""#,
];

/// Bodies in which one member, at any depth, has an unusual value, also inside lists and JSON texts.
fn bodies(operation: &'static Operation) -> Vec<String> {
    fn below(
        field: &'static Field,
        types: Types<'static>,
        depth: usize,
        wrap: &dyn Fn(&str) -> String,
        bodies: &mut Vec<String>,
    ) {
        let names = std::iter::once(&field.wire_name).chain(&field.aliases);
        for name in names {
            let member = |value: &str| wrap(&format!("{{{}:{value}}}", Value::from(name.as_str())));
            bodies.extend(ODD.iter().map(|value| member(value)));
            let listed = |value: &str| member(&format!("[{value}]"));
            let text = |value: &str| member(&Value::from(format!("[{{}},{value}]")).to_string());
            match types.resolve(&field.shape.kind) {
                _ if depth == 0 => {}
                Type::Record(fields) => {
                    for field in fields {
                        below(field, types, depth - 1, &member, bodies);
                    }
                }
                Type::Array(items) => match types.resolve(&items.kind) {
                    Type::Record(fields) => {
                        for field in fields {
                            below(field, types, depth - 1, &listed, bodies);
                        }
                        for field in fields.iter().take(3) {
                            below(field, types, 0, &text, bodies);
                        }
                    }
                    _ => bodies.extend(ODD.iter().map(|value| listed(value))),
                },
                Type::Map(_) => bodies.extend(ODD.iter().map(|value| member(&format!("{{\"k\":{value}}}")))),
                _ => {}
            }
        }
    }
    let mut bodies = Vec::new();
    for field in dyvmsapi().response_fields(operation) {
        below(field, Types::of(operation, dyvmsapi()), 3, &str::to_owned, &mut bodies);
    }
    let twice = bodies.iter().zip(bodies.iter().skip(ODD.len() / 2)).step_by(7);
    // A member that occurs twice, with different values.
    let twice: Vec<String> = twice.map(|(one, other)| format!("{},{}", &one[..one.len() - 1], &other[1..])).collect();
    bodies.extend(twice);
    bodies
}

/// Both read a body to the same members, or refuse it with the same error.
fn agree<O: Paged>() -> &'static str {
    let operation = dyvmsapi().operation(O::FACTS.action).unwrap();
    let (mut fits, mut misfits) = (0, 0);
    for body in bodies(operation) {
        let (answer, read) = dynamic(operation, &body);
        assert_eq!(read, typed::<O>(&body), "{}: {body}", O::FACTS.action);
        if read.is_err() {
            misfits += 1;
            continue;
        }
        fits += 1;
        // The value that is shown is the same, however it was written.
        let shown = answer.show().to_string();
        let again = dynamic(operation, &shown).1.map(by_value);
        assert_eq!(again, read.map(by_value), "{}: {body} is shown as {shown}", O::FACTS.action);
    }
    assert!(fits > 100 && misfits > 100, "{fits} bodies fit, {misfits} do not");
    O::FACTS.action
}

macro_rules! all_agree {
    ($($module:ident::$operation:ident,)*) => {
        [$(agree::<dyvmsapi::$module::$operation>()),*]
    };
}

#[test]
fn the_command_reads_every_list_as_the_typed_client_does() {
    let lists = all_agree![
        clink::ClinkAgentStatus,
        clink::ClinkListCdrIb,
        clink::ClinkListCdrIbAgent,
        clink::ClinkListCdrIbs,
        clink::ClinkListCdrOb,
        clink::ClinkListCdrObs,
        clink::ClinkListClients,
        clink::ClinkListExtens,
        clink::ClinkListQueues,
        cloud::CloudAgentMonitorStatistics,
        cloud::CloudAgentWorkloadReport,
        cloud::CloudListAgentGroup,
        cloud::CloudListCurlLog,
        cloud::CloudListExten,
        cloud::CloudListQueue,
        cloud::CloudListSkill,
        cloud::CloudListTaskFile,
        cloud::CloudOutboundObClidReport,
        cloud::CloudOutboundPreviewObReport,
        cloud::CloudQueryAgent,
        cloud::CloudQueryIbCdr,
        cloud::CloudQueryObCdr,
        cloud::CloudQueryPredictiveCallCdr,
        cloud::CloudQueryTask,
        cloud::CloudQueryWebcallCdr,
        task::ListCallTask,
        task::ListCallTaskDetail,
        hotline::ListHotlineTransferRegisterFile,
        instance::ListServiceInstanceForPage,
        hotline::QueryCallInTransferRecord,
        robot::QueryRobotTaskCallList,
        robot::QueryRobotTaskList,
        number::QueryVmsVirtualNumberRelationByPage,
    ];
    let known = dyvmsapi().operations.iter().filter(|operation| operation.pagination.is_some());
    assert_eq!(lists.as_slice(), known.map(|operation| operation.action.as_str()).collect::<Vec<_>>());
}

/// The check of examples has the same rules: each kind with each unusual value, alone and in a list.
#[test]
fn a_specification_takes_as_an_example_what_the_reader_takes() {
    const SERVICE: &str = r#"{
      "product": "Specimens", "version": "2026-01-01", "title": "Specimens", "endpoints": { "default": "localhost" },
      "envelope": { "fields": { "RequestId": { "type": "string" } }, "requestId": "RequestId" },
      "groups": { "all": "All." },
      "types": { "CallStatusCode": { "enum": { "1": { "name": "One", "description": "one" } } } }
    }"#;
    let scalars = ["string", "int32", "int64", "number", "boolean", "any", "CallStatusCode"];
    let mut shapes: Vec<String> = scalars.iter().map(|kind| format!(r#""type": "{kind}""#)).collect();
    for items in scalars {
        for style in ["", r#", "style": "json""#, r#", "style": "simple""#] {
            // Only scalars are joined by commas.
            if items == "any" && style.contains("simple") {
                continue;
            }
            shapes.push(format!(r#""type": "array", "items": "{items}"{style}"#));
        }
        shapes.push(format!(r#""type": "map", "items": "{items}""#));
    }
    let mut compared = 0;
    for shape in shapes {
        // An example cannot have half of a surrogate pair.
        let odd = ODD.iter().filter(|value| !value.contains("ud83d"));
        let named: Vec<(String, &str)> = odd.zip(0..).map(|(value, index)| (format!("m{index}"), *value)).collect();
        let members: Vec<String> = named.iter().map(|(name, _)| format!("{name:?}: {{ {shape} }}")).collect();
        let members = members.join(",");
        let example: Vec<String> = named.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
        let text = format!(
            r#"{{ "action": "Odd", "group": "all", "operationType": "read", "summary": "Odd.", "parameters": {{}}, "response": {{ "used": {{ "type": "CallStatusCode" }}, {members} }},
                "examples": [{{ "name": "odd", "request": {{}}, "response": {{ "RequestId": "1", {} }} }}] }}"#,
            example.join(",")
        );
        let files = [
            aliyun_api_spec::SourceFile { path: "service.json", text: SERVICE },
            aliyun_api_spec::SourceFile { path: "operations/Odd.json", text: &text },
        ];
        let faults: Vec<String> = aliyun_api_spec::parse(&files).faults.iter().map(ToString::to_string).collect();
        let others: Vec<&String> =
            faults.iter().filter(|fault| !fault.contains("the response does not fit the operation")).collect();
        assert_eq!(others, Vec::<&String>::new(), "{shape}");
        // Without its example the operation has no fault.
        let sound = text.replace(&example.join(","), r#""m0":null"#);
        let files = [files[0], aliyun_api_spec::SourceFile { path: "operations/Odd.json", text: &sound }];
        let loaded = Box::leak(Box::new(aliyun_api_spec::parse(&files)));
        let operation = loaded.service.as_ref().unwrap().operation("Odd").unwrap();
        for (name, value) in named {
            let reads = dynamic(operation, &format!("{{{name:?}:{value}}}")).1;
            let refused = faults.iter().find(|fault| {
                fault.contains(&format!("{name}:"))
                    || fault.contains(&format!("{name}["))
                    || fault.contains(&format!("{name}."))
            });
            assert_eq!(reads.is_err(), refused.is_some(), "{shape} of {value}: {reads:?}, {refused:?}");
            compared += 1;
        }
    }
    assert!(compared > 1_000, "{compared} values");
}

fn shown(body: &str) -> String {
    let operation = dyvmsapi().operation("QueryRobotTaskCallList").unwrap();
    let (answer, read) = dynamic(operation, body);
    read.unwrap();
    answer.show().to_string()
}

#[test]
fn a_response_is_shown_by_its_specification_with_all_digits_in_the_order_received() {
    let record =
        r#"{"taskId":1045001,"duration":"60","konwledgeCount":2.0,"new":100.00,"label":null,"sureCount":"007"}"#;
    let tidy = r#"{"taskId":"1045001","duration":60,"knowledgeCount":2.0,"new":100.00,"label":null,"sureCount":"007"}"#;
    for data in [format!("[{record}]"), Value::from(format!(" [{record}]")).to_string()] {
        let body = format!(r#"{{"Odd":[1e3],"Data":{data},"Code":"OK","Message":"\ud83d"}}"#);
        let body = body.replace("\\ud83d", "fine");
        assert_eq!(shown(&body), format!(r#"{{"Odd":[1e3],"Data":[{tidy}],"Code":"OK","Message":"fine"}}"#));
    }
    assert_eq!(shown(r#"{"Data":[{"new":"\ud83d"}]}"#), r#"{"Data":[{"new":"\ud83d"}]}"#, "what nobody reads is kept");
    assert_eq!(shown(r#"{"Data":"","Code":200.0}"#), r#"{"Data":"","Code":"200.0"}"#);
    assert_eq!(shown(r#"{"Data":[{"konwledgeCount":1,"knowledgeCount":2}]}"#), r#"{"Data":[{"knowledgeCount":2}]}"#);
}

#[test]
fn without_a_specification_everything_is_kept() {
    let mut answer = Response::of(None);
    let body = r#"{"Code":"OK","a":123456789012345678901234,"b":[{"c":1.50}]}"#;
    read_body(body.as_bytes(), &mut answer).unwrap();
    answer.keep(body);
    assert_eq!(answer.show().to_string(), body);
}
