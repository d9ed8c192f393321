//! The picture and the tools beside it: steps, zoom, follow, pause.

use std::ops::Range;

use udp_echo_feed::chunk::Act;
use udp_echo_feed::datagram::Datagram;
use udp_echo_feed::dom::{self, Label, Shell};
use udp_echo_feed::feed::Feed;
use udp_echo_feed::words::number;
use wasm_bindgen::JsValue;
use web_sys::Element;

use super::stage::Stage;
use crate::frame::Frame;
use crate::layout::{Moment, lay_out};
use crate::sketch::Sketch;
use crate::steps::{StepId, steps};
use crate::way::Pace;
use crate::words;

/// What was drawn: revision of the datagrams, the picked one, those shown, the step, the width.
type Drawn = (u64, Option<u64>, Range<u64>, Option<StepId>, u32);

/// The picture and its tools.
pub(super) struct Diagram {
    stage: Stage,
    frame: Frame,
    sentence: Label,
    /// Where it stands.
    place: Element,
    count: Label,
    follow: Element,
    pause: Element,
    drawn: Option<Drawn>,
    /// The datagram that was picked when this was drawn last.
    selected: Option<u64>,
    /// The feed that was drawn last said so.
    paused: bool,
    /// The reader wants it so, which the next feed will say: a second press undoes the first, drawn or not.
    is_pause_wanted: bool,
    /// The sentence says that there is no further step; drawing the last one again does not unsay it.
    at_end: bool,
    /// It followed the newest when it was paused.
    goes_on: bool,
}

impl Diagram {
    pub(super) fn new(shell: &Shell<'_>) -> Self {
        Self {
            stage: Stage::new(&shell.find("stage")),
            frame: Frame::default(),
            sentence: Label::new(shell.find("sentence")),
            place: shell.find("sentence"),
            count: Label::new(shell.find("count")),
            follow: shell.find("follow"),
            pause: shell.find("pause"),
            drawn: None,
            selected: None,
            paused: false,
            is_pause_wanted: false,
            at_end: false,
            goes_on: false,
        }
    }

    /// Uses a tool, by its name in the frame.
    pub(super) fn tool(&mut self, name: &str, feed: &Feed, act: &Act) {
        let kept = feed.kept();
        match name {
            "back" | "next" => return self.step(name == "back", feed, act),
            "nearer" | "further" => {
                self.frame.zoom(name == "nearer", &kept);
            }
            "follow" if self.frame.follows() => self.frame.stay(&kept),
            "follow" => {
                self.frame.follow();
                act.tell("select", JsValue::NULL);
            }
            "pause" => {
                self.is_pause_wanted = !self.is_pause_wanted;
                act.tell("pause", self.is_pause_wanted);
            }
            _ => return,
        }
        self.draw(feed);
    }

    fn step(&mut self, back: bool, feed: &Feed, act: &Act) {
        let all: Vec<&Datagram> = feed.datagrams.values().collect();
        let steps = steps(&all, Pace::of(&all));
        let gone = self.frame.go(back, &steps, feed.selected, &feed.kept());
        self.at_end = gone.is_none();
        match gone {
            Some(place) => {
                let number = steps[place].datagram.number;
                // The core says the same in the next feed; until then it is no news.
                self.selected = Some(number);
                self.goes_on = false;
                act.tell("select", number as f64);
            }
            None => {
                self.sentence.set(words::no_step(back));
                return;
            }
        }
        self.draw(feed);
    }

    pub(super) fn draw(&mut self, feed: &Feed) {
        let kept = feed.kept();
        if feed.paused != self.paused {
            self.hold(feed);
        }
        if feed.selected != self.selected {
            self.selected = feed.selected;
            if let Some(number) = feed.selected {
                self.frame.reveal(number, &kept);
            }
        }
        let window = self.frame.window(&kept);
        set_pressed(&self.follow, self.frame.follows());
        set_pressed(&self.pause, feed.paused);
        let width = self.stage.width();
        let next = Some((
            feed.datagrams.revision(),
            feed.selected,
            window.clone(),
            self.frame.step(),
            width,
        ));
        if next == self.drawn {
            return;
        }
        self.drawn = next;
        let (first, last) = (window.start, window.end.saturating_sub(1));
        let all: Vec<&Datagram> = feed.datagrams.values().collect();
        let pace = Pace::of(&all);
        let shown = all.iter().copied();
        let shown: Vec<&Datagram> = shown.filter(|one| window.contains(&one.number)).collect();
        let mut now = None;
        if self.frame.step().is_some() {
            let steps = steps(&all, pace);
            if let Some(place) = self.frame.place(&steps) {
                let step = &steps[place];
                now = Some(Moment {
                    at: step.at,
                    place: step.place,
                    number: step.datagram.number,
                });
                if !self.at_end {
                    self.sentence.set(&words::step(&steps, place));
                }
            }
        }
        if now.is_none() {
            self.sentence.set(words::HINT);
        }
        dom::set_flag(&self.place, "data-step", now.is_some());
        let sketch = Sketch::of(&shown, pace);
        self.stage.draw(
            &lay_out(&sketch, now, width),
            feed.selected,
            &words::title(first, last),
            &words::description(&shown, &sketch.overtaken()),
        );
        self.count.set(&number(window.end - window.start));
    }

    /// Stays where it is while the reader pauses, and goes on as before.
    fn hold(&mut self, feed: &Feed) {
        self.paused = feed.paused;
        self.is_pause_wanted = feed.paused;
        if feed.paused && self.frame.follows() {
            self.frame.stay(&feed.kept());
            self.goes_on = true;
        } else if !feed.paused && std::mem::take(&mut self.goes_on) {
            self.frame.follow();
        }
    }
}

fn set_pressed(button: &Element, on: bool) {
    dom::set(button, "aria-pressed", if on { "true" } else { "false" });
}
