//! Every answer that comes from state has the members of its specification, and each of the right kind.

use std::collections::{BTreeMap, BTreeSet};

use aliyun_api_spec::model::{Field, Kind, Operation, Shape, Style, TypeBody};
use aliyun_api_spec::types::{Type, Types};
use serde_json::Value;

use crate::story::Story;

/// What the examples of an operation show at a path: text, number, truth value.
type Shown = BTreeSet<(String, &'static str)>;

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "record",
    }
}

fn opened(value: &Value) -> Value {
    let json = value.as_str().filter(|text| text.starts_with(['[', '{']));
    json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_else(|| value.clone())
}

fn collect(path: &str, value: &Value, shown: &mut Shown) {
    match opened(value) {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| collect(&format!("{path}.{name}"), value, shown));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(path, item, shown)),
        scalar => drop(shown.insert((path.to_owned(), kind(&scalar)))),
    }
}

struct Check<'s> {
    types: Types<'s>,
    shown: Shown,
    /// Members that were seen.
    seen: BTreeSet<String>,
}

impl<'s> Check<'s> {
    fn members(&mut self, path: &str, fields: &[&'s Field], value: &Value) {
        let members = value.as_object().unwrap_or_else(|| panic!("{path} is no record: {value}"));
        for (name, value) in members {
            let field = fields.iter().find(|field| field.wire_name == *name || field.aliases.contains(name));
            let field = field.unwrap_or_else(|| panic!("{path}.{name} is not in the specification"));
            self.value(&format!("{path}.{name}"), &field.shape, value);
        }
    }

    fn value(&mut self, path: &str, shape: &'s Shape, value: &Value) {
        self.seen.insert(path.to_owned());
        let inner = match shape.style {
            Some(Style::Json) => {
                let text = value.as_str().unwrap_or_else(|| panic!("{path} is no text: {value}"));
                &serde_json::from_str(text).unwrap_or_else(|_| panic!("{path} is no JSON: {text}"))
            }
            Some(Style::Simple) => return self.scalar(path, "text", value),
            _ => value,
        };
        match self.types.resolve(&shape.kind) {
            Type::Any => {}
            Type::Scalar(Kind::String) => self.scalar(path, "text", inner),
            Type::Scalar(Kind::Boolean) => self.scalar(path, "boolean", inner),
            Type::Array(item) => {
                let items = inner.as_array().unwrap_or_else(|| panic!("{path} is no list: {inner}"));
                for value in items {
                    self.value(path, item, value);
                }
            }
            Type::Map(item) => {
                for value in inner.as_object().unwrap().values() {
                    self.value(path, item, value);
                }
            }
            Type::Record(fields) => self.members(path, &fields.iter().collect::<Vec<_>>(), inner),
            Type::Enum { kind: Kind::String, values } => {
                self.scalar(path, "text", inner);
                let text = inner.as_str().unwrap_or_default();
                assert!(values.iter().any(|known| known.value == text), "{path} has no value {text:?}");
            }
            Type::Scalar(_) | Type::Enum { .. } => self.scalar(path, "number", inner),
            Type::Unknown => panic!("{path} has a type that does not exist"),
        }
    }

    /// Of the specified kind, or of the kind that an example shows: the specification calls some numbers of the wire
    /// text.
    fn scalar(&self, path: &str, specified: &'static str, value: &Value) {
        let found = kind(value);
        let is_shown = self.shown.iter().any(|(shown, kind)| shown == path && *kind == found);
        assert!(found == specified || is_shown, "{path} is {found} and not {specified}: {value}");
    }
}

fn operation(action: &str) -> &'static Operation {
    aliyun_api_spec::dyvmsapi().operation(action).unwrap()
}

