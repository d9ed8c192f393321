//! What a reader sees of one element: the session and its program as texts, told to the chunk `ends`.

use udp_echo_feed::codec::Object;
use udp_echo_feed::transcript::{Kind, Line};
use udp_echo_feed::{Micros, json};

use crate::client::{Reply, Sent};
use crate::end::{self, End};
use crate::server::{Answer, Served, Server, State};
use crate::session::{Element, Program, Session, Stage};
use crate::words;

/// Datagrams of the picture.
const PICTURED: usize = 6;

/// One element and its session.
#[derive(Clone, Copy)]
pub struct View<'a> {
    session: &'a Session,
    element: &'a Element,
    now: Micros,
}

impl<'a> View<'a> {
    /// What there is to see now.
    pub fn new(session: &'a Session, element: &'a Element, now: Micros) -> Self {
        Self {
            session,
            element,
            now,
        }
    }

    /// The program of the element.
    pub fn program(&self) -> &'a Program {
        &self.element.program
    }

    /// Where the session stands.
    pub fn state(&self) -> &'static str {
        self.session.state()
    }

    /// The same, as a word for the reader.
    pub fn badge(&self) -> &'static str {
        match self.session.stage {
            Stage::Idle | Stage::Connecting(_) => words::CONNECTING,
            Stage::Open(false) => words::LIVE,
            Stage::Open(true) => words::SIMULATED,
            Stage::Gone(_) => words::GONE,
            Stage::Refused => words::REFUSED,
        }
    }

    /// What there is to say of the session.
    pub fn detail(&self) -> String {
        let why = &self.session.why;
        match (&self.session.stage, &self.session.hello) {
            (Stage::Open(false), Some(hello)) => {
                words::live(&hello.loopback.address, self.session.is_shared)
            }
            (Stage::Open(true), _) if why.is_empty() => words::SIMULATED_DETAIL.to_owned(),
            (Stage::Open(true), _) => [words::SIMULATED_DETAIL, " ", why, "."].concat(),
            (Stage::Gone(at), _) => {
                words::gone(why, at.saturating_sub(self.now).div_ceil(1_000_000))
            }
            (Stage::Refused, _) => why.clone(),
            _ => String::new(),
        }
    }

    /// Which session, of which host.
    pub fn about(&self) -> String {
        let hello = self.session.hello.as_ref();
        hello.map_or_else(String::new, |hello| {
            words::session(&hello.session, &hello.version)
        })
    }

    /// Whether the reader may ask for the host again.
    pub fn can_retry(&self) -> bool {
        match self.session.stage {
            Stage::Gone(_) | Stage::Refused => true,
            // Nobody asked for it to be simulated.
            Stage::Open(true) => !self.session.why.is_empty(),
            _ => false,
        }
    }

    /// Whether the reader may go on without a host.
    pub fn can_simulate(&self) -> bool {
        matches!(self.session.stage, Stage::Gone(_) | Stage::Refused)
    }

    /// What stands below the controls: what was in vain, a way out, a loop.
    pub fn notice(&self) -> String {
        if !self.element.notice.is_empty() {
            return self.element.notice.clone();
        }
        let Program::Server(server) = self.program() else {
            return String::new();
        };
        match (&server.state, &server.looping) {
            (State::Failed(_, way_out), _) => way_out.clone(),
            (_, Some(looping)) => {
                let peer = end::tuple(looping.peer);
                words::looping(&peer, looping.times, looping.is_over)
            }
            _ => String::new(),
        }
    }

    /// The address of the socket, or that there is none.
    pub fn own(&self) -> String {
        let (local, none) = match self.program() {
            Program::Server(server) => (server.local(), words::NOT_BOUND),
            Program::Client(client) => (client.local, words::NO_PORT),
        };
        local.map_or_else(|| none.to_owned(), end::text)
    }

    /// The line for the reader's own terminal, where it works.
    pub fn terminal(&self) -> String {
        let hello = self.session.hello.as_ref();
        let is_reachable = hello.is_some_and(|hello| hello.loopback.reachable);
        let outside = match self.program() {
            Program::Server(Server {
                state: State::Bound { outside, .. },
                ..
            }) => *outside,
            _ => None,
        };
        match outside {
            Some(at) if is_reachable && !self.session.is_simulated() => nc(at),
            _ => String::new(),
        }
    }

    /// Where a client sends.
    pub fn to(&self) -> String {
        let place = self.session.elements.iter();
        let place = place.take_while(|one| one.id != self.element.id).count();
        let to = self.session.destination(place);
        to.map_or_else(
            || self.element.settings.to.clone().unwrap_or_default(),
            end::text,
        )
    }

    /// All of it as a feed for the chunk `ends`: see `shown` there. `told` is how many lines of the transcript it has been told.
    pub fn feed(&self, told: &mut u64) -> String {
        let mut out = Object::default();
        let settings = &self.element.settings;
        for (name, text) in [
            ("label", settings.label.as_deref().unwrap_or_default()),
            ("message", &self.element.draft),
            ("state", self.state()),
            ("badge", self.badge()),
            ("detail", &self.detail()),
            ("setting", &self.session.setting),
            ("about", &self.about()),
            ("notice", &self.notice()),
            ("own", &self.own()),
            ("lane", &self.lane(self.whose().1, true)),
        ] {
            out.text(name, text);
        }
        out.flag("retry", self.can_retry());
        out.flag("simulate", self.can_simulate());
        let transcript = match self.program() {
            Program::Server(server) => {
                out.flag("server", true);
                out.flag("running", server.is_running());
                out.flag("failed", matches!(server.state, State::Failed(..)));
                out.number("port", server.port.into());
                out.flag("buffer", server.rule.buffer.is_some());
                out.flag("empty", server.rule.echo_empty);
                out.text("terminal", &self.terminal());
                &server.transcript
            }
            Program::Client(client) => {
                out.flag("server", false);
                out.text("to", &self.to());
                out.flag("connect", client.wants_peer);
                out.flag("ready", self.session.is_open());
                &client.transcript
            }
        };
        let kept = transcript.numbers();
        out.number("first", kept.start);
        let new = kept.start.max(*told)..kept.end;
        *told = kept.end;
        out.list(
            "lines",
            new.filter_map(|number| transcript.line(number)).map(line),
        );
        out.list("flights", self.flights());
        out.list("rows", self.rows());
        out.texts("sums", &self.sums());
        out.end()
    }

    /// The name of a lane.
    fn lane(&self, of: Option<End>, is_own: bool) -> String {
        let hello = self.session.hello.as_ref();
        let own = hello.and_then(|hello| end::read_ip(&hello.loopback.address));
        match of {
            Some(of) => words::lane(of, is_own, own == Some(*of.ip())),
            None => words::NO_PORT.to_owned(),
        }
    }

    /// The datagrams of the picture, as JSON.
    fn flights(&self) -> Vec<String> {
        let (socket, local) = self.whose();
        let mut flights = Vec::new();
        for flight in self.session.net.record.flights().iter().rev() {
            let has_sent = socket.is_some() && flight.sender == socket
                || local.is_some() && flight.from == local;
            let has_got = socket.is_some() && flight.receiver == socket || local == Some(flight.to);
            if !has_sent && !has_got {
                continue;
            }
            let other = match has_sent {
                true => Some(flight.to),
                false => flight.from,
            };
            let mut out = List::default();
            out.number(flight.number);
            out.json(if has_sent { "true" } else { "false" });
            out.text(&self.lane(other, false));
            out.number(flight.payload.len() as u64);
            out.text(words::tip(flight.fate));
            out.text(match flight.fate {
                Some(fate) => words::fate_words(fate).0,
                None if flight.sender.is_none() => words::CAME,
                None => words::fate(None),
            });
            match (flight.sender, flight.sent_at) {
                (None, _) => out.json("false"),
                (_, None) => out.json("null"),
                (_, Some(at)) => out.number(at),
            }
            let mut arrivals = List::default();
            for arrival in &flight.arrivals {
                match arrival.at {
                    Some(at) => arrivals.number(at),
                    None => arrivals.json("null"),
                }
            }
            out.json(&arrivals.end());
            flights.push(out.end());
            if flights.len() == PICTURED {
                break;
            }
        }
        flights.reverse();
        flights
    }

    fn whose(&self) -> (Option<u16>, Option<End>) {
        match self.program() {
            Program::Server(server) => (server.socket, server.local()),
            Program::Client(client) => (client.socket, client.local),
        }
    }

    /// The rows of the table as JSON, newest last.
    fn rows(&self) -> Vec<String> {
        match self.program() {
            Program::Server(server) => server.served.iter().map(served_row).collect(),
            Program::Client(client) => client.sent.iter().map(sent_row).collect(),
        }
    }

    /// The sums below the table.
    pub fn sums(&self) -> [String; 2] {
        match self.program() {
            Program::Server(server) => {
                let counts = server.counts;
                let received = words::served_sum(
                    counts.received,
                    counts.answered,
                    counts.empty,
                    counts.guarded,
                );
                [
                    received,
                    words::fates_sum("answers", counts.answered, &counts.ends),
                ]
            }
            Program::Client(client) => {
                let sent = words::fates_sum("sent", client.count, &client.ends);
                [sent, String::new()]
            }
        }
    }
}

