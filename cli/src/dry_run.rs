//! `--dry-run`: the signed request, which is shown and not sent.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::SystemTime;

use aliyun_api_spec::types::{Sensitivity, Types};
use aliyun_protocol::visible::escaped;
use aliyun_protocol::{Parameters, header, parameter, v1, v3};
use aliyun_runtime::http;
use aliyun_runtime::{Bytes, http::request::Parts};

use crate::client::Connection;
use crate::emulator;
use crate::failure::Failure;
use crate::json::Json;
use crate::output::{self, Format};
use crate::request::Request;
use crate::{notice, spec, yaml};

/// Options of a dry run.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Show the signed request and do not send it: method, host, parameters, canonical query, string to sign, signature
    ///
    /// Phone numbers, spoken texts and security tokens are shown as ***. The signature is that of the whole request: with the
    /// same key, --timestamp and --nonce, another client that signs the same request has the same signature.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Show phone numbers and spoken texts in a dry run; whoever sees it can send the request until it expires
    #[arg(long, requires = "dry_run")]
    show_sensitive: bool,
    /// Time stamp of a dry run, such as 2026-03-01T12:34:56Z
    #[arg(long, value_name = "TIME", requires = "dry_run", value_parser = time)]
    timestamp: Option<SystemTime>,
    /// Nonce of a dry run
    #[arg(long, value_name = "TEXT", requires = "dry_run", value_parser = nonce)]
    nonce: Option<String>,
}

fn time(text: &str) -> Result<SystemTime, &'static str> {
    const EXPECTED: &str = "expected a time from 1970 to 9999, such as 2026-03-01T12:34:56Z";
    emulator::time(text)
        .map_err(|_| EXPECTED)
        .and_then(|time| if time < SystemTime::UNIX_EPOCH { Err(EXPECTED) } else { Ok(time) })
}

fn nonce(text: &str) -> Result<String, &'static str> {
    let fits = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(text.to_owned()) } else { Err("expected 1 to 128 visible ASCII characters") }
}

/// Signs a request and shows it.
pub(crate) async fn run(
    connection: &Connection,
    request: &Request,
    options: &Options,
    format: Format,
) -> Result<(), Failure> {
    let signed = connection.pending(request).sign(options.timestamp, options.nonce.clone());
    let signed = signed.await.map_err(Failure::from)?;
    let shown = Signed::new(signed, &Redaction { request, is_off: options.show_sensitive });
    let mut output = io::stdout().lock();
    match format {
        Format::Table => output.write_all(shown.lines().as_bytes())?,
        Format::Json => output::write_json(&mut output, &shown.json())?,
        Format::Jsonl => writeln!(output, "{}", shown.json())?,
        Format::Yaml => output.write_all(yaml::text(&shown.json()).map_err(io::Error::other)?.as_bytes())?,
        Format::Csv => return Err(Failure::Usage("a dry run has no CSV: use -o json".to_owned())),
    }
    if !shown.redacted.is_empty() {
        let names = notice::names(&shown.redacted);
        notice::note(&format!("not shown: {names}; the signature is that of the whole request"));
    }
    Ok(())
}

/// Which values of a request are shown.
struct Redaction<'r> {
    request: &'r Request,
    /// Whether parameters of the operation are shown whatever they are.
    is_off: bool,
}

impl Redaction<'_> {
    fn shows(&self, name: &str) -> bool {
        if parameter::ALL.contains(&name) {
            // The signature is the purpose of a dry run.
            return parameter::is_public(name) || name == parameter::SIGNATURE;
        }
        self.is_off || self.is_harmless(name)
    }

    fn is_harmless(&self, name: &str) -> bool {
        let Some(operation) = self.request.operation() else { return false };
        let types = Types::of(operation, spec::service());
        let of = name.split('.').next().unwrap_or(name);
        let field = operation.parameter(of).or_else(|| {
            let common = &spec::service().common_parameters;
            common.iter().find(|field| field.wire_name == of)
        });
        field.is_some_and(|field| types.sensitivity(&field.shape) == Sensitivity::None)
    }
}

/// Stands for a value that is not shown while texts are encoded and sorted. It has letters only, so that encoding leaves it.
const MARK: &str = "dyvmsRedactedValue";

/// What is shown instead.
const STARS: &str = "***";

/// A signed request, with what is not shown removed from all its texts.
#[derive(Debug)]
struct Signed {
    method: String,
    url: String,
    host: String,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
    canonical_query: String,
    /// Of signature V3.
    canonical_request: Option<String>,
    string_to_sign: String,
    signature: String,
    /// Names of the parameters that are not shown.
    redacted: Vec<String>,
}

