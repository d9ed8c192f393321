//! Room: what stands around a widget stays where it is while that loads.

use anyhow::{Context, Result, ensure};

use super::behaviour::site;
use crate::browser::in_chromium;
use crate::page::{Page, Scheme};

/// What has moved by itself since the page began, as browsers count it.
const SHIFTS: &str = "const done = arguments[arguments.length - 1];
    let sum = 0;
    const who = [];
    new PerformanceObserver((list) => list.getEntries().forEach(({ value, sources }) => {
        sum += value;
        who.push(...sources.map(({ node, previousRect, currentRect }) =>
            `${node?.nodeName} ${node?.id} from ${previousRect.y}+${previousRect.height} to ${currentRect.y}+${currentRect.height}`));
    })).observe({ type: 'layout-shift', buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done([sum, who])))))";

/// Pixels that a widget may outgrow its room by, and that it may take in vain: fonts differ from machine to machine.
const OUTGROWN: f64 = 16.0;
const LEFT_EMPTY: f64 = 120.0;

/// Each view, and the panels that it shows once their modules are there.
const VIEWS: [(&str, &[&str]); 6] = [
    ("mini", &[]),
    ("transcript", &[]),
    ("", &[]),
    ("timeline", &["picture"]),
    ("lab", &["picture", "lab"]),
    ("full", &["picture", "lab", "bytes"]),
];

/// Notes each height that the widget has from the moment that it is one.
const HEIGHTS: &str = "globalThis.heights = [];
    addEventListener('DOMContentLoaded', () => customElements.whenDefined('udp-echo').then(() => {
        new ResizeObserver(([{ target }]) => heights.push(target.offsetHeight)).observe(document.querySelector('udp-echo'));
    }));";

/// What a reader sees move while a widget loads.
struct Moved {
    /// As browsers sum it up.
    shift: f64,
    /// By how many pixels the widget outgrew the room that it took at first.
    grown: f64,
    /// Room that it took and did not need.
    empty: f64,
}

impl Moved {
    /// What a reader would notice.
    fn too_much(&self) -> Option<String> {
        let Self {
            shift,
            grown,
            empty,
        } = self;
        let is_much = *shift >= 0.05 || *grown > OUTGROWN || *empty > LEFT_EMPTY;
        is_much
            .then(|| format!("a shift of {shift}, outgrown by {grown} pixels, {empty} left empty"))
    }
}

/// Widths of columns in which client and server stand one below the other, and the views in which that decides the height.
const NARROW_COLUMNS: [u32; 4] = [400, 500, 600, 700];
const STACKED: [&str; 3] = ["mini", "transcript", ""];

async fn moved(page: &Page, view: &str, panels: &[&str], inside: &str) -> Result<Moved> {
    let body = format!(
        "<p>above</p><udp-echo mode=simulated timeout=30000 view='{view}'>{inside}</udp-echo><p id=below>below</p>"
    );
    page.open(&site(&body).await?).await?;
    page.wait_for_state("simulated").await?;
    for panel in panels {
        page.wait_for_in_widget(panel, &format!("[data-ref={panel}] *"))
            .await?;
    }
    if panels.contains(&"lab") {
        // The sliders are there at once, and all else is folded.
        let open = "details[part=lab][open] details[part=more]:not([open])";
        page.wait_for_in_widget("the lab, open", open).await?;
    }
    page.frames(5).await?;
    let heights = page
        .script("return [Math.min(...heights), Math.max(...heights), document.querySelector('udp-echo').shadowRoot.querySelector('[part=frame]').offsetHeight]")
        .await?;
    let height = |place: usize| heights[place].as_f64().context("a height");
    let (first, last, frame) = (height(0)?, height(1)?, height(2)?);
    // What a reader sends makes room for itself, but in a tutorial's transcript, which keeps its place in the text.
    if view == "transcript" {
        page.script("document.querySelector('udp-echo').send('a')")
            .await?;
        let echo = "return document.querySelector('udp-echo').shadowRoot.querySelector('[data-fate=echoed]')";
        page.wait_for("the echo", echo).await?;
    }
    let moved = page.script_that_calls_back(SHIFTS).await?;
    let shift = moved[0].as_f64().context("a sum of shifts")?;
    println!(
        "view={view:?}, {} inside: layout shift {shift:.4}, {first} pixels reserved, {frame} used",
        inside.len()
    );
    Ok(Moved {
        shift,
        grown: last - first,
        empty: last - frame,
    })
}

#[tokio::test]
async fn what_stands_below_an_element_stays_where_it_is_while_that_loads() {
    in_chromium(async |page| {
        page.before_each_page(HEIGHTS).await?;
        let mut too_much = Vec::new();
        for width in [390, 1280] {
            page.emulate(width, 900, Scheme::Light).await?;
            println!("at {width} pixels:");
            for (view, panels) in VIEWS {
                for inside in [
                    "",
                    "<pre>sending 'a'\nwaiting to receive\nreceived 'a'</pre>",
                ] {
                    let moved = moved(page, view, panels, inside).await?;
                    if let Some(much) = moved.too_much() {
                        too_much.push(format!("view={view:?} at {width} pixels: {much}"));
                    }
                }
            }
        }
        ensure!(too_much.is_empty(), "{too_much:#?}");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn in_a_narrow_column_the_room_that_is_kept_is_the_room_that_is_used() {
    in_chromium(async |page| {
        page.before_each_page(HEIGHTS).await?;
        let mut too_much = Vec::new();
        for column in NARROW_COLUMNS {
            // The margins of the page stand around it.
            page.emulate(column + 16, 900, Scheme::Light).await?;
            println!("in a column of {column} pixels:");
            for view in STACKED {
                let moved = moved(page, view, &[], "").await?;
                if let Some(much) = moved.too_much() {
                    too_much.push(format!("view={view:?} in {column} pixels: {much}"));
                }
            }
        }
        ensure!(too_much.is_empty(), "{too_much:#?}");
        Ok(())
    })
    .await;
}
