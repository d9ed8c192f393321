//! What the panel knows: the feed, the message while it is written, and which bytes are looked at.
//!
//! Nothing in here touches the browser: [`State::on`] takes what happened and says what to do, [`mod@crate::panel`] draws.

use udp_echo_feed::datagram::Datagram;
use udp_echo_feed::feed::Feed;
use udp_echo_feed::json;
use wire::control::{Event, What};

use crate::address::Address;
use crate::editor::{Editor, Notation};
use crate::header::Header;
use crate::lines::{self, Form, No};
use crate::notation::Broken;
use crate::size::{self, Ruler};
use crate::stage::{self, Shown, Stage};
use crate::words;

/// Places of the ruler around a mark from where a pointer is drawn to it.
const PULL: u32 = 6;

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// The core has something new to show.
    Feed(String),
    /// The reader wrote into a field.
    Wrote(Notation, String),
    /// The focus left a field.
    Left,
    /// Forwards or back in a long message.
    FlippedBit(bool),
    /// So many random bytes are wanted; `None` for what is no number.
    Random(Option<usize>),
    /// Here they are.
    Bytes(Vec<u8>),
    /// A file was chosen: name and size.
    Chosen(String, f64),
    /// It was read; `None` when it cannot be.
    Read(String, Option<Vec<u8>>),
    /// A size was chosen; `None` for what is no number.
    Size(Option<usize>),
    /// A place on the ruler was chosen, in thousandths.
    Place(u32),
    /// The size is to be so much more, or less.
    Step(i32),
    /// The next mark of the ruler is wanted, or the one before.
    Mark(bool),
    /// The end of the ruler is wanted, or its beginning.
    End(bool),
    /// The loss of each fragment, in percent.
    Loss(f64),
    /// Which bytes are to be shown.
    Stage(Stage),
    /// A line is to be copied.
    Copy(usize),
    /// It was, or it was not.
    Copied(bool),
    /// The message is to be sent.
    Send,
    /// The window has another size, or the dump was scrolled: nothing is new, but it is to be drawn.
    Redraw,
}

/// What is to be done about it.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// The message is another one.
    Draft,
    /// It is to be sent.
    Send,
    /// Make so many random bytes.
    Random(usize),
    /// Read the file that was chosen.
    Read,
    /// Copy this line.
    Copy(String),
    /// Select this line, for the reader to copy.
    Select(usize, String),
}

/// What the panel knows.
#[derive(Debug)]
pub struct State {
    feed: Feed,
    editor: Editor,
    /// The field that the reader is in; it is left alone.
    writing: Option<Notation>,
    stage: Stage,
    selected: Option<u64>,
    loss: f64,
    /// What there is to say about where bytes come from.
    source: String,
    /// What there is to say about the ruler.
    complaint: &'static str,
    /// The line that is copied.
    copying: usize,
    /// Whether that went well.
    copied: Option<bool>,
    shown: Option<Shown>,
    revision: u32,
}

impl Default for State {
    fn default() -> Self {
        Self {
            feed: Feed::default(),
            editor: Editor::default(),
            writing: None,
            stage: Stage::Draft,
            selected: None,
            loss: 1.0,
            source: String::new(),
            complaint: "",
            copying: 0,
            copied: None,
            shown: Some(Shown::default()),
            revision: 0,
        }
    }
}

impl State {
    /// Takes in what happened.
    pub fn on(&mut self, input: Input) -> Option<Effect> {
        let stage = self.stage;
        let effect = self.take_in(input);
        if effect == Some(Effect::Draft) {
            self.copied = None;
        }
        let shown = self.find_shown();
        // An answer that is the same as what was sent has another header.
        if shown != self.shown || stage != self.stage {
            self.shown = shown;
            self.copied = None;
            self.revision += 1;
        }
        effect
    }

