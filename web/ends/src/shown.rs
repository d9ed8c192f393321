//! What there is to show, as the chunk `sockets` tells it: one JSON object, a feed.
//!
//! | field | |
//! |---|---|
//! | `server` | whether the program is a server |
//! | `label`, `message` | of the element's attributes, or missing |
//! | `state`, `badge`, `detail`, `setting`, `about`, `notice`, `own` | texts |
//! | `retry`, `simulate` | whether these buttons are there |
//! | `running`, `failed`, `port`, `buffer`, `empty`, `terminal` | of a server |
//! | `to`, `connect`, `ready` | of a client |
//! | `first`, `lines` | number of the oldest line of the transcript; the new ones, as `[datagram or 0, kind, text]` |
//! | `lane` | the name of the own lane |
//! | `flights` | the datagrams of the picture, oldest first: see [`Flight`] |
//! | `rows` | those of the table: see [`Row`] |
//! | `sums` | the lines below it |

use udp_echo_feed::codec::{self, Unreadable};
use udp_echo_feed::json::{self, Value};
use udp_echo_feed::transcript::{Kind, Transcript};

/// How a datagram ended that did not come to this page, or that it may still be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tip {
    /// It arrives.
    Arrives,
    /// It is lost on the way.
    Lost,
    /// It comes to a port that nobody has bound.
    Nobody,
    /// It is not sent at all.
    NotSent,
    /// It may still be under way.
    Open,
}

/// A datagram of the picture: `[number, own, other, bytes, tip, said, sent, arrivals]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// Its number.
    pub number: u64,
    /// Whether the element sent it.
    pub is_own: bool,
    /// The name of the other end's lane.
    pub other: String,
    /// Its bytes.
    pub bytes: u64,
    /// How it ended, as far as its sender's end knows.
    pub tip: Tip,
    /// The same in words.
    pub said: String,
    /// When it was sent, by the host's clock: `None` where a socket of another program sent it, and `Some(None)` where the time
    /// is not known yet.
    pub sent: Option<Option<u64>>,
    /// When it came to a socket of this page; `None` where the time is not known yet.
    pub arrivals: Vec<Option<u64>>,
}

/// A row of the table: `[number, fate, word, detail, answer, cell …]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Number of the datagram.
    pub number: u64,
    /// Name of the fate, for its colour and sign; empty without one.
    pub fate: String,
    /// The fate in words.
    pub word: String,
    /// What else there is to say of it.
    pub detail: String,
    /// Of a client: what it knows of an answer.
    pub answer: String,
    /// The cells before these.
    pub cells: Vec<String>,
}

/// All that is shown.
#[derive(Debug, Default)]
pub struct Shown {
    /// See above; likewise the others.
    pub is_server: bool,
    pub(crate) label: String,
    pub(crate) message: String,
    pub(crate) state: String,
    pub(crate) badge: String,
    pub(crate) detail: String,
    pub(crate) setting: String,
    pub(crate) about: String,
    pub(crate) notice: String,
    pub(crate) own: String,
    pub(crate) can_retry: bool,
    pub(crate) can_simulate: bool,
    pub(crate) is_running: bool,
    pub(crate) has_failed: bool,
    pub(crate) port: u64,
    pub(crate) has_buffer: bool,
    pub(crate) answers_empty: bool,
    pub(crate) terminal: String,
    pub(crate) to: String,
    pub(crate) connects: bool,
    pub(crate) is_ready: bool,
    pub(crate) lane: String,
    /// What the program printed.
    pub transcript: Transcript,
    /// The picture.
    pub flights: Vec<Flight>,
    /// The table.
    pub rows: Vec<Row>,
    /// Below it.
    pub sums: Vec<String>,
}

impl Shown {
    /// Takes in the next feed.
    ///
    /// # Errors
    /// The name of the field that is missing or of another kind.
    pub fn take_in(&mut self, feed: &str) -> Result<(), Unreadable> {
        let value = json::parse(feed).ok_or("JSON")?;
        let first = codec::read(&value, |fields| {
            self.is_server = fields.flag("server");
            self.label = fields.text_if_any("label");
            self.message = fields.text_if_any("message");
            self.state = fields.text("state");
            self.badge = fields.text("badge");
            self.detail = fields.text("detail");
            self.setting = fields.text("setting");
            self.about = fields.text("about");
            self.notice = fields.text("notice");
            self.own = fields.text("own");
            self.can_retry = fields.flag("retry");
            self.can_simulate = fields.flag("simulate");
            self.is_running = fields.flag_or("running", false);
            self.has_failed = fields.flag_or("failed", false);
            self.port = fields.number_if_any("port").unwrap_or_default();
            self.has_buffer = fields.flag_or("buffer", false);
            self.answers_empty = fields.flag_or("empty", false);
            self.terminal = fields.text_if_any("terminal");
            self.to = fields.text_if_any("to");
            self.connects = fields.flag_or("connect", false);
            self.is_ready = fields.flag_or("ready", false);
            self.lane = fields.text("lane");
            self.sums = fields.texts("sums");
            fields.number("first")
        })?;
        if first >= self.transcript.numbers().end {
            self.transcript.clear();
        }
        for line in list(&value, "lines")? {
            let [number, kind, text] = items(line).ok_or("lines")?;
            let kind = match as_text(kind).as_str() {
                "data" => Kind::Data,
                "remark" => Kind::Remark,
                _ => Kind::Printed,
            };
            let number = as_number(number).filter(|number| *number > 0);
            self.transcript.push(number, kind, as_text(text));
        }
        self.take_in_datagrams(&value)
    }

