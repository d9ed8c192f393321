//! How sessions begin, end and begin again.

use super::*;
use crate::policy::Verdict;

#[test]
fn a_page_is_live_only_after_hello() {
    let mut session = live_only();
    assert_eq!(View::of(&session, 0).state(), "idle");
    assert_eq!(session.on(Event::Seen, 0), [Effect::Connect(Peer::Host)]);
    assert_eq!(View::of(&session, 0).state(), "connecting");
    session.on(report(1, What::Lost), 0);
    assert_eq!(View::of(&session, 0).state(), "connecting");
    assert!(session.on(Event::Send, 0).is_empty());
    assert!(session.on(Event::Tick, 0).is_empty());
    assert_eq!(session.notice(), words::NOT_SENT);
}

#[test]
fn a_host_that_says_nothing_is_taken_for_none() {
    let mut session = live_only();
    session.on(Event::Seen, 0);
    assert_eq!(session.wakes_at(0), Some(HELLO_DEADLINE));
    assert!(session.on(Event::Tick, HELLO_DEADLINE - 1).is_empty());
    let effects = session.on(Event::Tick, HELLO_DEADLINE);
    assert_eq!(effects, [Effect::Disconnect, Effect::Explain]);
    let view = View::of(&session, HELLO_DEADLINE);
    assert_eq!(view.state(), "gone");
    assert!(
        view.detail().starts_with(words::SILENT),
        "{}",
        view.detail()
    );
}

#[test]
fn a_gone_host_is_counted_down_to_and_asked_again() {
    let mut session = live_only();
    session.on(Event::Seen, 0);
    session.on(Event::Closed(1006, String::new()), 0);
    let mut seen = Vec::new();
    let mut now = 0;
    let effects = loop {
        seen.push(View::of(&session, now).detail());
        now = session.wakes_at(now).expect("it waits for the next try");
        let effects = session.on(Event::Tick, now);
        if !effects.is_empty() {
            break effects;
        }
    };
    assert_eq!(effects, [Effect::Connect(Peer::Host)]);
    assert!((backoff::SHORTEST..=backoff::LONGEST).contains(&now));
    assert!(
        seen.last().unwrap().ends_with("Next try in 1 s."),
        "{seen:?}"
    );
    assert_eq!(
        seen.len() as u64,
        now.div_ceil(SECOND),
        "one change a second: {seen:?}"
    );
}

#[test]
fn a_refused_page_names_the_setting_and_stops_trying() {
    let mut page = Page::new();
    page.on(Event::Seen);
    page.on(Event::Closed(1006, String::new()));
    assert!(page.asked_why);
    page.on(Event::Explained(Verdict {
        code: "refused".to_owned(),
        why: "the origin https://docs.example is not allowed".to_owned(),
        setting: "--allow-origin https://docs.example".to_owned(),
    }));
    let view = page.view();
    assert_eq!(view.state(), "refused");
    assert!(view.detail().contains("https://docs.example"));
    assert_eq!(view.setting(), "--allow-origin https://docs.example");
    assert!(view.can_retry());
    assert_eq!(page.session.wakes_at(page.now), None);
}

#[test]
fn a_host_that_is_full_is_asked_again_and_what_a_proxy_lacks_is_named_with_its_lines() {
    let verdict = |code: &str, why: &str, setting: &str| {
        let [code, why, setting] = [code, why, setting].map(str::to_owned);
        Event::Explained(Verdict { code, why, setting })
    };
    let mut page = Page::new();
    page.on(Event::Seen);
    page.on(Event::Closed(1006, String::new()));
    page.on(verdict("busy", "the host has 2 sessions", ""));
    assert_eq!(page.view().state(), "gone");
    assert!(page.view().detail().contains("the host has 2 sessions"));
    assert!(page.session.wakes_at(page.now).is_some(), "it tries again");
    page.on(Event::Retry);
    page.on(Event::Closed(1006, String::new()));
    page.on(verdict("no-websockets", "the host answers", "proxy_pass"));
    assert_eq!(page.view().state(), "refused");
    assert_eq!(page.view().detail(), "the host answers");
    assert_eq!(page.view().setting(), "proxy_pass");
    // What comes too late is about nothing that is shown.
    page.on(Event::Retry);
    page.run(0);
    page.on(verdict("no-websockets", "the host answers", "proxy_pass"));
    assert_eq!((page.view().state(), page.view().setting()), ("live", ""));
}

#[test]
fn a_host_that_says_why_is_not_asked_why() {
    for (code, reason, asks) in [
        (0, "a bad address", true),
        (1006, "", true),
        (1001, "the host stops", false),
        (4405, "the host has 2 sessions, its limit", false),
        (4406, "your address has 2 sessions, the limit", false),
    ] {
        let mut page = Page::new();
        page.on(Event::Seen);
        page.on(Event::Closed(code, reason.to_owned()));
        assert_eq!(page.asked_why, asks, "{code}");
    }
}

