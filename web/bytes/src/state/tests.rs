//! The panel as a reader uses it, without a browser.

use udp_echo_feed::form;
use wire::ledger::{Delivery, Fate};
use wire::link::Direction;

use super::*;

/// A feed with these fields beside those that every feed has.
fn feed(more: &str, datagrams: &[Datagram]) -> Input {
    let datagrams: Vec<_> = datagrams
        .iter()
        .map(|datagram| form::write(datagram, datagram.number, 0))
        .collect();
    Input::Feed(format!(
        "{{\"mode\":\"live\",\"view\":\"full\",\"paused\":false,\"client\":\"127.0.0.1:50139\",\"server\":\"127.0.0.1:10000\",\
         \"limit\":65507,\"seed\":1,{more}\"counters\":{{}},\"first\":1,\"next\":9,\
         \"datagrams\":[{}]}}",
        datagrams.join(",")
    ))
}

fn datagram(number: u64, payload: &[u8], fate: Fate, events: &[What]) -> Datagram {
    let mut datagram = Datagram::new(number, payload.to_vec().into(), 0);
    datagram.fate = Some(fate);
    datagram.events = events
        .iter()
        .map(|what| Event(0, number, 0, what.clone()))
        .collect();
    datagram
}

fn with_draft(draft: &[u8]) -> State {
    let mut state = State::default();
    state.on(feed(&format!("\"draft\":\"{}\",", form::hex(draft)), &[]));
    state
}

#[test]
fn what_is_typed_in_the_composer_stands_in_both_fields() {
    let state = with_draft("Grüße".as_bytes());
    assert_eq!(state.editor().written(Notation::Text), "Grüße");
    assert_eq!(
        state.editor().written(Notation::Hex),
        "47 72 c3 bc c3 9f 65"
    );
    assert_eq!(state.length(), "5 characters, 7 bytes");
    assert_eq!(state.caption(), "The message: 7 bytes");
}

#[test]
fn the_field_that_is_written_in_is_left_alone_until_it_is_left() {
    let mut state = with_draft(b"This");
    assert_eq!(
        state.on(Input::Wrote(Notation::Hex, "5468".to_owned())),
        Some(Effect::Draft)
    );
    assert!(state.leaves_alone(Notation::Hex) && !state.leaves_alone(Notation::Text));
    // The core says it again, as it does with every change of the message.
    state.on(feed("\"draft\":\"5468\",", &[]));
    assert!(state.leaves_alone(Notation::Hex));
    state.on(Input::Left);
    assert!(!state.leaves_alone(Notation::Hex));
    assert_eq!(
        state.on(Input::Wrote(Notation::Hex, "5468 7".to_owned())),
        None
    );
    state.on(Input::Left);
    assert!(
        state.leaves_alone(Notation::Hex),
        "what cannot be read stays for the reader to mend"
    );
    assert_eq!(state.editor().payload(), b"Th");
    state.on(feed("\"draft\":\"61\",", &[]));
    assert!(
        !state.leaves_alone(Notation::Hex),
        "another message takes its place"
    );
}

#[test]
fn half_a_byte_is_no_fault_while_it_is_written() {
    let mut state = with_draft(b"This");
    state.on(Input::Wrote(Notation::Hex, "54 6".to_owned()));
    assert_eq!(state.broken(Notation::Hex), None);
    state.on(Input::Left);
    assert_eq!(state.broken(Notation::Hex).unwrap().column, 4);
    state.on(Input::Wrote(Notation::Hex, "54 6 7".to_owned()));
    assert_eq!(state.broken(Notation::Hex).unwrap().column, 4);
}

#[test]
fn what_the_browser_does_not_copy_is_selected_for_the_reader() {
    let mut state = with_draft(b"x");
    assert_eq!(
        state.on(Input::Copy(0)),
        Some(Effect::Copy("b'x'".to_owned()))
    );
    assert_eq!(state.on(Input::Copied(true)), None);
    assert_eq!(
        state.on(Input::Copied(false)),
        Some(Effect::Select(0, "b'x'".to_owned()))
    );
}

