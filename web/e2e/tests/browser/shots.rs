//! Pictures of every view, in `target/shots/`: `cargo xtask shots` makes them for somebody to look at.
//!
//! They are a test too: no view may be wider than its window, and none may leave an error in the console. `cargo verify`
//! leaves them out; what they check is checked there by [`crate::everyone`], in less time.

use anyhow::Result;

use crate::browser::in_chromium;
use crate::embed::site::Site;
use crate::exercises;
use crate::experiments;
use crate::first_echo::{open_first, wait_for_fate};
use crate::page::{Page, Scheme};
use crate::pictures::{picture, pictures};
use test_support::host::{HostProgram, TestServer};

mod run;

#[tokio::test]
async fn the_widget_and_the_article() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open_first(page, &host).await?;
        pictures(page, "live", Some("#live")).await?;
        let send = page.part("send").await?;
        for number in 1..=3 {
            send.click().await?;
            wait_for_fate(page, number, "echoed").await?;
        }
        pictures(page, "echoed", Some("#live")).await?;
        // Every widget of the article has to be seen once to be there.
        page.script("document.querySelectorAll('udp-echo').forEach((one) => one.connect())")
            .await?;
        page.wait_for(
            "every widget",
            "return [...document.querySelectorAll('udp-echo')].every((one) => one.state === 'live')",
        )
        .await?;
        pictures(page, "article", None).await?;
        for width in [320, 2560] {
            page.emulate(width, 900, Scheme::Light).await?;
            picture(page, &format!("article-{width}-light"), None).await?;
        }
        for view in ["mini", "transcript", "timeline", "lab", "full"] {
            page.script(&format!("document.querySelector('#live').view = '{view}'"))
                .await?;
            // A part of the view may have to be loaded, which nothing on the page tells.
            page.wait_for_network_silence().await?;
            pictures(page, &format!("view-{view}"), Some("#live")).await?;
        }
        page.in_widget(
            "root.querySelector('tr[data-number]').click();
            root.querySelector('[part=copy]').open = true;
            const hex = root.querySelector('[part=hex]');
            hex.value = '54 6g';
            hex.dispatchEvent(new InputEvent('input', { bubbles: true }))",
        )
        .await?;
        pictures(page, "bytes", Some("#live")).await?;
        page.script("document.querySelector('#live').mode = 'simulated'")
            .await?;
        page.wait_for_state("simulated").await?;
        pictures(page, "simulated", Some("#live")).await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn the_exercises() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.emulate(1280, 900, Scheme::Light).await?;
        exercises::open(page, &host, "?seed=7", "count").await?;
        pictures(page, "exercises-count", Some("#exercises")).await?;
        // Nearly right: copies hide losses.
        page.script_that_calls_back(
            "const done = arguments[arguments.length - 1];
             fetch('./exercise-count-solution.py').then((response) => response.text()).then((text) => {
                 document.getElementById('exercise-count-program').program = text.replace('lost {total - len(seen)}', 'lost {total - received}');
                 done(true);
             })",
        )
        .await?;
        exercises::check(page, "count", "2 of 5 cases passed.").await?;
        page.script("for (const one of document.querySelectorAll('#exercise-count :is(.hint, .record, .solution)')) one.open = true").await?;
        page.wait_for("the solution", "return document.querySelector('#exercise-count .solution code')").await?;
        pictures(page, "exercises-count-checked", Some("#exercise-count")).await?;
        exercises::open(page, &host, "", "pinger").await?;
        page.script("document.querySelector('#exercise-pinger .solution').hidden = false; document.querySelector('#exercise-pinger .solution').open = true").await?;
        page.wait_for("the solution", "return document.querySelector('#exercise-pinger .solution button')").await?;
        page.script("document.querySelector('#exercise-pinger .solution button').click(); document.querySelector('#exercise-pinger .solution').open = false").await?;
        exercises::check(page, "pinger", "All 5 cases passed. The exercise is done.").await?;
        pictures(page, "exercises-pinger-done", Some("#exercises")).await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_host_that_is_gone() {
    let mut host = HostProgram::start(&[]).await;
    in_chromium(async |page| {
        page.open(&format!("http://{}/", host.http)).await?;
        page.wait_for_state("live").await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await?;
        host.signal("-TERM").await;
        host.ended().await;
        page.wait_for_in_widget("the host is gone", "[data-host-gone]")
            .await?;
        for view in ["", "transcript", "timeline"] {
            page.script(&format!("document.querySelector('#live').view = '{view}'"))
                .await?;
            pictures(page, &format!("gone-{view}"), Some("#live")).await?;
        }
        // Tries that meet nobody are errors to the browser.
        page.console().await?;
        Ok(())
    })
    .await;
}

