//! The envelope of a service: what its responses share, and which of these members state success.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::draft::{Field, Kind, Operation};
use crate::note::Notes;
use crate::prose;

/// A member is part of the envelope if this share of the responses has it, with one type.
const SHARE: f64 = 0.6;

/// Fewer operations say nothing about what is common: only members with these names are then taken.
const FEW: usize = 5;
/// So many examples must have a code of success that prose names, for each that has another one.
const MOST: usize = 4;
const USUAL: &[&str] = &["code", "message", "requestid", "success", "httpstatuscode", "accessdenieddetail"];

#[derive(Debug, Default)]
pub(crate) struct Envelope {
    pub(crate) fields: Vec<Field>,
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    ok: Option<String>,
    success: Vec<String>,
}

/// What a member says of the outcome, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Code,
    Message,
    RequestId,
    Ok,
}

fn role(field: &Field) -> Option<Role> {
    let role = match field.name.to_ascii_lowercase().as_str() {
        "code" => Role::Code,
        "message" => Role::Message,
        "requestid" => Role::RequestId,
        "success" if field.shape.kind == Kind::Boolean => return Some(Role::Ok),
        _ => return None,
    };
    // A string reads numbers too.
    field.shape.kind.is_scalar().then_some(role)
}

impl Envelope {
    /// Finds what the responses share.
    pub(crate) fn derive(operations: &[Operation], notes: &mut Notes<'_>) -> Self {
        let mut order: Vec<&str> = Vec::new();
        let mut counts: HashMap<&str, Vec<(&Field, usize)>> = HashMap::new();
        for field in operations.iter().flat_map(|operation| &operation.response) {
            if !field.shape.kind.is_scalar() {
                continue;
            }
            let kinds = counts.entry(&field.name).or_insert_with(|| {
                order.push(&field.name);
                Vec::new()
            });
            match kinds.iter_mut().find(|(known, _)| known.shape.kind == field.shape.kind) {
                Some((_, count)) => *count += 1,
                None => kinds.push((field, 1)),
            }
        }
        let mut envelope = Self::default();
        let total = operations.len();
        for name in order {
            let Some((field, count)) = counts.get(name).and_then(|kinds| kinds.iter().max_by_key(|(_, count)| *count))
            else {
                continue;
            };
            #[allow(clippy::cast_precision_loss, reason = "counts of operations are small")]
            let is_common = *count as f64 >= SHARE * total as f64;
            let is_usual = USUAL.contains(&name.to_ascii_lowercase().as_str());
            if is_common && (total >= FEW || is_usual) {
                envelope.add((*field).clone());
            }
        }
        envelope.find_codes(operations, notes);
        envelope
    }

    fn add(&mut self, mut field: Field) {
        field.required = false;
        let (place, kind) = match role(&field) {
            Some(Role::Code) => (&mut self.code, Kind::String),
            Some(Role::Message) => (&mut self.message, Kind::String),
            Some(Role::RequestId) => (&mut self.request_id, Kind::String),
            Some(Role::Ok) => (&mut self.ok, Kind::Boolean),
            None => {
                self.fields.push(field);
                return;
            }
        };
        if place.is_none() {
            *place = Some(field.name.clone());
            if field.shape.kind != kind {
                field.shape.become_kind(kind);
            }
        }
        self.fields.push(field);
    }

    /// Finds the codes of success, if there is no flag. Prose names them, and all documented responses must agree.
    fn find_codes(&mut self, operations: &[Operation], notes: &mut Notes<'_>) {
        let (None, Some(code)) = (&self.ok, &self.code) else { return };
        let mut shown: Vec<String> = Vec::new();
        for example in operations.iter().flat_map(|operation| &operation.examples).filter(|example| !example.fails) {
            let value = example.json.as_ref().and_then(|json| json.get(code));
            let text = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            shown.extend(text.filter(|text| !text.is_empty()));
        }
        let fields = || operations.iter().flat_map(|operation| &operation.response).filter(|field| field.name == *code);
        let examples = fields().filter_map(|field| field.shape.example.as_ref()?.as_str());
        let mut candidates: Vec<&str> = shown.iter().map(String::as_str).chain(examples).collect();
        candidates.sort_unstable();
        candidates.dedup();
        let says = |candidate: &&str| fields().any(|field| says_success(field.description.as_deref(), candidate));
        let codes: Vec<String> = candidates.into_iter().filter(says).map(str::to_owned).collect();
        let Some(at) = fields().map(|field| field.at.0).next().filter(|_| !codes.is_empty()) else { return };
        let (said, mut others): (Vec<String>, Vec<String>) = shown.into_iter().partition(|code| codes.contains(code));
        let listed = codes.join(", ");
        if !others.is_empty() {
            // Most examples must agree with the prose.
            let agrees = said.len() >= others.len() * MOST;
            others.sort();
            others.dedup();
            let others = others.join(", ");
            let end = if agrees { "these are taken for failures" } else { "so a code decides nothing" };
            let what = format!("prose says that the codes of success are {listed}, and examples have {others}; {end}");
            notes.contradiction(at, what);
            if !agrees {
                return;
            }
        }
        notes.guess(at, format!("the codes of success are {listed}, as prose says"));
        self.success = codes;
    }