#[test]
fn a_file_over_the_limit_is_refused_before_it_is_read() {
    let mut state = with_draft(b"This");
    assert_eq!(
        state.on(Input::Chosen("big.bin".to_owned(), 1_073_741_824.0)),
        None
    );
    assert!(
        state.source().starts_with(
            "“\u{2068}big.bin\u{2069}” has 1,073,741,824 bytes; one datagram carries 65,507 bytes at most."
        ),
        "{}",
        state.source()
    );
    assert_eq!(state.editor().payload(), b"This");
    assert_eq!(
        state.on(Input::Chosen("fits.bin".to_owned(), 65_507.0)),
        Some(Effect::Read)
    );
    let read = Input::Read("fits.bin".to_owned(), Some(vec![7; 65_507]));
    assert_eq!(state.on(read), Some(Effect::Draft));
    assert_eq!(state.source(), "“\u{2068}fits.bin\u{2069}”: 65,507 bytes");
    assert_eq!(state.on(Input::Read("gone".to_owned(), None)), None);
    assert!(
        state
            .source()
            .starts_with("“\u{2068}gone\u{2069}” cannot be read")
    );
    assert_eq!(state.editor().payload().len(), 65_507);
}

#[test]
fn numbers_that_are_none_change_nothing_and_say_so() {
    let mut state = with_draft(b"This");
    for count in [None, Some(65_509), Some(usize::MAX)] {
        assert_eq!(state.on(Input::Random(count)), None);
        assert!(
            state
                .source()
                .starts_with("A whole number from 0 to 65,508")
        );
        assert_eq!(state.on(Input::Size(count)), None);
        assert_eq!(state.ruler_remark(), words::NO_SIZE);
    }
    assert_eq!(
        state.on(Input::Random(Some(65_508))),
        Some(Effect::Random(65_508))
    );
    for loss in [f64::NAN, -1.0, 100.1, f64::INFINITY] {
        state.on(Input::Loss(loss));
        assert_eq!(
            (state.loss(), state.ruler_remark().as_str()),
            (1.0, words::NO_LOSS)
        );
    }
    state.on(Input::Loss(2.5));
    assert_eq!((state.loss(), state.ruler_remark().as_str()), (2.5, ""));
    assert_eq!(state.editor().payload(), b"This");
}

#[test]
fn the_ruler_makes_messages_and_tells_their_odds() {
    let mut state = with_draft(b"abc");
    assert_eq!(state.on(Input::Size(Some(65_507))), Some(Effect::Draft));
    assert_eq!(
        state.outlook(),
        "65,507 bytes: 45 fragments over IPv4 at MTU 1500, 63.6 % arrive whole"
    );
    assert_eq!(
        state.on(Input::Size(Some(65_507))),
        None,
        "it is that long already"
    );
    // Near a mark is at the mark.
    let place = state.ruler().place(1472);
    state.on(Input::Place(place + 5));
    assert_eq!(state.editor().payload().len(), 1472);
    state.on(Input::Place(996));
    assert_eq!(state.editor().payload().len(), 65_507);
    state.on(Input::Place(1000));
    assert_eq!(state.editor().payload().len(), 65_508);
    assert_eq!(
        state.outlook(),
        "65,508 bytes: more than one datagram carries"
    );
    let no_header = state.header().unwrap_err();
    assert_eq!(
        no_header,
        "No header can be written: 65,508 bytes do not fit, 65,507 do."
    );
    state.on(Input::Size(Some(3)));
    assert_eq!(state.editor().payload(), b"abc");
}

#[test]
fn the_keys_of_the_ruler_go_by_bytes_by_marks_and_to_its_ends() {
    let mut state = with_draft(b"abc");
    let sizes = [
        (Input::Step(1), 4),
        (Input::Step(-100), 0),
        (Input::Step(-1), 0),
        (Input::Mark(true), 512),
        (Input::Mark(true), 1232),
        (Input::Mark(false), 512),
        (Input::End(true), 65_508),
        (Input::Step(100), 65_508),
        (Input::Mark(false), 65_507),
        (Input::End(false), 0),
    ];
    for (input, size) in sizes {
        state.on(input);
        assert_eq!(state.editor().payload().len(), size);
    }
}

