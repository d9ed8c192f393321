//! Every way to fail: the element says why, in a sentence with the line to add.
//!
//! The browser logs what failed as well, so that these tests empty the console themselves.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::site::{Answer, Site, strict};
use super::tls::Tls;
use crate::browser::in_chromium;
use crate::page::Page;
use test_support::host::TestServer;

/// A page with a widget whose loader is at this address.
fn page_with(loader: &str, attributes: &str) -> String {
    format!(
        "<!doctype html><title>t</title><script type=\"module\" src=\"{loader}\"></script>\
         <udp-echo {attributes}><pre>what an exchange looks like</pre></udp-echo>"
    )
}

/// A site with the bundle in `/udp/` and a page that loads it from there.
async fn site_with_bundle(policy: &str) -> Result<Site> {
    let mut site = Site::new().await?;
    site.bundle("/udp/")?;
    site.page(
        "/",
        policy,
        &page_with("/udp/udp-echo.js", "mode=simulated"),
    );
    Ok(site)
}

/// Opens a page and expects the widget to fail with this code, and this in the line to add. The fallback still shows.
async fn expect_failure(page: &Page, url: &str, code: &str, hint: &str) -> Result<()> {
    page.open(url).await?;
    page.wait_for_in_widget(code, &format!("[part=error][data-code=\"{code}\"]"))
        .await?;
    let said = page
        .in_widget("return root.querySelector('[part=hint]').textContent")
        .await?;
    ensure!(
        said.as_str().is_some_and(|said| said.contains(hint)),
        "the line to add: {said}"
    );
    let fallback = page
        .script("return document.querySelector('udp-echo pre').checkVisibility()")
        .await?;
    ensure!(
        fallback == Value::Bool(true),
        "what stands in the element does not show"
    );
    let height = page
        .script("return document.querySelector('udp-echo').offsetHeight < 300")
        .await?;
    ensure!(height == Value::Bool(true), "room for what never comes");
    let offline = page
        .script("return document.querySelector('udp-echo').matches(':state(offline)')")
        .await?;
    ensure!(offline == Value::Bool(true), "the state is not offline");
    page.console().await?;
    Ok(())
}

#[tokio::test]
async fn a_policy_without_wasm_is_named() {
    let policy = "default-src 'self'";
    let origin = site_with_bundle(policy).await.unwrap().serve();
    in_chromium(async |page| expect_failure(page, &origin, "csp-wasm", "'wasm-unsafe-eval'").await)
        .await;
}

#[tokio::test]
async fn a_policy_that_forbids_a_file_is_named_with_its_directive() {
    let files = {
        let mut site = Site::named("files.example").await.unwrap();
        site.bundle("/").unwrap();
        site.serve()
    };
    let policy = format!("script-src {files} 'wasm-unsafe-eval'; connect-src 'none'");
    let mut site = Site::new().await.unwrap();
    site.page(
        "/",
        &policy,
        &page_with(&format!("{files}/udp-echo.js"), "mode=simulated"),
    );
    let origin = site.serve();
    in_chromium(async |page| {
        expect_failure(page, &origin, "csp", &format!("connect-src {files}")).await
    })
    .await;
}

#[tokio::test]
async fn a_script_of_the_wrong_type_is_named_with_the_right_one() {
    let mut site = site_with_bundle("").await.unwrap();
    let glue = site.files.get_mut("/udp/udp-echo-web.js").unwrap();
    glue.kind = "text/plain";
    let origin = site.serve();
    in_chromium(async |page| {
        expect_failure(page, &origin, "wrong-type", "Content-Type: text/javascript").await
    })
    .await;
}

#[tokio::test]
async fn wasm_of_the_wrong_type_works_all_the_same() {
    let mut site = site_with_bundle("").await.unwrap();
    site.files
        .get_mut("/udp/udp-echo-web_bg.wasm")
        .unwrap()
        .kind = "application/octet-stream";
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("simulated").await
    })
    .await;
}

#[tokio::test]
async fn files_that_other_origins_may_not_read_are_named_with_the_header() {
    let files = {
        let mut site = Site::named("files.example").await.unwrap();
        site.bundle("/").unwrap();
        site.files
            .get_mut("/udp-echo-web_bg.wasm")
            .unwrap()
            .headers
            .clear();
        site.serve()
    };
    let mut site = Site::new().await.unwrap();
    site.page(
        "/",
        "",
        &page_with(&format!("{files}/udp-echo.js"), "mode=simulated"),
    );
    let origin = site.serve();
    in_chromium(async |page| {
        expect_failure(page, &origin, "cors", "Access-Control-Allow-Origin: *").await
    })
    .await;
}

