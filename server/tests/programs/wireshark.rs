//! Live captures of sessions, in Wireshark's `tshark` by its real extcap protocol.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use test_support::client::Client;
use test_support::host::TestServer;
use test_support::program::{Program, udp_echo};

/// The user that nobody is. Of the superuser, Wireshark takes no other folder for its programs than the system's.
const NOBODY: u32 = 65_534;

/// `tshark` with `udp-echo` in its extcap folder.
fn tshark(folder: &Path, arguments: &[&str]) -> Program {
    let program = folder.join("udp-echo");
    if !program.exists() {
        std::fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
        std::fs::copy(udp_echo(), &program).unwrap();
    }
    let mut command = Command::new("tshark");
    command
        .args(arguments)
        .env("WIRESHARK_EXTCAP_DIR", folder)
        .env("HOME", folder);
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    Program::spawn(&mut command)
}

#[tokio::test]
async fn tshark_offers_the_interface_and_shows_a_session_live_with_its_fates() {
    let folder = tempfile::tempdir().unwrap();
    let list = tshark(folder.path(), &["-D"]).finished().await;
    assert!(
        list.stdout.contains("udp-echo (A session of udp-echo)"),
        "{list:?}"
    );

    let host = TestServer::start(&["--wireshark"]).await;
    let mut page = Client::connect(&host.ws("/relay")).await;
    page.send_text("\"capture\"").await;
    let offer = page.told("capture").await;
    let token = format!("extcap.udp_echo.token:{}", offer["token"].as_str().unwrap());
    let address = format!("extcap.udp_echo.host:{}", host.http());
    let fields = [
        "frame.time_epoch",
        "udp.srcport",
        "udp.dstport",
        "udp.checksum.status",
        "udp.payload",
        "frame.comment",
    ];
    let mut arguments = vec!["-i", "udp-echo", "-o", &token, "-o", &address, "-l"];
    arguments.extend(["-o", "udp.check_checksum:TRUE", "-T", "fields"]);
    arguments.extend(fields.iter().flat_map(|field| ["-e", field]));
    let mut shark = tshark(folder.path(), &arguments);
    let hello = page.told("hello").await;
    let client = hello["client"].as_str().unwrap().to_owned();
    let (_, client) = client.rsplit_once(':').unwrap();
    let server = host.udp().port().to_string();

    // Until the capture has begun, datagrams are nobody's; it may begin between a datagram and its answer.
    let seen = async {
        let line = shark.prints(": echoed after ").await;
        (shark, line)
    };
    let sending = async {
        loop {
            page.send(b"again").await;
            page.datagram().await;
            tokio::task::yield_now().await;
        }
    };
    let (mut shark, line) = tokio::select! {
        seen = seen => seen,
        () = sending => unreachable!(),
    };
    let columns: Vec<_> = line.split('\t').collect();
    assert_eq!(columns[1..4], [client, &server, "1"], "{line}");
    assert!(columns[5].contains(": echoed after "), "{line}");

    page.send_text(r#"{"lab":{"up":{"loss_ppm":1000000}}}"#)
        .await;
    let before = std::time::SystemTime::now();
    page.send(b"lost").await;
    let line = shark.prints("6c6f7374").await;
    let columns: Vec<_> = line.split('\t').collect();
    assert_eq!(columns[1..4], [client, &server, "1"], "{line}");
    let words = "dropped on the way to the server (loss), so it never was on the wire";
    assert!(columns[5].ends_with(words), "{line}");
    let stamp: f64 = columns[0].parse().unwrap();
    let sent = before.duration_since(std::time::UNIX_EPOCH).unwrap();
    assert!(
        (stamp - sent.as_secs_f64()).abs() < 5.0,
        "{line} at {sent:?}"
    );

    page.close().await;
    shark.says("packets captured").await;
    assert!(shark.ended().await.success());
}

#[tokio::test]
async fn tshark_shows_why_it_gets_no_capture() {
    let folder = tempfile::tempdir().unwrap();
    let host = TestServer::start(&["--wireshark"]).await;
    let address = format!("extcap.udp_echo.host:{}", host.http());
    let forged = "extcap.udp_echo.token:1-00112233445566778899aabbccddeeff";
    for (token, words) in [
        (forged, "the token belongs to no session here"),
        (
            "extcap.udp_echo.token:",
            "the capture needs the token of a session",
        ),
    ] {
        let arguments = ["-i", "udp-echo", "-o", token, "-o", &address];
        let end = tshark(folder.path(), &arguments).finished().await;
        assert!(end.stderr.contains(words), "{end:?}");
    }
}