#[test]
fn the_systems_own_words_stand_beside_the_size_that_it_refused() {
    let mut state = with_draft(b"abc");
    let reason = "Message too long";
    let rejected = datagram(
        1,
        &[7; 65_508],
        Fate::Rejected,
        &[What::Rejected(reason.to_owned())],
    );
    state.on(feed("", &[rejected]));
    assert_eq!(
        state.ruler_remark(),
        format!("Datagram 1, 65,508 bytes, was rejected: {reason}")
    );
    state.on(feed("", &[datagram(2, b"x", Fate::Echoed, &[])]));
    assert_eq!(state.ruler_remark(), "");
}

#[test]
fn a_picked_datagram_is_shown_as_it_was_sent_and_as_it_came_back() {
    let mut state = with_draft(b"draft");
    let events = [
        What::RelayIn(3),
        What::Corrupted(Direction::Up, 12),
        What::EchoIn(2),
        What::Cut(3),
        What::EchoOut(2),
        What::RelayOut(1, Delivery::Echoed),
    ];
    state.on(feed(
        "\"selected\":4,",
        &[datagram(4, b"abc", Fate::Echoed, &events)],
    ));
    assert_eq!(state.stage(), Stage::Sent);
    assert_eq!(state.shown().unwrap().bytes, b"abc");
    assert_eq!(state.header().unwrap().0.fields()[..3], [50139, 10000, 11]);
    let remarks = state.remarks();
    assert_eq!(
        remarks.iter().map(|(sign, _)| *sign).collect::<Vec<_>>(),
        ["turned", "turned", "cut"]
    );
    assert!(
        remarks[0]
            .1
            .starts_with("Byte 1, bit 3 turned over on the way there"),
        "{remarks:?}"
    );
    state.on(Input::Stage(Stage::Answer));
    assert_eq!(state.header().unwrap().0.fields()[..3], [10000, 50139, 10]);
    assert_eq!(state.caption(), "Datagram 4: 2 bytes");
    assert_eq!(state.line(Form::Literal).unwrap(), "b'aj'");
    // Nobody is picked any more: the message is shown again.
    state.on(feed("", &[]));
    assert_eq!(state.stage(), Stage::Draft);
    assert_eq!(state.shown().unwrap().bytes, b"draft");
}

#[test]
fn where_there_is_nothing_to_show_it_is_said() {
    let mut state = with_draft(b"x");
    state.on(Input::Stage(Stage::Answer));
    assert_eq!(
        (state.caption().as_str(), state.shown()),
        ("Nothing was sent yet.", None)
    );
    state.on(feed("", &[datagram(1, b"x", Fate::Lost, &[What::Lost])]));
    assert_eq!(state.caption(), "No answer to show: no answer in time.");
    assert_eq!(state.header(), Err(String::new()));
    assert_eq!(state.remarks(), []);
}

#[test]
fn without_a_host_there_are_no_ports_and_what_is_no_feed_changes_nothing() {
    let mut state = State::default();
    assert_eq!(state.header(), Err(words::NO_ADDRESS.to_owned()));
    assert_eq!(state.line(Form::Nc), Err(No::Server));
    for broken in ["", "{}", "[", "{\"state\":1}"] {
        state.on(Input::Feed(broken.to_owned()));
    }
    assert_eq!(state.ruler(), Ruler::default());
}

#[test]
fn what_is_shown_has_a_new_revision_only_when_it_is_new() {
    let mut state = with_draft(b"x");
    let before = state.revision();
    state.on(feed("", &[]));
    state.on(Input::Redraw);
    assert_eq!(state.revision(), before);
    state.on(Input::Copied(true));
    assert_eq!(state.copied(), Some((0, true)));
    let echoed = [What::EchoIn(1), What::RelayOut(1, Delivery::Echoed)];
    state.on(feed("", &[datagram(1, b"x", Fate::Echoed, &echoed)]));
    assert_eq!(state.revision(), before);
    state.on(Input::Stage(Stage::Answer));
    assert_ne!(
        state.revision(),
        before,
        "the same bytes the other way have another header"
    );
    state.on(Input::Stage(Stage::Draft));
    let before = state.revision();
    state.on(Input::Copied(true));
    state.on(Input::Wrote(Notation::Text, "y".to_owned()));
    assert_ne!(state.revision(), before);
    assert_eq!(state.copied(), None);
}
