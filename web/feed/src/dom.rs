//! The browser as values that clean up after themselves: a listener, a timer and a frame end when they are dropped.

use std::time::Duration;

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, Document, Element, EventTarget, HtmlElement, Url, Window, XmlHttpRequest};

use crate::Micros;

pub mod copy;
pub mod log;
mod markup;

// The browser's functions, as this module calls them. Those of `web_sys` hand back what is thrown, which costs a page more than
// the call; nothing throws here, for names are ours and are names.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, millis: i32) -> i32;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: i32);
    #[wasm_bindgen(js_name = requestAnimationFrame)]
    fn request_animation_frame(callback: &Function) -> i32;
    #[wasm_bindgen(js_name = cancelAnimationFrame)]
    fn cancel_animation_frame(id: i32);
    #[wasm_bindgen(js_name = queueMicrotask)]
    fn queue_microtask(callback: &JsValue);
    #[wasm_bindgen(js_namespace = document, js_name = createElement)]
    fn create_element(tag: &str) -> Element;
    #[wasm_bindgen(js_namespace = document, js_name = createElementNS)]
    fn create_element_of(namespace: &str, tag: &str) -> Element;
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    #[wasm_bindgen(js_namespace = performance, js_name = toJSON)]
    fn performance() -> Origin;

    /// What `performance` says of itself.
    type Origin;
    #[wasm_bindgen(method, getter, js_name = timeOrigin)]
    fn time_origin(this: &Origin) -> f64;

    /// A node, or whatever else events happen at.
    type Node;
    #[wasm_bindgen(method, js_name = addEventListener)]
    fn add_event_listener(this: &Node, name: &str, callback: &JsValue);
    #[wasm_bindgen(method, js_name = removeEventListener)]
    fn remove_event_listener(this: &Node, name: &str, callback: &JsValue);
    #[wasm_bindgen(method, js_name = setAttribute)]
    fn set_attribute(this: &Node, name: &str, value: &str);
    #[wasm_bindgen(method, js_name = toggleAttribute)]
    fn toggle_attribute(this: &Node, name: &str, on: bool);
    #[wasm_bindgen(method, js_name = querySelector)]
    fn query_selector(this: &Node, selector: &str) -> Option<Element>;
    #[wasm_bindgen(method)]
    fn append(this: &Node, child: &Element);
    #[wasm_bindgen(method, js_name = append)]
    fn append_text(this: &Node, text: &str);
}

/// An event listener that is removed when it is dropped.
pub struct Listener {
    target: EventTarget,
    name: &'static str,
    callback: Closure<dyn FnMut(web_sys::Event)>,
}

impl Listener {
    /// Calls `callback` for each event of this name at `target`.
    pub fn new(
        target: &EventTarget,
        name: &'static str,
        callback: Box<dyn FnMut(web_sys::Event)>,
    ) -> Self {
        let callback = Closure::wrap(callback);
        let node: &Node = target.unchecked_ref();
        node.add_event_listener(name, callback.as_ref());
        Self {
            target: target.clone(),
            name,
            callback,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let node: &Node = self.target.unchecked_ref();
        node.remove_event_listener(self.name, self.callback.as_ref());
    }
}

/// One timer that can be set again; a time that was set before is then forgotten.
pub struct Timer {
    callback: Closure<dyn FnMut()>,
    armed: Option<(Micros, i32)>,
}

impl Timer {
    /// A timer that is not set.
    pub fn new(callback: Box<dyn FnMut()>) -> Self {
        Self {
            callback: Closure::wrap(callback),
            armed: None,
        }
    }

    /// Makes sure that it rings at this time, and at no other.
    pub fn set(&mut self, at: Option<Micros>, now: Micros) {
        let armed_for = self.armed.map(|(at, _)| at);
        if armed_for == at {
            return;
        }
        self.clear();
        if let Some(at) = at {
            // Rounded up: a timer that rings early would ring again and again.
            let millis = at.saturating_sub(now).div_ceil(1000).min(i32::MAX as u64) as i32;
            let callback = self.callback.as_ref().unchecked_ref();
            self.armed = Some((at, set_timeout(callback, millis)));
        }
    }

    /// Makes sure that it rings: at the time it is set to, or else at this one.
    pub fn set_unless_set(&mut self, at: Micros, now: Micros) {
        if self.armed.is_none() {
            self.set(Some(at), now);
        }
    }

    /// It rang.
    pub fn rang(&mut self) {
        self.armed = None;
    }

