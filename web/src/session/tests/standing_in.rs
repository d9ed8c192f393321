//! What stands in when there is no host, and what attributes and methods of the element ask for.

use wire::ledger::Fate;

use super::*;
use crate::policy::Verdict;
use crate::settings::Pace;

#[test]
fn without_a_host_the_simulated_one_stands_in_and_says_why() {
    let mut page = Page::with(Settings::default());
    page.on(Event::Seen);
    page.host = None;
    page.on(Event::Closed(1006, String::new()));
    page.run(0);
    assert_eq!(page.view().state(), "simulated");
    assert_eq!(page.view().server_who(), "simulated in this page");
    assert!(
        page.view()
            .detail()
            .contains("No datagram leaves this page")
    );
    assert!(page.asked_why, "a host may be there and refuse");
    page.on(Event::Explained(Verdict {
        code: "refused".to_owned(),
        why: "the origin is not allowed".to_owned(),
        setting: "--allow-origin https://docs.example".to_owned(),
    }));
    assert!(page.view().detail().contains("the origin is not allowed."));
    assert_eq!(page.view().setting(), "--allow-origin https://docs.example");
    page.send("hello");
    page.run(1_000_000);
    assert_eq!(page.fate(1), Some(Fate::Echoed));
    // A live host begins a record of its own.
    page.on(Event::Retry);
    page.run(0);
    assert_eq!((page.view().state(), page.view().sum()[0]), ("live", 0));
    assert_eq!(page.view().server_who(), "the real one");
}

#[test]
fn a_host_that_was_live_is_waited_for_and_never_simulated() {
    let mut page = Page::with(Settings::default());
    page.on(Event::Seen);
    page.run(0);
    page.host = None;
    page.on(Event::Closed(1006, String::new()));
    assert_eq!(page.view().state(), "gone");
    page.on(Event::Retry);
    page.host = None;
    page.on(Event::Closed(1006, String::new()));
    assert_eq!(page.view().state(), "gone");
}

#[test]
fn a_reader_whose_host_is_gone_goes_on_simulated_with_a_record_of_its_own() {
    let mut page = Page::live();
    page.send("to the host");
    page.run(1_000_000);
    assert!(!page.view().can_simulate());
    page.host = None;
    page.on(Event::Closed(1006, String::new()));
    assert!(page.view().is_host_gone() && page.view().can_simulate());
    // It stays gone while it is tried again.
    page.on(Event::Retry);
    page.host = None;
    assert_eq!(page.view().state(), "connecting");
    assert!(page.view().is_host_gone() && page.view().can_simulate());
    page.on(Event::Closed(1006, String::new()));

    page.on(Event::Simulate);
    page.run(0);
    assert_eq!(
        (page.view().state(), page.view().sum()[0]),
        ("simulated", 0)
    );
    assert!(!page.view().is_host_gone() && !page.view().can_simulate());
    assert!(
        page.view()
            .detail()
            .contains("No datagram leaves this page")
    );
    page.send("to the simulated one");
    page.run(1_000_000);
    assert_eq!(page.fate(1), Some(Fate::Echoed));
    page.on(Event::Retry);
    page.run(0);
    assert_eq!(page.view().state(), "live");
}

#[test]
fn a_server_that_has_not_started_waits_for_nothing() {
    const WAITING: &str = "waiting to receive message";
    let mut page = Page::live();
    page.on(asks("{\"server\":{\"listening\":false}}"));
    page.run(0);
    let not_bound = "not running: nobody has bound 127.0.0.1:10000";
    assert_eq!(lines(page.view().server_transcript()), [not_bound]);
    assert!(page.view().is_server_down());
    page.send("too early");
    page.run(1_000_000);
    assert_eq!(lines(page.view().server_transcript()), [not_bound]);

    page.on(asks("{\"server\":{}}"));
    page.run(0);
    let start = "starting up on 127.0.0.1 port 10000";
    assert_eq!(
        lines(page.view().server_transcript()),
        [not_bound, start, "", WAITING]
    );
    assert!(!page.view().is_server_down());

    // A host that comes back is asked again, and says nothing of the server that the session does not talk to.
    page.on(asks("{\"server\":{\"listening\":false}}"));
    page.host = None;
    page.on(Event::Closed(1006, String::new()));
    page.on(Event::Retry);
    page.run(0);
    assert_eq!(
        lines(page.view().server_transcript()).last(),
        Some(&not_bound)
    );
    assert!(page.view().is_server_down());
}

