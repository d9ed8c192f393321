//! What a reader sees of one element, drawn by the chunk `ends`.

use wasm_bindgen::prelude::*;
use web_sys::Element;

use crate::act::Act;
use crate::view::View;

#[wasm_bindgen]
extern "C" {
    /// The chunk.
    #[derive(Debug, Clone)]
    pub type Ends;

    /// Begins to draw in a place. `act` is called with the name of an act and its value.
    #[wasm_bindgen(method)]
    fn panel(this: &Ends, place: &Element, act: &JsValue) -> Panel;

    /// What it draws.
    type Panel;
    #[wasm_bindgen(method)]
    fn show(this: &Panel, feed: &str);
    #[wasm_bindgen(method)]
    fn free(this: &Panel);
}

/// The drawn element.
pub struct Face {
    panel: Panel,
    _act: Closure<dyn FnMut(String, JsValue)>,
    /// Lines of the transcript that it has been told.
    told: u64,
    /// What it was told besides.
    last: String,
}

impl Face {
    /// Begins to draw in a place; what the reader does goes to `tell`.
    pub fn new(ends: &Ends, place: &Element, tell: impl Fn(Act) + 'static) -> Self {
        let act: Closure<dyn FnMut(String, JsValue)> =
            Closure::new(move |name: String, value: JsValue| {
                if let Some(act) = read(&name, &value) {
                    tell(act);
                }
            });
        Self {
            panel: ends.panel(place, act.as_ref()),
            _act: act,
            told: 0,
            last: String::new(),
        }
    }

    /// Shows what there is now, where it changed.
    pub fn show(&mut self, view: &View<'_>) {
        let feed = view.feed(&mut self.told);
        if feed != self.last {
            self.panel.show(&feed);
            self.last = feed;
        }
    }
}

impl Drop for Face {
    fn drop(&mut self) {
        self.panel.free();
    }
}

/// What a reader wants; `None` for what is no act.
fn read(name: &str, value: &JsValue) -> Option<Act> {
    let is_on = value.is_truthy();
    Some(match name {
        "start" => Act::Start,
        "stop" => Act::Stop,
        "port" => Act::Port(value.as_f64()? as u16),
        "buffer" => Act::Buffer(is_on),
        "empty" => Act::AnswerEmpty(is_on),
        "draft" => Act::Draft(value.as_string()?),
        "send" => Act::SendDraft,
        "connect" => Act::Connect(is_on),
        "retry" => Act::Retry,
        "simulate" => Act::Simulate,
        "clear" => Act::Clear,
        _ => return None,
    })
}
