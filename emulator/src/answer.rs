//! Writes responses: JSON or XML, success or refusal.
//!
//! XML follows the service: the root of a success is `<Action>Response`, every member is an element of its name, and
//! `null` is left out. A list is its member's element repeated, once per item and with no element around them, so an
//! empty list is nothing at all:
//!
//! ```xml
//! <ListResponse><Code>OK</Code><Item><Id>1</Id></Item><Item><Id>2</Id></Item></ListResponse>
//! ```

use std::borrow::Cow;
use std::io;

use aliyun_api_spec::model::{Field, Kind, Style};
use aliyun_api_spec::types::{Type, Types};
use aliyun_protocol::parameter;
use bytes::Bytes;
use http::HeaderValue;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use serde_json::{Map, Value};

use crate::parameters::Parameters;
use crate::refusal::Refusal;

/// The format of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Xml,
}

impl Format {
    /// The format that the request asks for; `unasked` by default.
    pub(crate) fn requested(parameters: &Parameters, unasked: Self) -> Result<Self, Refusal> {
        match parameters.get(parameter::FORMAT).map(String::as_str).unwrap_or_default() {
            "" => Ok(unasked),
            format if format.eq_ignore_ascii_case("json") => Ok(Self::Json),
            format if format.eq_ignore_ascii_case("xml") => Ok(Self::Xml),
            _ => Err(Refusal::format()),
        }
    }

    /// Official clients read an XML error only with exactly this content type.
    pub(crate) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json;charset=utf-8",
            Self::Xml => "text/xml;charset=utf-8",
        })
    }
}

/// The body of a success.
pub(crate) fn success(format: Format, action: &str, members: Map<String, Value>) -> Bytes {
    match format {
        Format::Json => Value::Object(members).to_string().into(),
        Format::Xml => xml(&format!("{action}Response"), &Value::Object(members)),
    }
}

/// The body of a gateway error. Only JSON carries a recommendation.
pub(crate) fn refusal(format: Format, refusal: &Refusal, request_id: &str, host_id: &str, product: &str) -> Bytes {
    let code = &refusal.code;
    let mut members = Map::new();
    let mut add = |name: &str, text: &str| members.insert(name.to_owned(), text.into());
    add("RequestId", request_id);
    add("HostId", host_id);
    add("Code", code);
    add("Message", &refusal.message);
    match format {
        Format::Json => {
            let diagnosis = "https://api.aliyun.com/troubleshoot";
            add("Recommend", &format!("{diagnosis}?q={code}&product={product}&requestId={request_id}"));
            Value::Object(members).to_string().into()
        }
        Format::Xml => xml("Error", &Value::Object(members)),
    }
}

/// Converts members that contain JSON in a text on the wire into such texts.
pub(crate) fn fold_json(types: Types<'_>, fields: &[Field], members: &mut Map<String, Value>) {
    for field in fields {
        if let Some(value) = members.get_mut(&field.wire_name) {
            fold_value(types, &field.shape.kind, field.shape.style, value);
        }
    }
}

fn fold_value(types: Types<'_>, kind: &Kind, style: Option<Style>, value: &mut Value) {
    match (types.resolve(kind), &mut *value) {
        (Type::Array(item), Value::Array(items)) => {
            for value in items {
                fold_value(types, &item.kind, item.style, value);
            }
        }
        (Type::Map(item), Value::Object(members)) => {
            for value in members.values_mut() {
                fold_value(types, &item.kind, item.style, value);
            }
        }
        (Type::Record(fields), Value::Object(members)) => fold_json(types, fields, members),
        _ => {}
    }
    if style == Some(Style::Json) && !matches!(value, Value::String(_) | Value::Null) {
        *value = Value::String(value.to_string());
    }
}

fn xml(root: &str, value: &Value) -> Bytes {
    let mut writer = Writer::new(Vec::new());
    // Writing into memory cannot fail.
    let _ = writer
        .write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))
        .and_then(|()| write_element(&mut writer, root, value));
    writer.into_inner().into()
}

fn write_element(writer: &mut Writer<Vec<u8>>, name: &str, value: &Value) -> io::Result<()> {
    match value {
        Value::Null => Ok(()),
        Value::Array(items) => items.iter().try_for_each(|item| write_element(writer, name, item)),
        Value::Object(members) => writer
            .create_element(element_name(name))
            .write_inner_content(|writer| {
                members.iter().try_for_each(|(name, value)| write_element(writer, name, value))
            })
            .map(|_| ()),
        Value::String(text) => write_text(writer, name, text),
        Value::Bool(_) | Value::Number(_) => write_text(writer, name, &value.to_string()),
    }
}

fn write_text(writer: &mut Writer<Vec<u8>>, name: &str, text: &str) -> io::Result<()> {
    // XML cannot represent most control characters.
    let forbidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    let text =
        if text.contains(forbidden) { Cow::Owned(text.replace(forbidden, "\u{fffd}")) } else { Cow::Borrowed(text) };
    writer.create_element(element_name(name)).write_text_content(BytesText::new(&text)).map(|_| ())
}

