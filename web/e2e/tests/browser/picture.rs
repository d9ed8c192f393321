//! The picture, its steps and the strips, as a reader sees and uses them.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use thirtyfour::Key;

use crate::browser::{Browser, in_browser, in_chromium};
use crate::embed::site::Site;
use crate::first_echo::wait_for_fate;
use crate::page::Page;
use test_support::host::TestServer;

/// Opens a page with one element that simulates, with these attributes, and waits for its picture.
async fn open(page: &Page, attributes: &str) -> Result<()> {
    let mut site = Site::new().await?;
    site.bundle("/udp/")?;
    let element = format!("<udp-echo view=full mode=simulated {attributes}></udp-echo>");
    let head = "<!doctype html><title>t</title><script type=module src=/udp/udp-echo.js></script>";
    site.page("/", "", &format!("{head}{element}"));
    page.open(&site.serve()).await?;
    page.wait_for_state("simulated").await?;
    page.wait_for_in_widget("the picture", "[part=plane] [part=lane]")
        .await
}

/// Sends these texts, one right after the other.
async fn send(page: &Page, texts: &[&str]) -> Result<()> {
    let list = json!(texts);
    page.script(&format!(
        "for (const text of {list}) document.querySelector('udp-echo').send(text)"
    ))
    .await?;
    Ok(())
}

/// Waits until a word of the picture contains this.
async fn wait_for_word(page: &Page, word: &str) -> Result<()> {
    let find = format!(
        "return [...document.querySelector('udp-echo').shadowRoot.querySelectorAll('[part=plane] [part=word]')]
            .some((text) => text.textContent.includes({}))",
        json!(word)
    );
    page.wait_for(&format!("{word:?} in the picture"), &find)
        .await?;
    Ok(())
}

/// What the picture says of itself: title and description.
async fn description(page: &Page) -> Result<String> {
    let text = page
        .in_widget("return root.querySelector('[part=plane] title').textContent + '. ' + root.querySelector('[part=plane] desc').textContent")
        .await?;
    Ok(text.as_str().context("a text")?.to_owned())
}

/// The sentence of the step.
async fn sentence(page: &Page) -> Result<String> {
    let text = page
        .in_widget("return root.querySelector('[part=sentence]').textContent")
        .await?;
    Ok(text.as_str().context("a text")?.to_owned())
}

/// How many strokes match a selector.
async fn strokes(page: &Page, selector: &str) -> Result<u64> {
    let count =
        format!("return root.querySelectorAll('[part=plane] line[part~=stroke]{selector}').length");
    page.in_widget(&count).await?.as_u64().context("a number")
}

