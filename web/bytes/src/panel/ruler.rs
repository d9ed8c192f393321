//! The ruler: a curve of chances, a slider on it, and its marks.

use udp_echo_feed::dom::{self, Label, Shell};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use super::set_property;
use crate::size::Ruler;
use crate::state::State;
use crate::words;

/// A mark in the list.
struct Mark {
    size: usize,
    item: Element,
    fragments: Label,
    arrive: Label,
}

/// The drawn ruler.
pub(super) struct Scale {
    area: Element,
    line: Element,
    axis: Element,
    list: Element,
    thumb: Element,
    size: HtmlInputElement,
    /// What the curve and the marks were drawn for.
    drawn: Option<(Ruler, f64)>,
    marks: Vec<Mark>,
    at: Option<usize>,
}

impl Scale {
    pub(super) fn new(shell: &Shell<'_>) -> Self {
        Self {
            area: shell.find("area"),
            line: shell.find("line"),
            axis: shell.find("axis"),
            list: shell.find("marks"),
            thumb: shell.find("thumb"),
            size: shell.find("size").unchecked_into(),
            drawn: None,
            marks: Vec::new(),
            at: None,
        }
    }

    pub(super) fn draw(&mut self, state: &State) {
        let ruler = state.ruler();
        if self.drawn != Some((ruler, state.loss())) {
            if self.drawn.map(|(of, _)| of) != Some(ruler) {
                self.write_marks(ruler);
            }
            self.drawn = Some((ruler, state.loss()));
            self.draw_curve(state);
            self.at = None;
        }
        let size = state.editor().payload().len();
        if self.at != Some(size) {
            self.at = Some(size);
            self.draw_size(size, state);
        }
        dom::set(&self.thumb, "aria-valuetext", &state.outlook());
    }

    /// The names on the axis, and the list with what each mark is.
    fn write_marks(&mut self, ruler: Ruler) {
        let end = words::number(ruler.end() as u64);
        dom::set(&self.thumb, "aria-valuemax", &end);
        dom::set(&self.size, "max", &end);
        self.axis.set_text_content(None);
        self.list.set_text_content(None);
        self.marks.clear();
        // The last two share a place: one name for both.
        let tick = |size| {
            let tick = dom::append(&self.axis, "span", "scale-mark");
            set_property(&tick, "--at", &words::number(ruler.place(size).into()));
            tick.set_text_content(Some(&words::grouped(size)));
        };
        tick(0);
        for size in &ruler.marks() {
            let size = *size;
            if size <= ruler.limit {
                tick(size);
            }
            let item = dom::append(&self.list, "li", "mark");
            let button = dom::append(&item, "button", "mark-size");
            dom::set(&button, "type", "button");
            dom::set(&button, "data-size", &words::number(size as u64));
            button.set_text_content(Some(&words::grouped(size)));
            let (meaning, source) = words::mark(size, ruler);
            let name = dom::append(&item, "span", "mark-name");
            name.set_text_content(Some(meaning));
            dom::append(&name, "small", "mark-source").set_text_content(Some(source));
            let fragments = Label::new(dom::append(&item, "span", "mark-fragments"));
            let arrive = Label::new(dom::append(&item, "span", "mark-odds"));
            self.marks.push(Mark {
                size,
                item,
                fragments,
                arrive,
            });
        }
    }

    fn draw_curve(&mut self, state: &State) {
        let ruler = state.ruler();
        let height = |size| words::number((100.5 - state.odds(size)) as u64);
        let mut path = ["M0 ", &height(0)].concat();
        for step in ruler.steps() {
            path.push_str(
                &[
                    "H",
                    &words::number(ruler.place(step).into()),
                    "V",
                    &height(step),
                ]
                .concat(),
            );
        }
        path.push_str("H1000");
        dom::set(&self.line, "d", &path);
        dom::set(&self.area, "d", &[&path, "V100H0Z"].concat());
        for mark in &mut self.marks {
            let fits = mark.size <= ruler.limit;
            let fragments = words::fragments(ruler.fragments(mark.size));
            mark.fragments
                .set(if fits { &fragments } else { words::NEVER });
            let arrive = words::arrive(&words::percent(state.odds(mark.size)));
            mark.arrive.set(if fits { &arrive } else { words::NEVER });
        }
    }

    fn draw_size(&self, size: usize, state: &State) {
        let ruler = state.ruler();
        set_property(
            &self.thumb,
            "--at",
            &words::number(ruler.place(size).into()),
        );
        dom::set_flag(&self.thumb, "data-over", size > ruler.limit);
        let number = words::number(size as u64);
        dom::set(&self.thumb, "aria-valuenow", &number);
        self.size.set_value(&number);
        for mark in &self.marks {
            dom::set_flag(&mark.item, "data-selected", mark.size == size);
        }
    }
}
