//! What the reader does, as [`Input`]. One listener for each kind of event: forty would weigh more than what they do.

use udp_echo_feed::dom::{self, Listener, Shell};
use wasm_bindgen::JsCast;
use web_sys::{
    Element, Event, EventTarget, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent, PointerEvent,
};

use super::Teller;
use crate::editor::Notation;
use crate::size::LENGTH;
use crate::state::Input;
use crate::way::STAGES;

/// Events that come up to the place from anything in it.
const NAMES: [&str; 7] = [
    "input",
    "change",
    "click",
    "focusout",
    "keydown",
    "pointerdown",
    "pointermove",
];

/// Listens to everything in a place.
pub(super) fn listen(place: &Element, shell: &Shell<'_>, teller: &Teller) -> Vec<Listener> {
    let hear = |target: &EventTarget, name| {
        let teller = teller.clone();
        let heard = move |event: Event| {
            if let Some(input) = read(&event) {
                teller.tell(input);
            }
        };
        Listener::new(target, name, Box::new(heard))
    };
    let mut listeners: Vec<_> = NAMES.into_iter().map(|name| hear(place, name)).collect();
    // These do not come up.
    listeners.push(hear(&shell.find("dump"), "scroll"));
    listeners.push(hear(&shell.find("copy"), "toggle"));
    listeners.push(hear(&dom::window(), "resize"));
    listeners
}

fn read(event: &Event) -> Option<Input> {
    let name = event.type_();
    let name = name.as_str();
    if matches!(name, "scroll" | "toggle" | "resize") {
        return Some(Input::Redraw);
    }
    if matches!(name, "input" | "change" | "click") {
        // The core listens around this place, to fields and buttons of its own.
        event.stop_propagation();
    }
    let target: Element = event.target()?.unchecked_into();
    match name {
        "input" => typed(&target),
        "change" => chosen(target.unchecked_ref()),
        "click" => pressed(event, &target),
        "focusout" => target.id().starts_with("bytes-").then_some(Input::Left),
        "keydown" => stepped(event, &target),
        _ => pointed(event.unchecked_ref(), &target),
    }
}

fn typed(target: &Element) -> Option<Input> {
    let area: &HtmlTextAreaElement = target.unchecked_ref();
    let input: &HtmlInputElement = target.unchecked_ref();
    Some(match target.id().as_str() {
        "bytes-hex" => Input::Wrote(Notation::Hex, area.value()),
        "bytes-text" => Input::Wrote(Notation::Text, area.value()),
        "bytes-loss" => Input::Loss(input.value_as_number()),
        _ => return None,
    })
}

fn chosen(input: &HtmlInputElement) -> Option<Input> {
    match input.id().as_str() {
        "bytes-size" => Some(Input::Size(count(input))),
        "bytes-file" => {
            let file = input.files()?.get(0)?;
            Some(Input::Chosen(file.name(), file.size()))
        }
        _ => Some(Input::Stage(*STAGES.get(number(input, "data-stage")?)?)),
    }
}

fn pressed(event: &Event, target: &Element) -> Option<Input> {
    let button = target.closest("button").ok()??;
    if let Some(size) = number(&button, "data-size") {
        return Some(Input::Size(Some(size)));
    }
    if let Some(index) = number(&button, "data-copy") {
        return Some(Input::Copy(index));
    }
    Some(match button.get_attribute("data-act")?.as_str() {
        "earlier" => Input::Turned(false),
        "later" => Input::Turned(true),
        "send" => Input::Send,
        _ => {
            let place: Element = event.current_target()?.unchecked_into();
            let field = place.query_selector("#bytes-random").ok()??;
            Input::Random(count(field.unchecked_ref()))
        }
    })
}

fn stepped(event: &Event, target: &Element) -> Option<Input> {
    if !target.matches("[role=slider]").ok()? {
        return None;
    }
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
fn pointed(event: &PointerEvent, target: &Element) -> Option<Input> {
    if event.buttons() & 1 == 0 {
        return None;
    }
    let ruler = target.closest("[part=scale]").ok()??;
    // What moves away from the ruler goes on to move along it. It fails for pointers that are gone already.
    let _ = ruler.set_pointer_capture(event.pointer_id());
    let frame = ruler.get_bounding_client_rect();
    let share = (f64::from(event.client_x()) - frame.left()) / frame.width();
    // What is no number, or outside, comes to one of the ends.
    let place = (share * f64::from(LENGTH)) as u32;
    Some(Input::Place(place.min(LENGTH)))
}

/// The number in an attribute.
fn number(element: &Element, name: &str) -> Option<usize> {
    element.get_attribute(name)?.parse().ok()
}

/// The whole number in a field; `None` when there is another thing.
fn count(input: &HtmlInputElement) -> Option<usize> {
    let number = input.value_as_number();
    let is_count = (0.0..1e9).contains(&number) && f64::from(number as u32) == number;
    is_count.then_some(number as usize)
}
