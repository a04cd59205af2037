//! Time to read and check the embedded specification, and to generate tokens from it: `cargo bench -p aliyun-codegen`. Other
//! work on the machine only adds time, so the fastest of many runs counts.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use aliyun_codegen::{Options, generate};

fn fastest<T>(run: impl Fn() -> T) -> Duration {
    let timed = |_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed()
    };
    (0..30).map(timed).min().unwrap()
}

fn main() {
    let service = aliyun_api_spec::dyvmsapi();
    let reading = fastest(|| aliyun_api_spec::service("dyvmsapi"));
    let options = Options { path: Some("dyvmsapi"), ..Options::default() };
    let generating = fastest(|| generate(service, &options));
    println!("{} operations", service.operations.len());
    println!("read and check      {:>8.1} ms   at most  50", reading.as_secs_f64() * 1e3);
    println!("generate all tokens {:>8.1} ms   at most 200", generating.as_secs_f64() * 1e3);
}