impl Signed {
    fn new(request: http::Request<Bytes>, redaction: &Redaction<'_>) -> Self {
        let (Parts { method, uri, headers, .. }, body) = request.into_parts();
        let query = Parameters::of_encoded(uri.query().unwrap_or_default().as_bytes()).decoded();
        let form = Parameters::of_encoded(&body).decoded();
        let mut redacted: Vec<String> = Vec::new();
        for (name, _) in query.iter().chain(&form) {
            if !redaction.shows(name) && !redacted.contains(name) {
                redacted.push(name.clone());
            }
        }
        let marked = |pairs: &[(String, String)]| {
            let value = |(name, value): &(String, String)| {
                (name.clone(), if redaction.shows(name) { value.clone() } else { MARK.to_owned() })
            };
            pairs.iter().map(value).collect::<Vec<_>>()
        };
        let (query, form) = (marked(&query), marked(&form));
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let token = header::SECURITY_TOKEN;
        let headers: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| {
                let value = if name.as_str() == token { MARK.to_owned() } else { text(value) };
                (name.as_str().to_owned(), value)
            })
            .collect();
        let mut signed = Self {
            method: method.as_str().to_owned(),
            url: uri.to_string().split('?').next().unwrap_or_default().to_owned(),
            host: uri.authority().map(ToString::to_string).unwrap_or_default(),
            headers,
            query,
            form,
            canonical_query: String::new(),
            canonical_request: None,
            string_to_sign: String::new(),
            signature: String::new(),
            redacted,
        };
        if signed.header("authorization").is_some() {
            signed.explain_v3(&body);
        } else {
            signed.explain_v1();
        }
        signed.unmark();
        signed
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn explain_v1(&mut self) {
        let mut parameters = Parameters::default();
        for (name, value) in self.query.iter().chain(&self.form) {
            if name == parameter::SIGNATURE {
                value.clone_into(&mut self.signature);
            } else {
                parameters.push(name, value);
            }
        }
        self.string_to_sign = v1::string_to_sign(&self.method, &mut parameters);
        self.canonical_query = parameters.canonical_query();
    }

