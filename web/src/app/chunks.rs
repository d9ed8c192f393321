//! The chunks of one widget: asked for when something needs them, shown in their places, and told what there is.

use wasm_bindgen::prelude::*;
use web_sys::Element;

use crate::app::{Input, rest};
use crate::chunk::{Chunk, Panel};
use crate::dom::{self, Clock};
use crate::element::feed::Feeder;
use crate::inbox::Sender;
use crate::session::{Micros, Session};

/// How many times as long as they draw panels rest.
const REST: Micros = 8;

#[wasm_bindgen]
extern "C" {
    /// The loader's function that loads chunks by their names. It is asynchronous, and throws nothing.
    pub type Load;

    #[wasm_bindgen(method, js_name = call)]
    fn load(this: &Load, that: &JsValue, name: &str);
}

/// What waits for a chunk.
#[derive(Debug)]
pub(super) enum Errand {
    /// Read the link, then begin.
    Begin,
    /// Read the link.
    Link,
    /// Be the host of this connection, with this seed.
    Simulate(u32, u64),
    /// Fetch the recording for this connection.
    Fetch(u32),
    /// Show this recording as the host of this connection.
    Replay(u32, String),
    /// Write the capture.
    Save,
}

impl Errand {
    /// The chunk that can do it.
    fn chunk(&self) -> &'static str {
        match self {
            Self::Begin | Self::Link | Self::Simulate(..) => "simulator",
            Self::Fetch(_) | Self::Replay(..) | Self::Save => "runs",
        }
    }
}

/// A chunk of which something is wanted.
pub(super) struct Wanted {
    name: &'static str,
    pub(super) chunk: Option<Chunk>,
    pub(super) place: Option<Element>,
    pub(super) panel: Option<Panel>,
    errands: Vec<Errand>,
}

/// The chunks of one widget.
pub(super) struct Chunks {
    load: Load,
    pub(super) inbox: Sender<Input>,
    /// What chunks act through: there when the first one is.
    pub(super) act: Option<Closure<dyn FnMut(String, JsValue)>>,
    pub(super) wanted: Vec<Wanted>,
    pub(super) feeder: Feeder,
    pub(super) rest_until: Micros,
}

impl Chunks {
    pub(super) fn new(load: Load, inbox: &Sender<Input>) -> Self {
        Self {
            load,
            inbox: inbox.clone(),
            act: None,
            wanted: Vec::new(),
            feeder: Feeder::default(),
            rest_until: 0,
        }
    }

    /// The chunk for an errand when it is there; otherwise it is asked for, and the errand waits.
    pub(super) fn need(&mut self, errand: Errand) -> Option<(Chunk, Errand)> {
        let wanted = self.want(errand.chunk());
        match &wanted.chunk {
            Some(chunk) => Some((chunk.clone(), errand)),
            None => {
                wanted.errands.push(errand);
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
        rest::show(self, session);
        let took = clock.now() - now;
        self.rest_until = now + took * REST;
        false
    }

    /// A chunk is here. Returns what waited for it.
    pub(super) fn arrived(&mut self, name: &str, chunk: &Chunk) -> Vec<Errand> {
        let Some(known) = self.known(name) else {
            return Vec::new();
        };
        let wanted = &mut self.wanted[known];
        wanted.chunk = Some(chunk.clone());
        let errands = std::mem::take(&mut wanted.errands);
        self.open();
        errands
    }

    /// A chunk did not come: it is said in its place. Returns what waited for it.
    pub(super) fn failed(&mut self, name: &str, why: &str) -> Vec<Errand> {
        // It is asked for again when something needs it again.
        let Some(known) = self.known(name) else {
            return Vec::new();
        };
        let mut wanted = self.wanted.remove(known);
        if let Some(place) = wanted.place.take() {
            place.set_text_content(None);
            let sentence = dom::append(&place, "p", "chunk-error");
            dom::set(&sentence, "role", "alert");
            sentence.set_text_content(Some(why));
        }
        std::mem::take(&mut wanted.errands)
    }

    fn known(&self, name: &str) -> Option<usize> {
        self.wanted.iter().position(|wanted| wanted.name == name)
    }

    fn want(&mut self, name: &'static str) -> &mut Wanted {
        let place = self.known(name).unwrap_or_else(|| {
            self.load(name);
            self.wanted.push(Wanted {
                name,
                chunk: None,
                place: None,
                panel: None,
                errands: Vec::new(),
            });
            self.wanted.len() - 1
        });
        &mut self.wanted[place]
    }

    /// Asks the loader for a chunk. It comes as [`Input::Chunk`].
    fn load(&self, name: &str) {
        self.load.load(&JsValue::NULL, name);
    }

    /// Opens the panels that have a place and a chunk and are not open yet.
    fn open(&mut self) {
        if self.wanted.iter().any(Wanted::can_open) {
            rest::open(self);
        }
    }
}

impl Wanted {
    fn can_open(&self) -> bool {
        self.chunk.is_some() && self.place.is_some() && self.panel.is_none()
    }

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
