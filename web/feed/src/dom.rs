//! The browser as values that clean up after themselves: a listener, a timer and a frame end when they are dropped.

use std::time::Duration;

use wasm_bindgen::prelude::*;
use web_sys::{
    Blob, Document, Element, EventTarget, HtmlElement, Performance, Url, Window, XmlHttpRequest,
};

use crate::Micros;

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
        // It fails only for names that are no strings.
        let _ = target.add_event_listener_with_callback(name, callback.as_ref().unchecked_ref());
        Self {
            target: target.clone(),
            name,
            callback,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        let _ = self
            .target
            .remove_event_listener_with_callback(self.name, callback);
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
            let id =
                window().set_timeout_with_callback_and_timeout_and_arguments_0(callback, millis);
            self.armed = id.ok().map(|id| (at, id));
        }
    }

    /// It rang.
    pub fn rang(&mut self) {
        self.armed = None;
    }

    fn clear(&mut self) {
        if let Some((_, id)) = self.armed.take() {
            window().clear_timeout_with_handle(id);
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
            self.requested = window().request_animation_frame(callback).ok();
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
            let _ = window().cancel_animation_frame(id);
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
    // It fails only for names that are no names.
    let _ = element.toggle_attribute_with_force(name, on);
}

/// Sets an attribute.
pub fn set(element: &Element, name: &str, value: &str) {
    // It fails only for names that are no names.
    let _ = element.set_attribute(name, value);
}

/// A new element.
pub fn create(tag: &str) -> Element {
    document()
        .create_element(tag)
        .expect_throw("the name of the tag is one of ours")
}

/// A new element of a drawing.
pub fn create_svg(tag: &str) -> Element {
    let element = document().create_element_ns(Some("http://www.w3.org/2000/svg"), tag);
    element.expect_throw("the name of the tag is one of ours")
}

/// Calls a function as soon as nothing else is running, before anything is drawn.
pub fn soon(work: Box<dyn FnOnce()>) {
    let callback = Closure::once_into_js(work);
    window().queue_microtask(callback.unchecked_ref());
}

/// A new element with this part name, as the last child.
pub fn append(parent: &Element, tag: &str, part: &str) -> Element {
    let element = create(tag);
    set(&element, "part", part);
    // It fails only where no child may stand, and ours may.
    let _ = parent.append_child(&element);
    element
}

/// A frame of markup that is a constant of its module, to find things in. Payloads never come near it. Things are looked
/// up inside the root, so that many widgets fit on one page.
pub struct Shell<'a>(&'a Element);

impl<'a> Shell<'a> {
    /// Writes the frame into an element, and its words where it asks for them.
    pub fn write(root: &'a Element, markup: &str, words: &[(&str, &str)]) -> Self {
        root.set_inner_html(markup);
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
        self.0.query_selector(&selector).ok().flatten()
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
    /// `web_sys::window` looks under four names, to work outside of pages too, and that is half a kilobyte in each module.
    #[wasm_bindgen(thread_local_v2, js_name = window)]
    static WINDOW: Window;
}

/// The page's window.
pub fn window() -> Window {
    WINDOW.with(Window::clone)
}

/// The page's document.
pub fn document() -> Document {
    window().document().expect_throw("a page has a document")
}

/// The browser's monotonic clock.
#[derive(Debug)]
pub struct Clock(Performance);

impl Default for Clock {
    fn default() -> Self {
        Self(
            window()
                .performance()
                .expect_throw("every browser with wasm has this clock"),
        )
    }
}

impl Clock {
    /// The time since the Unix epoch at which the clock began.
    pub fn origin(&self) -> Duration {
        Duration::from_micros((self.0.time_origin() * 1000.0) as Micros)
    }

    /// The time now.
    pub fn now(&self) -> Micros {
        (self.0.now() * 1000.0) as Micros
    }
}