/// A line of the transcript as JSON.
fn line(line: &Line) -> String {
    let mut out = List::default();
    out.number(line.number.unwrap_or_default());
    out.text(match line.kind {
        Kind::Printed => "printed",
        Kind::Data => "data",
        Kind::Remark => "remark",
    });
    out.text(&line.text);
    out.end()
}

/// The line that talks to this address from a terminal.
fn nc(at: End) -> String {
    let (ip, port) = (end::ip(*at.ip()), words::number(at.port().into()));
    words::fill("nc -u □ □", &[&ip, &port])
}

fn served_row(served: &Served) -> String {
    let (fate, word, detail) = match served.answer {
        Answer::Sent(_, Some(fate)) => {
            let (word, detail) = words::fate_words(fate);
            (words::fate(Some(fate)), word, detail)
        }
        Answer::Sent(_, None) => (words::fate(None), words::fate(None), ""),
        Answer::Empty => ("", words::UNANSWERED_EMPTY, ""),
        Answer::Guarded => ("", words::UNANSWERED_GUARDED, ""),
    };
    let cells = [words::number(served.bytes as u64), end::tuple(served.peer)];
    row(served.number, [fate, word, detail, ""], &cells)
}

fn sent_row(sent: &Sent) -> String {
    let (word, detail) = match sent.fate {
        Some(fate) => words::fate_words(fate),
        None => (words::fate(None), ""),
    };
    let of = sent.payload.len();
    let answer = match sent.reply {
        Reply::Waiting => words::WAITING.to_owned(),
        Reply::Came(bytes, after) => words::answered(after, bytes, of),
        Reply::TimedOut => words::TIMED_OUT.to_owned(),
        Reply::Failed(_) => words::NO_ANSWER.to_owned(),
    };
    let cells = [words::number(sent.number), words::number(of as u64)];
    row(
        sent.flight,
        [words::fate(sent.fate), word, detail, &answer],
        &cells,
    )
}

fn row(number: u64, texts: [&str; 4], cells: &[String]) -> String {
    let mut out = List::default();
    out.number(number);
    for text in texts {
        out.text(text);
    }
    for cell in cells {
        out.text(cell);
    }
    out.end()
}

/// A list of JSON in the making.
#[derive(Default)]
struct List(String);

impl List {
    fn json(&mut self, json: &str) {
        self.0.push(if self.0.is_empty() { '[' } else { ',' });
        self.0.push_str(json);
    }

    fn number(&mut self, number: u64) {
        self.json(&words::number(number));
    }

    fn text(&mut self, text: &str) {
        self.json(&json::quoted(text));
    }

    fn end(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('[');
        }
        self.0.push(']');
        self.0
    }
}

impl Server {
    /// Whether it runs, or is about to.
    pub fn is_running(&self) -> bool {
        !matches!(self.state, State::Failed(..) | State::Stopped)
    }

    /// The address that it is bound to.
    pub fn local(&self) -> Option<End> {
        match self.state {
            State::Bound { local, .. } => Some(local),
            _ => None,
        }
    }
}
