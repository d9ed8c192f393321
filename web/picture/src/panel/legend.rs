//! What the signs of the picture mean: each is drawn as it is in the picture, with a few words.

use udp_echo_feed::dom;
use udp_echo_feed::shape::{append, text};
use web_sys::Element;

use crate::words;

/// Width and height of a sign.
const SIZE: [&str; 2] = ["30", "16"];

/// The strokes of a sign: part, from and to in pixels, and `tip` for an arrowhead or `assumed` for dashes.
type Lines = &'static [(&'static str, [&'static str; 4], &'static str)];

/// What is drawn for each of [`words::LEGEND`].
const SIGNS: [(Lines, &str); words::LEGEND.len()] = [
    (&[("stroke", ["2", "3", "28", "13"], "tip")], ""),
    (&[("stroke lost", ["2", "3", "14", "8"], "")], "×"),
    (
        &[
            ("stroke", ["2", "2", "28", "14"], ""),
            ("stroke", ["2", "11", "28", "5"], ""),
        ],
        "",
    ),
    (
        &[
            ("stroke", ["2", "3", "28", "5"], ""),
            ("stroke", ["2", "3", "28", "14"], ""),
        ],
        "",
    ),
    (
        &[
            ("queue", ["4", "0", "4", "10"], ""),
            ("stroke", ["4", "10", "28", "14"], "tip"),
        ],
        "",
    ),
    (
        &[
            ("wait", ["18", "2", "12", "2"], ""),
            ("wait", ["12", "2", "12", "14"], ""),
            ("wait", ["12", "14", "18", "14"], ""),
        ],
        "",
    ),
    (&[("stroke", ["2", "3", "28", "13"], "assumed")], ""),
    (&[("hop", ["2", "8", "28", "8"], "tip")], ""),
    (&[], "⋮"),
];

/// Draws the legend into its list.
pub(super) fn draw(list: &Element) {
    for ((lines, sign), words) in SIGNS.iter().zip(words::LEGEND) {
        let item = dom::append(list, "li", "legend-item");
        let svg = append(&item, "svg", "legend-sign");
        dom::set(&svg, "aria-hidden", "true");
        for (name, value) in ["width", "height"].into_iter().zip(SIZE) {
            dom::set(&svg, name, value);
        }
        for (part, ends, kind) in *lines {
            let line = append(&svg, "line", part);
            for (name, value) in ["x1", "y1", "x2", "y2"].into_iter().zip(ends) {
                dom::set(&line, name, value);
            }
            if *kind == "tip" {
                dom::set(&line, "marker-end", "url(#tip)");
            }
            dom::set_flag(&line, "data-assumed", *kind == "assumed");
        }
        if !sign.is_empty() {
            let sign = text(&svg, "sign", (500, 8), "0", sign);
            dom::set(&sign, "text-anchor", "middle");
        }
        dom::append(&item, "span", "legend-words").set_text_content(Some(words));
    }
}
