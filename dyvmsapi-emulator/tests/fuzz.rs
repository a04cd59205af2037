//! Runs the fuzz target `request` without a fuzzer: on seeds, and on mutations of them that are the same in every run.
//!
//! `ROUNDS=1000000 cargo test --release -p dyvmsapi-emulator --test fuzz` goes on for longer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../fuzz/reader.rs"]
mod reader;

use std::fmt::Write as _;
use std::panic::catch_unwind;

use serde_json::Value;

/// Enough to reach every kind of mutation of every seed in a few seconds.
const ROUNDS: u64 = 2_000;

/// Bytes that readers take for something.
const TOKENS: [&[u8]; 18] = [
    b"%",
    b"%z",
    b"%ff",
    b"%00",
    b"%E5%8D%A0",
    b"+",
    b"&",
    b"=",
    b";",
    b",",
    b".1",
    b"\n",
    b"[",
    b"{\"a\":",
    b"-1",
    b"99999999999999999999",
    b"Signature=",
    b"Format=XML&",
];

/// Requests of official clients as on the wire, and the example requests of the specification as calls to be signed.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let recorded: Value = serde_json::from_str(include_str!("../../emulator/tests/data/official.json")).unwrap();
    for case in recorded.as_array().unwrap() {
        let mut message = format!("{} {}\n", case["method"].as_str().unwrap(), case["url"].as_str().unwrap());
        for (name, value) in case["headers"].as_object().unwrap() {
            writeln!(message, "{name}: {}", value.as_str().unwrap()).unwrap();
        }
        write!(message, "\n{}", case["body"].as_str().unwrap()).unwrap();
        seeds.push(message.into_bytes());
    }
    for operation in &aliyun_api_spec::dyvmsapi().operations {
        for example in &operation.examples {
            let pairs = example.request.iter().map(|(name, value)| match value {
                Value::String(text) => format!("{name}={text}"),
                other => format!("{name}={other}"),
            });
            let form = pairs.collect::<Vec<_>>().join("&");
            seeds.push(format!("!{}\n{form}", operation.action).into_bytes());
        }
    }
    seeds
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap();
        if bound == 0 { 0 } else { mixed % bound }
    }

    fn mutate(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = at + self.below((bytes.len() - at).min(64) + 1);
            match self.below(6) {
                0 => {
                    bytes.drain(at..end);
                }
                1 => bytes.insert(at, u8::try_from(self.below(256)).unwrap()),
                2 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                3 => {
                    let piece = bytes[at..end].repeat(1 + self.below(40));
                    bytes.splice(at..at, piece);
                }
                4 => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len());
                    bytes.splice(at..end, other[from..].iter().copied());
                }
                _ => {
                    bytes.splice(at..end, TOKENS[self.below(TOKENS.len())].iter().copied());
                }
            }
        }
        bytes
    }
}

#[test]
fn the_emulator_answers_every_request() {
    let rounds = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS);
    let seeds = seeds();
    assert!(seeds.len() > 200, "{} seeds", seeds.len());
    let mut random = Random(4711);
    let mutations = (0..rounds).map(|_| random.mutate(&seeds));
    for bytes in seeds.iter().cloned().chain(mutations) {
        let outcome = catch_unwind(|| reader::read(&bytes));
        assert!(outcome.is_ok(), "on {}", bytes.escape_ascii());
    }
}
