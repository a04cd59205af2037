//! A password in an address shows nowhere, whatever characters it has and wherever the address is given.

#![cfg(any(feature = "rustls", feature = "native-tls"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::error::Error as StdError;

use crate::voice::Voice;
use aliyun_runtime::credentials::{AssumeRole, Context, CredentialsUri, EcsRamRole};
use aliyun_runtime::http::Request;
use aliyun_runtime::{
    BoxFuture, Bytes, Client, ClientBuilder, Credentials, CredentialsProvider, HttpResponse, Sent, Transport,
    TransportError,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Reaches nothing.
struct Nowhere;

impl Transport for Nowhere {
    fn send(&self, _: Request<Bytes>, _: usize) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async { Err(TransportError::new(Sent::No, "connection refused")) })
    }
}

/// An error with its causes, for a person and for a programmer.
fn told(error: &(dyn StdError + 'static)) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text} {error} {error:?}");
        cause = error.source();
    }
    text
}

/// What is said of an address, in each place that takes one.
fn said(address: &str) -> Vec<(&'static str, String)> {
    let builder = || Client::<Voice>::builder().credentials(Credentials::new("testid", "testsecret"));
    let built = |builder: ClientBuilder<Voice>| {
        let shown = format!("{builder:?}");
        match builder.build() {
            Ok(client) => format!("{shown} {client:?}"),
            Err(error) => format!("{shown} {}", told(&error)),
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let asked = |provider: &dyn CredentialsProvider| {
        told(&runtime.block_on(provider.credentials(&Context::new(Nowhere))).unwrap_err())
    };
    let uri = CredentialsUri::new(address);
    let role = EcsRamRole::new().role("operator").endpoint(address);
    let assumed = AssumeRole::new(Credentials::new("testid", "testsecret"), "acs:ram::1:role/r").endpoint(address);
    vec![
        ("proxy", built(builder().proxy(address))),
        ("endpoint", built(builder().transport(Nowhere).allow_plain_http().endpoint(address))),
        ("credentials URI", format!("{uri:?} {}", asked(&uri))),
        ("metadata service", format!("{role:?} {}", asked(&role))),
        ("security token service", format!("{assumed:?} {}", asked(&assumed))),
    ]
}

const SCHEMES: [&str; 6] = ["", "http://", "https://", "socks5://", "socks5h://", "ftp://"];
const SERVERS: [&str; 4] = ["127.0.0.1:9", "host.example.com", "[::1]:3128", "host:1/path?query"];

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(20_170_525),
        failure_persistence: None,
        ..ProptestConfig::with_cases(400)
    })]

    #[test]
    fn a_password_of_any_characters_shows_nowhere(
        scheme in 0..SCHEMES.len(),
        user in "[a-z:/?#@%\\[\\]!$&'()*+,;= ]{0,4}",
        // None of the letters of the messages; or digits, which a port could be made of.
        before in "[QXZJ]{3,6}|7[0-9]{3}",
        between in "[:/?#@%\\[\\]!$&'()*+,;= \\\\^\"<>{}|`~._-]{0,3}",
        after in "[QXZJ]{3,6}",
        server in 0..SERVERS.len(),
    ) {
        let address = format!("{}{user}:{before}{between}{after}@{}", SCHEMES[scheme], SERVERS[server]);
        for (place, said) in said(&address) {
            prop_assert!(!said.contains(&before) && !said.contains(&after), "{place}: {address}: {said}");
        }
    }
}

#[test]
fn a_password_with_every_character_encoded_is_understood() {
    let password = (0x20..0x7f_u8).map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    for scheme in ["http", "https", "socks5", "socks5h"] {
        let builder = Client::<Voice>::builder().proxy(format!("{scheme}://us%40er:{password}@proxy.example.com:3128"));
        assert!(builder.build().is_ok(), "{scheme}");
    }
}
