//! `spandrel completions` and `spandrel man`: what the command line says of itself.

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Options of `spandrel completions`.
#[derive(Args, Clone, Copy, Debug)]
#[group(skip)]
pub struct Completions {
    /// The shell that is to complete.
    pub shell: Shell,
}

/// Options of `spandrel man`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Manual {
    /// Write the pages of all commands into this folder, which is made if it is not there.
    #[arg(long, value_name = "FOLDER")]
    pub into: Option<PathBuf>,
}

/// Writes what a shell reads to complete this command line.
///
/// # Errors
/// Nobody takes it.
pub fn complete(
    options: Completions,
    command: &mut Command,
    out: &mut impl Write,
) -> io::Result<()> {
    // The generator writes by itself, and takes a pipe that closes for a fault of the program.
    let mut script = Vec::new();
    let name = command.get_name().to_owned();
    clap_complete::generate(options.shell, command, name, &mut script);
    out.write_all(&script)
}

/// Writes the page of the program, or those of all commands into a folder.
///
/// # Errors
/// They cannot be written.
pub fn manual(options: &Manual, mut command: Command, out: &mut impl Write) -> io::Result<()> {
    let Some(folder) = &options.into else {
        return Man::new(command).render(out);
    };
    fs::create_dir_all(folder)?;
    command.build();
    write_pages(&command, folder)
}

/// A page for the command, and one for each below it.
fn write_pages(command: &Command, folder: &Path) -> io::Result<()> {
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    below.filter(|below| !below.is_hide_set()).try_for_each(|below| write_pages(below, folder))?;
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let page = Man::new(command.clone());
    let mut text = Vec::new();
    page.render(&mut text)?;
    fs::write(folder.join(format!("{name}.1")), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::{CommandFactory as _, ValueEnum as _};

    #[test]
    fn each_shell_completes_each_command() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            complete(Completions { shell: *shell }, &mut Cli::command(), &mut script).unwrap();
            let script = String::from_utf8(script).unwrap();
            for below in Cli::command().get_subcommands() {
                assert!(script.contains(below.get_name()), "{shell}: {}", below.get_name());
            }
        }
    }

    #[test]
    fn each_command_has_a_page() {
        let folder = tempdir("manual");
        let options = Manual { into: Some(folder.clone()) };
        manual(&options, Cli::command(), &mut Vec::new()).unwrap();
        let page = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert!(page("spandrel.1").contains("spandrel\\-serve(1)"), "{}", page("spandrel.1"));
        assert!(page("spandrel-serve.1").contains("127.0.0.1:7726"));
        assert!(page("spandrel-store-backup.1").contains("spandrel store backup"));
        let mut whole = Vec::new();
        manual(&Manual { into: None }, Cli::command(), &mut whole).unwrap();
        assert!(String::from_utf8(whole).unwrap().contains(".TH spandrel 1"));
    }

    fn tempdir(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("spandrel-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }
}
