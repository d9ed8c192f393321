//! Names and addresses as other people's machines have them: a hosts file that puts `::1` first, and link-local addresses with zones.
//!
//! Each test has a network and a hosts file of its own, in namespaces of the kernel, so that ports can be fixed and nothing of this
//! machine is changed.

use test_support::program::Program;

/// A machine of its own: `lo`, and an interface `d0` with the addresses fe80::1 and 10.9.8.7, whose other end is `d1`.
const SET_UP: &str = "set -e
ip link set lo up
ip link add d0 type veth peer name d1
ip link set d0 up
ip link set d1 up
ip -6 address add fe80::1/64 dev d0 nodad
ip address add 10.9.8.7/24 dev d0
ip route add default via 10.9.8.1
hosts=$(mktemp)
printf '::1 localhost both.test\\n127.0.0.1 localhost both.test\\n' > $hosts
mount --bind $hosts /etc/hosts
rm $hosts
echo it is set up
exec cat";

/// A network and a hosts file that last as long as this.
struct Machine(Program);

impl Machine {
    async fn start() -> Self {
        let mut holder = Program::other("unshare", &["--net", "--mount", "sh", "-c", SET_UP]);
        holder.prints("it is set up").await;
        Self(holder)
    }

    /// Starts a program on this machine.
    fn run(&self, arguments: &[&str]) -> Program {
        let pid = self.0.pid().to_string();
        Program::other(
            "nsenter",
            &[&["--target", &pid, "--net", "--mount"], arguments].concat(),
        )
    }

    /// Starts our own binary on this machine.
    fn udp_echo(&self, arguments: &[&str]) -> Program {
        let binary = test_support::program::udp_echo();
        let binary = binary.to_str().unwrap();
        self.run(&[&[binary], arguments].concat())
    }
}

#[tokio::test]
async fn a_name_means_one_machine_whatever_the_hosts_file_says_first() {
    let machine = Machine::start().await;
    let mut echo = machine.udp_echo(&["echo", "127.0.0.1:10001"]);
    echo.says("waiting to receive message").await;
    for (target, name) in [("localhost", "localhost"), ("both", "both.test")] {
        let mut host = machine.udp_echo(&[
            "--http",
            &format!("{name}:8000"),
            "--udp",
            &format!("{name}:10000"),
            "--target",
            &format!("{target}={name}:10001"),
            "--allow-private-targets",
        ]);
        assert_eq!(
            host.prints("page ").await,
            "page        http://127.0.0.1:8000/"
        );
        host.prints("udp-echo client 127.0.0.1:10000").await;
        let via = format!("ws://127.0.0.1:8000/relay/raw?target={target}");
        for arguments in [
            &["client", &format!("{name}:10001"), "hello"][..],
            &["client", "--via", &via, "hello"],
        ] {
            let client = machine.udp_echo(arguments).finished().await;
            assert_eq!(client.code, Some(0), "{arguments:?}: {}", client.stderr);
            assert!(
                client.stderr.contains("received \"hello\""),
                "{}",
                client.stderr
            );
        }
        host.signal("TERM");
        host.ended().await;
    }
}

#[tokio::test]
async fn a_link_local_address_works_by_the_name_of_its_interface_in_every_place() {
    let machine = Machine::start().await;
    let mut echo = machine.udp_echo(&["echo", "[fe80::1%d0]:10001"]);
    echo.says("waiting to receive message").await;
    let mut host = machine.udp_echo(&[
        "--http",
        "[fe80::1%d0]:8000",
        "--udp",
        "[fe80::1%d0]:10000",
        "--target",
        "me=[fe80::1%d0]:10001",
        "--allow-private-targets",
    ]);
    assert_eq!(
        host.prints("page ").await,
        "page        http://[fe80::1%25d0]:8000/"
    );
    host.prints("browsers open no address with a zone (%d0)")
        .await;
    assert_eq!(
        host.prints("UDP echo").await,
        "UDP echo    [fe80::1%d0]:10000"
    );
    let nc = host.prints("try ").await;
    let nc = nc.trim_start_matches("try ").trim().to_owned();
    assert_eq!(nc, "nc -u fe80::1%d0 10000");
    let client = host.prints("udp-echo client").await.trim().to_owned();
    assert_eq!(client, "udp-echo client [fe80::1%d0]:10000");

    // The printed lines, as a reader pastes them.
    let shell = format!("printf hello | {}", nc.replace("nc -u", "nc -u -W 1"));
    let answer = machine.run(&["sh", "-c", &shell]).finished().await;
    assert_eq!(answer.stdout, "hello", "{}", answer.stderr);
    for arguments in [
        &["client", "[fe80::1%d0]:10000", "hello"][..],
        &["client", "[fe80::1%d0]:10001", "hello"],
        &[
            "client",
            "--via",
            "ws://[fe80::1%25d0]:8000/relay/raw",
            "hello",
        ],
        &[
            "client",
            "--via",
            "ws://[fe80::1%d0]:8000/relay/raw?target=me",
            "hello",
        ],
    ] {
        let client = machine.udp_echo(arguments).finished().await;
        assert_eq!(client.code, Some(0), "{arguments:?}: {}", client.stderr);
        assert!(
            client.stderr.contains("received \"hello\""),
            "{}",
            client.stderr
        );
    }
}

