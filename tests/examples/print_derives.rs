//! Prints the types of the voice service as serde derives would have them: the specimen that `benches/compile.sh` compares
//! the generated code with. It is not shipped.

use std::collections::HashSet;
use std::fmt::Write as _;

use aliyun_api_spec::model::{Field, Kind, TypeBody};

fn rust_type(kind: &Kind) -> String {
    match kind {
        Kind::String => "String".to_owned(),
        Kind::Int32 => "i32".to_owned(),
        Kind::Int64 => "i64".to_owned(),
        Kind::Number => "f64".to_owned(),
        Kind::Boolean => "bool".to_owned(),
        Kind::Any => "serde_json::Value".to_owned(),
        Kind::Array(item) => format!("Vec<{}>", rust_type(&item.kind)),
        Kind::Map(item) => format!("std::collections::BTreeMap<String, {}>", rust_type(&item.kind)),
        Kind::Named(name) => name.clone(),
    }
}

fn record(out: &mut String, name: &str, fields: &[&Field]) {
    let _ = writeln!(
        out,
        "#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]\n#[serde(default)]"
    );
    let _ = writeln!(out, "pub struct {name} {{");
    for field in fields {
        let aliases: String =
            field.aliases.iter().fold(String::new(), |all, alias| format!("{all}, alias = \"{alias}\""));
        let _ = writeln!(
            out,
            "    #[serde(rename = \"{}\"{aliases}, skip_serializing_if = \"Option::is_none\")]",
            field.wire_name
        );
        let _ = writeln!(out, "    pub r#{}: Option<{}>,", field.rust_name, rust_type(&field.shape.kind));
    }
    let _ = writeln!(out, "}}");
}

fn main() {
    let service = aliyun_api_spec::dyvmsapi();
    let mut out = String::new();
    let mut uses = String::from("pub fn use_all(text: &str) -> usize {\n    let mut all = 0;\n");
    let mut seen = HashSet::new();
    let types = service.types.iter().chain(service.operations.iter().flat_map(|operation| &operation.types));
    for named in types.filter(|named| seen.insert(named.name.as_str())) {
        match &named.body {
            TypeBody::Record(fields) => record(&mut out, &named.name, &fields.iter().collect::<Vec<_>>()),
            TypeBody::Enum { kind, .. } => {
                let _ = writeln!(out, "pub type {} = {};", named.name, rust_type(kind));
            }
        }
    }
    for operation in &service.operations {
        record(&mut out, &operation.action, &operation.parameters.iter().collect::<Vec<_>>());
        let answer: Vec<&Field> = operation.response.iter().chain(&service.envelope.fields).collect();
        record(&mut out, &format!("{}Response", operation.action), &answer);
        let action = &operation.action;
        let _ = writeln!(
            uses,
            "    all += serde_json::to_string(&{action}::default()).map_or(0, |text| text.len());\n    \
             all += serde_json::from_str::<{action}Response>(text).map_or(0, |answer| format!(\"{{answer:?}}\").len());"
        );
    }
    println!("{out}{uses}    all\n}}");
}