#[tokio::test]
async fn a_missing_file_is_named_even_where_the_server_answers_with_a_page() {
    for answer in [
        None,
        Some(Answer::page("", "<!doctype html>the front page")),
    ] {
        let mut site = site_with_bundle("").await.unwrap();
        match answer {
            Some(answer) => site
                .files
                .insert("/udp/udp-echo-web_bg.wasm".to_owned(), answer),
            None => site.files.remove("/udp/udp-echo-web_bg.wasm"),
        };
        let origin = site.serve();
        in_chromium(async |page| {
            expect_failure(page, &origin, "file-missing", "udp-echo-web_bg.wasm").await
        })
        .await;
    }
}

#[tokio::test]
async fn a_chunk_that_is_missing_is_named_and_the_widget_goes_on_without_it() {
    let mut site = site_with_bundle("").await.unwrap();
    let host = TestServer::start(&["--allow-origin", &site.origin]).await;
    site.files.remove("/udp/udp-echo-lab_bg.wasm");
    // The link that attributes name needs no chunk.
    site.files.remove("/udp/udp-echo-simulator_bg.wasm");
    let relay = format!("relay=http://{} view=lab delay=1", host.http());
    site.page("/", "", &page_with("/udp/udp-echo.js", &relay));
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("live").await?;
        page.wait_for_in_widget("the sentence in its place", "[data-ref=lab] [role=alert]")
            .await?;
        let said = page
            .in_widget("return root.querySelector('[data-ref=lab]').textContent")
            .await?;
        ensure!(
            said.as_str()
                .is_some_and(|text| text.contains("udp-echo-lab_bg.wasm is missing")),
            "{said}"
        );
        page.script("document.querySelector('udp-echo').send('all the same')")
            .await?;
        page.wait_for_in_widget("the echo", "tr[data-fate=echoed]")
            .await?;
        page.console().await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_file_of_another_version_is_not_run() {
    let mut site = site_with_bundle("").await.unwrap();
    let glue = site.files.get_mut("/udp/udp-echo-web.js").unwrap();
    glue.body.extend(b"\nglobalThis.strange = true;\n");
    let origin = site.serve();
    in_chromium(async |page| {
        expect_failure(page, &origin, "version-mismatch", "cargo xtask dist").await?;
        let ran = page.script("return 'strange' in globalThis").await?;
        ensure!(ran == Value::Bool(false), "the strange file ran");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_page_that_was_opened_as_a_file_is_told_to_be_served() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = crate::places::bundle();
    for name in [
        "udp-echo.classic.js",
        "udp-echo-web.js",
        "udp-echo-web_bg.wasm",
        "udp-echo.css",
    ] {
        std::fs::copy(bundle.join(name), folder.path().join(name)).unwrap();
    }
    let html = page_with("udp-echo.classic.js", "mode=simulated").replace("type=\"module\"", "");
    std::fs::write(folder.path().join("page.html"), html).unwrap();
    let url = format!("file://{}/page.html", folder.path().display());
    in_chromium(async |page| {
        expect_failure(page, &url, "file-page", "python3 -m http.server").await
    })
    .await;
}

#[tokio::test]
async fn a_browser_that_lacks_something_is_told_what() {
    let mut site = site_with_bundle("").await.unwrap();
    let old = "<script>CSS.supports = () => false</script>";
    let html = format!("{old}{}", page_with("/udp/udp-echo.js", "mode=simulated"));
    site.page("/", "", &html);
    let origin = site.serve();
    in_chromium(async |page| expect_failure(page, &origin, "old-browser", "Chrome 123").await)
        .await;
}

#[tokio::test]
async fn a_loader_whose_folder_is_gone_says_where_it_looked() {
    let mut site = site_with_bundle("").await.unwrap();
    site.files
        .retain(|path, _| !path.starts_with("/udp/") || path == "/udp/udp-echo.js");
    let origin = site.serve();
    in_chromium(async |page| expect_failure(page, &origin, "unreachable", "udp-echo serve").await)
        .await;
}

#[tokio::test]
async fn a_panic_in_wasm_is_said_and_the_widget_begins_again() {
    let mut site = site_with_bundle("").await.unwrap();
    let html = format!(
        "<script>{TRAP}</script>{}",
        page_with("/udp/udp-echo.js", "mode=simulated")
    );
    site.page("/", "", &html);
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("simulated").await?;
        panics_and_begins_again(page, "return true").await
    })
    .await;
}

/// What the browser's clock throws passes through the module as a trap of its own would.
pub(super) const TRAP: &str = "
    const now = performance.now.bind(performance);
    performance.now = () => {
        if (!globalThis.trap) return now();
        trap = false;
        throw new WebAssembly.RuntimeError('unreachable');
    };";

/// Springs the [`TRAP`] of a page whose widget simulates, and sends once it is back and this script finds it ready.
pub(super) async fn panics_and_begins_again(page: &Page, ready: &str) -> Result<()> {
    page.script(
        "globalThis.codes = [];
         addEventListener('udp-error', (event) => codes.push(event.detail.code));
         // Whatever else asks for the time before the click must not spring it.
         addEventListener('click', () => (globalThis.trap = true), { capture: true, once: true })",
    )
    .await?;
    page.part("send").await?.click().await?;
    page.wait_for_in_widget("the restart", "[part=restarted]")
        .await?;
    page.wait_for_state("simulated").await?;
    page.wait_for("readiness after the restart", ready).await?;
    page.part("send").await?.click().await?;
    page.wait_for_in_widget("an echo after the restart", "tr[data-fate=echoed]")
        .await?;
    let codes = page.script("return codes.join()").await?;
    ensure!(codes == "panic", "events: {codes}");
    // The browser tells of the trap too.
    page.console().await?;
    Ok(())
}

#[tokio::test]
async fn without_a_relay_the_widget_simulates_and_says_that_no_host_answers() {
    let files = TestServer::start(&[]).await;
    let mut site = Site::new().await.unwrap();
    let host = format!("http://{}", files.http());
    // Nobody listens on the discard port.
    let relay = "relay=\"ws://127.0.0.1:9/relay\"";
    site.page("/", "", &page_with(&format!("{host}/udp-echo.js"), relay));
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("simulated").await?;
        let detail = page
            .in_widget("return root.querySelector('[part=detail]').textContent")
            .await?;
        ensure!(
            detail
                .as_str()
                .is_some_and(|text| text.contains("No host answers")),
            "{detail}"
        );
        page.part("send").await?.click().await?;
        page.wait_for_in_widget("a simulated echo", "tr[data-fate=echoed]")
            .await?;
        page.console().await?;
        Ok(())
    })
    .await;
    files.shutdown().await;
}

