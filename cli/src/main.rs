//! The command `dyvms`, which calls Alibaba Cloud's voice service.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking"))]

mod argument;
mod call;
mod catalogue;
mod client;
mod command;
mod dry_run;
mod emulator;
mod export;
mod failure;
mod file_argument;
mod foreign;
mod help;
mod interrupt;
mod json;
mod notice;
mod openapi;
mod output;
mod parameter;
mod params;
mod prompt;
mod query;
mod receipts;
mod request;
mod rows;
mod slots;
mod spec;
#[cfg(test)]
mod specimen;
mod table;
mod trace;
mod until;
mod untyped;
mod yaml;

use std::process::ExitCode;

use crate::command::Task;
use crate::failure::Failure;

fn main() -> ExitCode {
    match command::parse(std::env::args_os()).and_then(perform) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn perform(task: Task) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::system("the asynchronous runtime cannot be set up", error))?;
    runtime.block_on(async {
        match task {
            Task::Call(request, options) => call::run(request, options).await,
            Task::Export(request, options) => export::run(request, options).await,
            Task::Emulator(options) => emulator::run(options).await,
            Task::Operations(options) => catalogue::search(&options),
            Task::Describe(options) => catalogue::describe(&options),
            Task::OpenApi(options) => openapi::run(&options),
            Task::Receipts(options) => receipts::run(options).await,
        }
    })
}
