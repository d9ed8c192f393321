//! An independent reader opens our captures: Wireshark's `tshark`, with every checksum verified.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use wire::packet::Datagram;
use wire::pcapng::Capture;

/// The fields as tshark prints them: one line per packet, separated by tabs.
fn tshark_fields(capture: &[u8], fields: &[&str]) -> String {
    let mut command = Command::new("tshark");
    command.args(["-r", "-", "-T", "fields"]);
    command.args([
        "-o",
        "ip.check_checksum:TRUE",
        "-o",
        "udp.check_checksum:TRUE",
    ]);
    for field in fields {
        command.args(["-e", field]);
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("tshark is installed");
    child.stdin.take().unwrap().write_all(capture).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn tshark_reads_every_packet_with_good_checksums() {
    let mut capture = Capture::new("udp-echo test");
    let ipv4: (SocketAddr, SocketAddr) = (
        "127.0.0.1:50139".parse().unwrap(),
        "127.0.0.1:10000".parse().unwrap(),
    );
    let ipv6: (SocketAddr, SocketAddr) = (
        "[::1]:50139".parse().unwrap(),
        "[2001:db8::7]:10000".parse().unwrap(),
    );
    let all_bytes: Vec<u8> = (0..=255).collect();
    let largest = vec![0x5A; 65_507];
    let payloads: [&[u8]; 5] = [
        b"",
        b"x",
        b"This is the message.  It will be repeated.",
        &all_bytes,
        &largest,
    ];
    let mut expected = String::new();
    for (family, (source, destination)) in [("ip", ipv4), ("ipv6", ipv6)] {
        for payload in payloads {
            let at = Duration::new(1_790_000_000, 123_456_789);
            let datagram = Datagram {
                source,
                destination,
                payload,
            };
            capture.push(at, &datagram, "echoed").unwrap();
            // Checksum status 1 is "good"; IPv6 has no checksum of its own.
            let ip_status = if family == "ip" { "1" } else { "" };
            let length = payload.len() + 8;
            expected +=
                &format!("1790000000.123456789\t50139\t10000\t{length}\t{ip_status}\t1\techoed\n");
        }
    }
    let fields = [
        "frame.time_epoch",
        "udp.srcport",
        "udp.dstport",
        "udp.length",
        "ip.checksum.status",
        "udp.checksum.status",
        "frame.comment",
    ];
    assert_eq!(tshark_fields(capture.as_bytes(), &fields), expected);

    let bytes = tshark_fields(capture.as_bytes(), &["udp.payload"]);
    let hex: String = all_bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(bytes.lines().nth(3), Some(hex.as_str()));
}
