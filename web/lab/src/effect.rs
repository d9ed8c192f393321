//! What the link has done to the newest datagrams: the effect beside its cause.

use udp_echo_feed::Micros;
use udp_echo_feed::datagram::Datagram;
use udp_echo_feed::feed::Feed;
use wire::control::{Event, What};
use wire::ledger::{Delivery, Fate};

use crate::words;

/// Datagrams that are looked at: as many as one press sends.
pub const NEWEST: usize = 20;

/// What became of one datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its number.
    pub number: u64,
    /// How it ended, if it has.
    pub fate: Option<Fate>,
    /// It was answered a second time.
    pub is_twice: bool,
    /// Its answer came after that of a later one.
    pub is_overtaken: bool,
}

/// The newest datagrams, oldest first.
pub fn marks(feed: &Feed) -> Vec<Mark> {
    let newest: Vec<_> = feed.datagrams.values().rev().take(NEWEST).collect();
    // From the newest backwards: each is compared with those after it.
    let mut first_of_later = (u64::MAX, u64::MAX);
    let mut marks: Vec<_> = newest
        .into_iter()
        .map(|datagram| {
            let answer = answer_of(datagram);
            let is_overtaken = answer.is_some_and(|answer| answer > first_of_later);
            first_of_later = first_of_later.min(answer.unwrap_or(first_of_later));
            Mark {
                number: datagram.number,
                fate: datagram.fate,
                is_twice: is_twice(datagram),
                is_overtaken,
            }
        })
        .collect();
    marks.reverse();
    marks
}

/// The same as a sentence: only what there is.
pub fn sentence(marks: &[Mark]) -> String {
    let count = |is: &dyn Fn(&Mark) -> bool| marks.iter().filter(|mark| is(mark)).count() as u64;
    let mut parts: Vec<(u64, &str)> = words::ENDS
        .iter()
        .map(|(fate, word)| (count(&|mark| mark.fate == *fate), *word))
        .collect();
    parts.push((count(&|mark| mark.is_overtaken), words::OVERTAKEN));
    parts.push((count(&|mark| mark.is_twice), words::TWICE));
    words::effect(marks.len() as u64, &parts)
}

/// When its first answer came, and as which of the host's messages: a browser's clock may give several the same time, and the
/// messages of another session count from 1 again.
fn answer_of(datagram: &Datagram) -> Option<(Micros, u64)> {
    let answer = datagram
        .events
        .iter()
        .find_map(|Event(.., what)| match what {
            What::RelayOut(answer, Delivery::Echoed) => Some(*answer),
            _ => None,
        })?;
    Some((datagram.answered_at?, answer))
}

fn is_twice(datagram: &Datagram) -> bool {
    let is_second = |event: &Event| matches!(event.3, What::RelayOut(_, Delivery::Duplicate));
    datagram.events.iter().any(is_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(number: u64, fate: Option<Fate>) -> Mark {
        Mark {
            number,
            fate,
            is_twice: number == 3,
            is_overtaken: number == 1,
        }
    }

    #[test]
    fn the_sentence_counts_what_there_is_and_leaves_out_what_there_is_not() {
        assert_eq!(sentence(&[]), "Nothing sent yet.");
        let marks = [
            mark(1, Some(Fate::Echoed)),
            mark(2, Some(Fate::Dropped)),
            mark(3, Some(Fate::Echoed)),
            mark(4, None),
        ];
        assert_eq!(
            sentence(&marks),
            "Newest 4: 2 echoed, 1 lost on the link, 1 on the way, 1 overtaken, 1 twice."
        );
    }

    #[test]
    fn who_was_overtaken_is_told_by_the_order_of_the_answers() {
        // As a host tells it: the answer to the first comes as the third message.
        let datagram = |number: u64, answers: &str| {
            format!(
                r#"{{"number":{number},"at":1,"answered":5,"text":"a","fate":"echoed","events":[{answers}]}}"#
            )
        };
        let list = [
            datagram(1, r#"[9,1,0,{"relay_out":[3,"echoed"]}]"#),
            datagram(2, r#"[7,2,0,{"relay_out":[1,"echoed"]}]"#),
            datagram(
                3,
                r#"[8,3,0,{"relay_out":[2,"echoed"]}],[9,3,1,{"relay_out":[4,"duplicate"]}]"#,
            ),
        ];
        let source = format!(
            r#"{{"mode":"live","view":"","paused":false,"client":"","server":"","limit":9,"seed":1,"first":1,"next":4,"datagrams":[{}]}}"#,
            list.join(",")
        );
        let mut feed = Feed::default();
        let value = udp_echo_feed::json::parse(&source).unwrap();
        feed.take_in(&value).unwrap();
        let seen: Vec<_> = marks(&feed)
            .into_iter()
            .map(|mark| (mark.number, mark.is_overtaken, mark.is_twice))
            .collect();
        assert_eq!(
            seen,
            [(1, true, false), (2, false, false), (3, false, true)]
        );
    }
}
