//! The chunks of one widget: asked for when something needs them, shown in their places, and told what there is.

use js_sys::Uint8Array;
use udp_echo_feed::codec::Request;
use wasm_bindgen::prelude::*;
use web_sys::Element;

use super::tasks::PendingTask;
use crate::chunk::{Chunk, Panel};
use crate::dom::{self, Clock};
use crate::feeder::Feeder;
use crate::inbox::Sender;
use crate::input::Input;
use crate::session::{Direction, Event, Micros, Session};
use crate::settings::Pace;

/// How many times as long as they draw panels rest.
const REST: Micros = 8;

#[wasm_bindgen]
extern "C" {
    /// The loader's function that loads chunks by their names. It is asynchronous, and throws nothing.
    pub type Load;

    #[wasm_bindgen(method, js_name = call)]
    fn load(this: &Load, that: &JsValue, name: &str);
}

/// A chunk of which something is wanted.
struct Wanted {
    name: &'static str,
    chunk: Option<Chunk>,
    place: Option<Element>,
    panel: Option<Panel>,
    tasks: Vec<PendingTask>,
}

/// The chunks of one widget.
pub(super) struct Chunks {
    load: Load,
    inbox: Sender<Input>,
    /// What panels act through: there when the first one is.
    act: Option<Closure<dyn FnMut(String, JsValue)>>,
    wanted: Vec<Wanted>,
    feeder: Feeder,
    rest_until: Micros,
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

    /// The chunk for a task when it is there; otherwise it is asked for, and the task waits.
    pub(super) fn need(&mut self, task: PendingTask) -> Option<(Chunk, PendingTask)> {
        let wanted = self.want(task.chunk());
        match &wanted.chunk {
            Some(chunk) => Some((chunk.clone(), task)),
            None => {
                wanted.tasks.push(task);
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
        if let Some(feed) = self.feeder.next(session) {
            for panel in self
                .wanted
                .iter()
                .filter_map(|wanted| wanted.panel.as_ref())
            {
                panel.show(&feed);
            }
        }
        let took = clock.now() - now;
        self.rest_until = now + took * REST;
        false
    }

    /// A chunk is here. Returns what waited for it.
    pub(super) fn arrived(&mut self, name: &str, chunk: &Chunk) -> Vec<PendingTask> {
        let Some(known) = self.known(name) else {
            return Vec::new();
        };
        let wanted = &mut self.wanted[known];
        wanted.chunk = Some(chunk.clone());
        let tasks = std::mem::take(&mut wanted.tasks);
        self.open();
        tasks
    }

    /// A chunk did not come: it is said in its place. Returns what waited for it.
    pub(super) fn failed(&mut self, name: &str, why: &str) -> Vec<PendingTask> {
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
        std::mem::take(&mut wanted.tasks)
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
                tasks: Vec::new(),
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
        for wanted in &mut self.wanted {
            if let (Some(chunk), Some(place), None) = (&wanted.chunk, &wanted.place, &wanted.panel)
            {
                let act = self.act.get_or_insert_with(|| act(self.inbox.clone()));
                wanted.panel = Some(chunk.panel(place, act.as_ref().unchecked_ref()));
                // A new panel has to be told everything, and now: what a reader does in it begins with that.
                self.feeder = Feeder::default();
                self.rest_until = 0;
            }
        }
    }
}

/// What panels act through.
fn act(inbox: Sender<Input>) -> Closure<dyn FnMut(String, JsValue)> {
    Closure::new(move |name: String, value| {
        if let Some(event) = read_act(&name, &value) {
            inbox.send(Input::Event(event));
        }
    })
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

/// What a panel wants; `None` for what is no act.
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
        "control" => Event::Ask(Request::read(&text()).ok()?),
        "pause" => Event::Pause(value.is_truthy()),
        "step" if value.as_f64()? < 0.0 => Event::Step(Direction::Older),
        "step" => Event::Step(Direction::Newer),
        "announce" => Event::Announce(text()),
        _ => return None,
    })
}
