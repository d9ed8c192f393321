//! How the settings are read: the command line, the environment, and a sentence where either makes no sense.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};

use super::{Cli, environment, hyphens};

impl Cli {
    /// Reads the command line and the environment of this process.
    ///
    /// Where they ask for help or make no sense, it says so and ends the process, with 0 and 2.
    pub fn read() -> Self {
        let words: Vec<OsString> = std::env::args_os().collect();
        Self::try_read(&words).unwrap_or_else(|error| error.exit())
    }

    /// Reads these words, the program's name first, and the environment of this process.
    ///
    /// # Errors
    /// What to print: help, or what is wrong.
    pub fn try_read(words: &[OsString]) -> Result<Self, clap::Error> {
        let mut command = environment::heeded(Self::command());
        if hyphens::named(&command, words).is_some() {
            command = environment::left_to_subcommands(command);
        }
        command.build();
        let read = command
            .clone()
            .try_get_matches_from(words)
            .and_then(|matches| Self::from_arg_matches(&matches));
        read.map_err(|error| {
            let command = hyphens::subcommand(&mut command, words);
            if let Some(better) = hyphens::explained(&error, command, words) {
                return better;
            }
            match error.kind() {
                ErrorKind::ValueValidation | ErrorKind::InvalidValue => {
                    environment::explained(error, command, words)
                }
                _ => error,
            }
        })
    }
}