/// A name that XML allows: keys of maps may be any text, and invalid characters become `_`.
fn element_name(name: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let starts = |c: char| c.is_alphabetic() || c == '_';
    if name.starts_with(starts) && name.chars().all(fits) {
        return Cow::Borrowed(name);
    }
    let mut fitting = name.replace(|c| !fits(c), "_");
    if !fitting.starts_with(starts) {
        fitting.insert(0, '_');
    }
    Cow::Owned(fitting)
}

#[cfg(test)]
mod tests {
    use aliyun_api_spec::model::{NamedType, Shape, TypeBody};
    use serde_json::json;

    use super::*;
    use crate::specimen::{field, service, shape};

    fn members(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(members) => members,
            other => panic!("{other} is no object"),
        }
    }

    fn format(text: &str) -> Result<Format, Refusal> {
        Format::requested(&[("Format".to_owned(), text.to_owned())].into(), Format::Xml)
    }

    #[test]
    fn the_format_is_read_in_any_case() {
        assert_eq!(format("json"), Ok(Format::Json));
        assert_eq!(format("JSON"), Ok(Format::Json));
        assert_eq!(format("Xml"), Ok(Format::Xml));
        assert_eq!(format(""), Ok(Format::Xml));
        assert_eq!(Format::requested(&Parameters::new(), Format::Json), Ok(Format::Json));
        assert_eq!(format("yaml"), Err(Refusal::format()));
    }

    #[test]
    fn writes_members_in_their_order() {
        let answer = members(json!({ "RequestId": "R", "Code": "OK", "Data": "[{\"a\": 1}]" }));
        assert_eq!(
            success(Format::Json, "Do", answer.clone()),
            r#"{"RequestId":"R","Code":"OK","Data":"[{\"a\": 1}]"}"#
        );
        assert_eq!(
            success(Format::Xml, "Do", answer),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><DoResponse><RequestId>R</RequestId><Code>OK</Code>\
             <Data>[{&quot;a&quot;: 1}]</Data></DoResponse>"
        );
    }

    #[test]
    fn writes_lists_as_repeated_elements_and_leaves_null_out() {
        let answer = members(json!({
            "Item": [{ "Id": 1, "Tags": ["a", "b"] }, { "Id": 2, "Tags": [] }],
            "Nothing": null,
            "Flag": true,
            "Text": "<&>\u{1} 占",
            "1 key": "v",
        }));
        assert_eq!(
            success(Format::Xml, "List", answer),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListResponse><Item><Id>1</Id><Tags>a</Tags><Tags>b</Tags>\
             </Item><Item><Id>2</Id></Item><Flag>true</Flag><Text>&lt;&amp;&gt;\u{fffd} 占</Text>\
             <_1_key>v</_1_key></ListResponse>"
        );
    }

    #[test]
    fn writes_refusals_in_both_formats() {
        let missing = Refusal::missing("Action");
        assert_eq!(
            refusal(Format::Json, &missing, "R", "host", "P"),
            r#"{"RequestId":"R","HostId":"host","Code":"MissingAction","Message":"Action is mandatory for this action.","Recommend":"https://api.aliyun.com/troubleshoot?q=MissingAction&product=P&requestId=R"}"#
        );
        assert_eq!(
            refusal(Format::Xml, &missing, "R", "host", "P"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><RequestId>R</RequestId><HostId>host</HostId>\
             <Code>MissingAction</Code><Message>Action is mandatory for this action.</Message></Error>"
        );
    }

    #[test]
    fn folds_json_members_at_any_depth_and_only_once() {
        let json = |kind| Shape { style: Some(Style::Json), ..shape(kind) };
        let mut service = service();
        service.types = vec![NamedType {
            name: "Inner".into(),
            description: None,
            body: TypeBody::Record(vec![field("Text", json(Kind::Any))]),
        }];
        let inner = shape(Kind::Named("Inner".into()));
        let fields = [
            field("List", shape(Kind::Array(Box::new(inner.clone())))),
            field("Whole", json(Kind::Array(Box::new(inner)))),
            field("Ready", json(Kind::Any)),
        ];
        let mut answer = members(json!({
            "List": [{ "Text": { "a": [1] } }],
            "Whole": [{ "Text": 1, "Other": null }],
            "Ready": "{}",
            "Unknown": { "a": 1 },
        }));
        fold_json(Types::shared(&service), &fields, &mut answer);
        assert_eq!(
            Value::Object(answer),
            json!({
                "List": [{ "Text": "{\"a\":[1]}" }],
                "Whole": "[{\"Text\":\"1\",\"Other\":null}]",
                "Ready": "{}",
                "Unknown": { "a": 1 },
            })
        );
    }
}