#[test]
fn an_unconnected_socket_is_asked_for_again_and_the_transcript_says_what_connect_does() {
    let mut page = Page::live();
    page.on(asks(
        "{\"options\":{\"connected\":false,\"timeout_ms\":300}}",
    ));
    page.on(asks("{\"server\":{\"listening\":false}}"));
    page.send("anybody?");
    page.run(1_000_000);
    assert_eq!(page.fate(1), Some(Fate::Lost));
    // What attributes ask for leaves the socket as it is, and so does a host that comes back.
    page.on(Event::Adjust);
    page.host = None;
    page.on(Event::Closed(1006, String::new()));
    page.on(Event::Retry);
    page.run(0);
    page.send("anybody now?");
    page.run(1_000_000);
    assert_eq!(page.fate(2), Some(Fate::Lost));
    page.on(asks("{\"options\":{}}"));
    page.send("and now?");
    page.run(1_000_000);
    assert_eq!(page.fate(3), Some(Fate::Refused));
    let transcript = page.view().client_transcript();
    let said = lines(transcript);
    let connect = said.iter().position(|line| line.starts_with("connect()"));
    let send = said.iter().position(|line| line.contains("and now?"));
    // The call comes before what is sent next, whenever the host confirms it.
    assert!(connect.is_some() && connect < send, "{said:?}");
}

#[test]
fn an_answer_to_an_older_request_says_nothing_of_the_socket_any_more() {
    let mut page = Page::live();
    page.on(asks("{\"options\":{\"timeout_ms\":300}}"));
    page.on(asks(
        "{\"options\":{\"connected\":false,\"timeout_ms\":300}}",
    ));
    page.run(1_000);
    let said = lines(page.view().client_transcript()).join("\n");
    assert_eq!(said.matches("not connected").count(), 1, "{said}");
    assert!(!said.contains("connect()"), "{said}");
}

#[test]
fn attributes_ask_for_a_link_and_a_burst_sends_by_itself() {
    let mut page = Page::with(Settings {
        seed: Some(9),
        autosend: true,
        pace: Pace {
            count: 3,
            interval: 1000,
        },
        ..Settings::default()
    });
    // The link of the attributes is there before the host is.
    page.on(asks("{\"lab\":{\"up\":{\"loss_ppm\":1000000}}}"));
    page.on(Event::Seen);
    page.run(1500);
    assert_eq!(
        page.session.history().counters().sent,
        2,
        "one each millisecond"
    );
    page.on(Event::Pause(true));
    page.run(10_000);
    assert_eq!(
        page.session.history().counters().sent,
        2,
        "a pause holds it"
    );
    page.on(Event::Pause(false));
    page.run(5_000_000);
    assert_eq!(page.session.history().counters().dropped, 3);
    let names: Vec<_> = page
        .session
        .take_outcomes()
        .iter()
        .map(|outcome| outcome.describe(&page.session))
        .filter(|(name, _)| *name != "udp-stats")
        .collect();
    let sent = |n: u64| ("udp-sent", format!("{{\"number\":{n},\"bytes\":42}}"));
    let states = ["connecting", "live"].map(|state| format!("{{\"state\":\"{state}\"}}"));
    let heads: Vec<_> = names.iter().map(|(name, _)| *name).take(4).collect();
    assert_eq!(heads, ["udp-state", "udp-state", "udp-ready", "udp-sent"]);
    assert_eq!([&names[0].1, &names[1].1], [&states[0], &states[1]]);
    assert!(names.contains(&sent(1)) && names.contains(&sent(3)));
    let lost = (
        "udp-lost",
        "{\"number\":2,\"fate\":\"dropped\",\"bytes\":42}".to_owned(),
    );
    assert_eq!(names.iter().filter(|name| **name == lost).count(), 1);
}

#[test]
fn a_single_send_does_not_end_a_burst_under_way() {
    let mut page = Page::live();
    let pace = Pace {
        count: 3,
        interval: 1000,
    };
    page.on(Event::Burst(None, pace));
    page.send("between");
    page.run(1_000_000);
    assert_eq!(page.session.history().counters().echoed, 4);
}
