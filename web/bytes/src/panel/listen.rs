//! What the reader does, as [`Input`]. One listener for each kind of event: forty would weigh more than what they do.

use udp_echo_feed::dom::{self, Listener, Shell};
use wasm_bindgen::JsCast;
use web_sys::{
    Element, Event, EventTarget, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent, PointerEvent,
};

use super::browser::Node;
use super::{InputSender, number};
use crate::editor::Notation;
use crate::size::LENGTH;
use crate::stage::STAGES;
use crate::state::Input;

/// What an event says, and where it happened.
type Read = fn(&Event, &Element) -> Option<Input>;

/// Events that come up to the place from anything in it.
const EVENTS: [(&str, Read); 7] = [
    ("input", typed),
    ("change", chosen),
    ("click", pressed),
    ("focusout", left),
    ("keydown", stepped),
    ("pointerdown", pointed),
    ("pointermove", pointed),
];

/// Listens to everything in a place.
pub(super) fn listen(place: &Element, shell: &Shell<'_>, sender: &InputSender) -> Vec<Listener> {
    let mut listeners = Vec::new();
    let mut hear = |target: &EventTarget, name, read: Read| {
        let sender = sender.clone();
        let heard = move |event: Event| {
            let target: Option<Element> = event.target().map(JsCast::unchecked_into);
            if let Some(input) = target.and_then(|target| read(&event, &target)) {
                sender.tell(input);
            }
        };
        listeners.push(Listener::new(target, name, Box::new(heard)));
    };
    for (name, read) in &EVENTS {
        hear(place, name, *read);
    }
    // These do not come up.
    hear(&shell.find("dump"), "scroll", moved);
    hear(&shell.find("copy"), "toggle", moved);
    hear(&dom::window(), "resize", moved);
    listeners
}

fn moved(_: &Event, _: &Element) -> Option<Input> {
    Some(Input::Redraw)
}

fn left(_: &Event, target: &Element) -> Option<Input> {
    target.id().starts_with("bytes-").then_some(Input::Left)
}

// The core listens around this place, to fields and buttons of its own: so these three go no further.

fn typed(event: &Event, target: &Element) -> Option<Input> {
    event.stop_propagation();
    let area: &HtmlTextAreaElement = target.unchecked_ref();
    let input: &HtmlInputElement = target.unchecked_ref();
    Some(match target.id().as_str() {
        "bytes-hex" => Input::Wrote(Notation::Hex, area.value()),
        "bytes-text" => Input::Wrote(Notation::Text, area.value()),
        "bytes-loss" => Input::Loss(input.value_as_number()),
        _ => return None,
    })
}

fn chosen(event: &Event, target: &Element) -> Option<Input> {
    event.stop_propagation();
    let input: &HtmlInputElement = target.unchecked_ref();
    match input.id().as_str() {
        "bytes-size" => Some(Input::Size(count(input))),
        "bytes-file" => {
            let file = input.files()?.get(0)?;
            Some(Input::Chosen(file.name(), file.size()))
        }
        _ => Some(Input::Stage(*STAGES.get(attribute(input, "data-stage")?)?)),
    }
}

fn pressed(event: &Event, target: &Element) -> Option<Input> {
    event.stop_propagation();
    let button = closest(target, "button")?;
    if let Some(size) = attribute(&button, "data-size") {
        return Some(Input::Size(Some(size)));
    }
    if let Some(index) = attribute(&button, "data-copy") {
        return Some(Input::Copy(index));
    }
    Some(match button.get_attribute("data-act")?.as_str() {
        "earlier" => Input::FlippedBit(false),
        "later" => Input::FlippedBit(true),
        "send" => Input::Send,
        _ => {
            let field = button.previous_element_sibling()?;
            Input::Random(count(field.unchecked_ref()))
        }
    })
}

fn stepped(event: &Event, target: &Element) -> Option<Input> {
    closest(target, "[role=slider]")?;
    let key: &KeyboardEvent = event.unchecked_ref();
    let step = if key.shift_key() { 100 } else { 1 };
    let input = match key.key().as_str() {
        "ArrowRight" | "ArrowUp" => Input::Step(step),
        "ArrowLeft" | "ArrowDown" => Input::Step(-step),
        "PageUp" => Input::Mark(true),
        "PageDown" => Input::Mark(false),
        "Home" => Input::End(false),
        "End" => Input::End(true),
        _ => return None,
    };
    event.prevent_default();
    Some(input)
}

/// A pointer on the ruler that is pressed.
fn pointed(event: &Event, target: &Element) -> Option<Input> {
    let event: &PointerEvent = event.unchecked_ref();
    if event.buttons() & 1 == 0 {
        return None;
    }
    let ruler = closest(target, "[part=scale]")?;
    // What moves away from the ruler goes on to move along it. It fails for pointers that are gone already.
    let _ = ruler.set_pointer_capture(event.pointer_id());
    let frame = ruler.get_bounding_client_rect();
    let share = (f64::from(event.client_x()) - frame.left()) / frame.width();
    // What is no number, or outside, comes to one of the ends.
    let place = (share * f64::from(LENGTH)) as u32;
    Some(Input::Place(place.min(LENGTH)))
}

/// The element itself, or the nearest around it, of this kind.
fn closest(element: &Element, selector: &str) -> Option<Element> {
    element.unchecked_ref::<Node>().closest(selector)
}

/// The number in an attribute.
fn attribute(element: &Element, name: &str) -> Option<usize> {
    Some(number(&element.get_attribute(name)?))
}

/// The whole number in a field; `None` when there is another thing.
fn count(input: &HtmlInputElement) -> Option<usize> {
    let number = input.value_as_number();
    let is_count = (0.0..1e9).contains(&number) && f64::from(number as u32) == number;
    is_count.then_some(number as usize)
}
