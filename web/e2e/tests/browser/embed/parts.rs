//! Every part that the modules draw is in the catalogue, and every part of the catalogue is drawn.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};

use super::failures::{TRAP, panics_and_begins_again};
use super::reference::names;
use super::site::{Answer, Site};
use crate::browser::in_chromium;
use crate::page::Page;

/// Notes the name of each part that ever stands in a widget.
const NOTE: &str = "const note = (root) => {
        for (const { part } of root.querySelectorAll('[part]')) part.forEach((name) => parts.add(name));
    };
    globalThis.parts = new Set();
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (options) {
        const root = attach.call(this, options);
        new MutationObserver(() => note(root)).observe(root, { subtree: true, childList: true, attributeFilter: ['part'] });
        return root;
    };";

/// What was noted since the page was opened.
async fn noted(page: &Page) -> Result<BTreeSet<String>> {
    let names = page.script("return [...parts]").await?;
    let names = names.as_array().context("a list of names")?;
    Ok(names
        .iter()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect())
}

/// Sends something to each fate, in all forms, with all panels open.
async fn draw_all(page: &Page) -> Result<()> {
    page.wait_for_state("simulated").await?;
    for panel in ["picture", "lab", "bytes"] {
        page.wait_for_in_widget(panel, &format!("[data-ref={panel}] *"))
            .await?;
    }
    page.script(
        "globalThis.element = document.querySelector('udp-echo');
         globalThis.settled = 0;
         for (const name of ['udp-echoed', 'udp-lost']) element.addEventListener(name, () => (settled += 1));
         element.burst(24, 1, new Uint8Array([0, 10, 32, 65, 195, 188, 226, 128, 174, 226, 130, 255, 240, 159, 153, 130, 9, 13, 127]));
         element.send('')",
    )
    .await?;
    page.wait_for("the fates", "return settled === 25").await?;
    page.wait_for_in_widget("the dots", "[part=dot]").await?;
    page.script("settled = 0; element.ask({ server: { buffer: 4 } }); element.ask({ server: { buffer: 4, listening: false } }); element.burst(8, 1, 'refused')")
        .await?;
    page.wait_for("the refusal", "return settled === 8").await?;
    page.script(
        "element.ask({ server: { buffer: 4, listening: true } }); element.burst(8, 1, 'cut short')",
    )
    .await?;
    page.wait_for("the cut", "return settled === 16").await?;
    // Three messages, as datagrams and as a stream.
    page.in_widget("root.querySelector('[data-tool=three]').click()")
        .await?;
    page.wait_for_in_widget("the messages of the stream", "[part=message-box]")
        .await?;
    // Each datagram is chosen, and its bytes are looked at in each place; then its steps. Panels that are slow to draw leave out
    // what is past already, so it is done again until a turned bit was seen.
    page.script(
        "const root = element.shadowRoot;
         const frame = () => new Promise(requestAnimationFrame);
         const click = async (target) => { target.click(); await frame(); await frame(); };
         return (async () => {
             for (let round = 0; round < 5 && !parts.has('turned'); round += 1) {
                 for (const row of root.querySelectorAll('tr[data-number]')) {
                     await click(row);
                     for (let place = 0; place < root.querySelectorAll('[part=radio]').length; place += 1)
                         await click(root.querySelectorAll('[part=radio]')[place]);
                 }
             }
             for (let step = 0; step < 9 && !parts.has('now'); step += 1)
                 await click(root.querySelector('[data-tool=next]'));
             await click(root.querySelector('[data-tool=follow]'));
         })()",
    )
    .await?;
    // Percentiles are told from twenty round trips on.
    page.script("element.burst(40, 1, 'more')").await?;
    page.wait_for_in_widget("the percentiles", "[part=percentile]")
        .await?;
    Ok(())
}

