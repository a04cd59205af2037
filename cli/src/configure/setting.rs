//! Members of a profile, as the command line gives them or a person answers for them.

use std::io::{self, IsTerminal as _, Write as _};

use aliyun_api_spec::suggest;
use aliyun_runtime::credentials::tool::{self, MemberKind};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::language::text;

/// A member, and its value if that is given.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    kind: MemberKind,
    given: Option<String>,
}

impl Setting {
    /// A member that is asked for.
    pub(super) fn asked(name: &str) -> Option<Self> {
        let (name, kind) = tool::members().find(|(known, _)| *known == name)?;
        Some(Self { name, kind, given: None })
    }

    /// A text.
    pub(super) fn of(name: &'static str, value: &str) -> Self {
        Self { name, kind: MemberKind::Text, given: Some(value.to_owned()) }
    }
}

/// The value of a member. `Debug` does not show texts: they may be secrets.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(Zeroizing<String>),
    Number(u64),
    Switch(bool),
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Value")
    }
}

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Zeroizing::new(text.to_owned()))
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

/// The members of a command line: `KEY=VALUE`, or `KEY`. No error shows a value.
pub(super) fn parse(settings: &[String]) -> Result<Vec<Setting>, Failure> {
    let mut parsed: Vec<Setting> = Vec::new();
    for text in settings {
        let (key, given) = match text.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (text.as_str(), None),
        };
        let key = key.replace('-', "_").to_lowercase();
        let Some(mut setting) = Setting::asked(&key) else {
            return Err(Failure::Usage(unknown(&key, given.is_some())));
        };
        let name = setting.name;
        if setting.kind == MemberKind::Secret && given.as_ref().is_some_and(|value| !value.is_empty()) {
            let why = "is a secret, which other users of this machine could read on the command line";
            return Err(Failure::Usage(format!("{name} {why}: give {name} without a value, and it is asked for")));
        }
        if parsed.iter().any(|known| known.name == name) {
            return Err(Failure::Usage(format!("{name} is given twice")));
        }
        setting.given = given;
        parsed.push(setting);
    }
    Ok(parsed)
}

/// A key that no profile has. A word without `=` may be a value, even a secret, and is not shown.
fn unknown(key: &str, has_value: bool) -> String {
    let names = || tool::members().map(|(name, _)| name);
    let nearest = suggest::nearest(key, names()).map(|nearest| format!("; did you mean {nearest}?"));
    match nearest {
        Some(hint) => format!("a profile has no such member{hint}"),
        None if has_value => {
            let names: Vec<&str> = names().collect();
            format!("a profile has no member with this name; expected one of {}", names.join(", "))
        }
        None => {
            "expected KEY=VALUE, such as region_id=cn-hangzhou, or the KEY of a member that is asked for".to_owned()
        }
    }
}

/// The values of members: those that are not given are asked for, secrets after all others.
pub(super) fn values(settings: Vec<Setting>) -> Result<Vec<(&'static str, Value)>, Failure> {
    let (secrets, others): (Vec<_>, Vec<_>) =
        settings.into_iter().enumerate().partition(|(_, setting)| setting.kind == MemberKind::Secret);
    let mut values = Vec::new();
    for (at, setting) in others.into_iter().chain(secrets) {
        values.push((at, setting.name, value(setting)?));
    }
    values.sort_by_key(|(at, ..)| *at);
    Ok(values.into_iter().map(|(_, name, value)| (name, value)).collect())
}

fn value(setting: Setting) -> Result<Value, Failure> {
    let Setting { name, kind, given } = setting;
    let text = match given {
        Some(given) => Zeroizing::new(given),
        None => ask(name, kind)?,
    };
    let text = text.trim();
    let refuse = |expected: &str| Err(Failure::Usage(format!("{name}: expected {expected}")));
    match kind {
        MemberKind::Text if name == "mode" && !text.is_empty() => {
            super::mode(text).map(Value::text).map_err(|why| Failure::Usage(format!("mode: {why}")))
        }
        MemberKind::Text | MemberKind::Secret => Ok(Value::text(text)),
        MemberKind::Number => match text.parse() {
            Ok(number) => Ok(Value::Number(number)),
            Err(_) => refuse("a whole number, 0 or more"),
        },
        MemberKind::Switch => match text {
            "true" => Ok(Value::Switch(true)),
            "false" => Ok(Value::Switch(false)),
            _ => refuse("true or false"),
        },
    }
}

/// Asks a person, or reads the next line of standard input. Secrets are not shown while they are typed.
fn ask(name: &str, kind: MemberKind) -> Result<Zeroizing<String>, Failure> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::Interrupted => Failure::interrupted(),
        _ => Failure::system(format!("cannot ask for {name}"), error),
    };
    let is_terminal = io::stdin().is_terminal();
    if is_terminal && kind == MemberKind::Secret {
        // The prompt raises the signal of Ctrl-C before it shows again what is typed. The signal is caught from here on, so
        // that it gets that far; no other question follows.
        #[cfg(unix)]
        let _caught = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt()).map_err(failed)?;
        let prompt = text!("{name}: ", "{name}（输入不回显）：");
        return Ok(Zeroizing::new(rpassword::prompt_password(prompt).map_err(failed)?));
    }
    if is_terminal {
        let prompt = text!("{name}: ", "{name}：");
        write!(io::stderr(), "{prompt}").and_then(|()| io::stderr().flush()).map_err(failed)?;
    }
    let mut line = Zeroizing::new(String::new());
    if io::stdin().read_line(&mut line).map_err(failed)? == 0 {
        let how = "give it as a line of standard input, or run the command at a terminal";
        return Err(Failure::Usage(format!("{name} is missing: {how}; nothing was written")));
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(settings: &[&str]) -> Result<Vec<(&'static str, Value)>, String> {
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        let values = parse(&settings).and_then(values);
        values.map_err(|failure| match failure {
            Failure::Usage(message) => message,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn members_have_their_types() {
        let values =
            parsed(&["region-id=cn-shanghai", "expired_seconds=900", "enable_vpc=true", "mode=ak", "STS_REGION="]);
        let expected = [
            ("region_id", Value::text("cn-shanghai")),
            ("expired_seconds", Value::Number(900)),
            ("enable_vpc", Value::Switch(true)),
            ("mode", Value::text("AK")),
            ("sts_region", Value::text("")),
        ];
        assert_eq!(values.unwrap(), expected);
        // An equals sign in the value belongs to it.
        assert_eq!(parsed(&["policy={a=b}"]).unwrap(), [("policy", Value::text("{a=b}"))]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_without_its_value() {
        for (setting, expected) in [
            ("acces_key_id=testid", "did you mean access_key_id?"),
            ("xyz=testid", "expected one of mode, access_key_id,"),
            ("testsecret", "expected KEY=VALUE"),
            ("access_key_secret=testsecret", "is a secret"),
            ("sts-token=testsecret", "is a secret"),
            ("expired_seconds=-1", "expired_seconds: expected a whole number, 0 or more"),
            ("enable_vpc=yes", "enable_vpc: expected true or false"),
            ("mode=Xyz", "mode: expected one of AK, StsToken,"),
        ] {
            let why = parsed(&[setting]).unwrap_err();
            assert!(why.contains(expected), "{why}");
            let value = setting.rsplit('=').next().unwrap();
            assert!(["-1", "yes"].contains(&value) || !why.contains(value), "{why}");
        }
        assert_eq!(parsed(&["region_id=a", "region-id=b"]).unwrap_err(), "region_id is given twice");
    }
}
