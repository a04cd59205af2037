//! Values of members: from the command line, a terminal, or standard input.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use crate::failure::Failure;
use crate::json::Json;

/// Members that nobody may read over a shoulder, in a list of processes, or in the history of a shell.
pub(super) const SECRETS: [&str; 6] =
    ["access_key_secret", "sts_token", "private_key", "bearer_token", "access_token", "oauth_access_token"];

/// Members that are numbers.
const NUMBERS: [&str; 6] =
    ["expired_seconds", "duration_seconds", "sts_expiration", "retry_timeout", "retry_count", "connect_timeout"];

/// Parses each as `MEMBER` or `MEMBER=VALUE`. The error shows no value.
pub(super) fn members(texts: &[String]) -> Result<Vec<(String, Option<String>)>, Failure> {
    texts.iter().map(|text| member(text).map_err(Failure::Usage)).collect()
}

fn member(text: &str) -> Result<(String, Option<String>), String> {
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value.to_owned())));
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || !name.bytes().all(is_name) {
        return Err("expected MEMBER=VALUE with a name such as region_id".to_owned());
    }
    if value.is_some() && SECRETS.contains(&name) {
        return Err(format!(
            "{name} is a secret, which others can see on a command line; give its name only, and it is asked for"
        ));
    }
    Ok((name.to_owned(), value))
}

/// All members with their values. What has none is asked for: on a terminal, secrets without showing them; otherwise each is a
/// line of standard input.
pub(super) fn values(members: Vec<(String, Option<String>)>) -> Result<Vec<(String, Json)>, Failure> {
    let asks = io::stdin().is_terminal();
    let read = |(name, value): (String, Option<String>)| {
        let text = match value {
            Some(value) => value,
            None if asks => ask(&name)?,
            None => line(&name)?,
        };
        let value = as_json(&name, &text)?;
        Ok((name, value))
    };
    members.into_iter().map(read).collect()
}

fn as_json(name: &str, text: &str) -> Result<Json, Failure> {
    if NUMBERS.contains(&name) {
        let number: u64 =
            text.parse().map_err(|_| Failure::Usage(format!("{name}: expected a whole number, 0 or more")))?;
        return Ok(Json::Number(number.to_string()));
    }
    Ok(match text {
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        text => Json::Text(text.to_owned()),
    })
}

fn ask(name: &str) -> Result<String, Failure> {
    let failed = |error| Failure::system(format!("cannot read {name} from the terminal"), error);
    let text = if SECRETS.contains(&name) {
        rpassword::prompt_password(format!("{name} (not shown): ")).map_err(failed)?
    } else {
        let mut error = io::stderr().lock();
        write!(error, "{name}: ").and_then(|()| error.flush()).map_err(failed)?;
        let mut text = String::new();
        io::stdin().lock().read_line(&mut text).map_err(failed)?;
        text
    };
    not_empty(name, text.trim())
}

fn line(name: &str) -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin()
        .lock()
        .read_line(&mut text)
        .map_err(|error| Failure::system(format!("cannot read {name} from standard input"), error))?;
    not_empty(name, text.trim())
}

fn not_empty(name: &str, text: &str) -> Result<String, Failure> {
    if text.is_empty() {
        let why = format!("{name} is missing: enter it, or give it as a line of standard input; nothing was changed");
        return Err(Failure::Usage(why));
    }
    Ok(text.to_owned())
}
