//! The chunks of one widget: asked for when something needs them, shown in their places, and told what there is.

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::Element;

use crate::app::Input;
use crate::chunk::{Chunk, Panel};
use crate::dom::{self, Clock};
use crate::element::feed::Feeder;
use crate::element::settings::{Complaint, Pace};
use crate::inbox::Sender;
use crate::session::{Direction, Event, Micros, Session};

/// The chunk that has hosts, links and captures.
const LAB: &str = "lab";

/// How many times as long as they draw panels rest.
const REST: Micros = 8;

/// What waits for the chunk `lab`.
#[derive(Debug)]
pub(super) enum Errand {
    /// Read the link, then begin.
    Begin,
    /// Read the link.
    Link,
    /// Be the host of this connection, with this seed.
    Simulate(u32, u64),
    /// Show this recording as the host of this connection.
    Replay(u32, String),
    /// Write the capture.
    Save,
}

/// A chunk of which something is wanted.
struct Wanted {
    name: &'static str,
    chunk: Option<Chunk>,
    place: Option<Element>,
    panel: Option<Panel>,
}

/// The chunks of one widget.
pub(super) struct Chunks {
    /// The loader's: called with a name and with what is to be called with the chunk, or with why there is none.
    load: Function,
    inbox: Sender<Input>,
    act: Closure<dyn FnMut(String, JsValue)>,
    wanted: Vec<Wanted>,
    errands: Vec<Errand>,
    feeder: Feeder,
    rest_until: Micros,
}

impl Chunks {
    pub(super) fn new(load: Function, inbox: &Sender<Input>) -> Self {
        let acts = inbox.clone();
        let act = move |name: String, value| {
            if let Some(event) = read_act(&name, &value) {
                acts.send(Input::Event(event));
            }
        };
        Self {
            load,
            inbox: inbox.clone(),
            act: Closure::new(act),
            wanted: Vec::new(),
            errands: Vec::new(),
            feeder: Feeder::default(),
            rest_until: 0,
        }
    }

    /// What chunks act through.
    pub(super) fn act(&self) -> &Function {
        self.act.as_ref().unchecked_ref()
    }

    /// The chunk for an errand when it is there; otherwise it is asked for, and the errand waits.
    pub(super) fn need(&mut self, errand: Errand) -> Option<(Chunk, Errand)> {
        let wanted = self.want(LAB);
        match &wanted.chunk {
            Some(chunk) => Some((chunk.clone(), errand)),
            None => {
                self.errands.push(errand);
                None
            }
        }
    }

