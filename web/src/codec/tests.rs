//! The codec against serde's form of the same messages, which is the contract.

use proptest::prelude::*;

use udp_echo_feed::codec::samples::{hello, host_messages};
use wire::control::*;

use super::*;

proptest! {
    #[test]
    fn the_page_reads_what_the_host_writes_and_passes_over_what_is_for_the_chunks(n in any::<u64>(), text in any::<String>()) {
        for mut message in host_messages(n, &text) {
            let source = serde_json::to_string(&message).unwrap();
            if let HostMessage::Hello(hello) = &mut message {
                hello.limits = Limits {
                    datagram_bytes: hello.limits.datagram_bytes,
                    ..Limits::default()
                };
            }
            let is_for_the_core = matches!(
                message,
                HostMessage::Hello(_) | HostMessage::Events(_) | HostMessage::Visitor(_) | HostMessage::Notice(_)
            );
            let expected = is_for_the_core.then_some(message);
            prop_assert_eq!(decode(&source), Ok(expected), "{}", source);
        }
    }

    #[test]
    fn the_host_reads_what_the_page_writes(timeout_ms in any::<u32>(), tracing in any::<bool>()) {
        let wanted = Options { tracing, timeout_ms };
        let read = serde_json::from_str::<ClientMessage>(&options(wanted));
        prop_assert_eq!(read.unwrap(), ClientMessage::Options(wanted));
    }
}

#[test]
fn what_a_later_version_adds_is_passed_over() {
    assert_eq!(decode("{\"weather\":{\"sky\":\"blue\"}}"), Ok(None));
    let source = "{\"events\":[[1,1,0,{\"teleported\":7}],[2,1,0,\"lost\"]]}";
    let expected = HostMessage::Events(vec![Event(2, 1, 0, What::Lost)]);
    assert_eq!(decode(source), Ok(Some(expected)));
    let source = "{\"notice\":{\"code\":\"c\",\"colour\":\"red\",\"text\":\"t\"}}";
    assert!(matches!(decode(source), Ok(Some(HostMessage::Notice(_)))));
}

#[test]
fn a_broken_message_names_its_field() {
    assert_eq!(decode("hello"), Err("JSON"));
    assert_eq!(decode("{}"), Err("JSON"));
    assert_eq!(decode("{\"notice\":{\"code\":\"c\"}}"), Err("text"));
    assert_eq!(decode("{\"events\":[[1,1,256,\"lost\"]]}"), Err("events"));
    assert_eq!(
        decode("{\"events\":[[1,1,0,{\"relay_out\":[1,\"eaten\"]}]]}"),
        Err("relay_out")
    );
    let hello = serde_json::to_string(&HostMessage::Hello(Box::new(hello(7, "")))).unwrap();
    let hello = hello.replace("\"seed\":7", "\"seed\":\"7\"");
    assert_eq!(decode(&hello), Err("seed"));
}
