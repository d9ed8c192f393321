//! The lab: sliders and their effect on one screen, and the same link for other machines.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use thirtyfour::Key;

use crate::browser::in_chromium;
use crate::embed::site::Site;
use crate::page::{Page, Scheme};
use test_support::host::TestServer;

/// A simulated element with the lab, on a page of its own.
async fn open(page: &Page, attributes: &str) -> Result<()> {
    let mut site = Site::new().await?;
    site.bundle("/udp/")?;
    let element = format!(
        "<!doctype html><title>t</title><script type=module src=/udp/udp-echo.js></script>
         <udp-echo mode=simulated view=lab seed=1 timeout=30000 {attributes}></udp-echo>"
    );
    site.page("/", "", &element);
    page.open(&site.serve()).await?;
    page.wait_for_in_widget("the sliders", "[part=range]").await
}

/// Puts the focus on a slider.
async fn focus(page: &Page, slider: &str) -> Result<()> {
    page.in_widget(&format!("root.querySelector('#slider-{slider}').focus()"))
        .await?;
    Ok(())
}

/// What each slider says: its name, its value as it is seen and as it is heard.
async fn values(page: &Page) -> Result<Value> {
    page.in_widget(
        "return [...root.querySelectorAll('[part=slider]')].map((slider) => {
             const input = slider.querySelector('input[type=range]');
             const seen = slider.querySelector('[part=slider-value]').textContent;
             if (input.getAttribute('aria-valuetext') !== seen) return [input.labels[0].textContent, seen, input.getAttribute('aria-valuetext')];
             return [input.labels[0].textContent, seen];
         })",
    )
    .await
}

/// Presses "Send 20", and waits until the sentence says this.
async fn send_20(page: &Page, sentence: &str) -> Result<()> {
    page.press_in_widget("[data-tool=send]").await?;
    let wanted = Value::from(sentence);
    let read = "document.querySelector('udp-echo').shadowRoot.querySelector('[part=effect-text]').textContent";
    let is_said = format!("return {read} === {wanted}");
    if page.wait_for(sentence, &is_said).await.is_err() {
        let said = page.script(&format!("return {read}")).await?;
        anyhow::bail!("it says {said}, and not {sentence:?}");
    }
    Ok(())
}