/// Opens a page and expects that the widget simulates, and that the sentence and the line to add are these; its last
/// `udp-error` carries the code.
async fn expect_no_way_to_the_host(
    page: &Page,
    url: &str,
    code: &str,
    said: [&str; 2],
) -> Result<()> {
    page.open(url).await?;
    page.script(
        "globalThis.codes = [];
         addEventListener('udp-error', ({ detail }) => codes.push(detail.code));
         document.querySelector('udp-echo').connect()",
    )
    .await?;
    page.wait_for_state("simulated").await?;
    page.wait_for_in_widget("the line to add", "[part=setting]:not(:empty)")
        .await?;
    let [why, setting] = said;
    for (part, expected) in [("detail", why), ("setting", setting)] {
        let text = page.part(part).await?.text().await?;
        ensure!(text.contains(expected), "{part}: {text}");
    }
    page.wait_for("the event", &format!("return codes.at(-1) === '{code}'"))
        .await?;
    // What the browser has against it, it logs as well.
    page.console().await?;
    Ok(())
}

#[tokio::test]
async fn a_relay_without_tls_is_named_on_a_page_that_came_over_https() {
    let mut site = site_with_bundle("").await.unwrap();
    // Nobody listens there, and nobody is asked.
    let relay = "relay=\"http://relay.example:9\" loading=click";
    site.page("/", "", &page_with("/udp/udp-echo.js", relay));
    let tls = Tls::before(&site.serve()).await.unwrap();
    in_chromium(async |page| {
        let said = ["relay.example:9", "relay=\"https://relay.example\""];
        expect_no_way_to_the_host(page, &tls.origin, "mixed-content", said).await
    })
    .await;
}

/// The refusal itself is the browser's own, given through its protocol. What is emulated: this page comes from this
/// machine, which Chromium lets reach this machine all the same, so that the connection fails because nobody listens.
#[tokio::test]
async fn a_reader_who_refused_the_page_this_machine_is_told_where_to_allow_it() {
    let mut site = site_with_bundle("").await.unwrap();
    let relay = "relay=\"http://127.0.0.1:9\" loading=click";
    site.page("/", "", &page_with("/udp/udp-echo.js", relay));
    let tls = Tls::before(&site.serve()).await.unwrap();
    in_chromium(async |page| {
        page.deny("loopback-network").await?;
        let said = ["127.0.0.1:9", "Apps on device"];
        expect_no_way_to_the_host(page, &tls.origin, "loopback-refused", said).await
    })
    .await;
}

#[tokio::test]
async fn the_strictest_policy_that_is_promised_lets_everything_through() {
    let mut site = Site::new().await.unwrap();
    let host = TestServer::start(&["--allow-origin", &site.origin]).await;
    let address = format!("http://{}", host.http());
    site.page(
        "/",
        &strict(&address),
        &page_with(&format!("{address}/udp-echo.js"), ""),
    );
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("live").await?;
        page.part("send").await?.click().await?;
        page.wait_for_in_widget("an echo", "tr[data-fate=echoed]")
            .await
    })
    .await;
    host.shutdown().await;
}
