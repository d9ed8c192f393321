//! Datagrams of a session take another lane than the WebSocket.

use super::*;

/// What the chunk says of the lane.
fn carrier(lane: &str, text: &str) -> Event {
    Event::Control(HostMessage::Notice(Notice {
        code: ["carrier ", lane].concat(),
        text: text.to_owned(),
    }))
}

#[test]
fn the_lane_of_a_session_is_always_visible() {
    let mut page = Page::live();
    assert_eq!(page.view().badge(), "Live");
    assert_eq!(page.view().lane(), "WebSocket");
    page.on(carrier("WebTransport", ""));
    assert_eq!(page.view().badge(), "Live over WebTransport");
    assert_eq!(page.view().lane(), "WebTransport");
    assert!(page.view().detail().ends_with("sent back."));
    assert_eq!(
        page.view().notice(),
        "",
        "nothing went otherwise than asked"
    );
}

#[test]
fn a_lane_that_does_not_open_changes_nothing_and_says_why() {
    let mut page = Page::live();
    page.on(carrier("WebSocket", "It did not open."));
    assert_eq!(page.view().badge(), "Live over WebSocket");
    assert!(
        page.view()
            .detail()
            .ends_with("sent back. It did not open.")
    );
    page.send("still here");
    page.run(1000);
    assert_eq!(page.fate(1), Some(Fate::Echoed));
}

#[test]
fn the_next_session_has_no_lane_until_it_opens_one() {
    let mut page = Page::live();
    page.on(carrier("WebTransport", ""));
    page.on(Event::Reset);
    page.run(0);
    assert_eq!(page.view().badge(), "Live");
}
