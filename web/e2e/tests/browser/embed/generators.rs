//! Site generators: the ready folders of `www/embed/`, built as they are by the real programs.
//!
//! Each site is opened from an origin that is not the host's, under the strictest policy: a datagram goes out and comes back.
//! Then the host is stopped, and the page still teaches.

mod build;
mod programs;
#[cfg(feature = "generators")]
mod rarer;
#[cfg(all(feature = "shots", feature = "generators"))]
mod shots;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use sha2::{Digest, Sha256};
use thirtyfour::Key;
use thirtyfour::support::base64_encode;

use super::SNIPPET_HOST;
use super::site::{Answer, Site, strict};
use crate::browser::in_chromium;
use crate::first_echo::wait_for_fate;
use crate::page::{Page, eventually};
use test_support::host::TestServer;

/// Where a site that has its own copy of the bundle keeps it.
const OWN_COPY: &str = "/udp-echo";

/// The address of the site itself in the ready folders, where a generator asks for one.
const SNIPPET_SITE: &str = "https://docs.example";

/// Puts a built site in place. The only changes are the addresses of the host and of the site; pages go out under the policy that
/// the documentation promises, with the hashes of what the generator itself writes into them.
fn put(site: &mut Site, built: &Path, loader: &str, host: &str, besides: &str) -> Result<()> {
    let mut named = 0;
    let origin = site.origin.clone();
    site.folder("/", built)?;
    for answer in site.files.values_mut() {
        let Ok(text) = std::str::from_utf8(&answer.body) else {
            continue;
        };
        named += text.matches(SNIPPET_HOST).count();
        let text = text.replace(SNIPPET_HOST, loader);
        let text = text.replace(SNIPPET_SITE, &origin);
        *answer = if answer.kind.starts_with("text/html") {
            Answer::page(&[&policy(&text, host), besides].concat(), text)
        } else {
            Answer {
                body: text.into_bytes(),
                ..answer.clone()
            }
        };
    }
    ensure!(named > 0, "no file of the site names {SNIPPET_HOST}");
    Ok(())
}

/// The strictest policy for a page: what the widget needs; pictures and fonts of the site's own; and what the generator writes
/// into the page, each inline script and each style attribute by its hash.
fn policy(page: &str, host: &str) -> String {
    let scripts = hashes(inline_scripts(page));
    let styles = hashes(style_attributes(page));
    let policy = strict(host)
        .replacen("script-src", &format!("script-src{scripts}"), 1)
        .replacen(
            "style-src",
            &format!("style-src 'unsafe-hashes'{styles}"),
            1,
        );
    format!("{policy}; img-src 'self' data:; font-src 'self'")
}

fn hashes<'a>(pieces: impl Iterator<Item = &'a str>) -> String {
    pieces
        .map(|piece| format!(" 'sha256-{}'", base64_encode(&Sha256::digest(piece))))
        .collect()
}

fn inline_scripts(page: &str) -> impl Iterator<Item = &str> {
    page.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (script, _) = rest.split_once("</script>")?;
        (!attributes.contains("src=")).then_some(script)
    })
}

fn style_attributes(page: &str) -> impl Iterator<Item = &str> {
    let rest = page.split(" style=\"").skip(1);
    rest.filter_map(|rest| Some(rest.split_once('"')?.0))
}

/// What the scripts of Zensical and VitePress need besides: they put a style sheet into the page that is in none of its files.
const OWN_STYLE_SHEET: &str = "; style-src-elem 'self' 'unsafe-inline'";

/// The whole way of a site through the hands of a reader, under the strictest policy.
async fn teaches(
    built: Result<PathBuf>,
    more: impl AsyncFnOnce(&Page, &TestServer) -> Result<()>,
) -> Result<()> {
    teaches_with("", built, more).await
}

/// The same, with these lines of the policy for what the generator itself does.
async fn teaches_with(
    besides: &str,
    built: Result<PathBuf>,
    more: impl AsyncFnOnce(&Page, &TestServer) -> Result<()>,
) -> Result<()> {
    let built = built?;
    let mut site = Site::new().await?;
    let host = TestServer::start(&["--allow-origin", &site.origin]).await;
    let address = format!("http://{}", host.http());
    put(&mut site, &built, &address, &address, besides)?;
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        sends_live(page).await?;
        more(page, &host).await?;
        page.assert_console_is_clean().await?;

        host.shutdown().await;
        page.open(&origin).await?;
        transcript_shows(page).await?;
        // The browser says by itself that the loader cannot be had.
        only_the_network_complains(page).await?;

        let mut copy = Site::named("copy.example").await?;
        put(&mut copy, &built, OWN_COPY, &address, besides)?;
        copy.bundle(&format!("{OWN_COPY}/"))?;
        page.open(&copy.serve()).await?;
        page.wait_for_state("simulated").await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await?;
        only_the_network_complains(page).await
    })
    .await;
    Ok(())
}