    fn clear(&mut self) {
        if let Some((_, id)) = self.armed.take() {
            clear_timeout(id);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The browser's next frame, asked for at most once at a time.
pub struct Frame {
    callback: Closure<dyn FnMut()>,
    requested: Option<i32>,
}

impl Frame {
    /// Nothing is asked for yet.
    pub fn new(callback: Box<dyn FnMut()>) -> Self {
        Self {
            callback: Closure::wrap(callback),
            requested: None,
        }
    }

    /// Asks for the next frame.
    pub fn request(&mut self) {
        if self.requested.is_none() {
            let callback = self.callback.as_ref().unchecked_ref();
            self.requested = Some(request_animation_frame(callback));
        }
    }

    /// It came.
    pub fn came(&mut self) {
        self.requested = None;
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        if let Some(id) = self.requested {
            cancel_animation_frame(id);
        }
    }
}

/// A question to a server, which is forgotten when this is dropped.
///
/// Not `fetch`: its answer is a promise, which needs a task of its own to wait for it; this is one more event.
pub struct Request {
    _answer: Listener,
    request: XmlHttpRequest,
}

impl Request {
    /// Asks for a text; `None` when the browser refuses to. When nobody answers, `tell` hears of an empty one.
    pub fn get(url: &str, tell: impl Fn(String) + 'static) -> Option<Self> {
        let request = XmlHttpRequest::new().ok()?;
        request.open("GET", url).ok()?;
        let answered = {
            let request = request.clone();
            move |_| tell(request.response_text().ok().flatten().unwrap_or_default())
        };
        let answer = Listener::new(&request, "loadend", Box::new(answered));
        request.send().ok()?;
        Some(Self {
            _answer: answer,
            request,
        })
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        // It fails never; the signature is the generator's.
        let _ = self.request.abort();
    }
}

/// A node whose text is written only when it changes.
pub struct Label {
    element: Element,
    text: String,
}

impl Label {
    /// An element whose text is to be kept.
    pub fn new(element: Element) -> Self {
        Self {
            element,
            text: String::new(),
        }
    }

    /// Makes this the text; true when it was another. It is a text node: nothing in it is ever markup.
    pub fn set(&mut self, text: &str) -> bool {
        let changes = self.text != text;
        if changes {
            self.element.set_text_content(Some(text));
            text.clone_into(&mut self.text);
        }
        changes
    }
}

/// Sets or removes an attribute without a value.
pub fn set_flag(element: &Element, name: &str, on: bool) {
    element.unchecked_ref::<Node>().toggle_attribute(name, on);
}

/// Sets an attribute.
pub fn set(element: &Element, name: &str, value: &str) {
    element.unchecked_ref::<Node>().set_attribute(name, value);
}

/// Puts an element behind what is in another one.
pub(crate) fn append_child(parent: &Element, child: &Element) {
    parent.unchecked_ref::<Node>().append(child);
}

/// Puts a text behind what is in an element.
pub fn append_text(parent: &Element, text: &str) {
    parent.unchecked_ref::<Node>().append_text(text);
}

/// A new element.
pub fn create(tag: &str) -> Element {
    create_element(tag)
}

/// A new element of a drawing.
pub fn create_svg(tag: &str) -> Element {
    create_element_of("http://www.w3.org/2000/svg", tag)
}

/// Calls a function as soon as nothing else is running, before anything is drawn.
pub fn soon(work: Box<dyn FnOnce()>) {
    queue_microtask(&Closure::once_into_js(work));
}

/// A new element with this part name, as the last child.
pub fn append(parent: &Element, tag: &str, part: &str) -> Element {
    let element = create(tag);
    set(&element, "part", part);
    parent.unchecked_ref::<Node>().append(&element);
    element
}

/// A frame of markup that is a constant of its module, to find things in. Payloads never come near it. Things are looked
/// up inside the root, so that many widgets fit on one page.
pub struct Shell<'a>(&'a Element);

impl<'a> Shell<'a> {
    /// Writes the frame into an element, and its words where it asks for them.
    pub fn write(root: &'a Element, markup: &str, words: &[(&str, &str)]) -> Self {
        root.set_text_content(None);
        markup::build(root, markup);
        let shell = Self(root);
        for (name, word) in words {
            if let Some(element) = shell.seek("data-word", name) {
                element.set_text_content(Some(word));
            } else if let Some(element) = shell.seek("data-label", name) {
                set(&element, "aria-label", word);
            }
        }
        shell
    }

    /// The place with this name.
    pub fn find(&self, name: &str) -> Element {
        self.seek("data-ref", name)
            .expect_throw("the frame has every part that is asked for")
    }

    fn seek(&self, attribute: &str, name: &str) -> Option<Element> {
        let selector = ["[", attribute, "=", name, "]"].concat();
        self.0.unchecked_ref::<Node>().query_selector(&selector)
    }
}

/// Gives the reader a file to keep.
pub fn download(name: &str, bytes: &[u8]) {
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let address = Blob::new_with_u8_array_sequence(&parts)
        .and_then(|file| Url::create_object_url_with_blob(&file));
    let Ok(address) = address else {
        return;
    };
    let link: HtmlElement = create("a").unchecked_into();
    set(&link, "href", &address);
    set(&link, "download", name);
    link.click();
    // The browser has begun to read by then, and keeps what it reads.
    let _ = Url::revoke_object_url(&address);
}

#[wasm_bindgen]
extern "C" {
    /// The page's window. `web_sys::window` looks under four names, to work outside of pages too, and that is half a kilobyte in
    /// each module; a static keeps it, which is a quarter of one.
    #[wasm_bindgen(js_namespace = window, js_name = valueOf)]
    pub fn window() -> Window;
}

/// The page's document.
pub fn document() -> Document {
    window().document().expect_throw("a page has a document")
}

/// The browser's monotonic clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct Clock;

impl Clock {
    /// The time since the Unix epoch at which the clock began.
    pub fn origin(&self) -> Duration {
        Duration::from_micros((performance().time_origin() * 1000.0) as Micros)
    }

    /// The time now.
    pub fn now(&self) -> Micros {
        (performance_now() * 1000.0) as Micros
    }
}
