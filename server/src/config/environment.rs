//! Settings by their names in the environment.
//!
//! An empty value counts as none, for that is how compose files, unit files and scripts leave a setting out. What a
//! name of ours that is none of our settings says is reported once the log runs.

use std::env;
use std::ffi::OsString;

use clap::builder::{BoolishValueParser, Resettable};
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command, CommandFactory as _};

use super::Cli;

/// What every name begins with.
const PREFIX: &str = "UDP_ECHO_";

/// What Kubernetes sets in every container beside a service that is called `udp-echo`.
const KUBERNETES: [&str; 2] = ["UDP_ECHO_SERVICE_", "UDP_ECHO_PORT"];

/// Names that tests of this project read.
const TESTS: [&str; 2] = ["UDP_ECHO_HOST", "UDP_ECHO_LOAD_SECONDS"];

/// How alike two names are that one is offered for the other, from 0 to 1.
const ALIKE: f64 = 0.9;

/// The command with its environment as it is meant: empty values are none, and a switch takes every usual word for yes
/// and no.
pub(super) fn heeded(command: Command) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|subcommand| subcommand.get_name().to_owned())
        .collect();
    let command = command.mut_args(|argument| match argument.get_env() {
        None => argument,
        Some(name) if is_blank(&env::var_os(name).unwrap_or_default()) => {
            argument.env(Resettable::Reset)
        }
        Some(_) if is_switch(&argument) => argument.value_parser(BoolishValueParser::new()),
        Some(_) => argument,
    });
    names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, heeded)
    })
}

/// The command without an environment of its own, but for what holds for all subcommands: `client` does not fail at a
/// setting of the host, and `serve` has the same names itself.
pub(super) fn left_to_subcommands(command: Command) -> Command {
    command.mut_args(|argument| match argument.is_global_set() {
        true => argument,
        false => argument.env(Resettable::Reset),
    })
}

fn is_switch(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::SetTrue)
}

fn is_blank(value: &OsString) -> bool {
    value.to_string_lossy().trim().is_empty()
}

/// An error about a value, with the name in the environment that it came from.
pub(super) fn explained(
    mut error: clap::Error,
    command: &Command,
    words: &[OsString],
) -> clap::Error {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let is_meant = |argument: &&Arg| argument.to_string() == *shown;
    let Some(argument) = command.get_arguments().find(is_meant) else {
        return error;
    };
    let (Some(name), Some(long)) = (argument.get_env(), argument.get_long()) else {
        return error;
    };
    let flag = format!("--{long}");
    let is_given = |word: &OsString| {
        let word = word.to_string_lossy();
        word.split('=').next() == Some(&flag)
    };
    if words.iter().any(is_given) {
        return error;
    }
    let said = format!("{shown}' of the environment's '{}", name.to_string_lossy());
    error.insert(ContextKind::InvalidArg, ContextValue::String(said));
    error
}

/// Warns of names that look like settings and are none: a mistyped one would be ignored without a word.
pub fn warn_of_unknown_names() {
    let known = names();
    for (name, _) in env::vars_os() {
        let Some(name) = name.to_str().filter(|name| is_stray(name, &known)) else {
            continue;
        };
        match nearest(name, &known) {
            Some(meant) => {
                tracing::warn!(name, meant, "the environment has a name that is no setting")
            }
            None => tracing::warn!(
                name,
                "the environment has a name that is no setting; `udp-echo serve --help` lists them"
            ),
        }
    }
}

fn is_stray(name: &str, known: &[String]) -> bool {
    name.starts_with(PREFIX)
        && !TESTS.contains(&name)
        && !KUBERNETES.iter().any(|prefix| name.starts_with(prefix))
        && !known.iter().any(|known| known == name)
}

fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let alike = |other: &str| strsim::jaro_winkler(&name[PREFIX.len()..], &other[PREFIX.len()..]);
    let best = known
        .iter()
        .max_by(|one, other| alike(one).total_cmp(&alike(other)))?;
    (alike(best) >= ALIKE).then_some(best)
}

/// The names of all settings.
fn names() -> Vec<String> {
    fn of(command: &Command, names: &mut Vec<String>) {
        let own = command.get_arguments().filter_map(Arg::get_env);
        names.extend(own.map(|name| name.to_string_lossy().into_owned()));
        for subcommand in command.get_subcommands() {
            of(subcommand, names);
        }
    }
    let mut names = Vec::new();
    of(&Cli::command(), &mut names);
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_is_told_from_settings_and_from_kubernetes() {
        let known = names();
        let table = [
            ("UDP_ECHO_MAX_SESSION", Some("UDP_ECHO_MAX_SESSIONS")),
            ("UDP_ECHO_ALLOW_ORIGINS", Some("UDP_ECHO_ALLOW_ORIGIN")),
            ("UDP_ECHO_LOGFORMAT", Some("UDP_ECHO_LOG_FORMAT")),
            ("UDP_ECHO_XYZ", None),
        ];
        for (name, meant) in table {
            assert!(is_stray(name, &known), "{name}");
            assert_eq!(nearest(name, &known), meant, "{name}");
        }
        for name in [
            "UDP_ECHO_HTTP",
            "UDP_ECHO_LOG_FORMAT",
            "UDP_ECHO_SERVICE_HOST",
            "UDP_ECHO_SERVICE_PORT_HTTP",
            "UDP_ECHO_PORT",
            "UDP_ECHO_PORT_8000_TCP_ADDR",
            "HOME",
        ] {
            assert!(!is_stray(name, &known), "{name}");
        }
    }
}