#[tokio::test]
async fn the_catalogue_lists_the_parts_that_are_drawn_and_no_others() {
    let mut site = Site::new().await.unwrap();
    site.bundle("/udp/").unwrap();
    let head = format!(
        "<!doctype html><title>t</title><script>{NOTE}{TRAP}</script><script type=module src=/udp/udp-echo.js></script>"
    );
    let link = "loss='20' delay='20' jitter='19' duplicate='20' reorder='20' corrupt='20' seed='7'";
    let full =
        format!("<udp-echo mode=simulated view=full loading=click timeout=500 {link}></udp-echo>");
    site.page("/", "", &[&head, full.as_str()].concat());
    // Without loss, so that what is sent after the panic is echoed.
    site.page(
        "/panic",
        "",
        &[&head, "<udp-echo mode=simulated view=full></udp-echo>"].concat(),
    );
    // Answers that come after the wait for them, and a silence between them of more than three flights.
    site.page(
        "/late",
        "",
        &[
            &head,
            "<udp-echo mode=simulated view=timeline delay=300 timeout=500 count=2 interval=3000 autosend></udp-echo>",
        ]
        .concat(),
    );
    // No module for one panel, and none at all.
    site.page(
        "/none",
        "default-src 'self' 'unsafe-inline'",
        &[&head, "<udp-echo></udp-echo>"].concat(),
    );
    let roles = "<udp-echo mode=simulated role=server></udp-echo><udp-echo mode=simulated role=client></udp-echo>";
    site.page("/roles", "", &[&head, roles].concat());
    let lacking = head.replace("/udp/", "/lacking/");
    site.bundle("/lacking/").unwrap();
    site.files.insert(
        "/lacking/udp-echo-lab_bg.wasm".to_owned(),
        Answer::file("text/plain", "no module"),
    );
    site.page(
        "/lacking",
        "",
        &[&lacking, "<udp-echo mode=simulated view=lab></udp-echo>"].concat(),
    );
    let origin = site.serve();
    in_chromium(async |page| {
        page.emulate(1280, 900, crate::page::Scheme::Light).await?;
        page.open(&origin).await?;
        page.wait_for_in_widget("the button", "[part=start]")
            .await?;
        page.part("start").await?.click().await?;
        draw_all(page).await?;
        page.assert_console_is_clean().await?;
        let mut drawn = noted(page).await?;
        page.open(&format!("{origin}/panic")).await?;
        page.wait_for_state("simulated").await?;
        panics_and_begins_again(page, "return true").await?;
        drawn.extend(noted(page).await?);
        // A server and a client: a datagram that arrives, and one that nobody is there for.
        page.open(&format!("{origin}/roles")).await?;
        page.wait_for_state("simulated").await?;
        page.wait_for_in_widget("the port", "[part=port-field]").await?;
        let send = "document.querySelector('udp-echo[role=client]').send('x')";
        page.script(send).await?;
        page.wait_for_in_widget("the arrow", "[part=flight][data-end=arrives]").await?;
        page.press_in_widget("[part=start]").await?;
        page.script(send).await?;
        page.wait_for("the sign", "return document.querySelector('udp-echo[role=client]').shadowRoot.querySelector('[part=sign]')").await?;
        drawn.extend(noted(page).await?);
        for (path, part) in [
            ("late", "silence"),
            ("none", "error"),
            ("lacking", "chunk-error"),
        ] {
            page.open(&format!("{origin}/{path}")).await?;
            page.wait_for_in_widget(part, &format!("[part={part}]"))
                .await?;
            drawn.extend(noted(page).await?);
            page.console().await?;
        }
        let listed: BTreeSet<String> = names("cssParts").into_iter().collect();
        let missing: Vec<_> = drawn.difference(&listed).collect();
        let idle: Vec<_> = listed.difference(&drawn).collect();
        ensure!(
            missing.is_empty() && idle.is_empty(),
            "drawn and not in the catalogue: {missing:?}; in the catalogue and never drawn: {idle:?}"
        );
        Ok(())
    })
    .await;
}
