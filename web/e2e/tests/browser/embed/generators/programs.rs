//! Programs in the sites of generators: as the author wrote them, on the host from an origin that is not its own, and there to read
//! without it.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use test_support::host::TestServer;
use thirtyfour::Key;

use super::{build, only_the_network_complains, put};
use crate::browser::in_chromium;
use crate::embed::site::Site;
use crate::page::Page;
use crate::places;

/// The element with the program of this name, and its parts.
const FIND: &str = "const find = (name) => document.querySelector(`udp-run[name=\"${name}\"]`);
    const part = (name, part) => find(name)?.shadowRoot?.querySelector(`[part=${part}]`);";

/// A program of the ready folders.
fn program(name: &str) -> Result<String> {
    let path = places::embed().join("python").join(name);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}

/// The way of a page with both programs through the hands of a reader.
async fn runs(
    built: Result<PathBuf>,
    path: &str,
    more: impl AsyncFnOnce(&Page) -> Result<()>,
) -> Result<()> {
    let built = built?;
    let mut site = Site::new().await?;
    let host = TestServer::start(&["--allow-origin", &site.origin]).await;
    let address = format!("http://{}", host.http());
    let workers = format!("; worker-src blob: {address}");
    put(&mut site, &built, &address, &address, &workers)?;
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&format!("{origin}{path}")).await?;
        more(page).await?;
        page.wait_for("the button", &format!("{FIND} return part('client.py', 'both')?.textContent === 'Run with server.py'"))
            .await?;
        for name in ["server.py", "client.py"] {
            let shown = page.script(&format!("{FIND} return find('{name}').program")).await?;
            ensure!(shown == json!(program(name)?), "{name} in the editor: {shown}");
        }
        // What is typed stays in the editor, whatever the site's own keys are.
        page.script(&format!(
            "{FIND} globalThis.stayed = true; const area = find('client.py').shadowRoot.querySelector('textarea');
             area.focus(); area.setSelectionRange(0, 0)"
        ))
        .await?;
        page.press("# s/?").await?;
        page.press(Key::Enter).await?;
        page.press(Key::Right).await?;
        page.press(Key::Left).await?;
        let typed = page.script(&format!("{FIND} return find('client.py').program")).await?;
        ensure!(typed == json!(format!("# s/?\n{}", program("client.py")?)), "{typed}");
        page.script(&format!("{FIND} part('client.py', 'both').click()")).await?;
        let ended = format!("{FIND} return part('client.py', 'status').textContent === 'Ended'");
        page.wait_for("the client's end", &ended).await?;
        let said = page
            .script(&format!(
                "{FIND} return [part('client.py', 'output').textContent, part('client.py', 'mode').textContent, globalThis.stayed]"
            ))
            .await?;
        let text = said[0].as_str().unwrap_or_default();
        ensure!(text.contains("received \"This is the message.  It will be repeated.\"\n"), "{said}");
        ensure!(said[1] == "on real sockets of the host" && said[2] == true, "{said}");
        page.assert_console_is_clean().await?;

        host.shutdown().await;
        page.open(&format!("{origin}{path}")).await?;
        let read = page
            .script(&format!("{FIND} return ['server.py', 'client.py'].map((name) => find(name).innerText)"))
            .await?;
        for (place, name) in ["server.py", "client.py"].into_iter().enumerate() {
            let text = read[place].as_str().unwrap_or_default();
            for line in program(name)?.lines() {
                ensure!(text.contains(line), "{name} has no {line:?}: {text}");
            }
        }
        only_the_network_complains(page).await
    })
    .await;
    Ok(())
}

#[tokio::test]
async fn a_sphinx_site_with_the_directive_runs_programs_from_files() {
    let here = async |_: &Page| Ok(());
    runs(build::sphinx(), "/programs.html", here).await.unwrap();
}

#[tokio::test]
async fn a_book_runs_the_programs_of_its_code_blocks() {
    let here = async |_: &Page| Ok(());
    runs(build::mdbook(), "/programs.html", here).await.unwrap();
}

#[tokio::test]
async fn a_hugo_site_with_the_shortcode_runs_programs() {
    let here = async |_: &Page| Ok(());
    runs(build::hugo(), "/programs/", here).await.unwrap();
}

#[tokio::test]
async fn a_docusaurus_site_runs_the_programs_of_its_code_blocks() {
    let hydrated = async |page: &Page| {
        let hydrated = "return document.documentElement.dataset.hasHydrated === 'true'";
        page.wait_for("React to take over", hydrated)
            .await
            .map(|_| ())
    };
    runs(build::docusaurus(), "/programs/", hydrated)
        .await
        .unwrap();
}

#[test]
fn the_directive_for_programs_names_what_is_wrong_and_other_builders_get_the_code() {
    let page = ".. udp-run::\n   :name: a.py\n\n   print(1)\n\n.. udp-run:: none.py\n\n.. udp-run::\n\n.. udp-run::\n   :name: a.py\n\n   print(2)\n\n\
        .. udp-run::\n   :colour: red\n\n   print(3)\n";
    let (said, text) = build::sphinx_text(page).unwrap();
    assert!(text.contains("print(1)"), "{text}");
    for (line, words) in [
        (6, "udp-run cannot read the program none.py: "),
        (
            8,
            "udp-run takes a program: the path of a file, or the text as its content, and not both.",
        ),
        (10, "Two programs of this page have the id \"a-py\""),
        (15, "unknown option: \"colour\""),
    ] {
        assert!(said.contains(words), "no {words:?} in {said}");
        assert!(said.contains(&format!("index.rst:{line}:")), "{said}");
    }
}

#[test]
fn the_directive_for_programs_takes_every_attribute() {
    let extension = include_str!("../../../../../../www/python/udp_echo/sphinx.py");
    let (_, rest) = extension.split_once("RUN_ATTRIBUTES = \"").unwrap();
    let (list, _) = rest.split_once('"').unwrap();
    // `src` is the directive's argument, and the flags have no value.
    let mut known: Vec<&str> = list
        .split(' ')
        .chain(["autorun", "readonly", "src"])
        .collect();
    known.sort_unstable();
    assert_eq!(
        known,
        crate::embed::reference::names_of_programs("attributes")
    );
}
