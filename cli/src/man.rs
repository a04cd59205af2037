//! `dyvms man`: manual pages of the command line.

use std::path::PathBuf;

use clap::Command;
use clap_mangen::Man;

use crate::failure::Failure;
use crate::notice;
use crate::whole_file::{self, Readers};

/// Options of `dyvms man`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Folder to write the pages to, such as ~/.local/share/man/man1; pages that are there are replaced
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Writes a page for the command, and one for each command below it.
pub(crate) fn run(options: &Options, command: Command) -> Result<(), Failure> {
    let failed = |error| Failure::system(format!("cannot write to {}", options.folder.display()), error);
    std::fs::create_dir_all(&options.folder).map_err(failed)?;
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut open = vec![command];
    let mut count = 0;
    while let Some(command) = open.pop() {
        open.extend(command.get_subcommands().filter(|below| !below.is_hide_set()).cloned());
        let page = Man::new(command);
        let mut text = Vec::new();
        page.render(&mut text).map_err(failed)?;
        let path = options.folder.join(page.get_filename());
        whole_file::write(&path, &String::from_utf8_lossy(&text), Readers::AsUsual).map_err(failed)?;
        count += 1;
    }
    notice::note(&format!("{} in {}", notice::count(count, "page"), options.folder.display()));
    Ok(())
}
