//! Words that begin with a hyphen and are no options: `-hello` is not the help, `-count` not `-c ount`, and `--hello` may be a message.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};

/// The name of the subcommand that these words begin with. No flag of the host comes before one.
pub(super) fn named(command: &Command, words: &[OsString]) -> Option<String> {
    let name = words.get(1)?.to_str()?;
    command.find_subcommand(name).map(|_| name.to_owned())
}

/// The command that these words are for.
pub(super) fn subcommand<'a>(command: &'a mut Command, words: &[OsString]) -> &'a mut Command {
    match named(command, words) {
        Some(name) => command
            .find_subcommand_mut(&name)
            .expect("it was found a line ago"),
        None => command,
    }
}

/// A sentence about the first such word, when it is the reason that the command line was not read.
pub(super) fn explained(
    error: &clap::Error,
    command: &mut Command,
    words: &[OsString],
) -> Option<clap::Error> {
    let options = words.iter().skip(1).take_while(|word| *word != "--");
    let mut words = options.filter_map(|word| word.to_str());
    let Some((word, reading)) = words.find_map(|word| Some((word, reading(word, command)?))) else {
        return unknown_option(error, command);
    };
    let (kind, what) = match reading {
        Reading::NoOption => (
            ErrorKind::UnknownArgument,
            format!("'{}' is no option", word.escape_debug()),
        ),
        Reading::Value { flag, value } if error.kind() == ErrorKind::ValueValidation => {
            let cause = std::error::Error::source(error);
            let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
            (
                ErrorKind::ValueValidation,
                format!(
                    "'{}' is read as -{flag} with the value '{}'{cause}",
                    word.escape_debug(),
                    value.escape_debug()
                ),
            )
        }
        Reading::Value { .. } => return None,
    };
    let remedy = remedy(word, command);
    Some(command.error(kind, format!("{what}.{remedy}")))
}

/// A sentence about a word with two hyphens that is no option, where it may have been meant as a message.
fn unknown_option(error: &clap::Error, command: &mut Command) -> Option<clap::Error> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let is_meant_for_us = error.kind() == ErrorKind::UnknownArgument && takes_message(command);
    if !is_meant_for_us || !word.starts_with("--") {
        return None;
    }
    let has_letters = !word.trim_start_matches('-').is_empty();
    let tip = match error.get(ContextKind::SuggestedArg) {
        Some(ContextValue::String(option)) if has_letters => format!("; the nearest is {option}"),
        _ => String::new(),
    };
    let remedy = remedy(word, command);
    let what = format!("'{}' is no option{tip}.{remedy}", word.escape_debug());
    Some(command.error(ErrorKind::UnknownArgument, what))
}

fn takes_message(command: &Command) -> bool {
    let mut positionals = command.get_positionals();
    positionals.any(|argument| argument.get_id() == "message")
}

/// How a word with one hyphen and letters behind it is read.
#[derive(Debug, PartialEq, Eq)]
enum Reading<'a> {
    /// Not all of its letters are options that may stand together.
    NoOption,
    /// An option, and its value without a blank between them.
    Value { flag: char, value: &'a str },
}

fn reading<'a>(word: &'a str, command: &Command) -> Option<Reading<'a>> {
    let letters = word.strip_prefix('-')?;
    if letters.starts_with('-') || letters.is_empty() {
        return None;
    }
    let is_alone = letters.chars().count() == 1;
    for (at, letter) in letters.char_indices() {
        let is_it = |argument: &&Arg| argument.get_short() == Some(letter);
        let Some(argument) = command.get_arguments().find(is_it) else {
            return Some(Reading::NoOption);
        };
        match argument.get_action() {
            // Help is asked for alone: within a word it is a letter of the word.
            ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
                if !is_alone =>
            {
                return Some(Reading::NoOption);
            }
            action if action.takes_values() => {
                let value = &letters[at + letter.len_utf8()..];
                let flag = letter;
                return (!value.is_empty()).then_some(Reading::Value { flag, value });
            }
            _ => {}
        }
    }
    None
}

