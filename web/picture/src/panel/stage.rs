//! The space-time diagram on the page.

use udp_echo_feed::dom::{self, Label};
use udp_echo_feed::shape::append;
use udp_echo_feed::words::number;
use web_sys::Element;

use crate::drawing;
use crate::layout::{Picture, WHOLE};

/// The drawn picture.
pub(super) struct Stage {
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
            title,
            description,
            ruler,
            plane: append(&plane, "g", "content"),
        }
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