#[tokio::test]
async fn sliders_say_in_words_what_they_do_and_twenty_datagrams_show_it() {
    in_chromium(async |page| {
        open(page, "").await?;
        let title = page
            .in_widget("return root.querySelector('[part=lab] > summary').textContent")
            .await?;
        ensure!(title == "Make the network worse", "{title}");
        let nothing = json!([
            ["Loss", "none"],
            ["Delay", "none added"],
            ["Order", "kept"],
            ["Duplicates", "none"]
        ]);
        ensure!(values(page).await? == nothing, "{}", values(page).await?);
        send_20(page, "Newest 20: 20 echoed.").await?;

        focus(page, "loss").await?;
        page.press(Key::End).await?;
        ensure!(
            values(page).await?[0] == json!(["Loss", "all lost"]),
            "{}",
            values(page).await?
        );
        send_20(page, "Newest 20: 20 lost on the link.").await?;

        page.press_in_widget("[data-tool=reset]").await?;
        focus(page, "duplicates").await?;
        page.press(Key::End).await?;
        ensure!(
            values(page).await?[3] == json!(["Duplicates", "all arrive twice"]),
            "{}",
            values(page).await?
        );
        send_20(page, "Newest 20: 20 echoed, 20 twice.").await?;

        // Overtaking brings the delay that it needs.
        page.press_in_widget("[data-tool=reset]").await?;
        focus(page, "order").await?;
        page.press(Key::End + Key::Left).await?;
        let moved = values(page).await?;
        ensure!(
            moved
                == json!([
                    ["Loss", "none"],
                    ["Delay", "100 ms"],
                    ["Order", "1 in 4 overtakes"],
                    ["Duplicates", "none"]
                ]),
            "{moved}"
        );
        page.press_in_widget("[data-tool=send]").await?;
        let said = page
            .wait_for(
                "all twenty",
                "const root = document.querySelector('udp-echo').shadowRoot;
                 const said = root.querySelector('[part=effect-text]').textContent;
                 return /^Newest 20: 20 echoed, [1-9][0-9]* overtaken[.]$/.test(said)
                     && [said, root.querySelectorAll('[part=tally-mark][data-overtaken]').length]",
            )
            .await?;
        let count = said[1].as_u64().context("a count")?;
        ensure!(
            said[0] == format!("Newest 20: 20 echoed, {count} overtaken."),
            "{said}"
        );
        page.press_in_widget("[data-tool=reset]").await?;
        ensure!(values(page).await? == nothing, "{}", values(page).await?);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_fate_has_the_same_colour_and_sign_in_the_rows_and_among_the_newest_twenty() {
    in_chromium(async |page| {
        open(page, "").await?;
        let marks = async |fate: &str| {
            page.in_widget(&format!(
                "return ['[data-fate={fate}] [part=fate-word]', '[part=tally-mark][data-fate={fate}]'].map((place) => {{
                   const mark = root.querySelector(place);
                   const sign = getComputedStyle(mark, '::before');
                   const colour = place.startsWith('[part=tally') ? getComputedStyle(mark) : sign;
                   return [sign.content.slice(0, 3), colour.backgroundColor];
                 }})"
            ))
            .await
        };
        send_20(page, "Newest 20: 20 echoed.").await?;
        let echoed = json!(["\"✓\"", "rgb(0, 158, 115)"]);
        ensure!(marks("echoed").await? == json!([echoed, echoed]), "{}", marks("echoed").await?);

        focus(page, "loss").await?;
        page.press(Key::End).await?;
        send_20(page, "Newest 20: 20 lost on the link.").await?;
        let dropped = json!(["\"↓\"", "rgb(230, 159, 0)"]);
        ensure!(marks("dropped").await? == json!([dropped, dropped]), "{}", marks("dropped").await?);
        Ok(())
    })
    .await;
}

/// Each live region that changes would be read out beside the slider's own value.
#[tokio::test]
async fn each_step_of_a_slider_is_announced_once() {
    in_chromium(async |page| {
        open(page, "").await?;
        page.in_widget(
            "globalThis.heard = [];
             const isLive = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest('[role=status], [role=alert], [role=log]:not([aria-live=off]), [aria-live]:not([aria-live=off])');
             new MutationObserver((list) => list.forEach(({ type, target, attributeName }) => {
                 if (type === 'attributes') heard.push(`${target.id}: ${target.getAttribute(attributeName)}`);
                 else if (isLive(target)) heard.push(`live: ${target.textContent}`);
             })).observe(root, { subtree: true, childList: true, characterData: true, attributeFilter: ['aria-valuetext'] });",
        )
        .await?;
        focus(page, "loss").await?;
        let top = "root.activeElement.getBoundingClientRect().top";
        page.in_widget(&format!("globalThis.began = {top}")).await?;
        page.press(Key::Right).await?;
        page.press(Key::Right).await?;
        page.frames(3).await?;
        let heard = page.script("return heard").await?;
        ensure!(heard == json!(["slider-loss: 1 in 100 lost", "slider-loss: 1 in 50 lost"]), "{heard}");
        // The keys are the slider's: they do not move it away by scrolling the page, nor turn those of a book.
        let at = format!("return [root.activeElement.id, root.activeElement.value, Math.round({top} - began)]");
        let at = page.in_widget(&at).await?;
        ensure!(at == json!(["slider-loss", "2", 0]), "{at}");
        Ok(())
    })
    .await;
}

/// Counts the links that a page asks its host for.
const COUNT_LINKS: &str = "globalThis.links = 0;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
        if (typeof data === 'string' && data.startsWith('{\"lab\"')) links += 1;
        return send.call(this, data);
    }";