    /// Takes in the next feed of a program of `<udp-run>`, which has `server`, `lane`, `flights` and `rows` as above, and `picked`: the
    /// number of the datagram whose bytes are shown, if there is one. Returns that.
    ///
    /// # Errors
    /// As above.
    pub fn take_in_program(&mut self, feed: &str) -> Result<Option<u64>, Unreadable> {
        let value = json::parse(feed).ok_or("JSON")?;
        let picked = codec::read(&value, |fields| {
            self.is_server = fields.flag("server");
            self.lane = fields.text("lane");
            fields.number_if_any("picked")
        })?;
        self.take_in_datagrams(&value)?;
        Ok(picked)
    }

    fn take_in_datagrams(&mut self, value: &Value<'_>) -> Result<(), Unreadable> {
        let flights = list(value, "flights")?.iter().map(flight);
        self.flights = flights.collect::<Option<_>>().ok_or("flights")?;
        let rows = list(value, "rows")?.iter().map(row);
        self.rows = rows.collect::<Option<_>>().ok_or("rows")?;
        Ok(())
    }
}

fn flight(value: &Value<'_>) -> Option<Flight> {
    let [number, own, other, bytes, tip, said, sent, arrivals] = items(value)?;
    let Value::List(arrivals) = arrivals else {
        return None;
    };
    Some(Flight {
        number: as_number(number)?,
        is_own: *own == Value::Bool(true),
        other: as_text(other),
        bytes: as_number(bytes)?,
        tip: match as_text(tip).as_str() {
            "arrives" => Tip::Arrives,
            "lost" => Tip::Lost,
            "nobody" => Tip::Nobody,
            "not-sent" => Tip::NotSent,
            _ => Tip::Open,
        },
        said: as_text(said),
        sent: match sent {
            Value::Bool(false) => None,
            sent => Some(as_number(sent)),
        },
        arrivals: arrivals.iter().map(as_number).collect(),
    })
}

fn row(value: &Value<'_>) -> Option<Row> {
    let Value::List(parts) = value else {
        return None;
    };
    let [number, fate, word, detail, answer, cells @ ..] = &parts[..] else {
        return None;
    };
    Some(Row {
        number: as_number(number)?,
        fate: as_text(fate),
        word: as_text(word),
        detail: as_text(detail),
        answer: as_text(answer),
        cells: cells.iter().map(as_text).collect(),
    })
}

fn list<'v>(value: &'v Value<'v>, name: &'static str) -> Result<&'v [Value<'v>], Unreadable> {
    match value.field(name) {
        Some(Value::List(items)) => Ok(items),
        _ => Err(name),
    }
}

fn items<'v, const N: usize>(value: &'v Value<'v>) -> Option<&'v [Value<'v>; N]> {
    match value {
        Value::List(items) => items[..].first_chunk(),
        _ => None,
    }
}

fn as_text(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        _ => String::new(),
    }
}

fn as_number(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_its_lane_its_rows_and_its_flights() {
        let mut shown = Shown::default();
        let feed = r#"{"server":false,"lane":"client.py :50139","picked":1,
            "flights":[[1,true,"server.py :10000",42,"arrives","delivered",10,[40]]],
            "rows":[[1,"delivered","delivered","","","1","to 127.83.1.5:10000","42"]]}"#;
        assert_eq!(shown.take_in_program(feed), Ok(Some(1)));
        assert_eq!(shown.rows[0].cells, ["1", "to 127.83.1.5:10000", "42"]);
        let flight = &shown.flights[0];
        assert_eq!(
            (flight.sent, &flight.arrivals[..]),
            (Some(Some(10)), &[Some(40)][..])
        );
        assert_eq!(
            shown.take_in_program(r#"{"server":true,"lane":""}"#),
            Err("flights")
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(Shown::default().take_in("{}"), Err("server"));
        assert_eq!(Shown::default().take_in("["), Err("JSON"));
    }
}
