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

/// Details of the help.
pub(crate) const HELP: &str = "\
Print a script that makes a shell complete command lines of dyvms: actions, parameters, their values, and profiles.

Load it in the file that the shell reads at its start, so that it is always that of the installed version:

  bash (~/.bashrc)        source <(dyvms completions bash)
  zsh (~/.zshrc)          source <(dyvms completions zsh)
  fish (config.fish)      dyvms completions fish | source
  PowerShell ($PROFILE)   dyvms completions powershell | Out-String | Invoke-Expression";

/// What the script of clap for bash lacks. bash splits words at `=` and `:` too, and inserts what follows the last of them,
/// without quotes.
const AROUND_BASH: &str = r#"
_dyvms() {
    local line=$COMP_LINE current=$2 before="" at word
    local -a whole=()
    local -i index=0
    for at in "${!COMP_WORDS[@]}"; do
        word=${COMP_WORDS[at]}
        # A word that follows without a space belongs to the one before.
        if [[ $at == 0 || $line == [[:space:]]* ]]; then
            whole+=("")
        fi
        line=${line#"${line%%[![:space:]]*}"}
        line=${line#"$word"}
        index=${#whole[@]}-1
        if [[ $at == "$COMP_CWORD" ]]; then
            before=${whole[index]}
            # At the end of such a split, the word is the sign itself.
            if [[ -z $current && $word == [=:] ]]; then
                before+=$word
            fi
            whole[index]=$before$current
            break
        fi
        whole[index]+=$word
    done
    local -a COMP_WORDS=("${whole[@]}")
    local COMP_CWORD=$index
    _clap_complete_dyvms "$1" "$before$current" "$3"
    for at in "${!COMPREPLY[@]}"; do
        word=${COMPREPLY[at]#"$before"}
        if [[ $word == *[[:space:]\"\'\`\$\&\;\|\<\>\(\)\*\?\\]* ]]; then
            printf -v word %q "$word"
        fi
        COMPREPLY[at]=$word
    done
}
"#;

/// The script for zsh. That of clap adds a space to `KEY=`, and fails where nothing was completed before it was loaded.
const ZSH: &str = r#"#compdef dyvms
_dyvms() {
    local -a offered folders assigned whole
    offered=("${(@f)$(_CLAP_IFS=$'\n' _CLAP_COMPLETE_INDEX=$((CURRENT - 1)) DYVMS_COMPLETE=zsh \
        dyvms -- "${words[@]}" 2>/dev/null)}")
    # A candidate, or a candidate and its description with a colon between them.
    local one value
    for one in $offered; do
        value=${one%%:*}
        case $value in
            */) folders+=("${value%/}${one#$value}") ;;
            *=) assigned+=("$one") ;;
            ?*) whole+=("$one") ;;
        esac
    done
    (( $#folders )) && _describe -V values folders -S / -r /
    (( $#assigned )) && _describe -V values assigned -S ''
    (( $#whole )) && _describe -V values whole
}
if [[ $funcstack[1] == _dyvms ]]; then
    # zsh has found this file in a folder of $fpath.
    _dyvms "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _dyvms dyvms
fi
"#;

/// The script of clap for PowerShell evaluates the line, which would run a command in it. Such a command is within another
/// statement, while the line itself is a command only.
const GUARD_IN_POWERSHELL: &str = "    \
    $runs = { param($node)
        $node -is [System.Management.Automation.Language.StatementAst] -and
        $node -isnot [System.Management.Automation.Language.CommandAst] }
    if ($null -ne $commandAst.Find($runs, $true)) { return }
";

/// Prints the script for a shell.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let script = match options.shell {
        Shell::Bash => by_clap("bash")?.replace("-F _clap_complete_dyvms", "-F _dyvms") + AROUND_BASH,
        Shell::Zsh => ZSH.to_owned(),
        Shell::Fish => by_clap("fish")?,
        Shell::Powershell => {
            by_clap("powershell")?.replacen("    $prev", &(GUARD_IN_POWERSHELL.to_owned() + "    $prev"), 1)
        }
    };
    Ok(io::stdout().lock().write_all(script.as_bytes())?)
}

fn by_clap(shell: &str) -> io::Result<String> {
    let mut script = Vec::new();
    if let Some(shell) = Shells::builtins().completer(shell) {
        shell.write_registration(VARIABLE, "dyvms", "dyvms", "dyvms", &mut script)?;
    }
    String::from_utf8(script).map_err(io::Error::other)
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
