//! The same call in other words: a program in Rust, a command, and curl.

use aliyun_codegen::{Program, program};
use dyvmsapi_emulator::{DEFAULT_KEY_ID, DEFAULT_KEY_SECRET};

use super::guard::{CONFIRM, TOKEN};
use super::target::Target;
use crate::client::Options;
use crate::help;
use crate::json::Json;
use crate::params;
use crate::request::Request;
use crate::spec;

/// The address of the gateway, and the token that it asks for.
pub(crate) struct Address {
    pub(crate) url: String,
    pub(crate) token: String,
}

/// All of them, by their names.
pub(crate) fn all(request: &Request, target: Target, options: &Options, address: &Address, body: &str) -> Json {
    let member = |name: &str, text: String| (name.to_owned(), Json::Text(text));
    Json::Object(vec![
        member("rust", rust(request, target, options)),
        member("dyvms", command(request, target, options)),
        member("curl", curl(request, target, address, body)),
    ])
}

fn rust(request: &Request, target: Target, options: &Options) -> String {
    let service = spec::service();
    let path = service.product.to_lowercase().replace('-', "_");
    let client = match target {
        Target::Emulator => format!(
            "Client::builder()\n        .endpoint({:?})\n        .credentials({path}::Credentials::new({DEFAULT_KEY_ID:?}, {DEFAULT_KEY_SECRET:?}))\n        .build()?",
            options.target_of("--endpoint").unwrap_or_default()
        ),
        Target::Live => live(options, &path),
    };
    let how = Program { client: &client, all_pages: false, ..Program::new(&path) };
    let written = request.operation().and_then(|operation| program(service, operation, how, &request.typed_values()));
    written.unwrap_or_else(|| {
        let absent: Vec<&str> = request.absent().collect();
        if absent.is_empty() {
            "// A value does not have the type of its parameter.\n".to_owned()
        } else {
            format!("// These parameters are required: {}.\n", absent.join(", "))
        }
    })
}

/// The expression for a client of the service itself, with the options of the command.
fn live(options: &Options, path: &str) -> String {
    let mut settings: Vec<String> = options
        .target()
        .into_iter()
        .map(|(name, value)| match name {
            "--endpoint" => format!(".endpoint({value:?})"),
            "--region" => format!(".region({value:?})"),
            "--profile" => format!(".credentials({path}::credentials::Profile::named({value:?}))"),
            _ => ".vpc()".to_owned(),
        })
        .collect();
    if settings.is_empty() {
        return "Client::from_env()?".to_owned();
    }
    if options.target_of("--profile").is_none() {
        settings.push(format!(".credentials({path}::credentials::DefaultChain::new())"));
    }
    format!("Client::builder()\n        {}\n        .build()?", settings.join("\n        "))
}

fn command(request: &Request, target: Target, options: &Options) -> String {
    let options = options.target().into_iter().filter(|(name, _)| *name != "--local").map(|(name, value)| {
        if value.is_empty() { name.to_owned() } else { format!("{name} {}", help::quoted(&value)) }
    });
    // As a value, a single hyphen would be standard input.
    let (hyphens, others): (Vec<_>, Vec<_>) = request.given().partition(|(_, value)| *value == "-");
    let hyphens: Vec<_> =
        hyphens.into_iter().map(|(name, value)| (name.to_owned(), Json::Text(value.to_owned()))).collect();
    let from_input = (!hyphens.is_empty()).then(|| format!("--{} -", params::ID));
    let others = others.into_iter().map(|(name, value)| (name, value.to_owned()));
    let mut call = help::call(request.action(), others, options.chain(from_input));
    if !hyphens.is_empty() {
        call = format!("printf %s {} | {call}", help::quoted(&Json::Object(hyphens).to_string()));
    }
    match target {
        // The command signs with the keys of its environment.
        Target::Emulator => format!(
            "export ALIBABA_CLOUD_ACCESS_KEY_ID={DEFAULT_KEY_ID} ALIBABA_CLOUD_ACCESS_KEY_SECRET={DEFAULT_KEY_SECRET}\n{call}\n"
        ),
        Target::Live => format!("{call}\n"),
    }
}

fn curl(request: &Request, target: Target, address: &Address, body: &str) -> String {
    let Address { url, token } = address;
    let mut words = vec![
        format!("curl {url}/{}/v1/{}", target.name(), request.action()),
        "--header 'Content-Type: application/json'".to_owned(),
        format!("--header '{TOKEN}: {token}'"),
    ];
    if target == Target::Live && request.places_call() {
        words.push(format!("--header '{CONFIRM}: yes'"));
    }
    words.push(format!("--data {}", help::quoted(body)));
    words.join(" \\\n    ") + "\n"
}
