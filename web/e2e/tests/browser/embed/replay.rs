//! Recorded runs on a page of somebody's: from a file, and from inside the element.

use anyhow::{Result, ensure};
use serde_json::json;

use super::site::Site;
use crate::browser::in_chromium;
use crate::page::Page;

/// Counts the sockets that a page opens.
const COUNT_SOCKETS: &str = "<script>globalThis.sockets = [];
    globalThis.WebSocket = class extends WebSocket {
        constructor(...all) { super(...all); sockets.push(all[0]); }
    };</script>";

/// A run that `export()` gave, as the snippets show it.
const RUN: &str = include_str!("../../../../../www/embed/run.json");

/// What was loaded of us for a page that shows a recording, and the sockets it opened.
async fn shows_the_run(page: &Page, address: &str) -> Result<()> {
    page.open(address).await?;
    page.wait_for_state("replay").await?;
    page.wait_for_in_widget(
        "a datagram of the run",
        "tr[data-number='1'][data-fate=echoed]",
    )
    .await?;
    page.wait_for_in_widget("the dots", "[part=dot]").await?;
    page.wait_for_network_silence().await?;
    let loads = "return performance.getEntriesByType('resource').map(({ name }) => name.split('/').pop()).filter((name) => name.endsWith('.wasm')).sort()";
    let loads = page.script(loads).await?;
    // The core, what reads recordings, and the dots: no simulator.
    let needed = json!([
        "udp-echo-motion_bg.wasm",
        "udp-echo-runs_bg.wasm",
        "udp-echo-web_bg.wasm"
    ]);
    ensure!(loads == needed, "{address} loaded {loads}");
    let sockets = page.script("return sockets").await?;
    ensure!(sockets == json!([]), "{address} opened {sockets}");
    Ok(())
}

#[tokio::test]
async fn a_recorded_run_loads_no_simulator_and_opens_no_socket() {
    let mut site = Site::new().await.unwrap();
    site.bundle("/udp/").unwrap();
    let head = format!(
        "<!doctype html><title>t</title>{COUNT_SOCKETS}<script type=module src=/udp/udp-echo.js></script>"
    );
    let from_file = "<udp-echo mode=replay src=/udp/embed/run.json></udp-echo>";
    site.page("/file", "", &format!("{head}{from_file}"));
    let inside =
        format!("<udp-echo mode=replay><script type='application/json'>{RUN}</script></udp-echo>");
    site.page("/inside", "", &format!("{head}{inside}"));
    site.page("/live", "", &format!("{head}<udp-echo></udp-echo>"));
    let origin = site.serve();
    in_chromium(async |page| {
        shows_the_run(page, &format!("{origin}/file")).await?;
        shows_the_run(page, &format!("{origin}/inside")).await?;
        page.assert_console_is_clean().await?;
        // What looks for a host is counted: else none would be.
        page.open(&format!("{origin}/live")).await?;
        page.wait_for("a socket", "return sockets.length").await?;
        // The failures of the search are in the console when it is over.
        page.wait_for_state("simulated").await?;
        page.wait_for_network_silence().await?;
        page.console().await?;
        Ok(())
    })
    .await;
}
