//! `--query`: JMESPath over a response, with its digits and its order.
//!
//! The library keeps neither: it computes with `serde_json`'s numbers, and sorts the members of objects. So digits and order
//! are restored from the response and from the expression.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use jmespath::ast::Ast;
use jmespath::{Expression, Variable};
use serde_json::Number;

use crate::json::Json;

/// A JMESPath expression. It is kept as its text, since a parsed one cannot move between threads, as clap demands.
#[derive(Debug, Clone)]
pub(crate) struct Query(String);

impl Query {
    /// Parses an expression.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        compiled(text).map(|_| Self(text.to_owned()))
    }

    /// The part of a value that the expression selects.
    pub(crate) fn select(&self, value: &Json) -> Result<Json, String> {
        let expression = compiled(&self.0)?;
        let mut known = Known::default();
        known.names_of(expression.as_ast());
        let input = known.variable(value);
        let output = expression.search(input).map_err(|error| format!("--query: {}", indented(&error)))?;
        Ok(known.json(&output))
    }
}

fn compiled(text: &str) -> Result<Expression<'static>, String> {
    jmespath::compile(text).map_err(|error| format!("not a JMESPath expression: {}", indented(&error)))
}

/// The message of an error, whose second line shows the expression, and a third one the place.
fn indented(error: &jmespath::JmespathError) -> String {
    error.to_string().trim_end().replace('\n', "\n  ").replacen("Parse error: ", "", 1).replacen(
        "Runtime error: ",
        "",
        1,
    )
}

/// Begins a text that stands for a number that a program cannot hold. A private character, so that no text is taken for one.
const MARK: char = '\u{f8ff}';

/// What the library does not keep.
#[derive(Default)]
struct Known {
    /// The digits of numbers, by the text in which the library writes them.
    digits: HashMap<String, String>,
    /// Names of members in the order of the expression, then of the value.
    ranks: HashMap<String, usize>,
}

impl Known {
    fn name(&mut self, name: &str) {
        let next = self.ranks.len();
        self.ranks.entry(name.to_owned()).or_insert(next);
    }

    /// The names that an expression gives.
    fn names_of(&mut self, ast: &Ast) {
        match ast {
            Ast::MultiHash { elements, .. } => {
                for element in elements {
                    self.name(&element.key);
                    self.names_of(&element.value);
                }
            }
            Ast::MultiList { elements, .. } => elements.iter().for_each(|inner| self.names_of(inner)),
            Ast::Function { args, .. } => args.iter().for_each(|inner| self.names_of(inner)),
            Ast::Comparison { lhs, rhs, .. }
            | Ast::And { lhs, rhs, .. }
            | Ast::Or { lhs, rhs, .. }
            | Ast::Projection { lhs, rhs, .. }
            | Ast::Subexpr { lhs, rhs, .. } => {
                self.names_of(lhs);
                self.names_of(rhs);
            }
            Ast::Condition { predicate, then, .. } => {
                self.names_of(predicate);
                self.names_of(then);
            }
            Ast::Expref { ast, .. } => self.names_of(ast),
            Ast::Not { node, .. } | Ast::Flatten { node, .. } | Ast::ObjectValues { node, .. } => self.names_of(node),
            Ast::Identity { .. } | Ast::Field { .. } | Ast::Index { .. } | Ast::Literal { .. } | Ast::Slice { .. } => {}
        }
    }

    fn variable(&mut self, value: &Json) -> Variable {
        match value {
            Json::Null => Variable::Null,
            Json::Bool(value) => Variable::Bool(*value),
            Json::Text(text) => Variable::String(text.clone()),
            Json::Number(digits) => match exact(digits) {
                Some(number) => {
                    self.digits.entry(number.to_string()).or_insert_with(|| digits.clone());
                    Variable::Number(number)
                }
                None => Variable::String(format!("{MARK}{digits}")),
            },
            Json::Raw(text) => Variable::String(format!("{MARK}{text}")),
            Json::List(items) => Variable::Array(items.iter().map(|item| Rc::new(self.variable(item))).collect()),
            Json::Object(members) => {
                for (name, _) in members {
                    self.name(name);
                }
                let member = |(name, value): &(String, Json)| (name.clone(), Rc::new(self.variable(value)));
                Variable::Object(members.iter().map(member).collect::<BTreeMap<_, _>>())
            }
        }
    }