#[tokio::test]
async fn what_is_printed_of_a_link_local_address_names_its_interface() {
    let machine = Machine::start().await;
    let alone = machine
        .udp_echo(&["client", "[fe80::1%d0]:9", "hello"])
        .finished()
        .await;
    assert!(
        alone.stderr.contains("udp-echo echo [fe80::1%d0]:9"),
        "{}",
        alone.stderr
    );
    for arguments in [
        &["--udp", "[fe80::7%d0]:9"][..],
        &["echo", "[fe80::7%d0]:9"],
        &["link", "--listen", "[fe80::7%d0]:9"],
    ] {
        let end = machine.udp_echo(arguments).finished().await;
        assert!(
            end.stderr.contains("cannot listen on [fe80::7%d0]:9"),
            "{}",
            end.stderr
        );
    }
    let mut link = machine.udp_echo(&[
        "link",
        "--listen",
        "[fe80::1%d0]:9000",
        "--to",
        "[fe80::1%d0]:10000",
    ]);
    assert_eq!(
        link.prints("link ").await,
        "link        [fe80::1%d0]:9000 -> [fe80::1%d0]:10000"
    );
    // 10.9.8.255 is the broadcast address of this network.
    for arguments in [
        &["--target", "all=10.9.8.255:9", "--allow-private-targets"][..],
        &["link", "--to", "10.9.8.255:9"],
    ] {
        let end = machine.udp_echo(arguments).finished().await;
        assert_eq!(end.code, Some(1), "{arguments:?}: {end:?}");
        assert!(
            end.stderr
                .contains("10.9.8.255 is the broadcast address of a network"),
            "{}",
            end.stderr
        );
    }
}

#[tokio::test]
async fn a_host_on_all_addresses_prints_those_that_programs_can_open() {
    let machine = Machine::start().await;
    for all in ["0.0.0.0", "[::]"] {
        let mut host = machine.udp_echo(&[
            "--http",
            &format!("{all}:8000"),
            "--udp",
            &format!("{all}:10000"),
        ]);
        assert_eq!(
            host.prints("page ").await,
            "page        http://127.0.0.1:8000/"
        );
        let others = host.prints("from other machines").await;
        assert_eq!(
            others,
            "            http://10.9.8.7:8000/  from other machines"
        );
        assert_eq!(
            host.prints("UDP echo").await,
            format!("UDP echo    {all}:10000")
        );
        assert_eq!(
            host.prints("try ").await,
            "try         nc -u 127.0.0.1 10000"
        );
        host.prints("udp-echo client 127.0.0.1:10000").await;
        for page in [
            "http://127.0.0.1:8000/healthz",
            "http://10.9.8.7:8000/healthz",
        ] {
            let answer = machine.run(&["curl", "--silent", page]).finished().await;
            assert_eq!(answer.stdout, "ready\n", "{page}");
        }
        host.signal("TERM");
        host.ended().await;
    }
}

#[tokio::test]
async fn a_port_that_needs_a_privilege_says_which_and_blames_no_other_program() {
    let machine = Machine::start().await;
    let binary = test_support::program::udp_echo();
    let nobody = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        binary.to_str().unwrap(),
    ];
    for arguments in [
        &["--http", "127.0.0.1:81"][..],
        &["--udp", "127.0.0.1:82"],
        &["echo", "127.0.0.1:83"],
    ] {
        let end = machine.run(&[&nobody, arguments].concat()).finished().await;
        assert_eq!(end.code, Some(1), "{arguments:?}: {end:?}");
        let port = &arguments.last().unwrap()["127.0.0.1:".len()..];
        for words in [
            "need a privilege",
            "cap_net_bind_service",
            &format!("ip_unprivileged_port_start={port}"),
            "udp-echo.socket",
        ] {
            assert!(end.stderr.contains(words), "{arguments:?}: {}", end.stderr);
        }
        assert!(!end.stderr.contains("another program"), "{}", end.stderr);
    }
}
