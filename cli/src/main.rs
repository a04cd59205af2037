//! The command `dyvms`, which calls Alibaba Cloud's voice service.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking"))]

mod argument;
mod call;
mod candidates;
mod catalogue;
mod chinese;
mod client;
mod command;
mod completion;
mod configure;
mod date;
mod doctor;
mod dry_run;
mod emulator;
mod explain;
#[cfg(feature = "explorer")]
mod explore;
mod export;
mod failure;
mod file_argument;
mod foreign;
mod help;
mod interrupt;
mod json;
mod language;
mod lines;
mod man;
mod meaning;
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
mod terminal;
mod trace;
mod until;
mod untyped;
mod whole_file;
mod yaml;

use std::process::ExitCode;

use crate::command::Task;
use crate::failure::Failure;

fn main() -> ExitCode {
    let done = match completion::answer(command::command) {
        Ok(false) => command::parse(std::env::args_os()).and_then(perform),
        other => other.map(drop),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let code = failure.code().map(str::to_owned);
            let status = failure.report();
            explain::add_chinese(code.as_deref());
            status
        }
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
            Task::Configure(options) => configure::run(options),
            Task::Doctor(options) => doctor::run(options).await,
            Task::Completions(options) => completion::run(&options),
            Task::Man(options) => man::run(&options, command::command()),
            Task::Explain(options) => explain::run(&options),
            #[cfg(feature = "explorer")]
            Task::Explore(options) => explore::run(options).await,
            Task::OpenApi(options) => openapi::run(&options),
            Task::Receipts(options) => receipts::run(options).await,
        }
    })
}
