//! Shapes of a drawing. Across, a drawing is as wide as its place, in percent; down, it is in pixels: so it needs no
//! measuring, and its texts have the size of texts at every width.
//!
//! What they are drawn on is a [`Canvas`]: an element of a page, or a file.

use web_sys::Element;

use crate::dom;
use crate::words::number;

/// A shape that can have others inside: of a page, or of a file.
pub trait Canvas: Sized {
    /// A new shape inside this one, as the last.
    fn shape(&self, tag: &str) -> Self;

    /// Gives it an attribute.
    fn set(&self, name: &str, value: &str);

    /// Gives it an attribute without a value, or takes that away.
    fn set_flag(&self, name: &str, on: bool);

    /// Writes a text into it, in place of all that was inside.
    fn write(&self, words: &str);
}

impl Canvas for Element {
    fn shape(&self, tag: &str) -> Self {
        let element = dom::create_svg(tag);
        // It fails only where no child may stand, and ours may.
        let _ = self.append_child(&element);
        element
    }

    fn set(&self, name: &str, value: &str) {
        dom::set(self, name, value);
    }

    fn set_flag(&self, name: &str, on: bool) {
        dom::set_flag(self, name, on);
    }

    fn write(&self, words: &str) {
        self.set_text_content(Some(words));
    }
}

/// A new shape, as the last child.
pub fn append<C: Canvas>(parent: &C, tag: &str, part: &str) -> C {
    let shape = parent.shape(tag);
    shape.set("part", part);
    shape
}

/// A line from and to a place: across in thousandths, down in pixels.
pub fn line<C: Canvas>(parent: &C, part: &str, from: (u32, u32), to: (u32, u32)) -> C {
    let line = append(parent, "line", part);
    line.set("x1", &percent(from.0));
    line.set("y1", &number(from.1.into()));
    line.set("x2", &percent(to.0));
    line.set("y2", &number(to.1.into()));
    line
}

/// A text at a place, moved by so many pixels (a number that may be negative).
pub fn text<C: Canvas>(parent: &C, part: &str, at: (u32, u32), dx: &str, words: &str) -> C {
    let text = append(parent, "text", part);
    text.set("x", &percent(at.0));
    text.set("y", &number(at.1.into()));
    text.set("dx", dx);
    text.write(words);
    text
}

/// A box from the left and the top.
pub fn rect<C: Canvas>(parent: &C, part: &str, at: (u32, u32), size: (u32, u32)) -> C {
    let rect = append(parent, "rect", part);
    rect.set("x", &percent(at.0));
    rect.set("y", &number(at.1.into()));
    rect.set("width", &percent(size.0));
    rect.set("height", &number(size.1.into()));
    rect
}

/// Says whose a shape is, and whether that one is picked.
pub fn belongs<C: Canvas>(shape: &C, to: u64, selected: Option<u64>) {
    shape.set("data-number", &number(to));
    shape.set_flag("data-selected", Some(to) == selected);
}

/// Thousandths as percent.
pub fn percent(thousandths: u32) -> String {
    let rest = number((thousandths % 10).into());
    [&number((thousandths / 10).into()), ".", &rest, "%"].concat()
}
