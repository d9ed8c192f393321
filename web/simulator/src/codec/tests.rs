//! The codec of a host against serde's form of the same messages, which is the contract; and against the core, which reads
//! what is written here.

use proptest::prelude::*;

use udp_echo_feed::codec::samples::{host_messages, lab as lab_with};
use udp_echo_feed::codec::{lab, rules};
use wire::control::*;

use super::*;

fn client_messages(n: u64, text: &str) -> Vec<ClientMessage> {
    vec![
        ClientMessage::Options(Options {
            tracing: n & 1 == 0,
            timeout_ms: n as u32,
        }),
        ClientMessage::Lab(lab_with(n)),
        ClientMessage::Server(ServerRules {
            buffer: (n & 1 == 0).then_some(n as u32 as usize),
            echo_empty: n & 2 == 0,
            listening: n & 4 == 0,
        }),
        ClientMessage::Stream(vec![text.to_owned(), String::new()]),
        ClientMessage::Stream(Vec::new()),
        ClientMessage::Counters,
    ]
}

proptest! {
    #[test]
    fn a_host_of_this_chunk_writes_what_any_host_writes(n in any::<u64>(), text in any::<String>()) {
        for mut message in host_messages(n, &text) {
            let source = write(&message);
            if let HostMessage::Hello(hello) = &mut message {
                hello.limits = Limits {
                    datagram_bytes: hello.limits.datagram_bytes,
                    message_bytes: hello.limits.message_bytes,
                    control_bytes: hello.limits.control_bytes,
                    ..Limits::default()
                };
            }
            let read = serde_json::from_str::<HostMessage>(&source);
            prop_assert_eq!(read.unwrap(), message, "{}", source);
            // The core must not stumble over any of them.
            prop_assert!(udp_echo_web::codec::decode(&source).is_ok());
        }
    }

    #[test]
    fn a_host_of_this_chunk_reads_what_any_client_writes(n in any::<u64>(), text in any::<String>()) {
        for message in client_messages(n, &text) {
            let source = serde_json::to_string(&message).unwrap();
            prop_assert_eq!(read(&source), Ok(message), "{}", source);
        }
    }

    #[test]
    fn any_host_reads_what_the_panel_asks_for(n in any::<u64>()) {
        let Lab { up, down, .. } = lab_with(n);
        let source = lab(&up, &down, None);
        let asked = serde_json::from_str::<ClientMessage>(&source).unwrap();
        prop_assert_eq!(asked, ClientMessage::Lab(Lab { up, down, seed: 0 }));
        let wanted = ServerRules { buffer: (n & 1 == 0).then_some(4096), ..ServerRules::default() };
        let asked = serde_json::from_str::<ClientMessage>(&rules(&wanted)).unwrap();
        prop_assert_eq!(asked, ClientMessage::Server(wanted));
    }
}
