//! The space-time diagram on the page.

use udp_echo_feed::dom::{self, Label};
use udp_echo_feed::shape::append;
use udp_echo_feed::words::number;
use web_sys::Element;

use crate::drawing::{self, BESIDE};
use crate::picture::{Picture, WHOLE};

/// Widths of the plane between which words may stand otherwise, in pixels: not each pixel more draws the picture anew.
const WIDTHS: u32 = 25;
/// What no plane is narrower than: a window has 320 pixels, and a page around the widget takes some of them.
const NARROWEST: u32 = 50;

/// The drawn picture.
pub(super) struct Stage {
    place: Element,
    title: Label,
    description: Label,
    ruler: Element,
    plane: Element,
}

impl Stage {
    pub(super) fn new(place: &Element) -> Self {
        let drawing = |part: &str| {
            let svg = append(place, "svg", part);
            dom::set(&svg, "height", &number(WHOLE.into()));
            svg
        };
        let ruler = drawing("ruler");
        dom::set(&ruler, "aria-hidden", "true");
        let plane = drawing("plane");
        for (name, value) in [
            ("role", "img"),
            ("aria-labelledby", "picture-title"),
            ("aria-describedby", "picture-text"),
        ] {
            dom::set(&plane, name, value);
        }
        let named = |tag: &str, id: &str| {
            let element = append(&plane, tag, tag);
            dom::set(&element, "id", id);
            Label::new(element)
        };
        let title = named("title", "picture-title");
        let description = named("desc", "picture-text");
        drawing::draw_lanes(&plane);
        Self {
            place: place.clone(),
            title,
            description,
            ruler,
            plane: append(&plane, "g", "content"),
        }
    }

    /// So many pixels wide the plane is at least.
    pub(super) fn width(&self) -> u32 {
        let whole = u32::try_from(self.place.client_width()).unwrap_or(0);
        let plane = whole.saturating_sub(BESIDE);
        (plane / WIDTHS * WIDTHS).max(NARROWEST)
    }

    /// Draws a picture, and says it in words.
    pub(super) fn draw(
        &mut self,
        picture: &Picture,
        selected: Option<u64>,
        title: &str,
        description: &str,
    ) {
        self.title.set(title);
        self.description.set(description);
        self.ruler.set_text_content(None);
        self.plane.set_text_content(None);
        drawing::draw(picture, selected, &self.ruler, &self.plane);
    }
}
