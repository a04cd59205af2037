//! `dyvms completions`, and the answers to a shell that completes a command line.

use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::Command;
use clap_complete::CompleteEnv;
use clap_complete::env::Shells;

use crate::failure::Failure;
use crate::spec;

/// The variable with which the script in a shell asks for completions.
const VARIABLE: &str = "DYVMS_COMPLETE";

/// Options of `dyvms completions`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

impl Shell {
    fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
        }
    }
}

/// Details of the help.
pub(crate) const HELP: &str = "\
Print a script that makes a shell complete command lines of dyvms: actions, parameters, their values, and profiles.

Load it in the file that the shell reads at its start, so that it is always that of the installed version:

  bash (~/.bashrc)        source <(dyvms completions bash)
  zsh (~/.zshrc)          source <(dyvms completions zsh)
  fish (config.fish)      dyvms completions fish | source
  PowerShell ($PROFILE)   dyvms completions powershell | Out-String | Invoke-Expression";

/// Prints the script for a shell.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let mut script = Vec::new();
    if let Some(shell) = Shells::builtins().completer(options.shell.name()) {
        shell.write_registration(VARIABLE, "dyvms", "dyvms", "dyvms", &mut script)?;
    }
    Ok(io::stdout().lock().write_all(&script)?)
}

/// Answers a shell that asks for completions. `false` if none does.
pub(crate) fn answer(command: fn() -> Command) -> Result<bool, Failure> {
    if std::env::var_os(VARIABLE).is_none_or(|shell| shell.is_empty()) {
        return Ok(false);
    }
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--") {
        let mut words = arguments.iter().skip(at + 1).cloned().collect();
        // A line that is not finished can be wrong here; then it is completed for the voice service.
        let _ = spec::take(&mut words);
    }
    let folder = std::env::current_dir().ok();
    Ok(CompleteEnv::with_factory(command).var(VARIABLE).try_complete(arguments, folder.as_deref())?)
}