fn remedy(word: &str, command: &Command) -> String {
    let letters = word.trim_start_matches('-');
    let is_it = |argument: &&Arg| argument.get_long() == Some(letters);
    let mut remedy = match command.get_arguments().find(is_it) {
        Some(_) => format!(" The option is --{letters}."),
        None => String::new(),
    };
    if takes_message(command) {
        let quoted = word.escape_debug().to_string().replace('\'', r"'\''");
        remedy += &format!(
            "\n\n  A message that begins with '-' comes after the address and '--':\n    \
             udp-echo client {} -- '{quoted}'",
            crate::client::DEFAULT_SERVER
        );
    }
    remedy
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::super::Cli;
    use super::*;

    fn refused(words: &[&str]) -> Option<String> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let error = Cli::try_read(&words).err()?;
        assert_ne!(error.exit_code(), 0, "{words:?}: {error}");
        Some(error.to_string())
    }

    #[test]
    fn a_message_that_begins_with_a_hyphen_is_refused_with_the_way_to_send_it() {
        for message in [
            "-hello", "-hi", "-hq", "-quick", "-version", "-5", "-V", "-1.5", "-ü", "-'", "---",
        ] {
            for words in [
                vec!["udp-echo", "client", message],
                vec!["udp-echo", "client", "127.0.0.1:7", message],
                vec!["udp-echo", "client", "-c", "3", "127.0.0.1:7", message],
            ] {
                let said = refused(&words).unwrap_or_else(|| panic!("{words:?} was taken"));
                let way = "udp-echo client 127.0.0.1:10000 -- '-";
                assert!(said.contains(way), "{words:?}: {said}");
                assert!(said.contains(message), "{words:?}: {said}");
                assert!(!said.contains("the nearest"), "{words:?}: {said}");
            }
        }
    }

    #[test]
    fn letters_behind_an_option_with_a_value_are_that_value_and_said_to_be() {
        for (message, words) in [
            ("-count", "'-count' is read as -c with the value 'ount': "),
            ("-time", "'-time' is read as -t with the value 'ime': "),
            ("-qindex", "'-qindex' is read as -i with the value 'ndex': "),
        ] {
            let said = refused(&["udp-echo", "client", message]).unwrap();
            assert!(said.contains(words), "{said}");
            assert!(said.contains("-- '-"), "{said}");
        }
        let said = refused(&["udp-echo", "client", "-quiet"]).unwrap();
        assert!(said.contains("The option is --quiet."), "{said}");
    }

    #[test]
    fn the_other_commands_do_not_take_a_word_for_the_help_either() {
        for words in [
            vec!["udp-echo", "-hello"],
            vec!["udp-echo", "-Version"],
            vec!["udp-echo", "serve", "-host"],
            vec!["udp-echo", "echo", "-hello"],
            vec!["udp-echo", "echo", "-x"],
            vec!["udp-echo", "serve", "--target", "-hello"],
        ] {
            let said = refused(&words).unwrap_or_else(|| panic!("{words:?} was taken"));
            assert!(!said.contains("A message"), "{words:?}: {said}");
        }
    }

    #[test]
    fn options_and_what_follows_two_hyphens_are_read_as_ever() {
        let read = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            Cli::try_read(&words)
        };
        for words in [
            vec!["udp-echo", "client", "127.0.0.1:7", "--", "-hello"],
            vec!["udp-echo", "client", "127.0.0.1:7", "--", "-5"],
            vec!["udp-echo", "client", "127.0.0.1:7", "-"],
            vec!["udp-echo", "client", "-qc5", "-i10ms", "-t.5"],
            vec!["udp-echo", "client", "--pcap", "-", "127.0.0.1:7"],
        ] {
            if let Err(error) = read(&words) {
                panic!("{words:?}: {error}");
            }
        }
        for words in [
            ["udp-echo", "client", "-h"],
            ["udp-echo", "serve", "--help"],
        ] {
            assert_eq!(read(&words).unwrap_err().kind(), ErrorKind::DisplayHelp);
        }
        let command = Cli::command();
        assert_eq!(reading("-hello", &command), Some(Reading::NoOption));
        assert_eq!(reading("-", &command), None);
    }
}
