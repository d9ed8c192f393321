//! Captures of `udp-echo client --pcap`, read by Wireshark's `tshark`.

use test_support::host::TestServer;
use test_support::program::Program;

#[tokio::test]
async fn tshark_reads_the_capture_with_its_comments_and_good_checksums() {
    let server = TestServer::start(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("capture.pcapng");
    let path = file.to_str().unwrap();
    let address = server.udp().to_string();
    let port = server.udp().port();
    let client = Program::udp_echo(&[
        "client",
        &address,
        "--pcap",
        path,
        "-c",
        "2",
        "-i",
        "1ms",
        "-q",
        "--timeout",
        "30s",
    ]);
    assert_eq!(client.finished().await.code, Some(0));
    let mut arguments = vec!["-r", path, "-T", "fields", "-o", "udp.check_checksum:TRUE"];
    for field in [
        "udp.srcport",
        "udp.dstport",
        "udp.length",
        "udp.checksum.status",
        "frame.comment",
    ] {
        arguments.extend(["-e", field]);
    }
    let tshark = Program::other("tshark", &arguments).finished().await;
    let lines: Vec<Vec<&str>> = tshark
        .stdout
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(lines.len(), 4, "{tshark:?}");
    let port = port.to_string();
    let sent = lines
        .iter()
        .filter(|line| line[1] == port && line[4].contains(": echoed after "))
        .count();
    let came = lines
        .iter()
        .filter(|line| line[0] == port && line[4].starts_with("answer to datagram "))
        .count();
    assert_eq!((sent, came), (2, 2), "{tshark:?}");
    assert!(
        lines.iter().all(|line| line[2..4] == ["50", "1"]),
        "{tshark:?}"
    );
    server.shutdown().await;
}

#[tokio::test]
async fn a_capture_to_standard_output_is_read_as_it_is_made() {
    let server = TestServer::start(&[]).await;
    let line = format!(
        "{} client {} hello --pcap - | tshark -r - -T fields -e udp.dstport -e data.text -o data.show_as_text:TRUE",
        test_support::program::udp_echo().display(),
        server.udp()
    );
    let folder = tempfile::tempdir().unwrap();
    let mut shell = std::process::Command::new("sh");
    let end = Program::spawn(shell.args(["-c", &line]).current_dir(folder.path()))
        .finished()
        .await;
    let port = server.udp().port().to_string();
    assert_eq!(end.stdout.lines().count(), 2, "{end:?}");
    assert!(
        end.stdout.contains(&port) && end.stdout.contains("hello"),
        "{end:?}"
    );
    assert!(
        end.stderr.contains("received \"hello\""),
        "the transcript is elsewhere: {end:?}"
    );
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "no file of the name -"
    );
    server.shutdown().await;
}
