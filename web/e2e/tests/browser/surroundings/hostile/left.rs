//! A page that its reader leaves: browsers keep it for the way back, with everything in it.

use anyhow::ensure;
use serde_json::json;

use crate::browser::in_chromium;
use crate::embed::site::Site;
use crate::first_echo::wait_for_fate;
use crate::page::eventually;
use test_support::host::TestServer;

#[tokio::test]
async fn sessions_end_with_the_page_that_is_left_and_begin_again_on_the_way_back() {
    let host = TestServer::start(&["--allow-origin", "*"]).await;
    let mut site = Site::new().await.unwrap();
    let body = format!(
        "<!doctype html><title>t</title><script type=module src=http://{}/udp-echo.js></script>
         <udp-echo view=mini loading=eager></udp-echo><udp-echo role=server port=10000 loading=eager></udp-echo>",
        host.http()
    );
    site.page("/", "", &body);
    site.page("/other", "", "<!doctype html><title>another page</title>");
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        let all = "return [...document.querySelectorAll('udp-echo')].every(({ state }) => state === 'live')";
        page.wait_for("both programs", all).await?;
        page.script("globalThis.kept = true; document.querySelector('udp-echo').send('before')").await?;
        wait_for_fate(page, 1, "echoed").await?;
        ensure!(host.sessions() == 2, "{} sessions", host.sessions());
        page.script("location.href = '/other'").await?;
        page.wait_for("the other page", "return document.title === 'another page'").await?;
        eventually("the end of the sessions", async || Ok((host.sessions() == 0).then_some(()))).await?;
        page.back().await?;
        page.wait_for("the way back", all).await?;
        let kept = page.script("return globalThis.kept").await?;
        ensure!(kept == json!(true), "the browser has loaded the page anew");
        ensure!(host.sessions() == 2, "{} sessions", host.sessions());
        page.script("document.querySelector('udp-echo').send('after')").await?;
        wait_for_fate(page, 2, "echoed").await
    })
    .await;
    host.shutdown().await;
}