/// A host takes so many control messages a second, and ends the session of who sends more.
#[tokio::test]
async fn a_slider_that_is_dragged_about_asks_the_host_for_the_last_link_and_not_for_each() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.before_each_page(COUNT_LINKS).await?;
        page.open(&format!(
            "http://{}/embed?view=lab&timeout=30000",
            host.http()
        ))
        .await?;
        page.wait_for_state("live").await?;
        page.wait_for_in_widget("the sliders", "[part=range]")
            .await?;
        page.in_widget(
            "globalThis.links = 0;
             const input = root.querySelector('#slider-loss');
             for (let step = 0; step < 50; step += 1) {
                 input.value = String(step % 10);
                 input.dispatchEvent(new InputEvent('input', { bubbles: true }));
             }
             input.dispatchEvent(new Event('change', { bubbles: true }))",
        )
        .await?;
        page.wait_for("the link", "return globalThis.links > 0")
            .await?;
        page.frames(20).await?;
        let links = page.script("return links").await?;
        ensure!(links == 1, "{links} links for one move");
        ensure!(
            values(page).await?[0] == json!(["Loss", "all lost"]),
            "{}",
            values(page).await?
        );
        send_20(page, "Newest 20: 20 lost on the link.").await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn cause_and_effect_are_on_one_screen_and_on_a_wide_one_the_lab_stands_beside_the_picture() {
    in_chromium(async |page| {
        for (width, height) in [(390, 760), (1280, 800)] {
            page.emulate(width, height, Scheme::Light).await?;
            open(page, "").await?;
            send_20(page, "Newest 20: 20 echoed.").await?;
            let places = page
                .in_widget(
                    "root.querySelector('[part=sliders]').scrollIntoView({ block: 'start' });
                     const box = (selector) => root.querySelector(selector).getBoundingClientRect();
                     const [sliders, text, picture, lab] = ['[part=sliders]', '[part=effect-text]', '[data-ref=picture]', '[data-ref=lab]'].map(box);
                     const isBeside = picture.right <= lab.left && picture.top < lab.bottom && lab.top < picture.bottom;
                     return [sliders.top >= -1, text.bottom <= innerHeight, isBeside, document.documentElement.scrollWidth <= innerWidth]",
                )
                .await?;
            ensure!(places == json!([true, true, width > 1000, true]), "at {width}: {places}");
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn each_netem_line_is_for_one_machine_and_copied_by_itself() {
    in_chromium(async |page| {
        open(page, "loss='20 5' delay='100 30'").await?;
        page.wait_for("the link", "return document.querySelector('udp-echo').shadowRoot.querySelector('[data-ref=netem-there]').textContent.includes('loss 20%')")
            .await?;
        page.in_widget("root.querySelector('[part=more]').open = true").await?;
        let lines = page
            .in_widget(
                "return ['there', 'back', 'undo'].map((name) => {
                     const line = root.querySelector(`[data-ref=netem-${name}]`);
                     return [line.closest('pre').previousElementSibling.textContent, line.textContent, root.querySelector(`[data-tool=netem-${name}]`).textContent];
                 })",
            )
            .await?;
        let expected = json!([
            ["On the relay's machine, for the way to the server:", "sudo tc qdisc replace dev eth0 root netem delay 100ms loss 20%", "Copy the relay's line"],
            ["On the server's machine, for the way back:", "sudo tc qdisc replace dev eth0 root netem delay 30ms loss 5%", "Copy the server's line"],
            ["To undo it, on each of them:", "sudo tc qdisc del dev eth0 root", "Copy the line that undoes it"],
        ]);
        ensure!(lines == expected, "{lines}");
        for name in ["there", "back", "undo"] {
            page.press_in_widget(&format!("[data-tool=netem-{name}]")).await?;
            let selected = page
                .in_widget(&format!("return [String(getSelection()).trim() || String(root.getSelection?.() ?? '').trim(), root.querySelector('[data-ref=netem-{name}]').textContent, root.querySelector('[data-ref=copied]').textContent]"))
                .await?;
            ensure!(selected[0] == selected[1] && selected[2].as_str().is_some_and(|said| !said.is_empty()), "{name}: {selected}");
        }
        let one = page.in_widget("return root.querySelector('[data-word=netem-one]').textContent").await?;
        ensure!(one.as_str().is_some_and(|text| text.contains("both ways leave through its interface lo")), "{one}");
        Ok(())
    })
    .await;
}