async fn sends_live(page: &Page) -> Result<()> {
    page.wait_for_state("live").await?;
    page.part("send").await?.click().await?;
    wait_for_fate(page, 1, "echoed").await
}

/// Without the loader, what stands in the element is there to read.
async fn transcript_shows(page: &Page) -> Result<()> {
    let text = page
        .script("return document.querySelector('udp-echo').innerText")
        .await?;
    ensure!(
        text.as_str()
            .is_some_and(|text| text.contains("This is the message.  It will be repeated.")),
        "in place of the widget stands {text}"
    );
    Ok(())
}

/// Connections that fail are what a host that is gone means; anything else is a fault of the page.
async fn only_the_network_complains(page: &Page) -> Result<()> {
    for entry in page.console().await? {
        let network = ["net::ERR_", "WebSocket connection", "status of 404"];
        ensure!(
            network.iter().any(|part| entry.contains(part)),
            "the console: {entry}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_sphinx_site_with_the_directive_teaches_with_and_without_a_host() {
    teaches(build::sphinx(), async |page, _| {
        // Its search has the slash for a key, and its keyboard navigation the arrows.
        page.in_widget(
            "const message = root.querySelector('#message'); message.focus(); message.select()",
        )
        .await?;
        page.press("a/bc").await?;
        page.press(Key::Right).await?;
        let typed = page
            .in_widget("return root.querySelector('#message').value")
            .await?;
        ensure!(typed == "a/bc", "the message is {typed}");
        Ok(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_book_teaches_with_and_without_a_host() {
    teaches(build::mdbook(), async |page, _| {
        // Its own switch of themes is followed.
        page.script("document.documentElement.className = 'js navy'")
            .await?;
        page.wait_for_in_widget("the dark theme", "[part=frame][data-scheme=dark]")
            .await?;
        // Its arrows turn pages; on the picture they are steps.
        page.script(
            "globalThis.stayed = true; document.querySelector('udp-echo').view = 'timeline'",
        )
        .await?;
        page.wait_for_in_widget("the picture", "[part=stage]")
            .await?;
        page.in_widget("root.querySelector('[part=stage]').focus()")
            .await?;
        page.press(Key::Right).await?;
        page.wait_for_in_widget("the first step", "[part=sentence][data-step]")
            .await?;
        let stayed = page.script("return globalThis.stayed").await?;
        ensure!(stayed == true, "the page was turned");
        Ok(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_hugo_site_with_the_shortcode_teaches_with_and_without_a_host() {
    teaches(build::hugo(), async |_, _| Ok(())).await.unwrap();
}

#[tokio::test]
async fn a_docusaurus_site_survives_its_server_and_changes_pages_by_itself() {
    teaches(build::docusaurus(), async |page, host| {
        let hydrated = "return document.documentElement.dataset.hasHydrated === 'true'";
        page.wait_for("React to take over", hydrated).await?;
        page.wait_for_state("live").await?;
        changes_pages_by_itself(page, host, "/boundaries").await
    })
    .await
    .unwrap();
}

/// Goes to another page and back, ten times, as a reader does in a site that changes pages itself. Each page has one session, and
/// leaves none behind.
async fn changes_pages_by_itself(page: &Page, host: &TestServer, other: &str) -> Result<()> {
    page.script("globalThis.stayed = true").await?;
    let here = page.script("return location.pathname").await?;
    let here = here.as_str().context("a path")?;
    for round in 1..=10 {
        for (path, view) in [(other, "mini"), (here, "transcript")] {
            let follow = format!(
                "const link = [...document.links].find(({{ pathname, hash }}) => pathname === '{path}' && !hash);
                 link?.click();
                 return link"
            );
            page.wait_for(&format!("a link to {path}"), &follow).await?;
            let live = format!(
                "const all = [...document.querySelectorAll('udp-echo')];
                 return all.length === 1 && all[0].view === '{view}' && all[0].state === 'live'"
            );
            let what = format!("{path}, for the {round}. time");
            page.wait_for(&what, &live).await?;
            only_one_session(host).await.context(what)?;
        }
    }
    sends_live(page).await?;
    let stayed = page.script("return globalThis.stayed").await?;
    ensure!(stayed == Value::Bool(true), "the page was loaded anew");
    Ok(())
}

/// A session that is left ends in its own time.
async fn only_one_session(host: &TestServer) -> Result<()> {
    eventually("one session", async || {
        Ok((host.sessions() == 1).then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_material_site_teaches_and_its_instant_navigation_leaves_no_session_behind() {
    teaches(build::mkdocs(), async |page, host| {
        changes_pages_by_itself(page, host, "/boundaries/").await
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_zensical_site_of_the_same_folder_teaches_too() {
    teaches_with(OWN_STYLE_SHEET, build::zensical(), async |page, host| {
        changes_pages_by_itself(page, host, "/boundaries/").await
    })
    .await
    .unwrap();
}

const WRITTEN: &str = "Before it.\n\n<udp-echo view=\"mini\">\n<pre>\nsending *one*\n\n\nreceived *one*\n</pre>\n</udp-echo>\n\nAfter *it*.";

#[test]
fn the_markdown_extension_keeps_the_transcript_inside_the_element_as_it_was_written() {
    let inside = "<p>Before it.</p>\n<udp-echo view=\"mini\">\n<pre>\nsending *one*\n\n\nreceived *one*\n</pre>\n</udp-echo>\n\n<p>After <em>it</em>.</p>";
    // With what Material switches on besides, in either order.
    for extensions in [
        &["udp_echo.markdown"][..],
        &["udp_echo.markdown", "md_in_html", "attr_list"],
        &["md_in_html", "pymdownx.superfences", "udp_echo.markdown"],
    ] {
        let html = build::markdown(WRITTEN, extensions).unwrap();
        assert_eq!(html.trim(), inside, "{extensions:?}");
    }
    // What is mended: without the extension, the tags stand alone in paragraphs.
    let torn = build::markdown(WRITTEN, &[]).unwrap();
    assert!(torn.contains("<p><udp-echo view=\"mini\"></p>"), "{torn}");
}

#[test]
fn the_markdown_extension_keeps_programs_too_and_changes_nothing_else() {
    let program = "<udp-run name=\"server.py\"><pre>\nimport socket\n\nsock = socket.socket()\n</pre></udp-run>";
    let html = build::markdown(program, &["udp_echo.markdown"]).unwrap();
    assert_eq!(html.trim(), program);
    let other = "A `<udp-echo>` in a sentence, and <other-element>*text*</other-element>.";
    let with = build::markdown(other, &["udp_echo.markdown"]).unwrap();
    assert_eq!(with, build::markdown(other, &[]).unwrap());
}

#[test]
fn the_directive_says_which_option_is_no_attribute_and_other_builders_get_the_transcript() {
    let (said, text) =
        build::sphinx_text(".. udp-echo::\n   :view: mini\n\n.. udp-echo::\n   :colour: red\n")
            .unwrap();
    assert!(said.contains("index.rst:4"), "{said}");
    assert!(said.contains("unknown option: \"colour\""), "{said}");
    assert!(text.contains("received \"This is the message."), "{text}");
}

#[test]
fn the_python_package_knows_every_attribute_and_every_event_of_the_element() {
    let list = include_str!("../../../../../www/python/udp_echo/element.py");
    let words = |name: &str| -> Vec<String> {
        let (_, rest) = list.split_once(&format!("\n{name} = ")).unwrap();
        let (text, _) = rest.split_once("\n\n").unwrap();
        let text = text
            .replace("split()", "")
            .replace(['"', '(', ')', '[', ']', '.'], " ");
        text.split_whitespace().map(str::to_owned).collect()
    };
    let catalogue: Value = serde_json::from_str(include_str!(
        "../../../../../www/element/custom-elements.json"
    ))
    .unwrap();
    let names = |kind: &str| -> Vec<String> {
        let list = catalogue["modules"][0]["declarations"][0][kind].as_array();
        let name = |one: &Value| one["name"].as_str().unwrap().replace("udp-", "");
        list.unwrap().iter().map(name).collect()
    };
    let mut attributes = [words("ATTRIBUTES"), words("FLAGS")].concat();
    attributes.sort_unstable();
    assert_eq!(attributes, names("attributes"));
    assert_eq!(words("EVENTS"), names("events"));
}
