//! The browser's form of all messages against `serde_json`'s, which is the host's.

use proptest::prelude::*;
use wire::control::*;
use wire::link::Mishap;

use super::samples::{hello, host_messages, lab};
use super::*;

fn client_messages(n: u64, text: &str) -> Vec<ClientMessage> {
    vec![
        ClientMessage::Options(Options {
            tracing: n & 1 == 0,
            timeout_ms: n as u32,
            connected: n & 2 == 0,
        }),
        ClientMessage::Lab(lab(n)),
        ClientMessage::Server(ServerRules {
            buffer: (n & 1 == 0).then_some(n as u32 as usize),
            echo_empty: n & 2 == 0,
            listening: n & 4 == 0,
        }),
        ClientMessage::Stream(vec![text.to_owned(), String::new()]),
        ClientMessage::Stream(Vec::new()),
        ClientMessage::Once(Mishap::Lose),
        ClientMessage::Once(Mishap::Hold),
        ClientMessage::Once(Mishap::Double),
        ClientMessage::Counters,
        ClientMessage::Capture,
    ]
}

proptest! {
    #[test]
    fn the_browser_reads_and_writes_every_message_of_a_host_as_the_host_does(n in any::<u64>(), text in any::<String>()) {
        for message in host_messages(n, &text) {
            let source = serde_json::to_string(&message).unwrap();
            let written = serde_json::from_str::<HostMessage>(&to_string(&message)).unwrap();
            prop_assert_eq!(&written, &message);
            prop_assert_eq!(host_message(&source), Ok(Some(message)), "{}", source);
        }
    }

    #[test]
    fn the_browser_reads_and_writes_every_message_of_a_client_as_the_host_does(n in any::<u64>(), text in any::<String>()) {
        for message in client_messages(n, &text) {
            let source = serde_json::to_string(&message).unwrap();
            let written = serde_json::from_str::<ClientMessage>(&to_string(&message)).unwrap();
            prop_assert_eq!(&written, &message);
            prop_assert_eq!(client_message(&source), Ok(message), "{}", source);
        }
    }

    #[test]
    fn what_a_panel_asks_for_is_read_and_a_link_may_leave_its_seed_to_the_session(n in any::<u64>(), own in any::<Option<u64>>()) {
        let Lab { up, down, .. } = lab(n);
        let link = Link { up, down, seed: own };
        prop_assert_eq!(link.with_seed_of(7).seed, own.unwrap_or(7));
        let request = Request::Link(link);
        prop_assert_eq!(Request::read(&request.write()), Ok(request));
        let rules = Request::Message(ClientMessage::Server(ServerRules { buffer: Some(4096), ..ServerRules::default() }));
        prop_assert_eq!(Request::read(&rules.write()), Ok(rules));
    }
}

#[test]
fn what_a_later_version_adds_is_passed_over() {
    assert_eq!(host_message("{\"weather\":{\"sky\":\"blue\"}}"), Ok(None));
    let source = "{\"events\":[[1,1,0,{\"teleported\":7}],[2,1,0,\"lost\"]]}";
    let expected = HostMessage::Events(vec![Event(2, 1, 0, What::Lost)]);
    assert_eq!(host_message(source), Ok(Some(expected)));
    let source = "{\"notice\":{\"code\":\"c\",\"colour\":\"red\",\"text\":\"t\"}}";
    assert!(matches!(
        host_message(source),
        Ok(Some(HostMessage::Notice(_)))
    ));
}

#[test]
fn a_broken_message_names_its_field() {
    assert_eq!(host_message("hello"), Err("JSON"));
    assert_eq!(host_message("{}"), Err("JSON"));
    assert_eq!(host_message("{\"notice\":{\"code\":\"c\"}}"), Err("text"));
    assert_eq!(
        host_message("{\"events\":[[1,1,256,\"lost\"]]}"),
        Err("events")
    );
    assert_eq!(
        host_message("{\"events\":[[1,1,0,{\"relay_out\":[1,\"eaten\"]}]]}"),
        Err("relay_out")
    );
    let hello = serde_json::to_string(&HostMessage::Hello(Box::new(hello(7, "")))).unwrap();
    let hello = hello.replace("\"seed\":7", "\"seed\":\"7\"");
    assert_eq!(host_message(&hello), Err("seed"));
    assert_eq!(client_message("{\"weather\":1}"), Err("JSON"));
}
