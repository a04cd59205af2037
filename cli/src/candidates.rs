//! What a shell offers to complete a word with: values come from the specification and from the file of profiles, when the
//! shell asks.

use std::ffi::OsStr;

use aliyun_api_spec::model::{Field, TypeBody};
use aliyun_api_spec::types::{Type, Types};
use aliyun_runtime::credentials::tool::{self, MemberKind, ToolFile};
use clap::Arg;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};

use crate::language::pick;
use crate::spec;

/// Offers the known values of a parameter.
pub(crate) fn with_values(argument: Arg, field: &'static Field, types: Types<'static>) -> Arg {
    let candidates = move || values(field, types);
    if candidates().is_empty() { argument } else { argument.add(ArgValueCandidates::new(candidates)) }
}

fn values(field: &'static Field, types: Types<'static>) -> Vec<CompletionCandidate> {
    let documented = field.shape.values.iter().map(|(value, meaning)| candidate(value, meaning));
    let known = match types.resolve(field.shape.kind.innermost()) {
        Type::Enum { values, .. } => values
            .iter()
            .map(|value| {
                let meaning = value.description.as_deref().unwrap_or(&value.name);
                candidate(&value.value, pick(meaning, value.description_zh.as_deref()))
            })
            .collect(),
        Type::Scalar(aliyun_api_spec::model::Kind::Boolean) => vec![candidate("true", ""), candidate("false", "")],
        _ => Vec::new(),
    };
    documented.chain(known).collect()
}

fn candidate(value: &str, help: &str) -> CompletionCandidate {
    CompletionCandidate::new(value).help((!help.is_empty()).then(|| help.to_owned().into()))
}

/// The languages of `--lang`.
pub(crate) fn languages() -> ArgValueCandidates {
    ArgValueCandidates::new(|| vec![candidate("en", "English"), candidate("zh", "中文")])
}

/// The profiles of the file. A file that cannot be read has none.
pub(crate) fn profiles() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let outline = || {
            let file = ToolFile::of_process().ok()?;
            file.outline(&file.read().ok()??).ok()
        };
        let profiles = outline().map(|outline| outline.profiles).unwrap_or_default();
        profiles.iter().map(|profile| candidate(&profile.name, &profile.mode)).collect()
    })
}

/// The regions with a host of their own.
pub(crate) fn regions() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let endpoints = &spec::service().endpoints;
        endpoints.regions.iter().map(|(region, host)| candidate(region, host)).collect()
    })
}

/// What `describe` knows: operations, types and receipts.
pub(crate) fn described() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let service = spec::service();
        let operations = service
            .operations
            .iter()
            .map(|operation| candidate(&operation.action, pick(&operation.summary, operation.summary_zh.as_deref())));
        let own = service.operations.iter().flat_map(|operation| &operation.types);
        let types = service.types.iter().chain(own);
        let types = types.map(|named| candidate(&named.name, named.description.as_deref().unwrap_or_default()));
        let receipts = service.receipts.iter().map(|receipt| candidate(&receipt.kind, ""));
        operations.chain(types).chain(receipts).collect()
    })
}

/// The codes of errors and the values of shared types.
pub(crate) fn codes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let errors = spec::errors().iter().chain(aliyun_protocol::gateway::CODES);
        let codes = errors.flat_map(|facts| facts.codes.iter().map(|code| candidate(code, facts.advice)));
        let codes = codes.filter(|code| !code.get_value().to_string_lossy().ends_with('*'));
        let values = spec::service().types.iter().filter_map(|named| match &named.body {
            TypeBody::Enum { values, .. } => Some(values),
            TypeBody::Record(_) => None,
        });
        let values =
            values.flatten().map(|value| candidate(&value.value, value.description.as_deref().unwrap_or(&value.name)));
        codes.chain(values).collect()
    })
}

/// Members of a profile: `KEY=`, or the key of a secret.
pub(crate) fn members() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let current = current.to_string_lossy().replace('-', "_");
        let member = |(name, kind): (&str, MemberKind)| {
            if kind == MemberKind::Secret {
                candidate(name, pick("is asked for", Some("会提示输入")))
            } else {
                candidate(&format!("{name}="), "")
            }
        };
        tool::members().filter(|(name, _)| name.starts_with(&current)).map(member).collect()
    })
}

/// The modes of profiles.
pub(crate) fn modes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| tool::modes().map(|(name, needs)| candidate(name, &needs.join(", "))).collect())
}
