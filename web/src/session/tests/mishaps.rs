//! What a reader has happen to one datagram, and what stands on the screen before anything was sent.

use wire::ledger::Fate;
use wire::link::Mishap;

use super::*;

/// The payloads that were sent, by their numbers.
fn sent(page: &Page) -> Vec<String> {
    let history = page.session.history();
    let payloads = history.numbers().map(|number| {
        let datagram = history.datagram(number).unwrap();
        String::from_utf8(datagram.payload.to_vec()).unwrap()
    });
    payloads.collect()
}

#[test]
fn one_press_loses_a_datagram_and_the_next_one_is_echoed() {
    let mut page = Page::live();
    page.on(Event::Draft("hello".to_owned()));
    page.on(Event::SendWith(Mishap::Lose));
    page.on(Event::Send);
    page.run(1_000);
    assert_eq!(sent(&page), ["hello", "hello"]);
    let fates = (page.fate(1), page.fate(2));
    assert_eq!(fates, (Some(Fate::Dropped), Some(Fate::Echoed)));
}

#[test]
fn one_press_sends_two_that_can_be_told_apart_and_the_second_comes_back_first() {
    let mut page = Page::live();
    page.on(Event::Draft("hello".to_owned()));
    page.on(Event::SendWith(Mishap::Hold));
    page.run(10_000);
    assert_eq!((page.fate(1), page.fate(2)), (None, Some(Fate::Echoed)));
    page.run(1_000_000);
    assert_eq!(page.fate(1), Some(Fate::Echoed));
    let received: Vec<_> = lines(&page.session.history().client)
        .into_iter()
        .filter(|line| line.starts_with("received"))
        .collect();
    assert_eq!(received, ["received \"2: hello\"", "received \"1: hello\""]);
    assert_eq!(page.session.history().counters().reordered, 1);
}

#[test]
fn one_press_doubles_a_datagram_and_both_copies_are_answered() {
    let mut page = Page::live();
    page.on(Event::SendWith(Mishap::Double));
    page.run(1_000_000);
    let counters = page.session.history().counters();
    assert_eq!((counters.echoed, counters.duplicates), (1, 1));
}

#[test]
fn without_a_host_nothing_is_sent_with_a_mishap_and_it_says_so() {
    let mut session = live_only();
    session.on(Event::Seen, 0);
    for mishap in [Mishap::Lose, Mishap::Hold, Mishap::Double] {
        assert_eq!(session.on(Event::SendWith(mishap), 0), []);
        assert_eq!(session.on(Event::Tick, 0), []);
        assert_eq!(View::of(&session, 0).notice(), words::NOT_SENT);
    }
}

/// An older host ends the session when it is told what it does not know.
#[test]
fn a_host_that_does_not_know_mishaps_is_not_offered_any() {
    let mut page = Page::live();
    assert!(page.view().has_mishaps());
    let hello = Hello {
        once: false,
        ..page.session.hello().unwrap().clone()
    };
    page.on(Event::Control(HostMessage::Hello(Box::new(hello))));
    assert!(!page.view().has_mishaps());
}

#[test]
fn the_first_screen_says_what_it_is_about_and_names_the_session_only_to_who_asks() {
    let mut page = Page::live();
    let what =
        "A datagram is one message, sent on its own; an echo is the same message, sent back.";
    assert_eq!(page.view().detail(), what);
    let about = page.view().about();
    assert!(about.starts_with("Session simulated at "), "{about}");
    assert!(page.view().is_fresh());
    page.send("hello");
    assert!(!page.view().is_fresh());
    // What sends by itself has its room from the beginning.
    let auto = Page::with(Settings {
        autosend: true,
        ..Settings::default()
    });
    assert!(!auto.view().is_fresh());
    let simulated = Page::with(Settings {
        mode: Mode::Simulated,
        ..Settings::default()
    });
    let detail = simulated.view().detail();
    assert_eq!(
        detail,
        [
            what,
            "No datagram leaves this page: the same rules run inside it."
        ]
        .join(" ")
    );
    assert_eq!(simulated.view().about(), "");
}
