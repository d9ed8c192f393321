//! What policies forbid, and what attributes say.

use anyhow::ensure;
use serde_json::json;

use super::stranger;
use crate::browser::in_chromium;

#[tokio::test]
async fn trusted_types_change_nothing_with_and_without_an_allow_list() {
    for list in ["", "; trusted-types 'none'", "; trusted-types theirs"] {
        let policy = format!("require-trusted-types-for 'script'{list}");
        let body = "<udp-echo mode=simulated view=full></udp-echo>";
        let address = stranger(&policy, "", body).await.unwrap();
        in_chromium(async |page| {
            page.open(&address).await?;
            page.wait_for_state("simulated").await?;
            for part in ["diagram", "lab", "byte-view"] {
                page.wait_for_in_widget(part, &format!("[part~={part}]"))
                    .await?;
            }
            page.script("document.querySelector('udp-echo').send('a')")
                .await?;
            page.wait_for_in_widget("the echo", "tr[data-fate=echoed]")
                .await
        })
        .await;
    }
}

#[tokio::test]
async fn a_throw_inside_the_start_ends_in_a_named_failure() {
    // A page that took away what the widget needs.
    let head = "<script>Element.prototype.toggleAttribute = () => { throw new TypeError('taken away') }</script>";
    let address = stranger("", head, "<udp-echo mode=simulated></udp-echo>").await;
    let address = address.unwrap();
    in_chromium(async |page| {
        page.open(&address).await?;
        page.script("document.querySelector('udp-echo').whenReady().catch(({ name }) => globalThis.failed = name)").await?;
        let failed = page.wait_for("the failure", "return globalThis.failed").await?;
        ensure!(failed == "panic", "{failed}");
        let said = page.in_widget("return root.querySelector('[part=error]').textContent").await?;
        ensure!(said.as_str().is_some_and(|text| text.contains("code stopped")), "{said}");
        // The browser's own lines about what was thrown.
        page.console().await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_boolean_attribute_that_says_false_is_not_set() {
    let body = "<udp-echo mode=simulated autosend=false></udp-echo>";
    let address = stranger("", "", body).await.unwrap();
    in_chromium(async |page| {
        page.open(&address).await?;
        page.wait_for_state("simulated").await?;
        let states = page
            .script(
                "const element = document.createElement('udp-echo');
                 const seen = [element.autosend];
                 for (const value of ['false', '', 'true']) {
                     element.setAttribute('autosend', value);
                     seen.push(element.autosend);
                 }
                 for (const value of [false, true, 'false']) {
                     element.autosend = value;
                     seen.push(element.hasAttribute('autosend'));
                 }
                 return seen",
            )
            .await?;
        ensure!(states == json!([false, false, true, true, false, true, false]), "{states}");
        // The first datagram is the one that is asked for.
        page.script("document.querySelector('udp-echo').send('asked for')").await?;
        page.wait_for_in_widget("its echo", "tr[data-number='1'][data-fate=echoed]").await?;
        let bytes = page.in_widget("return root.querySelectorAll('tr[data-number]').length + ' ' + root.querySelector('[part=bytes]').textContent").await?;
        ensure!(bytes == "1 9", "{bytes}");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn what_is_on_the_wire_is_not_translated_nor_corrected() {
    let body = "<udp-echo mode=simulated view=full></udp-echo>";
    let address = stranger("", "", body).await.unwrap();
    in_chromium(async |page| {
        page.open(&address).await?;
        page.wait_for_in_widget("the bytes", "[part=hex]").await?;
        page.wait_for_in_widget("the lab", "[part=netem]").await?;
        let wrong = page
            .in_widget(
                "const wire = root.querySelectorAll('[data-transcript]:not([data-transcript=link]) [part=lines], #message, [part=path], [part=setting], [part=about] span, #target, [part=stage], [part=netem], [part=hex], [part=text], [part=dump], [part=header-fields], [part=command], [part=boxes], tbody');
                 const fields = root.querySelectorAll('#message, [part=hex], [part=text], #seed');
                 return [...[...wire].filter((node) => !node.closest('[translate=no]')),
                     ...[...fields].filter((node) => node.getAttribute('spellcheck') !== 'false' || node.autocapitalize !== 'off' && node.autocapitalize !== 'none' || node.autocomplete !== 'off')]
                     .map((node) => node.outerHTML.slice(0, 80))",
            )
            .await?;
        ensure!(wrong == json!([]), "{wrong}");
        Ok(())
    })
    .await;
}
