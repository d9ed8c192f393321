//! The article around the widget: what stands beside what, contents that follow, questions before their answers, and its words.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::axe::assert_accessible_in_both_schemes;
use crate::browser::in_chromium;
use crate::first_echo::open_first;
use crate::page::{Page, Scheme};
use test_support::host::TestServer;

/// Sections whose program, drawing or experiment does not stand right of their text, on the same height; none at wide windows.
const APART: &str = "const apart = [];
    for (const section of document.querySelectorAll('.claim')) {
        const text = section.querySelector('.text').getBoundingClientRect();
        const beside = section.querySelector('.beside').getBoundingClientRect();
        if (!(beside.left >= text.right && Math.abs(beside.top - text.top) < 40 && beside.width >= text.width)) apart.push(section.id);
    }
    return apart";

/// The links of the contents that are marked as where the reader is.
const CURRENT: &str =
    "return [...document.querySelectorAll('.contents [aria-current]')].map((link) => link.hash)";

/// Text that can be seen without opening anything.
const SEEN: &str = "return [...document.querySelectorAll('.article :is(h2, p, li, th, td, figcaption, pre, a, legend)')]
    .filter((node) => node.checkVisibility()).map((node) => node.textContent).join('\\n')";

async fn go_to(page: &Page, id: &str) -> Result<()> {
    page.script(&format!(
        "document.getElementById('{id}').scrollIntoView({{ behavior: 'instant' }})"
    ))
    .await?;
    page.wait_for(
        &format!("the contents to follow to {id}"),
        &format!("const marked = (() => {{ {CURRENT} }})(); return marked.length === 1 && marked[0] === '#{id}'"),
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn beside_each_text_stands_its_program_drawing_or_experiment_and_the_contents_follow() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        for width in [1280, 1920] {
            page.emulate(width, 900, Scheme::Light).await?;
            open_first(page, &host).await?;
            ensure!(page.script(APART).await? == json!([]), "at {width} pixels");
        }
        let listed = page
            .script(
                "const links = [...document.querySelectorAll('.contents a')].map((link) => link.hash.slice(1));
                 const sections = [...document.querySelectorAll('.sections > section')].map((section) => section.id);
                 return [links, sections]",
            )
            .await?;
        ensure!(listed[0] == listed[1], "contents and sections: {listed}");
        for id in ["boundaries", "client", "experiments"] {
            go_to(page, id).await?;
            let in_sight = page
                .script("const { top, bottom } = document.querySelector('.contents').getBoundingClientRect(); return top >= 0 && bottom <= innerHeight")
                .await?;
            ensure!(in_sight == true, "the contents leave with {id}");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn in_a_narrow_window_the_contents_are_a_bar_that_names_the_section_opens_and_closes() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.emulate(390, 900, Scheme::Light).await?;
        open_first(page, &host).await?;
        let is_open = "return document.querySelector('.contents details').open";
        ensure!(page.script(is_open).await? == false);
        go_to(page, "client").await?;
        let bar = page
            .script("const { top, height } = document.querySelector('.contents').getBoundingClientRect(); return [top, height < 60, document.querySelector('.contents summary').textContent]")
            .await?;
        ensure!(bar == json!([0, true, "ContentsWho has a port, and when?"]), "{bar}");
        page.click(".contents summary").await?;
        ensure!(page.script(is_open).await? == true);
        page.click(".contents a[href='#buffer']").await?;
        page.wait_for("the list to close", &format!("return !(() => {{ {is_open} }})()")).await?;
        // The heading does not hide behind the bar, not that with the longest name either.
        for section in ["buffer", "race"] {
            page.script(&format!("location.hash = '#{section}'")).await?;
            go_to(page, section).await?;
            page.wait_for(
                section,
                &format!("return document.getElementById('h-{section}').getBoundingClientRect().top >= document.querySelector('.contents').getBoundingClientRect().bottom - 1"),
            )
            .await?;
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

/// What experiments show, in the words of their answers.
const RESULTS: [&str; 12] = [
    "Three sends are three",
    "no connection",
    "Connection refused",
    "refuses 65,508",
    "Message too long",
    "About 40",
    "Nobody notices",
    "Nothing. Each datagram stands for itself",
    "picks a free port",
    "carries the address and the port that it came from",
    "with a length of 0",
    "They are gone",
];

#[tokio::test]
async fn no_answer_shows_before_it_is_asked_for_or_its_experiment_is_done() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.emulate(1280, 900, Scheme::Light).await?;
        open_first(page, &host).await?;
        let seen = page.script(SEEN).await?;
        let seen = seen.as_str().context("a text")?;
        ensure!(seen.contains("Who notices a loss?"), "{seen}");
        for result in RESULTS {
            ensure!(!seen.contains(result), "{result:?} is told before the question");
        }
        page.click(".contents button").await?;
        let seen = page.script(SEEN).await?;
        let seen = seen.as_str().context("a text")?.to_owned();
        for result in RESULTS.iter().filter(|result| **result != "About 40") {
            ensure!(seen.contains(result), "no answer says {result:?}: {seen}");
        }
        assert_accessible_in_both_schemes(page, "all answers").await?;
        page.emulate(1280, 900, Scheme::Light).await?;
        page.click(".contents button").await?;
        let open = "return [...document.querySelectorAll('.answer[open]')].map(({ dataset }) => dataset.after)";
        ensure!(page.script(open).await? == json!([]));
        // Its experiment opens an answer, and no other.
        page.script("location.hash = '#experiment=buffer&mode=simulated'").await?;
        page.wait_for("its element", "return document.querySelector('.elements udp-echo')?.state === 'simulated'").await?;
        page.click(".steps label:nth-of-type(2) input").await?;
        page.wait_for("a button to press", "return !document.querySelector('.actions button').hasAttribute('aria-disabled')").await?;
        page.click(".actions button").await?;
        page.wait_for("the answer", &format!("return (() => {{ {open} }})().join() === 'buffer'")).await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn the_relay_is_named_as_the_udp_client_whose_port_is_there_before_the_first_send() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open_first(page, &host).await?;
        let stations = page
            .in_widget("return [...root.querySelectorAll('[part=station]')].map((one) => one.textContent)")
            .await?;
        let relay = stations[1].as_str().context("the relay")?;
        let port = relay.strip_prefix("Relay, your UDP client127.0.0.1:");
        let port = port.with_context(|| format!("{stations}"))?;
        ensure!(port.parse::<u16>().is_ok_and(|port| port > 0), "{stations}");
        let rows = page.in_widget("return root.querySelectorAll('tr[data-number]').length");
        ensure!(rows.await? == 0, "something was sent");
        let said = page.script("return document.querySelector('#client .answer').textContent.replace(/\\s+/g, ' ')").await?;
        let said = said.as_str().context("a text")?;
        for sentence in [
            "It does so when a socket without a port sends for the first time, or when the program calls connect.",
            "With UDP, connect sends nothing; it only notes the other side.",
            "The relay is your UDP client. It opens a socket for you as soon as the widget is live, so you see the relay’s port before you send anything.",
        ] {
            ensure!(said.contains(sentence), "{sentence} is not in {said}");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn no_listing_is_clipped_and_no_code_is_translated() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.emulate(1280, 900, Scheme::Light).await?;
        open_first(page, &host).await?;
        page.script("document.querySelectorAll('details').forEach((one) => (one.open = true))").await?;
        let clipped = page
            .script("return [...document.querySelectorAll('main pre')].filter((pre) => pre.scrollWidth > pre.clientWidth).map((pre) => pre.textContent)")
            .await?;
        ensure!(clipped == json!([]), "{clipped}");
        for name in ["", "reference.html", "snippets.html", "#experiment=terminal&mode=live"] {
            page.open(&format!("http://{}/{name}", host.http())).await?;
            let drawn = match name.split('.').nth(1) {
                Some(_) => "return 'drawn' in document.documentElement.dataset",
                None if name.is_empty() => "return true",
                None => "return document.querySelector('.command code')",
            };
            page.wait_for(name, drawn).await?;
            let translated = page
                .script("return [...document.querySelectorAll('pre, code')].filter((code) => code.translate).map((code) => code.outerHTML.slice(0, 200))")
                .await?;
            ensure!(translated == json!([]), "{name}: {translated}");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn the_page_links_to_its_source_and_to_what_puts_it_into_another_tutorial() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open_first(page, &host).await?;
        let links = page
            .script("return [...document.querySelectorAll('header nav a')].filter((link) => link.checkVisibility()).map((link) => [link.textContent, link.getAttribute('href')])")
            .await?;
        ensure!(
            links
                == json!([
                    ["Put this in your own tutorial", "./snippets.html"],
                    ["Reference of the element", "./reference.html"],
                    ["Source", "./source.tgz"]
                ]),
            "{links}"
        );
        let archive = page
            .script_that_calls_back(
                "const done = arguments[arguments.length - 1];
                 fetch('./source.tgz').then(async (response) => done([response.status, ...new Uint8Array(await response.arrayBuffer()).slice(0, 2)]))",
            )
            .await?;
        ensure!(archive == json!([200, 0x1f, 0x8b]), "no gzip: {archive}");
        page.click("header nav a").await?;
        page.wait_for("the snippet maker", "return document.querySelector('h1').textContent === 'Put this in your own tutorial'")
            .await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}