async fn tool(page: &Page, name: &str) -> Result<()> {
    page.in_widget(&format!("root.querySelector('[data-tool={name}]').click()"))
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_loss_ends_in_a_cross_with_a_word_and_row_and_arrow_light_up_together() {
    in_chromium(async |page| {
        open(page, "loss='100 0' seed=1").await?;
        send(page, &["gone"]).await?;
        wait_for_fate(page, 1, "dropped").await?;
        wait_for_word(page, "1 lost").await?;
        ensure!(strokes(page, "[part~=lost]").await? == 1);
        ensure!(strokes(page, "[part~=lost][marker-end]").await? == 0, "a loss does not arrive");
        let said = description(page).await?;
        ensure!(said.contains("Datagram 1: lost on the link, on the way there."), "{said}");
        // The arrow is clicked where it is, and everything that is about it is marked.
        page.in_widget("root.querySelector('[part=hit][data-number=\"1\"]').dispatchEvent(new MouseEvent('click', { bubbles: true, composed: true }))").await?;
        page.wait_for_in_widget("the row", "tr[data-number='1'][aria-selected=true]").await?;
        page.wait_for_in_widget("the arrow", "line[part~=lost][data-selected]").await?;
        page.wait_for_in_widget("the transcript", "[data-transcript=client] [data-number='1'][data-selected]").await
    })
    .await;
}

#[tokio::test]
async fn strokes_that_overtake_cross_and_the_words_say_who_was_overtaken() {
    in_chromium(async |page| {
        // With this seed the second overtakes the first.
        open(page, "delay='80 0' reorder='50 0' seed=11").await?;
        send(page, &["a", "b", "c", "d", "e", "f"]).await?;
        for number in 1..=6 {
            wait_for_fate(page, number, "echoed").await?;
        }
        wait_for_word(page, "out of order").await?;
        let crossings = page
            .in_widget(
                "const there = [...root.querySelectorAll('line[part~=stroke]')].filter((line) =>
                    line.getAttribute('x1') === '0.0%' && line.getAttribute('x2') === '100.0%');
                 const ends = there.map((line) => [line.y1, line.y2].map((end) => end.baseVal.value));
                 return ends.flatMap(([from, to], at) => ends.slice(at + 1).filter(([later, end]) => later >= from && end < to)).length",
            )
            .await?;
        ensure!(crossings.as_u64().is_some_and(|count| count > 0), "{crossings}");
        let said = description(page).await?;
        ensure!(said.contains("answered after a later one"), "{said}");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_duplicate_is_a_fork() {
    in_chromium(async |page| {
        open(page, "duplicate='0 100' delay=20 seed=1").await?;
        send(page, &["twin"]).await?;
        wait_for_fate(page, 1, "echoed").await?;
        wait_for_word(page, "twice").await?;
        let from_server = page
            .in_widget("return [...root.querySelectorAll('line[part~=stroke][x1=\"100.0%\"]')].map((line) => line.getAttribute('y1'))")
            .await?;
        let from: Vec<String> = serde_json::from_value(from_server)?;
        ensure!(from.len() == 2 && from[0] == from[1], "{from:?}");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_timeout_is_a_dotted_bracket_and_the_late_answer_is_marked() {
    in_chromium(async |page| {
        open(page, "timeout=100 delay='300 0'").await?;
        send(page, &["slow"]).await?;
        wait_for_fate(page, 1, "lost").await?;
        page.wait_for_in_widget("the bracket", "path[part=wait][data-number='1']")
            .await?;
        wait_for_word(page, "1 timed out").await?;
        wait_for_word(page, "1 late").await?;
        let dotted = page
            .in_widget(
                "return getComputedStyle(root.querySelector('path[part=wait]')).strokeDasharray",
            )
            .await?;
        ensure!(dotted != json!("none"), "{dotted}");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn refused_empty_cut_and_corrupted_have_words_of_their_own() {
    in_chromium(async |page| {
        open(page, "").await?;
        send(page, &[""]).await?;
        wait_for_fate(page, 1, "unanswered").await?;
        wait_for_word(page, "1 no answer").await?;
        page.in_widget("root.querySelector('[part=more]').open = true")
            .await?;
        page.in_widget("root.querySelector('#buffer').click()")
            .await?;
        page.script("document.querySelector('udp-echo').send('x'.repeat(5000))")
            .await?;
        wait_for_fate(page, 2, "echoed").await?;
        wait_for_word(page, "2 cut").await?;
        page.in_widget("root.querySelector('#listening').click()")
            .await?;
        send(page, &["nobody there"]).await?;
        wait_for_fate(page, 3, "refused").await?;
        wait_for_word(page, "3 refused").await?;
        page.in_widget(
            "root.querySelector('#listening').click(); root.querySelector('#no-checksum').click()",
        )
        .await?;
        page.in_widget(
            "const input = root.querySelector('[data-name=corrupt] input');
             input.value = '100';
             input.dispatchEvent(new InputEvent('input', { bubbles: true }))",
        )
        .await?;
        send(page, &["a bit of it"]).await?;
        wait_for_fate(page, 4, "echoed").await?;
        wait_for_word(page, "4 bit turned").await?;
        ensure!(strokes(page, "[part~=refused]").await? == 1);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn the_keyboard_steps_through_a_run_and_back_and_each_step_says_what_happens() {
    in_chromium(async |page| {
        open(page, "").await?;
        send(page, &["one", "two"]).await?;
        wait_for_fate(page, 2, "echoed").await?;
        page.wait_for_in_widget("the arrows of the second", "line[part~=stroke][data-number='2']").await?;
        page.in_widget("root.querySelector('[part=stage]').focus()").await?;
        let mut told = Vec::new();
        for step in 1..=8 {
            page.press(Key::Right + "").await?;
            let now = page
                .wait_for(
                    &format!("step {step}"),
                    &format!(
                        "const text = document.querySelector('udp-echo').shadowRoot.querySelector('[part=sentence]').textContent;
                         return text.startsWith('Step {step} of 8.') && text"
                    ),
                )
                .await?;
            told.push(now.as_str().unwrap_or_default().to_owned());
        }
        ensure!(told[0].contains("The page sent datagram 1, 3 bytes"), "{told:#?}");
        ensure!(told.iter().any(|text| text.contains("The server received datagram 2, 3 bytes")), "{told:#?}");
        ensure!(told[7].contains("reached the page: echoed"), "{told:#?}");
        page.press(Key::Right + "").await?;
        page.wait_for(
            "the end",
            "return document.querySelector('udp-echo').shadowRoot.querySelector('[part=sentence]').textContent.includes('last step')",
        )
        .await?;
        for _ in 0..7 {
            page.press(Key::Left + "").await?;
        }
        page.wait_for_in_widget("the row of the first", "tr[data-number='1'][aria-selected=true]").await?;
        page.wait_for_in_widget("what is ahead is faint", "line[data-ahead][data-number='2']").await?;
        ensure!(sentence(page).await?.starts_with("Step 1 of 8."), "{}", sentence(page).await?);
        let now = page.in_widget("return root.querySelectorAll('line[part=hop][data-now]').length").await?;
        ensure!(now == json!(1), "what came from the page is the step: {now}");
        page.press(Key::End + "").await?;
        page.wait_for_in_widget("no step", "[part=sentence]:not([data-step])").await?;
        ensure!(strokes(page, "[data-ahead]").await? == 0);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn firefox_draws_arrowheads_and_steps_too() {
    let host = TestServer::start(&[]).await;
    in_browser(Browser::Firefox, async |page| {
        let attributes = "view=full&mode=simulated&loss=0+100&duplicate=100+0&seed=1";
        page.open(&format!("http://{}/embed?{attributes}", host.http()))
            .await?;
        page.wait_for_in_widget("the picture", "[part=plane] [part=lane]")
            .await?;
        send(page, &["there and not back"]).await?;
        wait_for_word(page, "1 lost").await?;
        wait_for_word(page, "1 twice").await?;
        ensure!(strokes(page, "[marker-end]").await? == 2, "two copies come to the server");
        let colour = page
            .in_widget("return getComputedStyle(root.querySelector('path[part=tip]')).fill")
            .await?;
        ensure!(colour == json!("context-stroke"), "{colour}");
        let lanes = page
            .in_widget(
                "const plane = root.querySelector('[part=plane]').getBoundingClientRect();
                 const lanes = [...root.querySelectorAll('[part=lane]')].map((lane) => lane.getBoundingClientRect().x - plane.x);
                 return lanes.map((x) => Math.round(x / plane.width * 100))",
            )
            .await?;
        ensure!(lanes[1] == json!(0) && lanes[2] == json!(100), "{lanes}");
        ensure!(lanes[0].as_i64().is_some_and(|browser| browser < 0), "the browser has a strip beside it: {lanes}");
        page.in_widget("root.querySelector('[part=stage]').focus()")
            .await?;
        page.press(Key::Right + "").await?;
        page.wait_for_in_widget("a step", "[part=sentence][data-step]")
            .await?;
        ensure!(
            sentence(page).await?.starts_with("Step 1 of "),
            "{}",
            sentence(page).await?
        );
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn zoom_follow_and_pause_choose_what_is_shown() {
    in_chromium(async |page| {
        open(page, "").await?;
        let texts: Vec<String> = (1..=20).map(|number| number.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        send(page, &texts).await?;
        wait_for_fate(page, 20, "echoed").await?;
        let shown = async |what: &str| {
            page.wait_for(
                what,
                &format!(
                    "const title = document.querySelector('udp-echo').shadowRoot.querySelector('[part=plane] title').textContent;
                     return title.endsWith('{what}') && title"
                ),
            )
            .await
        };
        shown("9 to 20").await?;
        tool(page, "nearer").await?;
        shown("15 to 20").await?;
        tool(page, "pause").await?;
        page.wait_for_in_widget("paused", "[data-tool=pause][aria-pressed=true]").await?;
        // A burst waits with the picture.
        send(page, &["while it is held"]).await?;
        shown("15 to 20").await?;
        tool(page, "pause").await?;
        wait_for_fate(page, 21, "echoed").await?;
        shown("16 to 21").await?;
        page.in_widget("root.querySelector(\"tr[data-number='2']\").click()").await?;
        shown("1 to 6").await?;
        page.wait_for_in_widget("it no longer follows", "[data-tool=follow][aria-pressed=false]").await?;
        tool(page, "follow").await?;
        shown("16 to 21").await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn the_books_add_up_and_round_trips_have_percentiles_and_losses() {
    in_chromium(async |page| {
        open(page, "loss='30 0' seed=7").await?;
        let texts: Vec<String> = (1..=40).map(|number| number.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        send(page, &texts).await?;
        page.wait_for(
            "nothing in flight",
            "const books = [...document.querySelector('udp-echo').shadowRoot.querySelectorAll('[part=book]')].map((book) => book.textContent);
             return books.includes('40 sent') && books.includes('0 in flight')",
        )
        .await?;
        let books = page.in_widget("return [...root.querySelectorAll('[part=book]')].map((book) => book.textContent)").await?;
        let books: Vec<String> = serde_json::from_value(books)?;
        let counts: Vec<u64> = books.iter().filter_map(|book| book.split(' ').next()?.parse().ok()).collect();
        ensure!(counts[0] == 40 && counts[0] == counts[1..].iter().sum::<u64>(), "{books:?}");
        let (echoed, dropped) = (counts[1], counts[3]);
        ensure!(dropped > 0 && echoed > 0, "{books:?}");
        let text = page.in_widget("return root.querySelector('#trips-text').textContent").await?;
        let text = text.as_str().unwrap_or_default();
        ensure!(echoed >= 20, "{books:?}");
        let words = ["Half took under ", " (p50), 95 of 100 under ", " (p95), 99 of 100 under ", " (p99)."];
        ensure!(words.iter().all(|word| text.contains(word)), "{text}");
        ensure!(text.contains(&format!(" × marks the {dropped} without an answer.")), "{text}");
        ensure!(text.ends_with(" Dark: relay to server. Light: browser to relay."), "{text}");
        let shown = page.in_widget("return [...root.querySelectorAll('[part=book]:not([hidden])')].map((book) => book.textContent)").await?;
        let shown: Vec<String> = serde_json::from_value(shown)?;
        ensure!(shown.len() == 3 && !shown.iter().any(|book| book.starts_with("0 ")), "no zeros: {shown:?}");
        let crosses = page.in_widget("return root.querySelectorAll('svg[part=trips] text[part=sign]').length").await?;
        ensure!(crosses == json!(dropped), "{crosses} crosses");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn one_round_trip_is_told_without_percentiles() {
    in_chromium(async |page| {
        open(page, "delay='340 341'").await?;
        send(page, &["one"]).await?;
        wait_for_fate(page, 1, "echoed").await?;
        let said = page
            .wait_for(
                "the round trip",
                "const text = document.querySelector('udp-echo').shadowRoot.querySelector('#trips-text').textContent;
                 return text.startsWith('The round trip took') && text",
            )
            .await?;
        let said = said.as_str().context("a text")?;
        // A busy machine takes more than a second.
        let mut words = said.split(' ').skip(4);
        let took = words.next().and_then(|took| took.parse::<f64>().ok());
        let seconds = match (took, words.next()) {
            (Some(millis), Some("ms.")) => millis / 1000.0,
            (Some(seconds), Some("s.")) => seconds,
            _ => anyhow::bail!("{said}"),
        };
        ensure!((0.68..2.0).contains(&seconds), "{said}");
        ensure!(!said.contains("µs") && !said.contains("p50"), "{said}");
        let lines = page.in_widget("return root.querySelectorAll('[part=percentile]').length").await?;
        ensure!(lines == json!(0), "{lines}");
        // The stamps of its way are told in the same unit.
        page.in_widget("root.querySelector('tr[data-number]').click()").await?;
        page.wait_for(
            "stamps in milliseconds, or in seconds",
            "return /[0-9]{3} ms|[0-9][.][0-9]{2} s\\b/.test(document.querySelector('udp-echo').shadowRoot.querySelector('[part=way]').textContent)",
        )
        .await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn what_waits_in_a_slow_links_queue_is_a_bar_at_the_relay_and_then_flies_like_the_first() {
    in_chromium(async |page| {
        // 43 bytes with their headers take 43 ms.
        open(page, "rate='8 0'").await?;
        send(page, &["fifteen letters"; 4]).await?;
        wait_for_fate(page, 4, "echoed").await?;
        page.wait_for_in_widget("the last one's bar", "[part=plane] rect[part=queue][data-number='4']").await?;
        let bars = page.in_widget("return [...root.querySelectorAll('rect[part=queue]')].map((bar) => bar.getAttribute('data-number')).sort()").await?;
        ensure!(bars == json!(["2", "3", "4"]), "{bars}");
        // Where each bar ends, and where the stroke begins that goes on from it: a break in the time cuts a stroke in pieces.
        let ends = page
            .in_widget(
                "return [2, 3, 4].map((number) => {
                     const bar = root.querySelector(`rect[part=queue][data-number='${number}']`);
                     const stroke = [...root.querySelectorAll(`[part=plane] line[part~=stroke][data-number='${number}']`)]
                         .find((line) => line.getAttribute('x1') === '0.0%');
                     return [bar.y.baseVal.value + bar.height.baseVal.value, stroke.y1.baseVal.value];
                 })",
            )
            .await?;
        let ends: Vec<[f64; 2]> = serde_json::from_value(ends)?;
        ensure!(ends.iter().all(|[bar, stroke]| bar == stroke), "{ends:?}");
        // Each sets out as long after the one before as that one takes on the line, whatever the browser's timers do.
        let [second, third, fourth] = [ends[0][0], ends[1][0], ends[2][0]];
        ensure!(third > second && ((fourth - third) - (third - second)).abs() <= 2.0, "{ends:?}");
        let said = description(page).await?;
        ensure!(said.contains("Datagram 2: echoed, waited in the link's queue"), "{said}");
        Ok(())
    })
    .await;
}

/// Every text between the lanes and beside them, and every arrowhead, as a browser draws them: those of which two cover each other.
const COVERED: &str = "const root = document.querySelector('udp-echo').shadowRoot;
    const plane = root.querySelector('[part=plane]');
    const inside = plane.getBoundingClientRect();
    const boxes = [...plane.querySelectorAll('text[part=word], text[part=whose]')].map((text) => {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        // The letters themselves, without the room that a font keeps above and below.
        return { what: text.textContent, left, right, top: top + 2, bottom: bottom - 2, is_text: true };
    });
    for (const line of plane.querySelectorAll('line[marker-end]')) {
        const x = inside.left + line.x2.baseVal.value;
        const y = inside.top + line.y2.baseVal.value;
        const from = inside.left + line.x1.baseVal.value < x ? x - 9 : x;
        boxes.push({ what: 'an arrowhead of ' + line.dataset.number, left: from, right: from + 9, top: y - 4, bottom: y + 4 });
    }
    const covered = [];
    boxes.forEach((one, at) => {
        for (const other of boxes.slice(at + 1)) {
            if (!one.is_text && !other.is_text) continue;
            if (one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom)
                covered.push(one.what + ' and ' + other.what);
        }
    });
    return { covered, texts: boxes.filter((box) => box.is_text).length }";

#[tokio::test]
async fn no_words_and_numbers_cover_each_other_or_an_arrowhead_at_any_width() {
    in_chromium(async |page| {
        let link = "seed=7 loss='20 10' delay=60 jitter=50 duplicate=15 corrupt=10 reorder=10 timeout=150";
        open(page, link).await?;
        let texts: Vec<String> = (1..=40).map(|number| number.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        send(page, &texts).await?;
        page.wait_for(
            "nothing in flight",
            "return [...document.querySelector('udp-echo').shadowRoot.querySelectorAll('[part=book]')].some((book) => book.textContent === '0 in flight')",
        )
        .await?;
        for width in [320, 390, 800, 1280] {
            page.emulate(width, 900, crate::page::Scheme::Light).await?;
            for zoom in ["", "further", "further", "nearer", "nearer", "nearer", "further"] {
                if !zoom.is_empty() {
                    tool(page, zoom).await?;
                }
                page.frames(2).await?;
                let found = page.script(COVERED).await?;
                ensure!(found["covered"] == json!([]), "{width} pixels, {zoom}: {found}");
                ensure!(found["texts"].as_u64().is_some_and(|texts| texts > 3), "{found}");
            }
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn two_quick_spaces_pause_and_go_on_and_a_third_pauses() {
    in_chromium(async |page| {
        open(page, "").await?;
        send(page, &["one"]).await?;
        wait_for_fate(page, 1, "echoed").await?;
        // Both in one task: nothing is drawn between them.
        let press = "const stage = document.querySelector('udp-echo').shadowRoot.querySelector('[part=stage]');
             for (let count = 0; count < COUNT; count += 1)
                 stage.dispatchEvent(new KeyboardEvent('keydown', { key: ' ', bubbles: true, composed: true, cancelable: true }));";
        page.script(&press.replace("COUNT", "2")).await?;
        page.frames(3).await?;
        page.wait_for_in_widget("it goes on", "[data-tool=pause][aria-pressed=false]").await?;
        send(page, &["two"]).await?;
        wait_for_fate(page, 2, "echoed").await?;
        page.script(&press.replace("COUNT", "3")).await?;
        page.wait_for_in_widget("paused", "[data-tool=pause][aria-pressed=true]").await?;
        page.script(&press.replace("COUNT", "1")).await?;
        page.wait_for_in_widget("it goes on", "[data-tool=pause][aria-pressed=false]").await
    })
    .await;
}

#[tokio::test]
async fn a_legend_of_signs_says_what_each_means() {
    in_chromium(async |page| {
        open(page, "").await?;
        let legend = page
            .in_widget("return [...root.querySelectorAll('[part=legend-item]')].map((item) => item.textContent.trim())")
            .await?;
        let legend: Vec<String> = serde_json::from_value(legend)?;
        for words in ["arrives", "lost on the link", "order changes", "comes twice", "waits in the link's queue"] {
            ensure!(legend.iter().any(|item| item.ends_with(words)), "{words}: {legend:?}");
        }
        Ok(())
    })
    .await;
}

/// What stands in the boxes: sent, received, written, read.
async fn boxes(page: &Page) -> Result<Value> {
    page.wait_for(
        "the answers",
        "const root = document.querySelector('udp-echo').shadowRoot;
         const boxes = [...root.querySelectorAll('[part=boxes]')].map((list) => [...list.children].map((box) => box.textContent));
         return boxes[1].length === 3 && boxes[3].length > 0 && boxes",
    )
    .await
}

#[tokio::test]
async fn three_sends_are_three_receives_and_a_byte_stream_merges_them() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        let three = json!(["one", "two", "three"]);
        crate::first_echo::open_live(page, &host).await?;
        for mode in ["live", "simulated"] {
            page.wait_for_in_widget("the strips", "[data-tool=three]")
                .await?;
            tool(page, "three").await?;
            let boxes = boxes(page).await?;
            ensure!(
                boxes[0] == three && boxes[1] == three && boxes[2] == three,
                "{mode}: {boxes}"
            );
            let read: String = boxes[3]
                .as_array()
                .context("a list")?
                .iter()
                .filter_map(Value::as_str)
                .collect();
            ensure!(read == "onetwothree", "{mode}: {boxes}");
            let said = page
                .in_widget("return root.querySelector('[part=strips]').textContent")
                .await?;
            let says_so = said
                .as_str()
                .is_some_and(|text| text.contains("Simulated: a real TCP connection needs"));
            ensure!(says_so == (mode == "simulated"), "{mode}: {said}");
            page.script("document.querySelector('udp-echo').setAttribute('mode', 'simulated')")
                .await?;
            page.wait_for_state("simulated").await?;
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_number_out_of_range_is_told_beside_its_field_and_the_link_stays() {
    in_chromium(async |page| {
        open(page, "").await?;
        page.in_widget("root.querySelector('[part=more]').open = true; root.querySelector('[data-preset=satellite]').click()").await?;
        page.wait_for_in_widget("the preset", "[data-preset=satellite][aria-pressed=true]").await?;
        let source = page.in_widget("return root.querySelector('[part=source]').textContent").await?;
        ensure!(source.as_str().is_some_and(|text| text.contains("ITU-T G.114")), "{source}");
        page.in_widget(
            "const input = root.querySelector('[data-name=loss] input');
             input.value = '101';
             input.dispatchEvent(new InputEvent('input', { bubbles: true }))",
        )
        .await?;
        let row = "const row = root.querySelector('[data-name=loss]');
            return [row.querySelector('[part=complaint]').textContent, row.querySelector('input').value,
                row.querySelector('input').getAttribute('aria-invalid'), root.querySelector('[part=netem]').textContent]";
        let row = page.in_widget(row).await?;
        ensure!(row[0].as_str().is_some_and(|text| text.contains("0 to 100")), "{row}");
        ensure!(row[1] == json!("101") && row[2] == json!("true"), "what was typed stays: {row}");
        ensure!(row[3].as_str().is_some_and(|text| text.contains("delay 270ms 10ms loss 0.5%")), "the link stays: {row}");
        page.in_widget("root.querySelector('[data-tool=reset]').click()").await?;
        page.wait_for_in_widget("nothing unusual", "[data-preset=loopback][aria-pressed=true]").await?;
        let after = page.in_widget("const row = root.querySelector('[data-name=loss]'); return [row.querySelector('input').value, row.querySelector('[part=complaint]').textContent]").await?;
        ensure!(after == json!(["0", ""]), "{after}");
        Ok(())
    })
    .await;
}
