//! Shapes of a drawing. Across, a drawing is as wide as its place, in percent; down, it is in pixels: so it needs no
//! measuring, and its texts have the size of texts at every width.

use web_sys::Element;

use crate::dom;
use crate::words::number;

/// A new shape, as the last child.
pub fn append(parent: &Element, tag: &str, part: &str) -> Element {
    let element = dom::create_svg(tag);
    dom::set(&element, "part", part);
    // It fails only where no child may stand, and ours may.
    let _ = parent.append_child(&element);
    element
}

/// A line from and to a place: across in thousandths, down in pixels.
pub fn line(parent: &Element, part: &str, from: (u32, u32), to: (u32, u32)) -> Element {
    let line = append(parent, "line", part);
    dom::set(&line, "x1", &percent(from.0));
    dom::set(&line, "y1", &number(from.1.into()));
    dom::set(&line, "x2", &percent(to.0));
    dom::set(&line, "y2", &number(to.1.into()));
    line
}

/// A text at a place, moved by so many pixels (a number that may be negative).
pub fn text(parent: &Element, part: &str, at: (u32, u32), dx: &str, words: &str) -> Element {
    let text = append(parent, "text", part);
    dom::set(&text, "x", &percent(at.0));
    dom::set(&text, "y", &number(at.1.into()));
    dom::set(&text, "dx", dx);
    text.set_text_content(Some(words));
    text
}

/// A box from the left and the top.
pub fn rect(parent: &Element, part: &str, at: (u32, u32), size: (u32, u32)) -> Element {
    let rect = append(parent, "rect", part);
    dom::set(&rect, "x", &percent(at.0));
    dom::set(&rect, "y", &number(at.1.into()));
    dom::set(&rect, "width", &percent(size.0));
    dom::set(&rect, "height", &number(size.1.into()));
    rect
}

/// Says whose a shape is, and whether that one is picked.
pub fn belongs(shape: &Element, to: u64, selected: Option<u64>) {
    dom::set(shape, "data-number", &number(to));
    dom::set_flag(shape, "data-selected", Some(to) == selected);
}

/// Thousandths as percent.
pub fn percent(thousandths: u32) -> String {
    let rest = number((thousandths % 10).into());
    [&number((thousandths / 10).into()), ".", &rest, "%"].concat()
}
