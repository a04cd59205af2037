//! The fuzz targets without a fuzzer: their seeds and mutations of them, the same in every run, for `FUZZ_SECONDS`
//! seconds in all, 2 unless set.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../fuzz/input.rs"]
mod input;

use std::path::Path;
use std::time::{Duration, Instant};

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 2] = [("page", input::page), ("metadata", input::metadata)];

/// What mutations put in: marks of the formats, and values at the limits.
const WORDS: &[&str] = &[
    "|",
    "\\",
    "\n",
    "\n|",
    " |\n",
    "`",
    "```\n",
    "#",
    "## ",
    "{#demo .section}",
    "└",
    "“",
    "，",
    "\u{a0}",
    "\0",
    "-   ",
    "**",
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "null",
    "true",
    "1e999",
    "9223372036854775808",
    "{}",
    "[]",
    "\"\"",
    "String",
    "Array of X",
    "Tag.N.Key",
    "\"$ref\":\"#/components/schemas/Parcel\",",
    "\"type\":\"array\",",
    "\"style\":\"json\",",
    "Code",
    "Client",
    "new",
];

/// Splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit.max(1) as u64).unwrap()
    }

    /// A stretch of something, not long.
    fn stretch(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        start..start + self.below((length - start).min(24) + 1)
    }
}

fn mutate(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let stretch = random.stretch(input.len());
        match random.below(6) {
            0 => drop(input.drain(stretch)),
            1 => {
                let copied = input[stretch].to_vec();
                let at = random.below(input.len() + 1);
                for _ in 0..=random.below(8) {
                    input.splice(at..at, copied.iter().copied());
                }
            }
            2 => {
                let other = &seeds[random.below(seeds.len())];
                let taken = other[random.stretch(other.len())].to_vec();
                input.splice(stretch, taken);
            }
            3 if !input.is_empty() => {
                let at = random.below(input.len());
                input[at] ^= 1 << random.below(8);
            }
            4 => input.truncate(stretch.end),
            _ => {
                let word = WORDS[random.below(WORDS.len())];
                input.splice(stretch.start..stretch.start, word.bytes());
            }
        }
    }
    input
}

/// Says which input it was when the target panics.
struct Tried<'i>(&'static str, &'i [u8]);

impl Drop for Tried<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("target {}, input b\"{}\"", self.0, self.1.escape_ascii());
        }
    }
}

fn run((name, target): Target, input: &[u8]) {
    let _tried = Tried(name, input);
    target(input);
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder).expect("the seeds").map(|file| file.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

#[test]
fn no_mutation_of_a_seed_breaks_a_promise() {
    let seconds = std::env::var("FUZZ_SECONDS").map_or(2.0, |seconds| seconds.parse().expect("a number of seconds"));
    let share = Duration::from_secs_f64(seconds / 2.0);
    for (target, number) in TARGETS.into_iter().zip(0..) {
        let seeds = seeds(target.0);
        assert!(seeds.len() > 1, "{} seeds of {}", seeds.len(), target.0);
        for seed in &seeds {
            run(target, seed);
        }
        let mut random = Random(20_170_525 + number);
        let (start, mut count) = (Instant::now(), 0_u64);
        while start.elapsed() < share {
            run(target, &mutate(&seeds, &mut random));
            count += 1;
        }
        println!("{}: {} seeds, {count} mutations", target.0, seeds.len());
    }
}