    fn explain_v3(&mut self, body: &[u8]) {
        let authorization = self.header("authorization").unwrap_or_default().to_owned();
        let part = |name: &str| {
            let parts = authorization.split([' ', ',']);
            parts.filter_map(|part| part.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
        };
        part("Signature").unwrap_or_default().clone_into(&mut self.signature);
        let names: Vec<&str> = part("SignedHeaders").unwrap_or_default().split(';').collect();
        let mut query = Parameters::default();
        for (name, value) in &self.query {
            query.push(name, value);
        }
        let of_form = |(name, _): &(String, String)| self.redacted.contains(name);
        let payload =
            if self.form.iter().any(of_form) { MARK.to_owned() } else { v3::payload_hash(body).as_str().to_owned() };
        let hidden_payload = payload == MARK;
        let mut headers: Vec<v3::Header<'_>> = self
            .headers
            .iter()
            .filter(|(name, _)| names.contains(&name.as_str()))
            .map(|(name, value)| {
                let hidden = hidden_payload && name == header::CONTENT_SHA256;
                (name.as_str(), if hidden { MARK.as_bytes() } else { value.as_bytes() })
            })
            .collect();
        let canonical = v3::canonical_request(&self.method, &mut query, &mut headers, &payload);
        // A hash reveals a phone number: a computer tries all of them.
        let hash = if self.redacted.is_empty() && !self.headers.iter().any(|(_, value)| value == MARK) {
            v3::payload_hash(&canonical).as_str().to_owned()
        } else {
            MARK.to_owned()
        };
        let canonical = String::from_utf8_lossy(&canonical).into_owned();
        self.canonical_query = query.canonical_query();
        self.string_to_sign = format!("{}\n{hash}", v3::ALGORITHM);
        self.canonical_request = Some(canonical);
        if hidden_payload
            && let Some((_, value)) = self.headers.iter_mut().find(|(name, _)| name == header::CONTENT_SHA256)
        {
            MARK.clone_into(value);
        }
    }

    /// Replaces the mark by what is shown.
    fn unmark(&mut self) {
        let replace = |text: &mut String| {
            if text.contains(MARK) {
                *text = text.replace(MARK, STARS);
            }
        };
        let pairs = self.headers.iter_mut().chain(&mut self.query).chain(&mut self.form).map(|(_, value)| value);
        let texts = [&mut self.canonical_query, &mut self.string_to_sign];
        pairs.chain(texts).chain(&mut self.canonical_request).for_each(replace);
    }

    fn json(&self) -> Json {
        let text = |text: &String| Json::Text(text.clone());
        let pairs = |pairs: &[(String, String)]| {
            Json::Object(pairs.iter().map(|(name, value)| (name.clone(), text(value))).collect())
        };
        let mut members = vec![
            ("method", text(&self.method)),
            ("url", text(&self.url)),
            ("host", text(&self.host)),
            ("headers", pairs(&self.headers)),
            ("query", pairs(&self.query)),
            ("form", pairs(&self.form)),
            ("canonicalQuery", text(&self.canonical_query)),
        ];
        members.extend(self.canonical_request.as_ref().map(|request| ("canonicalRequest", text(request))));
        members.push(("stringToSign", text(&self.string_to_sign)));
        members.push(("signature", text(&self.signature)));
        members.push(("redacted", Json::List(self.redacted.iter().map(text).collect())));
        Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    fn lines(&self) -> String {
        let mut lines = format!("method: {}\nurl: {}\nhost: {}\n", self.method, self.url, self.host);
        for (what, pairs, separator) in
            [("headers", &self.headers, ": "), ("query", &self.query, "="), ("form", &self.form, "=")]
        {
            if !pairs.is_empty() {
                let _ = writeln!(lines, "{what}:");
            }
            for (name, value) in pairs {
                let _ = writeln!(lines, "  {}{separator}{}", escaped(name), escaped(value));
            }
        }
        let _ = writeln!(lines, "canonical query:\n  {}", self.canonical_query);
        for (what, text) in [
            ("canonical request", self.canonical_request.as_deref()),
            ("string to sign", Some(self.string_to_sign.as_str())),
        ] {
            if let Some(text) = text {
                let _ = writeln!(lines, "{what}:\n  {}", text.replace('\n', "\n  "));
            }
        }
        let _ = writeln!(lines, "signature:\n  {}", self.signature);
        lines
    }
}

#[cfg(test)]
mod tests {
    use aliyun_runtime::testing::SigningKey;

    use super::*;
    use crate::specimen;

    const NUMBER: &str = "13000000000";

    /// A request of the client, signed with the key `testsecret` by V1 or V3.
    async fn signed(v3: bool, is_off: bool) -> Signed {
        let client = dyvmsapi::Client::builder()
            .credentials(dyvmsapi::Credentials::new("testid", "testsecret"))
            .signature(if v3 { dyvmsapi::Signature::V3 } else { dyvmsapi::Signature::V1 })
            .build()
            .unwrap();
        let pairs = [("Start", "0"), ("CalledNumber", NUMBER), ("Unknown", "1")];
        let pending = client.send_action("Specimen", &pairs);
        let pending = pending.sign(Some(SystemTime::UNIX_EPOCH), Some("a nonce of any length".to_owned()));
        let request = Request::typed(specimen::operation(), Vec::new());
        Signed::new(pending.await.unwrap(), &Redaction { request: &request, is_off })
    }

    #[tokio::test]
    async fn what_is_shown_is_what_was_signed() {
        let key = SigningKey::new("testsecret");
        let v1 = signed(false, true).await;
        assert_eq!(key.sign_v1_text(v1.string_to_sign.as_bytes()).as_str(), v1.signature);
        assert!(v1.canonical_query.contains(&format!("&CalledNumber={NUMBER}&")), "{}", v1.canonical_query);
        let v3 = signed(true, true).await;
        let canonical = v3.canonical_request.as_ref().unwrap();
        assert_eq!(key.sign_v3_request(canonical.as_bytes()).as_str(), v3.signature);
        assert_eq!(v3.string_to_sign, format!("ACS3-HMAC-SHA256\n{}", v3::payload_hash(canonical.as_bytes()).as_str()));
        assert_eq!((v1.redacted.len(), v3.redacted.len()), (0, 0));
    }

    #[tokio::test]
    async fn sensitive_and_unknown_values_are_shown_nowhere_and_signed_all_the_same() {
        for v3 in [false, true] {
            let (shown, whole) = (signed(v3, false).await, signed(v3, true).await);
            assert_eq!(shown.signature, whole.signature);
            assert_eq!(shown.redacted, ["CalledNumber", "Unknown"]);
            let all = format!("{shown:?}{}{}", shown.json(), shown.lines());
            assert!(!all.contains(NUMBER) && !all.contains(MARK), "{all}");
            assert!(shown.canonical_query.contains("CalledNumber=***&") && shown.canonical_query.contains("Start=0"));
            if v3 {
                assert_eq!(shown.string_to_sign, "ACS3-HMAC-SHA256\n***", "a hash of a phone number reveals it");
            }
        }
    }

    #[test]
    fn nonces_and_times_that_cannot_be_sent_are_refused() {
        assert!(nonce("n-1").is_ok() && nonce(&"n".repeat(128)).is_ok());
        for wrong in ["", "a b", "占", "a\n", &"n".repeat(129)] {
            assert!(nonce(wrong).is_err(), "{wrong:?}");
        }
        assert!(time("1970-01-01T00:00:00Z").is_ok() && time("9999-12-30T00:00:00Z").is_ok());
        for wrong in ["1969-12-31T23:59:59Z", "2026-03-01", "now", "10000-01-01T00:00:00Z"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