    fn take_in(&mut self, input: Input) -> Option<Effect> {
        match input {
            Input::Feed(text) => {
                self.fed(&text);
                None
            }
            Input::Wrote(notation, text) => {
                self.writing = Some(notation);
                self.source.clear();
                self.editor.write(notation, &text).then_some(Effect::Draft)
            }
            Input::Left => {
                self.writing = None;
                self.editor.fit();
                None
            }
            Input::FlippedBit(forwards) => {
                self.editor.turn(forwards);
                None
            }
            Input::Random(count) => match count.filter(|count| *count <= self.ruler().end()) {
                Some(count) => Some(Effect::Random(count)),
                None => {
                    self.source = words::no_count(self.ruler().end());
                    None
                }
            },
            Input::Bytes(bytes) => self.put(&bytes, String::new()),
            Input::Chosen(name, size) => {
                let limit = self.ruler().limit;
                if size > limit as f64 {
                    self.source = words::file_too_long(&name, size as usize, limit);
                    return None;
                }
                Some(Effect::Read)
            }
            Input::Read(name, Some(bytes)) => {
                let said = words::file_read(&name, bytes.len());
                self.put(&bytes, said)
            }
            Input::Read(name, None) => {
                self.source = words::file_unreadable(&name);
                None
            }
            Input::Size(size) => match size.filter(|size| *size <= self.ruler().end()) {
                Some(size) => self.resize(size),
                None => {
                    self.complaint = words::NO_SIZE;
                    None
                }
            },
            Input::Place(place) => {
                let ruler = self.ruler();
                // The last two marks share a place, and only a pointer at the very end means one byte too many.
                let ends = place + 2 >= size::LENGTH;
                let mut size = ruler.bytes_at(place);
                for mark in &ruler.marks() {
                    let is_near = ruler.place(*mark).abs_diff(place) <= PULL;
                    if is_near && (ends || *mark <= ruler.limit) {
                        size = *mark;
                    }
                }
                self.resize(size)
            }
            Input::Step(step) => {
                let size = self.editor.payload().len();
                self.resize(
                    size.saturating_add_signed(step as isize)
                        .min(self.ruler().end()),
                )
            }
            Input::Mark(up) => self.resize(self.ruler().next_mark(self.editor.payload().len(), up)),
            Input::End(end) => self.resize(if end { self.ruler().end() } else { 0 }),
            Input::Loss(loss) => {
                let is_percent = (0.0..=100.0).contains(&loss);
                if is_percent {
                    self.loss = loss;
                }
                self.complaint = if is_percent { "" } else { words::NO_LOSS };
                None
            }
            Input::Stage(stage) => {
                self.stage = stage;
                None
            }
            Input::Copy(index) => {
                self.copying = index;
                Some(Effect::Copy(self.line(*lines::FORMS.get(index)?).ok()?))
            }
            Input::Copied(well) => {
                self.copied = Some(well);
                let line = self.line(*lines::FORMS.get(self.copying)?).ok()?;
                (!well).then_some(Effect::Select(self.copying, line))
            }
            Input::Send => Some(Effect::Send),
            Input::Redraw => None,
        }
    }

    fn fed(&mut self, text: &str) {
        // The core writes it, and writes it right; a panel that cannot read it goes on showing what it has.
        let Some(value) = json::parse(text) else {
            return;
        };
        if self.feed.take_in(&value).is_err() {
            return;
        }
        // What the reader types in the composer comes back here, and so does what this panel put into it.
        if self.editor.put(&self.feed.draft) {
            self.writing = None;
            self.source.clear();
        }
        if self.feed.selected != self.selected {
            self.selected = self.feed.selected;
            self.stage = match self.selected {
                Some(_) if self.stage == Stage::Draft => Stage::Sent,
                Some(_) => self.stage,
                None => Stage::Draft,
            };
        }
    }

    fn put(&mut self, bytes: &[u8], said: String) -> Option<Effect> {
        self.writing = None;
        self.source = said;
        self.editor.put(bytes).then_some(Effect::Draft)
    }

    fn resize(&mut self, size: usize) -> Option<Effect> {
        self.writing = None;
        self.complaint = "";
        self.source.clear();
        (size != self.editor.payload().len()).then(|| {
            self.editor.resize(size);
            Effect::Draft
        })
    }

    fn find_shown(&self) -> Option<Shown> {
        match self.stage {
            Stage::Draft => Some(Shown::plain(self.editor.payload())),
            Stage::Sent => self.datagram().map(stage::sent),
            Stage::Answer => self.datagram().and_then(stage::answer),
        }
    }

    /// The message while it is written.
    pub fn editor(&self) -> &Editor {
        &self.editor
    }

    /// Whether a field is to be left as it stands: the reader is in it, or it holds what cannot be read.
    pub fn leaves_alone(&self, notation: Notation) -> bool {
        self.writing == Some(notation) || self.editor.broken(notation).is_some()
    }

    /// What to say about what stands in a field. What is only unfinished is no fault while the reader writes.
    pub fn broken(&self, notation: Notation) -> Option<Broken> {
        let is_excused = |broken: &Broken| broken.unfinished && self.writing == Some(notation);
        self.editor
            .broken(notation)
            .filter(|broken| !is_excused(broken))
    }

    /// The ruler for the server in use.
    pub fn ruler(&self) -> Ruler {
        let is_ipv6 = self.server().is_some_and(|server| server.is_ipv6());
        match self.feed.limit {
            0 => Ruler::default(),
            limit => Ruler { limit, is_ipv6 },
        }
    }

