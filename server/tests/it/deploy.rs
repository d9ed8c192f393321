//! The files of `server/deploy`, word by word: what they name is there, and what they tell the host it understands.

use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, Parser as _};
use udp_echo::config::{Cli, Command};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

/// What follows this instruction of the Containerfile, each time.
fn instructions<'a>(container: &'a str, name: &str) -> Vec<&'a str> {
    let lines = container.lines();
    let named = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    named.collect()
}

/// The host's settings by this command line; as `cargo test` runs it, the environment has none.
fn settings<'a>(words: impl IntoIterator<Item = &'a str>) -> udp_echo::config::Config {
    let cli = Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"));
    match cli.command {
        Some(Command::Serve(config)) => *config,
        other => panic!("not the host: {other:?}"),
    }
}

/// The flag of a setting by its name in the environment, and its value: `UDP_ECHO_HTTP=0.0.0.0:8000`.
fn flag(assignment: &str) -> String {
    let (name, value) = assignment.split_once('=').unwrap();
    let command = Cli::command();
    let serve = command.find_subcommand("serve").unwrap();
    let mut all = command.get_arguments().chain(serve.get_arguments());
    let is_it = |argument: &&clap::Arg| argument.get_env().is_some_and(|env| env == name);
    let argument = all
        .find(is_it)
        .unwrap_or_else(|| panic!("no setting is called {name}"));
    format!("--{}={value}", argument.get_long().unwrap())
}

#[test]
fn the_host_understands_every_command_that_the_files_give_it() {
    let mut commands = 0;
    for file in ["nginx.conf", "haproxy.cfg", "udp-echo.service"] {
        for line in read(file).lines() {
            let Some(at) = line.find("udp-echo serve") else {
                continue;
            };
            // A remark goes on after the command, as in "(udp-echo serve --help names them)".
            if !line.contains("--help") {
                settings(line[at..].split_whitespace());
                commands += 1;
            }
        }
    }
    assert_eq!(commands, 3, "one in each file");
}

#[test]
fn the_files_name_settings_that_exist() {
    let mut named = 0;
    for file in [
        "udp-echo.service",
        "Containerfile",
        "nginx.conf",
        "haproxy.cfg",
    ] {
        let text = read(file);
        let is_part = |c: char| c.is_ascii_uppercase() || c == '_';
        let words = text.split(|c| !is_part(c));
        let settings =
            words.filter(|word| word.starts_with("UDP_ECHO_") && *word != "UDP_ECHO_NAME");
        for setting in settings {
            flag(&format!("{setting}=x"));
            named += 1;
        }
    }
    assert!(named > 0);
}

#[test]
fn the_container_starts_the_host_on_the_ports_that_it_exposes() {
    let container = read("Containerfile");
    let list = |name: &str| -> Vec<String> {
        serde_json::from_str(instructions(&container, name)[0]).unwrap()
    };
    let mut words = list("ENTRYPOINT");
    words.extend(list("CMD"));
    let environment = instructions(&container, "ENV");
    let host = environment.iter().flat_map(|line| line.split_whitespace());
    words.extend(host.filter(|pair| pair.starts_with("UDP_ECHO_")).map(flag));
    let config = settings(words.iter().map(String::as_str));
    let exposed = format!("{}/tcp {}/udp", config.http.port(), config.udp.port());
    assert_eq!(instructions(&container, "EXPOSE"), [exposed]);
    assert!(config.http.ip().is_unspecified() && config.udp.ip().is_unspecified());

    let built = format!(
        "--from=build /source/target/release/{} {}",
        env!("CARGO_PKG_NAME"),
        words[0]
    );
    assert_eq!(instructions(&container, "COPY"), [". .", &built]);
    let users = instructions(&container, "USER");
    let user: Vec<u32> = users[0].split(':').map(|id| id.parse().unwrap()).collect();
    assert!(user.iter().all(|&id| id > 0), "root");
}

#[test]
fn the_container_builds_with_the_tools_that_the_checks_take() {
    let container = read("Containerfile");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let of_root = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let quoted = |text: &str, before: &str| {
        let (_, rest) = text.split_once(before).unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    let rust = quoted(&of_root("Cargo.toml"), "rust-version = \"");
    let image = &instructions(&container, "FROM")[0];
    assert!(
        image.contains(&format!("/rust:{rust}-")),
        "{image}, and the code wants Rust {rust}"
    );
    // Or else rust-toolchain.toml chooses the newest Rust of the day, and fetches it.
    assert!(instructions(&container, "ENV").contains(&"RUSTUP_TOOLCHAIN=$RUST_VERSION"));
    let needs = of_root("web/xtask/src/needs.rs");
    for tool in ["binaryen", "esbuild"] {
        let tool = format!("{tool}@{}", quoted(&needs, &format!("(\"{tool}@")));
        assert!(container.contains(&format!(" {tool} ")), "{tool}");
    }
}

#[test]
fn the_dev_server_and_nginx_pass_every_websocket_on() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let trunk = std::fs::read_to_string(root.join("Trunk.toml")).unwrap();
    for route in ["/relay", "/relay/raw", "/sockets"] {
        let proxy = format!("backend = \"ws://127.0.0.1:8000{route}\"\nws = true\n");
        assert!(trunk.contains(&proxy), "{route}");
    }
    // Below a path nginx passes on whatever asks for it, and HAProxy always does.
    let nginx = read("nginx.conf");
    assert!(nginx.contains("location ~ ^/(relay(/raw)?|sockets)$ {"));
}