/// Sends these, one after the other, each with a number in it.
async fn send(page: &Page, count: u64) -> Result<()> {
    let send = "const element = document.querySelector('udp-echo');
         for (let number = 1; number <= COUNT; number++) element.send(`datagram ${number}`);";
    page.script(&send.replace("COUNT", &count.to_string()))
        .await?;
    let settled = "return document.querySelector('udp-echo').shadowRoot.querySelectorAll('tr[data-number]:not([data-fate=\"in flight\"])').length";
    page.wait_for(
        "every fate",
        &format!("return (() => {{ {settled} }})() >= {count}"),
    )
    .await?;
    Ok(())
}

/// Views in which a link does something, by what it does.
const LINKS: [(&str, &str); 6] = [
    ("picture-plain", ""),
    (
        "picture-bad",
        "seed=7 loss='20 10' delay=60 jitter=50 duplicate=15 corrupt=10 reorder=10",
    ),
    ("picture-twice", "seed=3 duplicate=60 delay=20"),
    ("picture-timeout", "timeout=150 delay=100"),
    ("picture-slow", "rate=8 delay=5"),
    ("picture-lost", "loss=50 seed=5 delay='20 40'"),
];

#[tokio::test]
async fn the_picture_shows_what_a_link_does() {
    let mut site = Site::new().await.unwrap();
    site.bundle("/udp/").unwrap();
    for (view, attributes) in LINKS {
        let page = format!(
            "<!doctype html><html lang=en><meta name=viewport content='width=device-width'>\
             <link rel=stylesheet href=/udp/style.css><title>{view}</title>\
             <script type=module src=/udp/udp-echo.js></script>\
             <body><main><udp-echo view=full mode=simulated {attributes}></udp-echo></main>"
        );
        site.page(&format!("/{view}"), "", &page);
    }
    let origin = site.serve();
    in_chromium(async |page| {
        for (view, _) in LINKS {
            page.open(&format!("{origin}/{view}")).await?;
            page.wait_for_state("simulated").await?;
            send(page, 8).await?;
            page.wait_for_in_widget("the picture", "[part=plane] [data-number]")
                .await?;
            pictures(page, view, None).await?;
        }
        page.in_widget("root.querySelector('[part=more]').open = true")
            .await?;
        page.in_widget("root.querySelector('[data-preset=very-bad]').click()")
            .await?;
        page.in_widget(
            "for (let n = 0; n < 5; n++) root.querySelector('[data-tool=next]').click()",
        )
        .await?;
        page.in_widget("root.querySelector('[data-tool=three]').click()")
            .await?;
        page.wait_for_in_widget("the sentence", "[part=sentence]:not(:empty)")
            .await?;
        pictures(page, "picture-step", None).await
    })
    .await;
}

#[tokio::test]
async fn every_experiment() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        for case in &experiments::CASES {
            page.emulate(1280, 900, Scheme::Light).await?;
            experiments::perform(page, &host, case, "live").await?;
            pictures(
                page,
                &format!("experiment-{}", case.name),
                Some("#experiments"),
            )
            .await?;
        }
        page.emulate(1280, 900, Scheme::Light).await?;
        experiments::open(page, &host, "terminal", "live").await?;
        pictures(page, "experiment-terminal", Some("#experiments")).await?;
        page.open(&format!("http://{}/#experiment=nonsense", host.http()))
            .await?;
        page.wait_for(
            "the complaint",
            "return document.querySelector('.complaint').textContent",
        )
        .await?;
        pictures(page, "experiment-unknown", Some("#experiments")).await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_host_that_went_away() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open_first(page, &host).await?;
        host.shutdown().await;
        page.wait_for_state("gone").await?;
        pictures(page, "gone", Some("#live")).await?;
        // The browser itself logs each connection that fails; these are what this is about.
        page.console().await.map(|_| ())
    })
    .await;
}