    /// Removes the members of the envelope from a response. One with a type of its own stays, and replaces that of the
    /// envelope, unless the envelope needs it.
    pub(crate) fn strip(&self, operation: &mut Operation, notes: &mut Notes<'_>) {
        operation.lacks = self.fields.iter().map(|field| field.name.clone()).collect();
        let action = &operation.action;
        let lacks = &mut operation.lacks;
        operation.response.retain(|field| {
            let Some(common) = self.fields.iter().find(|common| common.name == field.name) else { return true };
            lacks.retain(|name| *name != field.name);
            if common.shape.kind == field.shape.kind {
                return false;
            }
            let is_needed = self.roles().any(|(_, name)| name.as_ref() == Some(&field.name));
            let (here, there) = (field.shape.kind.word(), common.shape.kind.word());
            let keeps = !(is_needed && field.shape.kind.is_scalar());
            notes.contradiction(
                field.at.0,
                format!(
                    "{action}: \"{}\" is {here} here, and {there} in most responses; {} is taken",
                    field.name,
                    if keeps { here } else { there }
                ),
            );
            keeps
        });
    }

    fn roles(&self) -> impl Iterator<Item = (&'static str, &Option<String>)> {
        [("code", &self.code), ("message", &self.message), ("requestId", &self.request_id), ("ok", &self.ok)]
            .into_iter()
    }

    /// The rule of success of an operation, if it differs from that of the service.
    pub(crate) fn rule_of(&self, operation: &Operation) -> Option<Value> {
        let own = |role: Role| {
            let is_fit = |field: &&Field| match role {
                Role::Ok => true,
                _ => field.shape.kind == Kind::String,
            };
            let field = operation.response.iter().find(|field| self::role(field) == Some(role)).filter(is_fit)?;
            Some(field.name.clone())
        };
        // A member that was replaced has another type, and one that is missing states nothing.
        let of_service = |name: &Option<String>| {
            let is_replaced = |name: &String| operation.response.iter().any(|field| field.name == *name);
            name.clone().filter(|name| !is_replaced(name))
        };
        let is_there = |name: &String| !operation.lacks.contains(name);
        let rule = Self {
            fields: Vec::new(),
            code: own(Role::Code).or_else(|| of_service(&self.code).filter(is_there)),
            message: own(Role::Message).or_else(|| of_service(&self.message)),
            request_id: own(Role::RequestId).or_else(|| of_service(&self.request_id).filter(is_there)),
            ok: own(Role::Ok).or_else(|| of_service(&self.ok)),
            success: self.success.clone(),
        };
        let is_same = self.roles().map(|(_, name)| name).eq(rule.roles().map(|(_, name)| name));
        (!is_same).then(|| rule.rule().into())
    }

    fn rule(&self) -> Map<String, Value> {
        let mut rule: Map<String, Value> =
            self.roles().filter_map(|(key, name)| Some((key.to_owned(), name.clone()?.into()))).collect();
        if !self.success.is_empty() && self.code.is_some() {
            rule.insert("success".to_owned(), self.success.clone().into());
        }
        rule
    }

    /// The envelope in service.json. `fields` is its table.
    pub(crate) fn written(&self, fields: Map<String, Value>) -> Value {
        let mut written = Map::new();
        written.insert("fields".to_owned(), fields.into());
        written.extend(self.rule());
        written.into()
    }

    /// The envelope that a service.json has already.
    pub(crate) fn of_file(service: &Map<String, Value>) -> Self {
        let envelope = service.get("envelope");
        let text = |key: &str| envelope?.get(key)?.as_str().map(str::to_owned);
        let table = envelope.and_then(|envelope| envelope.get("fields")?.as_object());
        let field = |(name, line): (&String, &Value)| {
            let kind = match line.get("type").and_then(Value::as_str).unwrap_or_default() {
                "string" => Kind::String,
                "int32" => Kind::Int32,
                "int64" => Kind::Int64,
                "number" => Kind::Number,
                "boolean" => Kind::Boolean,
                _ => Kind::Any,
            };
            Field { shape: crate::draft::Shape::of(kind), ..crate::widen::field_of(name, &Value::Null) }
        };
        let success = envelope.and_then(|envelope| envelope.get("success")?.as_array());
        Self {
            fields: table.into_iter().flatten().map(field).collect(),
            code: text("code"),
            message: text("message"),
            request_id: text("requestId"),
            ok: text("ok"),
            success: success.into_iter().flatten().filter_map(|code| Some(code.as_str()?.to_owned())).collect(),
        }
    }
}

/// Whether a description says that a code means success: a sentence has the code as a word, and says so.
fn says_success(description: Option<&str>, code: &str) -> bool {
    let text = prose::plain(description.unwrap_or_default());
    text.split(['。', '\n', '；', ';']).flat_map(|part| part.split(". ")).any(|sentence| {
        let lower = sentence.to_ascii_lowercase();
        let says = lower.contains("success") || sentence.contains("成功");
        let denies = lower.contains("not success") || lower.contains("unsuccess") || sentence.contains("不成功");
        says && !denies && has_word(sentence, code)
    })
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
            !(is_part(before) || is_part(after) && after != Some('.'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_says_which_code_means_success() {
        for (text, code, expected) in [
            ("请求状态码。\n\n -   返回OK代表请求成功。\n-   其他错误码详见[错误码列表](~~112502~~)。", "OK", true),
            ("The response code. The value OK indicates that the request was successful.", "OK", true),
            ("状态码，200表示成功。", "200", true),
            ("The value **200** indicates success. Other codes mean failure.", "200", true),
            ("Success or not. 500 is an error.", "500", false),
            ("BOOK means success", "OK", false),
            ("OK means that it was not successful", "OK", false),
            ("The code.", "OK", false),
        ] {
            assert_eq!(says_success(Some(text), code), expected, "{text}");
        }
        assert!(!says_success(None, "OK"));
    }
}