    /// Shows panels in these places: only those of these chunks.
    pub(super) fn show_in(&mut self, places: &[(&'static str, Element)], panels: &[&'static str]) {
        for (name, place) in places {
            let is_shown = panels.contains(name);
            dom::set_flag(place, "hidden", !is_shown);
            if is_shown {
                self.want(name);
            }
            let Some(wanted) = self.wanted.iter_mut().find(|wanted| wanted.name == *name) else {
                continue;
            };
            let place = is_shown.then(|| place.clone());
            if wanted.place != place {
                wanted.close();
                wanted.place = place;
            }
        }
        self.open();
    }

    /// Tells the panels what there is, when it has changed. True when they rest, and are to be told later: what takes long
    /// to draw is drawn less often.
    pub(super) fn show(&mut self, session: &Session, clock: &Clock) -> bool {
        if self.wanted.iter().all(|wanted| wanted.panel.is_none()) {
            return false;
        }
        let now = clock.now();
        if now < self.rest_until {
            return true;
        }
        if let Some(feed) = self.feeder.next(session, now) {
            for panel in self
                .wanted
                .iter()
                .filter_map(|wanted| wanted.panel.as_ref())
            {
                panel.show(&feed);
            }
            let took = clock.now() - now;
            self.rest_until = now + took * REST;
        }
        false
    }

    /// A chunk is here. Returns what waited for it.
    pub(super) fn arrived(&mut self, name: &str, chunk: &Chunk) -> Vec<Errand> {
        for wanted in self.wanted.iter_mut().filter(|wanted| wanted.name == name) {
            wanted.chunk = Some(chunk.clone());
        }
        self.open();
        self.waiting_for(name)
    }

    /// A chunk did not come: it is said in its place. Returns what waited for it.
    pub(super) fn failed(&mut self, name: &str, why: &str) -> Vec<Errand> {
        // It is asked for again when something needs it again.
        self.wanted.retain(|wanted| {
            if wanted.name == name
                && let Some(place) = &wanted.place
            {
                place.set_text_content(None);
                let sentence = dom::append(place, "p", "chunk-error");
                dom::set(&sentence, "role", "alert");
                sentence.set_text_content(Some(why));
            }
            wanted.name != name
        });
        self.waiting_for(name)
    }

    fn waiting_for(&mut self, name: &str) -> Vec<Errand> {
        match name {
            LAB => std::mem::take(&mut self.errands),
            _ => Vec::new(),
        }
    }

    fn want(&mut self, name: &'static str) -> &mut Wanted {
        let known = self.wanted.iter().position(|wanted| wanted.name == name);
        let place = known.unwrap_or_else(|| {
            self.ask_for(name);
            self.wanted.push(Wanted {
                name,
                chunk: None,
                place: None,
                panel: None,
            });
            self.wanted.len() - 1
        });
        &mut self.wanted[place]
    }

    fn ask_for(&self, name: &'static str) {
        let done = move |chunk: JsValue, why| {
            let chunk = match chunk.is_undefined() {
                false => Ok(chunk.unchecked_into()),
                true => Err(why),
            };
            Input::Chunk(name, chunk)
        };
        self.load(name, Box::new(done));
    }

    /// Asks why the host with this policy lets nobody in. What forbids it may be the browser, which the loader finds out.
    pub(super) fn ask_policy(&self, url: &str, connection: u32) {
        let done = move |_, answer: String| Input::Judged(connection, answer);
        self.load(url, Box::new(done));
    }

    /// Asks the loader for something that it has, or that it finds out.
    fn load(&self, name: &str, done: Box<dyn FnOnce(JsValue, String) -> Input>) {
        let inbox = self.inbox.clone();
        let done = move |chunk: JsValue, why: String| inbox.send(done(chunk, why));
        // The loader's function is asynchronous, and throws nothing.
        let _ = self
            .load
            .call2(&JsValue::NULL, &name.into(), &Closure::once_into_js(done));
    }

    /// Opens the panels that have a place and a chunk and are not open yet.
    fn open(&mut self) {
        let act: &Function = self.act.as_ref().unchecked_ref();
        for wanted in &mut self.wanted {
            if let (Some(chunk), Some(place), None) = (&wanted.chunk, &wanted.place, &wanted.panel)
            {
                wanted.panel = Some(chunk.panel(place, act));
                // A new panel has to be told everything, and now: what a reader does in it begins with that.
                self.feeder = Feeder::default();
                self.rest_until = 0;
            }
        }
    }
}

impl Wanted {
    fn close(&mut self) {
        if let Some(panel) = self.panel.take() {
            panel.free();
        }
        if let Some(place) = &self.place {
            place.set_text_content(None);
        }
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        if let Some(panel) = self.panel.take() {
            panel.free();
        }
    }
}

/// What a chunk wants; `None` for what is no act.
fn read_act(name: &str, value: &JsValue) -> Option<Event> {
    let text = || value.as_string().unwrap_or_default();
    Some(match name {
        "select" => Event::Select(value.as_f64().map(|number| number as u64)),
        "send" if value.is_object() => {
            let payload = Uint8Array::new(value).to_vec();
            Event::Burst(Some(payload.into()), Pace::default())
        }
        "send" => Event::Send,
        "draft" => Event::Fill(Uint8Array::new(value).to_vec().into()),
        "control" => Event::Ask(text()),
        "pause" => Event::Pause(value.is_truthy()),
        "step" if value.as_f64()? < 0.0 => Event::Step(Direction::Older),
        "step" => Event::Step(Direction::Newer),
        "announce" => Event::Announce(text()),
        "complain" => {
            let text = text();
            let (written, expected) = text.split_once('\n')?;
            Event::Complaint(Complaint {
                written: written.to_owned(),
                expected: expected.to_owned(),
            })
        }
        _ => return None,
    })
}
