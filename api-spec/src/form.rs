//! Checks a file against the keys of the dialect: JSON types, unknown keys, missing keys.

use std::borrow::Cow;

use crate::fault::Report;
use crate::json::{Json, Node};
use crate::keys::{Form, Object};
use crate::prose::{fault_of_chinese, has_code_block};
use crate::suggest::did_you_mean;

/// Reports every difference between a value and its form.
pub(crate) fn check(node: &Node<'_>, form: &Form, report: &mut Report<'_>) {
    match (form, &node.json) {
        (Form::Any, _)
        | (Form::Flag, Json::Flag(_))
        | (Form::AnyObject, Json::Object(_))
        | (Form::Number, Json::Number(_)) => {}
        (Form::Text | Form::TextOr(_), Json::Text(text)) => {
            if text.trim().is_empty() {
                report.add(node.at, "expected a text that is not empty");
            }
        }
        (Form::Prose, Json::Text(text)) if text.trim().is_empty() => {
            report.add(node.at, "expected a text that is not empty");
        }
        (Form::Prose | Form::Note, Json::Text(text)) => {
            if has_code_block(text) {
                let message = "a code block in documentation would be run as a test";
                report.add_with(node.at, message, Cow::Borrowed("use inline code"));
            }
        }
        (Form::Chinese, Json::Text(text)) => {
            if let Some(message) = fault_of_chinese(text) {
                report.add(node.at, message);
            }
        }
        (Form::OneOf(words), Json::Text(text)) => {
            if !words.contains(&&**text) {
                let known = words.join("\", \"");
                let message = format!("expected one of \"{known}\", found \"{text}\"");
                report.add_with(node.at, message, did_you_mean(text, words.iter().copied()));
            }
        }
        (Form::Integer, _) if node.number::<i64>().is_some() => {}
        (Form::Count, _) if node.number::<u32>().is_some() => {}
        (Form::List(of), Json::List(elements)) => {
            for element in elements {
                check(element, of, report);
            }
        }
        (Form::Table(of, _), Json::Object(members)) => {
            for member in members {
                check(&member.value, of, report);
            }
        }
        (Form::Object(object) | Form::TextOr(object), Json::Object(_)) => {
            check_object(node, object, report);
        }
        _ => report.add(node.at, format!("expected {}, found {}", wanted(form), found(node))),
    }
}

fn check_object(node: &Node<'_>, object: &Object, report: &mut Report<'_>) {
    for member in node.members() {
        if let Some(key) = object.keys.iter().find(|key| key.name == member.name) {
            check(&member.value, &key.form, report);
            continue;
        }
        let names = object.keys.iter().map(|key| key.name);
        let hint = did_you_mean(&member.name, names.clone()).unwrap_or_else(|| {
            let names: Vec<&str> = names.collect();
            format!("{} has {}", object.what, names.join(", ")).into()
        });
        report.add_with(member.at, format!("unknown key \"{}\"", member.name), hint);
    }
    for key in object.keys.iter().filter(|key| key.required) {
        if node.get(key.name).is_none() {
            report.add(node.at, format!("{} needs the key \"{}\"", object.what, key.name));
        }
    }
}

fn wanted(form: &Form) -> &'static str {
    match form {
        Form::Text | Form::Prose | Form::Note | Form::Chinese | Form::OneOf(_) => "a text",
        Form::Flag => "true or false",
        Form::Integer => "an integer",
        Form::Count => "an integer from 0 to 4294967295",
        Form::Number => "a number",
        Form::Any => "a value",
        Form::AnyObject | Form::Table(..) | Form::Object(_) => "an object",
        Form::List(_) => "a list",
        Form::TextOr(_) => "a text or an object",
    }
}

fn found(node: &Node<'_>) -> String {
    match &node.json {
        Json::Null => "null".to_owned(),
        Json::Flag(flag) => flag.to_string(),
        Json::Number(number) => (*number).to_owned(),
        Json::Text(_) => "a text".to_owned(),
        Json::List(_) => "a list".to_owned(),
        Json::Object(_) => "an object".to_owned(),
    }
}