#[test]
fn history_outlives_the_connection_and_numbers_go_on() {
    let mut page = Page::live();
    page.send("one");
    page.run(1000);
    // The second is on its way when the connection breaks.
    page.send("two");
    page.on(Event::Closed(1006, String::new()));
    assert_eq!(page.view().state(), "gone");
    assert_eq!(page.fate(1), Some(Fate::Echoed));
    assert_eq!(page.fate(2), Some(Fate::Lost));
    assert_eq!(
        lines(&page.session.history().client).last(),
        Some(&"closing socket")
    );
    page.run(11_000_000);
    assert_eq!(page.view().state(), "live");
    page.send("three");
    page.run(1000);
    assert_eq!(
        page.fate(3),
        Some(Fate::Echoed),
        "the host counts from 1 again, the page goes on"
    );
    assert_eq!(page.view().sum(), [3, 2, 1, 0, 0, 0, 0, 0]);
}

#[test]
fn another_port_after_a_reconnect_is_told() {
    let mut page = Page::live();
    let mut hello = page.session.hello().unwrap().clone();
    page.on(Event::Closed(1001, "restarting".to_owned()));
    assert!(page.view().detail().contains("restarting"));
    hello.client = "127.0.0.1:50140".to_owned();
    page.on(Event::Retry);
    page.on(Event::Control(HostMessage::Hello(Box::new(hello))));
    let notice = page.view().notice();
    assert!(
        notice.contains("50139") && notice.contains("50140"),
        "{notice}"
    );
}

/// A script learns nothing else about why: the host's sentence, for each of its codes, in a session and before one.
#[test]
fn every_code_of_the_host_is_shown_in_its_own_words() {
    for code in [1001, 1002, 1007, 1011].into_iter().chain(4400..=4413) {
        for mut page in [Page::live(), Page::new()] {
            page.on(Event::Seen);
            page.on(Event::Closed(code, "sessions last 24h at most".to_owned()));
            let shown = page.view().detail();
            assert!(
                shown.contains("sessions last 24h at most"),
                "{code}: {shown}"
            );
        }
    }
}

#[test]
fn a_hidden_page_does_not_knock() {
    let mut page = Page::live();
    page.on(Event::Hidden(true));
    page.on(Event::Closed(1006, String::new()));
    assert_eq!(page.session.wakes_at(page.now), None);
    page.run(60_000_000);
    assert_eq!(page.view().state(), "gone");
    page.on(Event::Hidden(false));
    page.run(0);
    assert_eq!(page.view().state(), "live");
}

#[test]
fn with_the_network_back_a_page_does_not_wait_for_its_next_try() {
    let mut page = Page::live();
    page.on(Event::Closed(1006, String::new()));
    assert_eq!(page.view().state(), "gone");
    page.on(Event::Online);
    page.run(0);
    assert_eq!(page.view().state(), "live");
    // Nobody sees a hidden page, and a live one needs nothing.
    page.on(Event::Online);
    assert_eq!(page.view().state(), "live");
    page.on(Event::Hidden(true));
    page.on(Event::Closed(1006, String::new()));
    page.on(Event::Online);
    assert_eq!(page.view().state(), "gone");
}

#[test]
fn another_protocol_is_refused_with_both_versions() {
    let mut page = Page::live();
    let mut hello = page.session.hello().unwrap().clone();
    hello.protocol = 2;
    page.on(Event::Control(HostMessage::Hello(Box::new(hello))));
    assert_eq!(page.view().state(), "refused");
    assert!(page.view().detail().contains("version 2"));
}

#[test]
fn a_notice_of_the_host_is_shown() {
    let mut page = Page::live();
    page.on(Event::Control(HostMessage::Notice(Notice {
        code: "slow_reader".to_owned(),
        text: "the page reads too slowly".to_owned(),
    })));
    assert_eq!(page.view().notice(), "the page reads too slowly");
}

#[test]
fn another_server_is_asked_for_by_name_and_on_a_new_port() {
    let mut page = Page::live();
    let mut hello = page.session.hello().unwrap().clone();
    hello.resume = "token".to_owned();
    hello.targets = vec!["echo".to_owned(), "python".to_owned()];
    page.on(Event::Control(HostMessage::Hello(Box::new(hello))));
    assert_eq!(page.session.resume(), "token");
    assert_eq!(page.view().targets().len(), 2);
    page.send("on its way");
    page.on(Event::Target("python".to_owned()));
    assert_eq!(page.session.target(), "python");
    assert_eq!(page.session.resume(), "", "a port belongs to its target");
    assert_eq!(page.fate(1), Some(Fate::Lost));
    page.run(0);
    assert_eq!(page.view().state(), "live");
}

#[test]
fn ready_is_told_at_each_beginning_and_not_when_a_lost_host_is_back() {
    let mut page = Page::new();
    let ready = |page: &mut Page, event| {
        page.on(event);
        page.run(0);
        assert_eq!(page.view().state(), "live");
        let outcomes = page.session.take_outcomes();
        let of = outcomes.iter().filter(|told| **told == Outcome::Ready);
        of.count()
    };
    assert_eq!(ready(&mut page, Event::Seen), 1);
    page.on(Event::Closed(1006, String::new()));
    assert_eq!(ready(&mut page, Event::Online), 0, "a host that is back");
    assert_eq!(ready(&mut page, Event::Reset), 1, "all is forgotten");
    assert_eq!(ready(&mut page, Event::Target("other".to_owned())), 1);
    page.on(Event::Left);
    assert_eq!(ready(&mut page, Event::Seen), 1, "on the page again");
    page.on(Event::Closed(1006, String::new()));
    page.on(Event::Reset);
    assert_eq!(ready(&mut page, Event::Online), 1, "began anew while gone");
}
