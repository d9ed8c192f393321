//! Running another program: what it was and how it ended belong into every error.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// What a verb can be told that passes all of it on to the program that it builds.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct PassedOn {
    /// Options of the program
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) options: Vec<OsString>,
}

/// Runs a command whose output the reader should see as it comes.
///
/// # Errors
/// When the program cannot be started, or ends with anything but success; both name the command line.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("`{}` failed: {status}", line(command));
    }
    Ok(())
}

/// Runs a command and returns what it wrote to standard output.
///
/// # Errors
/// As [`run`]; since nobody saw the output, the error carries all of it.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| cannot_start(command))?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`{}` failed: {}\n{stdout}{stderr}",
            line(command),
            output.status
        );
    }
    Ok(stdout.into_owned())
}

/// The command as one would type it, for messages.
pub(crate) fn line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

fn cannot_start(command: &Command) -> String {
    format!("could not start `{}`", line(command))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_its_status_and_what_it_said() {
        let error =
            read(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"])).unwrap_err();
        let text = error.to_string();
        for part in ["`sh -c", "exit status: 3", "out\n", "err\n"] {
            assert!(text.contains(part), "{part:?} is missing in {text:?}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run(&mut Command::new("/nowhere/no-such-program")).unwrap_err();
        assert_eq!(error.to_string(), "could not start `no-such-program`");
    }
}
