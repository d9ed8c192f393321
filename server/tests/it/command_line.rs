//! The command line where other people's shells, terminals, service managers and environments meet it.

#![cfg(unix)]

use std::process::Command;

use test_support::has;
use test_support::host::{TestServer, get};
use test_support::program::{Finished, Program, udp_echo};
use tokio::net::UdpSocket;

/// Our own binary with these arguments and this environment.
fn program(arguments: &[&str], environment: &[(&str, &str)]) -> Program {
    let mut command = Command::new(udp_echo());
    Program::spawn(command.args(arguments).envs(environment.iter().copied()))
}

async fn finished(arguments: &[&str]) -> Finished {
    program(arguments, &[]).finished().await
}

/// Sentences for people have no numbers of errors in them, and no word of them stands there twice in a row.
fn is_for_people(sentence: &str) -> bool {
    let parts: Vec<_> = sentence.split(": ").collect();
    !sentence.contains("os error")
        && !sentence.contains("doctype")
        && parts.windows(2).all(|pair| pair[0] != pair[1])
}

const FREE: [&str; 4] = ["--http", "127.0.0.1:0", "--udp", "127.0.0.1:0"];

#[tokio::test]
async fn a_closed_terminal_ends_the_client_with_its_summary_and_a_whole_capture() {
    let server = TestServer::start(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.pcapng");
    let to = server.udp().to_string();
    for signal in ["HUP", "TERM", "INT"] {
        let arguments = [
            "client",
            &to,
            "-c",
            "0",
            "-i",
            "50ms",
            "--pcap",
            file.to_str().unwrap(),
        ];
        let mut client = Program::udp_echo(&arguments);
        client.prints("datagram 2: echoed").await;
        client.signal(signal);
        let end = client.finished().await;
        assert_eq!(end.code, Some(0), "{signal}: {}", end.stderr);
        assert!(
            end.stdout.contains("sent"),
            "{signal}: no summary in {}",
            end.stdout
        );
        // Two datagrams and their answers are four packets of more than 42 bytes each.
        let bytes = std::fs::metadata(&file).unwrap().len();
        assert!(bytes > 4 * 42, "{signal}: the capture has {bytes} bytes");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_client_under_nohup_outlives_its_terminal() {
    let server = TestServer::start(&[]).await;
    let to = server.udp().to_string();
    let line = format!(
        "trap '' HUP; exec {} client {to} -c 0 -i 50ms",
        udp_echo().display()
    );
    let mut client = Program::other("sh", &["-c", &line]);
    client.prints("datagram 1:").await;
    client.signal("HUP");
    client.prints("datagram 4:").await;
    client.signal("TERM");
    assert_eq!(client.finished().await.code, Some(0));
    server.shutdown().await;
}

#[tokio::test]
async fn a_closed_terminal_stops_the_host_politely() {
    let mut host = program(&FREE, &[]);
    host.prints("udp-echo client").await;
    host.signal("HUP");
    host.prints("stopping").await;
    assert_eq!(host.finished().await.code, Some(0));
}

/// What the log of a host looks like on a terminal with this environment.
async fn on_a_terminal(environment: &[(&str, &str)]) -> String {
    let line = format!("exec {} {}", udp_echo().display(), FREE.join(" "));
    let mut command = Command::new("script");
    command
        .args(["-qec", &line, "/dev/null"])
        .env("TERM", "xterm")
        .env_remove("NO_COLOR");
    let mut terminal = Program::spawn(command.envs(environment.iter().copied()));
    let line = terminal.prints("listening").await;
    terminal.signal("TERM");
    terminal.ended().await;
    line
}

#[tokio::test]
async fn a_terminal_gets_colours_unless_the_reader_wants_none() {
    if !has("script") {
        return;
    }
    for (environment, coloured) in [
        (&[][..], true),
        (&[("NO_COLOR", "")], true),
        (&[("NO_COLOR", "1")], false),
        (&[("TERM", "dumb")], false),
        (&[("TERM", "")], false),
        (&[("CLICOLOR", "0")], false),
    ] {
        let line = on_a_terminal(environment).await;
        assert_eq!(
            line.contains('\u{1b}'),
            coloured,
            "{environment:?}: {line:?}"
        );
    }
}

#[tokio::test]
async fn the_help_has_colours_where_the_log_has_them() {
    if !has("script") {
        return;
    }
    for (environment, coloured) in [
        (&[][..], true),
        (&[("NO_COLOR", "1")], false),
        (&[("TERM", "dumb")], false),
        // Where colours are shown in CI, a terminal that has none still has none.
        (&[("TERM", "dumb"), ("CI", "true")], false),
    ] {
        let line = format!("{} client --help", udp_echo().display());
        let mut command = Command::new("script");
        command
            .args(["-qec", &line, "/dev/null"])
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .env_remove("CI");
        let terminal = Program::spawn(command.envs(environment.iter().copied()));
        let help = terminal.finished().await.stdout;
        assert!(help.contains("--pcap"), "{help}");
        assert_eq!(help.contains('\u{1b}'), coloured, "{environment:?}");
    }
}

/// A relay that takes connections and never answers keeps a client for ten seconds, if nobody stops it.
#[tokio::test]
async fn a_client_that_has_not_reached_its_relay_can_be_stopped() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let via = silent.local_addr().unwrap().to_string();
    for signal in ["INT", "TERM", "HUP"] {
        let client = Program::udp_echo(&["client", "--via", &via, "hello"]);
        let _connection = silent.accept().await.unwrap();
        client.signal(signal);
        let end = client.finished().await;
        assert_eq!(end.code, Some(130), "{signal}: {}", end.stderr);
        assert!(
            end.stderr.contains("stopped before") && end.stderr.contains(&via),
            "{signal}: {}",
            end.stderr
        );
    }
}

#[tokio::test]
async fn a_capture_is_whole_when_nobody_reads_the_lines_any_more() {
    let server = TestServer::start(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.pcapng");
    let line = format!(
        "{} client {} -c 0 -i 10ms --pcap {} | head -2",
        udp_echo().display(),
        server.udp(),
        file.display()
    );
    let end = Program::other("sh", &["-c", &line]).finished().await;
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
    let capture = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
    for comment in ["datagram 1: echoed after ", "answer to datagram 1"] {
        assert!(capture.contains(comment), "{comment} is not in the capture");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_message_that_begins_with_a_dash_is_sent_or_explained_and_never_taken_for_a_flag_in_silence()
 {
    let server = TestServer::start(&[]).await;
    let to = server.udp().to_string();
    for arguments in [
        &["client", "-hello"][..],
        &["client", &to, "-hello"],
        &["client", &to, "--hello"],
        &["client", &to, "-qed"],
    ] {
        let end = finished(arguments).await;
        assert_eq!(
            end.code,
            Some(2),
            "{arguments:?}: {} {}",
            end.stdout,
            end.stderr
        );
        assert_eq!(end.stdout, "", "{arguments:?}");
        assert!(end.stderr.contains("-- "), "{arguments:?}: {}", end.stderr);
    }
    for message in ["-hello", "--hello", "-h", "-"] {
        let end = finished(&["client", &to, "--", message]).await;
        assert_eq!(end.code, Some(0), "{message}: {}", end.stderr);
        assert!(
            end.stderr.contains(&format!("received \"{message}\"")),
            "{}",
            end.stderr
        );
    }
    let help = finished(&["client", "-h"]).await;
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("--count"), "{}", help.stdout);
    server.shutdown().await;
}

#[tokio::test]
async fn an_empty_name_in_the_environment_counts_as_unset_for_every_setting() {
    use clap::CommandFactory as _;
    let command = udp_echo::config::Cli::command();
    let all = command
        .get_subcommands()
        .flat_map(clap::Command::get_arguments)
        .chain(command.get_arguments());
    // The old names of five settings still count.
    let old = [
        "UDP_ECHO_IDLE_TIME",
        "UDP_ECHO_LIFETIME",
        "UDP_ECHO_PING_TIME",
        "UDP_ECHO_PONG_TIME",
        "UDP_ECHO_HANDSHAKE_TIME",
    ];
    let mut names: Vec<_> = all
        .filter_map(clap::Arg::get_env)
        .map(|name| name.to_str().unwrap())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() > 25, "{names:?}");
    names.extend(old);
    for value in ["", " "] {
        let environment: Vec<_> = names.iter().map(|name| (*name, value)).collect();
        let mut host = program(&FREE, &environment);
        host.prints("udp-echo client").await;
        host.signal("TERM");
        assert_eq!(host.finished().await.code, Some(0));
    }
}

#[tokio::test]
async fn a_switch_in_the_environment_takes_the_usual_words_and_a_wrong_value_names_its_name() {
    for (word, starts) in [
        ("1", true),
        ("true", true),
        ("yes", true),
        ("0", true),
        ("false", true),
        ("no", true),
        ("perhaps", false),
    ] {
        let mut host = program(&FREE, &[("UDP_ECHO_NO_OFFLOAD", word)]);
        if starts {
            host.prints("udp-echo client").await;
            host.signal("TERM");
            assert_eq!(host.finished().await.code, Some(0), "{word}");
        } else {
            let end = host.finished().await;
            assert_eq!(end.code, Some(2), "{word}");
            assert!(end.stderr.contains("UDP_ECHO_NO_OFFLOAD"), "{}", end.stderr);
        }
    }
}

#[tokio::test]
async fn a_wrong_setting_of_the_host_names_its_name_and_does_not_concern_the_other_commands() {
    let server = TestServer::start(&[]).await;
    let to = server.udp().to_string();
    let wrong = [("UDP_ECHO_HTTP", "junk"), ("UDP_ECHO_MAX_SESSIONS", "many")];
    let end = program(&["client", &to, "hello"], &wrong).finished().await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    let mut echo = program(&["echo", "127.0.0.1:0"], &wrong);
    echo.says("starting up on ").await;
    for (name, value) in wrong {
        for command in [&["serve"][..], &[]] {
            let end = program(command, &[(name, value)]).finished().await;
            assert_eq!(end.code, Some(2), "{command:?}: {}", end.stderr);
            assert!(
                end.stderr.contains(name) && end.stderr.contains(value),
                "{command:?}: {}",
                end.stderr
            );
        }
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_name_in_the_environment_that_is_no_setting_is_warned_of() {
    let mut host = program(&FREE, &[("UDP_ECHO_ALLOW_ORIGINS", "https://docs.example")]);
    let line = host.says("UDP_ECHO_ALLOW_ORIGINS").await;
    assert!(line.contains("UDP_ECHO_ALLOW_ORIGIN"), "{line}");
    host.signal("TERM");
    host.ended().await;
}

/// Places where no single server is, and what the sentence about each has to name.
#[tokio::test]
async fn a_destination_that_is_no_one_server_s_is_explained() {
    for (to, words) in [
        ("255.255.255.255:10000", "broadcast"),
        ("127.255.255.255:10000", "broadcast"),
        ("239.1.2.3:10000", "multicast"),
        ("[ff02::1]:10000", "multicast"),
    ] {
        let end = finished(&["client", to, "hello"]).await;
        assert_eq!(end.code, Some(1), "{to}: {}", end.stderr);
        assert!(
            end.stderr.contains(words)
                && end
                    .stderr
                    .contains(to.rsplit_once(':').unwrap().0.trim_matches(['[', ']'])),
            "{to}: {}",
            end.stderr
        );
        assert!(is_for_people(&end.stderr), "{to}: {}", end.stderr);
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_had_says_why_and_blames_nobody_else() {
    let taken = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (arguments, words) in [
        (
            &["echo", "192.0.2.7:10000"][..],
            "no interface of this machine has the address 192.0.2.7",
        ),
        (
            &["--http", "192.0.2.7:0", "--udp", "127.0.0.1:0"],
            "no interface of this machine has the address 192.0.2.7",
        ),
        (&["--http", "127.0.0.1:0", "--udp", "192.0.2.7:0"], "--udp"),
        (
            &["--http", "127.0.0.1:0", "--udp", &taken],
            "another program does",
        ),
        (&["echo", &taken], "another program does"),
    ] {
        let end = finished(arguments).await;
        assert_eq!(end.code, Some(1), "{arguments:?}: {}", end.stderr);
        assert!(end.stderr.contains(words), "{arguments:?}: {}", end.stderr);
        assert_eq!(
            end.stderr.contains("another program"),
            arguments.contains(&taken.as_str()),
            "{}",
            end.stderr
        );
        assert!(is_for_people(&end.stderr), "{arguments:?}: {}", end.stderr);
    }
}

#[tokio::test]
async fn a_relay_is_found_however_its_address_is_written_and_what_is_none_is_explained() {
    let server = TestServer::start(&[]).await;
    let at = server.http();
    for via in [
        format!("ws://{at}/relay/raw"),
        format!("http://{at}/relay/raw"),
        format!("http://{at}"),
        format!("ws://{at}/"),
        format!("{at}"),
        format!("WS://{at}/relay/raw?target=echo"),
    ] {
        let end = finished(&["client", "--via", &via, "hello"]).await;
        assert_eq!(end.code, Some(0), "{via}: {}", end.stderr);
        assert!(
            end.stderr.contains("received \"hello\""),
            "{via}: {}",
            end.stderr
        );
    }
    for (via, words) in [
        (format!("ftp://{at}/"), "ws://"),
        (format!("wss://{at}/relay/raw"), "TLS"),
        (format!("https://{at}/"), "TLS"),
        (format!("ws://{at}/no-such-page"), "There is no file"),
        (format!("ws://{at}/relay/raw?target=nobody"), "nobody"),
        ("ws://".to_owned(), "ws://"),
        ("ws://127.0.0.1:1/relay/raw".to_owned(), "127.0.0.1:1"),
    ] {
        let end = finished(&["client", "--via", &via, "hello"]).await;
        assert_eq!(end.code, Some(1), "{via}: {}", end.stderr);
        assert!(end.stderr.contains(words), "{via}: {}", end.stderr);
        assert!(is_for_people(&end.stderr), "{via}: {}", end.stderr);
    }
    server.shutdown().await;
}

/// Starts a program with sockets that were opened before, as systemd does.
fn activated(kinds: &str, arguments: &[&str]) -> Program {
    let binary = udp_echo();
    Program::python(
        "activate.py",
        &[&[kinds, binary.to_str().unwrap()], arguments].concat(),
    )
}

#[tokio::test]
async fn sockets_that_systemd_opened_are_used_in_whatever_order_they_come() {
    if !has("python3") {
        return;
    }
    for kinds in ["tcp,udp", "udp,tcp", "tcp", "udp"] {
        let mut host = activated(kinds, &FREE);
        let page = host.prints("page ").await;
        let page = page
            .rsplit("http://")
            .next()
            .unwrap()
            .trim_end_matches('/')
            .to_owned();
        let echo = host
            .prints("UDP echo")
            .await
            .rsplit(' ')
            .next()
            .unwrap()
            .to_owned();
        let (head, _) = get(page.parse().unwrap(), "/healthz", &[]).await;
        assert!(head.contains(" 200 "), "{kinds}: {head}");
        for arguments in [
            &["client", &echo, "hello"][..],
            &["client", "--via", &page, "hello"],
        ] {
            let end = finished(arguments).await;
            assert_eq!(end.code, Some(0), "{kinds}, {arguments:?}: {}", end.stderr);
        }
        host.signal("TERM");
        let end = host.finished().await;
        assert_eq!(end.code, Some(0), "{kinds}: {}", end.stderr);
        for (kind, words) in [
            ("tcp", "the page and the relay"),
            ("udp", "the UDP echo server"),
        ] {
            let took = end
                .stderr
                .contains(&format!("took over the socket of {words}"));
            assert_eq!(took, kinds.contains(kind), "{kinds}: {}", end.stderr);
        }
    }
    let mut echo = activated("udp", &["echo"]);
    let started = echo.says("starting up on ").await;
    let port = started.rsplit(' ').next().unwrap();
    let end = finished(&["client", &format!("127.0.0.1:{port}"), "hello"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
}

#[tokio::test]
async fn sockets_of_no_use_stop_the_start_with_a_sentence() {
    if !has("python3") {
        return;
    }
    for (kinds, words) in [
        ("unix", "neither a TCP nor a UDP socket"),
        ("tcp,unix", "neither a TCP nor a UDP socket"),
        ("tcp,tcp", "two TCP sockets"),
        ("udp,tcp,udp", "two UDP sockets"),
        ("unbound-tcp", "does not listen"),
        ("connected-udp", "connected to one peer"),
    ] {
        let end = activated(kinds, &FREE).finished().await;
        assert_eq!(end.code, Some(1), "{kinds}: {} {}", end.stdout, end.stderr);
        assert!(
            end.stderr.contains(words) && end.stderr.contains("ListenStream="),
            "{kinds}: {}",
            end.stderr
        );
    }
}
