//! Completions for shells and manual pages, made from the command line: packages hold them beside the binary.

use std::io::{self, ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Command};
use clap_complete::Shell;

/// What `udp-echo completions` can be told.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell that reads them
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// What `udp-echo man` can be told.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Folder for the pages, which is made when it is not there
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
}

/// Writes a shell's completions of a command line to standard output.
///
/// # Errors
/// Standard output takes nothing, other than when its reader has gone.
pub fn complete(arguments: &CompletionsArgs, mut command: Command) -> anyhow::Result<ExitCode> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "udp-echo", &mut text);
    if arguments.shell == Shell::Bash {
        // It spells a name with a hyphen in two ways, and then completes nothing behind a command (clap#6421).
        text = String::from_utf8_lossy(&text)
            .replace("udp__subcmd__echo", "udp__echo")
            .into_bytes();
    }
    match io::stdout().write_all(&text) {
        // `| head` has read enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("write the completions to standard output")
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Writes the manual pages, one for each command.
///
/// # Errors
/// The folder or a page cannot be written.
pub fn write_manual(arguments: &ManArgs, command: Command) -> anyhow::Result<ExitCode> {
    let folder = &arguments.folder;
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(manual(command), folder))
        .with_context(|| format!("write the manual pages into {}", folder.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// The command line as the manual describes it. `help` prints what stands there anyway, and has no page.
fn manual(command: Command) -> Command {
    // A manual is the same for every build of a version.
    let command = command.version(env!("CARGO_PKG_VERSION"));
    let names = |subcommand: &Command| subcommand.get_name().to_owned();
    let subcommands: Vec<String> = command.get_subcommands().map(names).collect();
    let command = command.disable_help_subcommand(true);
    subcommands
        .into_iter()
        .fold(with_environment(command), |command, name| {
            command.mut_subcommand(name, with_environment)
        })
}

/// Adds to each setting its name in the environment, which the pages would leave out.
fn with_environment(command: Command) -> Command {
    command.mut_args(|argument| match (argument.get_env(), argument.get_help()) {
        (Some(name), Some(help)) => {
            let help = format!("{help} (environment: {})", name.to_string_lossy());
            argument.help(help)
        }
        _ => argument,
    })
}