    fn json(&self, value: &Variable) -> Json {
        match value {
            Variable::Null | Variable::Expref(_) => Json::Null,
            Variable::Bool(value) => Json::Bool(*value),
            Variable::Number(number) => {
                let text = number.to_string();
                Json::Number(self.digits.get(&text).cloned().unwrap_or(text))
            }
            Variable::String(text) => match text.strip_prefix(MARK) {
                Some(raw) if crate::json::is_number(raw) => Json::Number(raw.to_owned()),
                Some(raw) => Json::Raw(raw.to_owned()),
                None => Json::Text(text.clone()),
            },
            Variable::Array(items) => Json::List(items.iter().map(|item| self.json(item)).collect()),
            Variable::Object(members) => {
                let mut members: Vec<(String, Json)> =
                    members.iter().map(|(name, value)| (name.clone(), self.json(value))).collect();
                members.sort_by_key(|(name, _)| self.ranks.get(name).copied().unwrap_or(usize::MAX));
                Json::Object(members)
            }
        }
    }
}

/// A number with the same value, if a program can hold it.
fn exact(digits: &str) -> Option<Number> {
    let number: Number = serde_json::from_str(digits).ok()?;
    (decimal(&number.to_string()) == decimal(digits)).then_some(number)
}

/// A decimal number without what does not change its value: its sign, its digits, and the power of ten of the last one.
fn decimal(text: &str) -> (bool, String, i64) {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(i64::MAX);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let shortest = digits.trim_end_matches('0');
    if shortest.is_empty() {
        return (negative, String::new(), 0);
    }
    let dropped = i64::try_from(digits.len() - shortest.len()).unwrap_or(i64::MAX);
    let fraction = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
    (negative, shortest.to_owned(), exponent.saturating_sub(fraction).saturating_add(dropped))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(query: &str, json: &str) -> String {
        Query::parse(query).unwrap().select(&Json::read(json)).unwrap().to_string()
    }

    #[test]
    fn digits_and_order_are_those_of_the_response() {
        let json = r#"{"z":100.00,"big":123456789012345678901234,"e":1e3,"n":-0.10,"s":0.1000000000000000055,"i":-7,"list":[{"b":1.0,"a":"x"}]}"#;
        for part in ["z", "big", "e", "n", "s", "i", "list", "list[0]", "@"] {
            let expected = if part == "@" {
                json.to_owned()
            } else {
                let (name, rest) = part.split_once('[').unwrap_or((part, ""));
                let value = Json::read(json).get(name).unwrap().clone();
                match (rest, value) {
                    ("", value) => value.to_string(),
                    (_, Json::List(items)) => items[0].to_string(),
                    other => panic!("{other:?}"),
                }
            };
            assert_eq!(selected(part, json), expected, "{part}");
        }
        assert_eq!(selected("list[].{z: b, a: a}", json), r#"[{"z":1.0,"a":"x"}]"#);
        assert_eq!(selected("{second: z, first: i}", json), r#"{"second":100.00,"first":-7}"#);
    }

    #[test]
    fn values_are_computed_and_compared() {
        let json = r#"{"Data":[{"id":"1","s":60.0},{"id":"2","s":5}],"t":"停机"}"#;
        assert_eq!(selected("Data[?s > `10`].id", json), r#"["1"]"#);
        assert_eq!(selected("length(Data)", json), "2");
        assert_eq!(selected("sum(Data[].s)", json), "65.0");
        assert_eq!(selected("Data[].[id, s]", json), r#"[["1",60.0],["2",5]]"#);
        assert_eq!(selected("t", json), "\"停机\"");
        assert_eq!(selected("nothing.here", json), "null");
    }

    #[test]
    fn what_is_wrong_with_an_expression_is_shown_with_its_place() {
        let fault = Query::parse("Data[?").unwrap_err();
        assert!(fault.starts_with("not a JMESPath expression: ") && fault.contains("Data[?\n"), "{fault}");
        let fault = Query::parse("length(Data)").unwrap().select(&Json::read(r#"{"Data":7}"#)).unwrap_err();
        assert!(fault.starts_with("--query: ") && fault.contains("length(Data)"), "{fault}");
    }
}
