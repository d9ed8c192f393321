//! Completions, manual pages and the version, as a shell, a reader and whoever reports a fault get them.

#![cfg(unix)]

use std::process::Command;

use clap::CommandFactory as _;
use test_support::has;
use test_support::program::udp_echo;
use udp_echo::config::Cli;

/// What a program prints that ends well.
fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_version_tells_the_commit_and_the_page_inside_in_one_line() {
    for flag in ["--version", "-V"] {
        let line = printed(Command::new(udp_echo()).arg(flag));
        let begin = concat!("udp-echo ", env!("CARGO_PKG_VERSION"), " (commit ");
        assert!(line.starts_with(begin), "{line}");
        let page = match udp_echo::page::bundle_id() {
            Some(id) => format!(", page {id} inside)\n"),
            None => ", no page inside: build it with `cargo demo`)\n".to_owned(),
        };
        assert!(line.ends_with(&page) && line.lines().count() == 1, "{line}");
    }
}

#[test]
fn a_shell_completes_commands_and_settings() {
    if !has("bash") {
        return;
    }
    let script = r#"
        source <("$0" completions bash)
        complete=$(complete -p udp-echo | sed 's/.* -F \([^ ]*\).*/\1/')
        for words in "udp-echo cl" "udp-echo serve --allow-o" "udp-echo client --cou"; do
            COMP_WORDS=($words); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
            "$complete" udp-echo "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
            echo "${COMPREPLY[@]}"
        done"#;
    let offered = printed(Command::new("bash").args(["-c", script]).arg(udp_echo()));
    let offered: Vec<&str> = offered.lines().collect();
    assert_eq!(offered, ["client", "--allow-origin", "--count"]);
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        let text = printed(Command::new(udp_echo()).args(["completions", shell]));
        assert!(text.contains("allow-origin"), "{shell}: {text}");
    }
}

#[test]
fn every_command_has_a_manual_page_with_all_its_settings() {
    let folder = tempfile::tempdir().unwrap();
    printed(Command::new(udp_echo()).arg("man").arg(folder.path()));
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name));
    let command = Cli::command();
    let visible = command.get_subcommands().filter(|each| !each.is_hide_set());
    let mut pages = vec![("udp-echo.1".to_owned(), &command)];
    pages.extend(visible.map(|each| (format!("udp-echo-{}.1", each.get_name()), each)));
    assert!(pages.len() > 4);
    for (name, command) in &pages {
        let page = read(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let shown = command.get_arguments().filter(|each| !each.is_hide_set());
        for setting in shown {
            let flag = setting.get_long().map(|flag| format!("--{flag}"));
            let environment = setting.get_env().map(|name| name.to_string_lossy());
            for word in flag.as_deref().into_iter().chain(environment.as_deref()) {
                // A hyphen would be written as another character without.
                let written = word.replace('-', "\\-");
                assert!(page.contains(&written), "{name}: {word}");
            }
        }
    }
    let written = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(written, pages.len(), "a page too many");
}