    /// Loss of each fragment, in percent.
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// The chance that a payload of this size arrives whole, in percent.
    pub fn odds(&self, size: usize) -> f64 {
        match self.ruler() {
            ruler if size > ruler.limit => 0.0,
            ruler => size::odds(ruler.fragments(size), self.loss),
        }
    }

    /// What the message's size means, as a sentence.
    pub fn outlook(&self) -> String {
        let size = self.editor.payload().len();
        words::odds(size, self.ruler(), self.odds(size))
    }

    /// What there is to say about where bytes come from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What there is to say about the ruler: a number that is none, or else what the host said about a size.
    pub fn ruler_remark(&self) -> String {
        let rejection = |datagram: &Datagram| {
            let reason = datagram
                .events
                .iter()
                .find_map(|Event(_, _, _, what)| match what {
                    What::Rejected(reason) => Some(reason.as_str()),
                    _ => None,
                });
            reason.map(|reason| words::rejected(datagram.number, datagram.payload.len(), reason))
        };
        match self.complaint {
            "" => self.newest().and_then(rejection).unwrap_or_default(),
            complaint => complaint.to_owned(),
        }
    }

    /// The length of the message, and what is special about it.
    pub fn length(&self) -> String {
        let payload = self.editor.payload();
        words::length(crate::escaped::characters(payload), payload.len())
    }

    /// Which bytes are looked at.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether there is a datagram to look at.
    pub fn has_datagram(&self) -> bool {
        self.datagram().is_some()
    }

    fn newest(&self) -> Option<&Datagram> {
        self.feed.datagrams.values().next_back()
    }

    /// The datagram in question: the picked one, or else the newest.
    fn datagram(&self) -> Option<&Datagram> {
        match self.selected {
            Some(number) => self.feed.datagrams.get(&number),
            None => self.newest(),
        }
    }

    /// The bytes that are looked at.
    pub fn shown(&self) -> Option<&Shown> {
        self.shown.as_ref()
    }

    /// Changes with the bytes that are looked at.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// Which bytes these are, or why there are none.
    pub fn caption(&self) -> String {
        match (self.stage, self.datagram(), &self.shown) {
            (Stage::Draft, _, Some(shown)) => words::shown(None, shown.bytes.len()),
            (_, Some(datagram), Some(shown)) => words::shown(Some(datagram.number), shown.kept()),
            (_, Some(datagram), None) => words::no_answer(datagram.fate),
            _ => words::NOTHING_SENT.to_owned(),
        }
    }

    fn server(&self) -> Option<Address> {
        Address::read(&self.feed.server)
    }

    /// The header of the bytes that are looked at and what its checksum covers, or why there is none.
    ///
    /// # Errors
    /// A sentence.
    pub fn header(&self) -> Result<(Header, String), String> {
        let shown = self.shown.as_ref().ok_or_else(String::new)?;
        let (source, destination) = self.addresses().ok_or(words::NO_ADDRESS)?;
        let header = Header::of(shown, &source, &destination)
            .map_err(|over| words::no_header(over.bytes, over.limit))?;
        let covers = words::covers(&source.host, &destination.host, header.fields()[2]);
        Ok((header, covers))
    }

    /// From where to where the bytes go that are looked at.
    fn addresses(&self) -> Option<(Address, Address)> {
        let (client, server) = (Address::read(&self.feed.client)?, self.server()?);
        Some(match self.stage {
            Stage::Answer => (server, client),
            Stage::Draft | Stage::Sent => (client, server),
        })
    }

    /// The addresses in use, as text: what was drawn for others is to be drawn anew.
    pub fn endpoints(&self) -> String {
        [self.feed.client.as_str(), " ", &self.feed.server].concat()
    }

    /// What else there is to say about the bytes, a sentence each, with the sign that they have.
    pub fn remarks(&self) -> Vec<(&'static str, String)> {
        let Some(shown) = &self.shown else {
            return Vec::new();
        };
        let mut remarks = Vec::new();
        for turned in &shown.turned {
            remarks.push(("turned", words::turned(*turned)));
        }
        if let Ok((header, _)) = self.header()
            && let Some(sum) = header.arrived
        {
            remarks.push(("turned", words::misfit(sum)));
        }
        if shown.cut > 0 {
            remarks.push(("cut", words::cut(shown.kept(), shown.cut)));
        }
        remarks
    }

    /// A line to copy.
    ///
    /// # Errors
    /// Why there is none.
    pub fn line(&self, form: Form) -> Result<String, No> {
        let bytes = self
            .shown
            .as_ref()
            .map_or(&[][..], |shown| &shown.bytes[..shown.kept()]);
        lines::line(form, bytes, self.server().as_ref())
    }

    /// The line that was copied last, and whether that went well.
    pub fn copied(&self) -> Option<(usize, bool)> {
        Some((self.copying, self.copied?))
    }
}

#[cfg(test)]
mod tests;