/// Every operation with state, asked so that it has something to answer.
fn answers() -> BTreeMap<String, Vec<Value>> {
    let story = Story::new();
    let mut answers: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut ask = |action: &str, parameters: &[(&str, &str)]| {
        let answer = Value::Object(story.ask(action, parameters));
        assert!(["OK", "200"].contains(&answer["Code"].as_str().unwrap()), "{action}: {answer}");
        answers.entry(action.to_owned()).or_default().push(answer.clone());
        answer
    };
    let numbers = [("CalledNumber", "13000000000"), ("CalledShowNumber", "05710000000")];
    let text = |answer: &Value, name: &str| answer[name].as_str().unwrap().to_owned();
    let call = text(&ask("SingleCallByTts", &[numbers[0], ("TtsCode", "TTS_10001")]), "CallId");
    let busy = text(&ask("SingleCallByTts", &[("CalledNumber", "13000000003"), ("TtsCode", "TTS_10001")]), "CallId");
    ask("SingleCallByVoice", &[numbers[0], ("VoiceCode", "a.wav")]);
    ask("SingleCallByVideo", &[numbers[0], ("VoiceCode", "a.wav"), ("VideoCode", "a.mp4")]);
    ask("IvrCall", &[numbers[0], numbers[1], ("StartCode", "TTS_10001")]);
    let smart = text(&ask("SmartCall", &[numbers[0], numbers[1], ("VoiceCode", "a.wav")]), "CallId");
    ask("SmartCallOperate", &[("CallId", &smart), ("Command", "parallelBridge")]);

    let robot = [("DialogId", "1000002300001"), ("TaskName", "Survey"), ("CorpName", "Example Ltd")];
    let settings = [("Caller", "05710000000"), ("NumberStatusIdent", "True"), ("RetryType", "1")];
    let recall = [("RecallStateCodes", "200002"), ("RecallTimes", "1"), ("RecallInterval", "2")];
    let create = [robot, settings, recall].concat();
    let ids = [(); 4].map(|()| text(&ask("CreateRobotTask", &create), "Data"));
    let callees: Vec<String> = (0..100).map(|index| format!("1300001{index:04}")).collect();
    for id in &ids {
        ask("UploadRobotTaskCalledFile", &[("Id", id), ("CalledNumber", &callees.join(","))]);
        ask("QueryRobotTaskDetail", &[("Id", id)]);
        let schedule = [("TaskId", id.as_str()), ("ScheduleTime", "2026-03-02 10:00:00")];
        ask("StartRobotTask", if *id == ids[0] { &schedule } else { &schedule[..1] });
    }
    ask("QueryRobotTaskList", &[]);
    ask("CancelOrderRobotTask", &[("TaskId", &ids[0])]);
    ask("StopRobotTask", &[("TaskId", &ids[1])]);
    ask("CancelRobotTask", &[("TaskId", &ids[2])]);
    let batch = [&robot[..], &numbers[..]].concat();
    let batch = text(&ask("BatchRobotSmartCall", &batch), "TaskId");

    let task = ask("CreateCallTask", &[("Resource", "05710000000"), ("Data", "13000000000,13000000002")]);
    let task = task["Data"].to_string();
    let with_names = [("BizType", "VMS_VOICE_CODE"), ("TemplateCode", "a.wav"), ("TemplateName", "Notice")];
    let named = [("TaskName", "March notices"), ("Resource", "05710000000"), ("Data", "13000000000")];
    let stopped = ask("CreateCallTask", &[&with_names[..], &named[..]].concat())["Data"].to_string();
    for id in [&task, &stopped] {
        ask("ExecuteCallTask", &[("TaskId", id), ("Status", "RUNNING")]);
    }
    ask("ExecuteCallTask", &[("TaskId", &stopped), ("Status", "STOP")]);
    let bound = [("PhoneNum", "05710000000"), ("NumberList", "13000000000,13000000000"), ("RouteType", "0")];
    ask("AddVirtualNumberRelation", &bound);
    ask("QueryVirtualNumberRelation", &[]);
    ask("QueryVmsVirtualNumberRelationByPage", &[]);

    for seconds in [0, 5, 20, 600] {
        story.wait(seconds);
        for id in [&call, &busy] {
            let today = story.today();
            let parameters = [("CallId", id.as_str()), ("ProdId", "11010000138001"), ("QueryDate", today.as_str())];
            ask("QueryCallDetailByCallId", &parameters);
        }
        ask("QueryRobotTaskList", &[]);
        ask("ListCallTask", &[]);
        ask("ListCallTaskDetail", &[("TaskId", &task)]);
        for id in &ids {
            ask("QueryRobotTaskDetail", &[("Id", id)]);
        }
    }
    ask("QueryRobotTaskCallList", &[("TaskId", &ids[3]), ("PageSize", "100")]);
    ask("QueryRobotTaskCallList", &[("TaskId", "1045001"), ("PageSize", "100")]);
    let today = story.today();
    let asked = [("TaskId", batch.as_str()), ("Callee", "13000000000"), ("QueryDate", today.as_str())];
    ask("QueryRobotTaskCallDetail", &asked);
    ask("QueryCallDetailByTaskId", &asked);
    ask("DeleteRobotTask", &[("TaskId", &ids[3])]);
    answers
}

#[test]
fn every_member_is_known_and_of_the_right_kind() {
    let service = aliyun_api_spec::dyvmsapi();
    let answers = answers();
    for (action, answers) in &answers {
        let operation = operation(action);
        let mut shown = Shown::new();
        for response in operation.examples.iter().filter_map(|example| example.response.as_ref()) {
            collect(action, response, &mut shown);
        }
        let mut check = Check { types: Types::of(operation, service), shown, seen: BTreeSet::new() };
        let fields: Vec<&Field> = operation.response.iter().chain(&service.envelope.fields).collect();
        for answer in answers {
            check.members(action, &fields, answer);
        }
        // What the examples show, the state shows too.
        let left_out = ["ListCallTask.Data.Data"];
        for (path, _) in check.shown.iter().filter(|(path, _)| !left_out.contains(&path.as_str())) {
            let known = check.seen.contains(path) || path.starts_with("QueryVirtualNumberRelation.Data.");
            let is_alias = alias_of(operation, path).is_some_and(|other| check.seen.contains(&other));
            assert!(known || is_alias, "{path} is never shown; seen: {:?}", check.seen);
        }
    }
    let count = answers.len();
    assert_eq!(count, 27, "{:?}", answers.keys());
}

/// The other spelling of the last member of a path.
fn alias_of(operation: &Operation, path: &str) -> Option<String> {
    let (above, name) = path.rsplit_once('.')?;
    let types = operation.types.iter().filter_map(|named| match &named.body {
        TypeBody::Record(fields) => Some(fields),
        TypeBody::Enum { .. } => None,
    });
    let field =
        types.flatten().find(|field| field.wire_name == name || field.aliases.iter().any(|alias| alias == name))?;
    let spellings = std::iter::once(&field.wire_name).chain(&field.aliases);
    spellings.map(|name| format!("{above}.{name}")).find(|other| other != path)
}
