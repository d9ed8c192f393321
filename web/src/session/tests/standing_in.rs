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
