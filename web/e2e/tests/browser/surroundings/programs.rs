//! `<udp-run>` in a stranger's page: what holds for `<udp-echo>` there holds for programs.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use thirtyfour::Key;

use super::stranger;
use crate::browser::{Browser, in_browser, in_chromium};
use crate::page::Page;

const HEAD: &str = "<meta charset=utf-8><script type=module src=/udp-run.js></script>";

/// A program that says something, and then waits for a line.
fn program(attributes: &str) -> String {
    format!(
        "<udp-run mode=simulated name=a.py {attributes}><pre>print(\"here\")\nprint(input(\"next? \"))</pre></udp-run>"
    )
}

/// What a script finds inside the program's element.
async fn inside(page: &Page, script: &str) -> Result<Value> {
    let root = "const root = document.querySelector('udp-run').shadowRoot;";
    page.script(&format!("{root} {script}")).await
}

/// Opens a page with one program, and waits until that has its looks.
async fn open(page: &Page, policy: &str, head: &str, body: &str) -> Result<()> {
    page.open(&stranger(policy, &[HEAD, head].concat(), body).await?)
        .await?;
    page.wait_for(
        "the program",
        "return document.querySelector('udp-run')?.shadowRoot?.adoptedStyleSheets.length",
    )
    .await
    .map(|_| ())
}

/// Waits until the program has said what it says first.
async fn says(page: &Page) -> Result<()> {
    page.wait_for(
        "what it says",
        "return document.querySelector('udp-run').shadowRoot.querySelector('[part=output]').textContent.includes('here')",
    )
    .await
    .map(|_| ())
}

const SIZES: &str = "const sizes = {};
    for (const node of root.querySelectorAll('*')) sizes[`${node.localName} ${node.part.value} ${node.className}`] = getComputedStyle(node).fontSize;
    return sizes";

#[tokio::test]
async fn a_program_has_the_size_of_the_text_around_it_and_its_own_direction() {
    for browser in [Browser::Chromium, Browser::Firefox] {
        in_browser(browser, async |page| {
            open(page, "", "", &program("")).await?;
            let plain = inside(page, SIZES).await?;
            ensure!(plain["textarea  "] == "14px", "{plain}");
            let style = "<style>html { font-size: 62.5% } body { font-size: 1.6rem }</style>";
            open(page, "", style, &format!("<html dir=rtl>{}", program(""))).await?;
            let sizes = inside(page, SIZES).await?;
            ensure!(sizes == plain, "{sizes}");
            let directions = inside(
                page,
                "return ['textarea', '[part=bar]'].map((one) => getComputedStyle(root.querySelector(one)).direction)
                    .concat(getComputedStyle(root.querySelector('[part=output]')).unicodeBidi)",
            )
            .await?;
            ensure!(directions == json!(["ltr", "ltr", "plaintext"]), "{directions}");
            // iOS magnifies the page for a smaller field.
            open(page, "", "<style>body { font-size: 12px }</style>", &program("")).await?;
            let field = inside(page, "return getComputedStyle(root.querySelector('input')).fontSize").await?;
            ensure!(field == "16px", "{field}");
            let code = inside(page, "return !!root.querySelector('.colours').closest('[translate=no]')").await?;
            ensure!(code == true, "the code is translated");
            Ok(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_program_is_light_or_dark_as_the_page_is_however_that_switches() {
    for browser in [Browser::Chromium, Browser::Firefox] {
        in_browser(browser, async |page| {
            for (what, style, body, dark) in [
                (
                    "a transition of the body's colour",
                    "body { color: #111; transition: color .2s } .dark { color: #eee; background: #111 }",
                    "",
                    "document.body.classList.add('dark')",
                ),
                (
                    "a class of a wrapper",
                    "#app { color: #111 } #app.dark { color: #eee; background: #111 }",
                    "<div id=app>",
                    "app.className = 'dark'",
                ),
                (
                    "another style sheet",
                    "body { color: #111 }",
                    "<style id=night media='not all'>body { color: #eee }</style>",
                    "night.media = 'all'",
                ),
            ] {
                let style = format!("<style>{style}</style>");
                open(page, "", &style, &format!("{body}{}", program(""))).await?;
                let is = |scheme: &str| {
                    format!("return document.querySelector('udp-run').shadowRoot.querySelector('.frame').dataset.scheme === '{scheme}'")
                };
                page.wait_for(&format!("light, before {what}"), &is("light")).await?;
                page.script(dark).await?;
                page.wait_for(&format!("dark, by {what}"), &is("dark")).await?;
            }
            Ok(())
        })
        .await;
    }
}

#[tokio::test]
async fn keys_of_a_program_stay_in_it_and_those_that_it_does_not_use_reach_the_page() {
    let notes = "<script>globalThis.heard = [];
        for (const type of ['keydown', 'keypress', 'keyup'])
            document.addEventListener(type, ({ key }) => heard.push(`${type} ${key}`));</script>";
    in_chromium(async |page| {
        open(page, "", notes, &program("")).await?;
        let heard = async || page.script("return heard.splice(0)").await;
        let focus = async |part: &str| inside(page, &format!("root.querySelector('{part}').focus()")).await;
        focus("textarea").await?;
        page.press("a/7").await?;
        page.press(Key::Right + Key::Enter + Key::Backspace).await?;
        let dispatched = "const key = (key, more) => root.querySelector('textarea').dispatchEvent(new KeyboardEvent('keydown', { key, code: `Key${key.toUpperCase()}`, bubbles: true, composed: true, cancelable: true, ...more }));";
        // All of the text, and a word back.
        inside(page, &format!("{dispatched} key('a', {{ ctrlKey: true }}); key('ArrowLeft', {{ ctrlKey: true }})")).await?;
        let reached = heard().await?;
        ensure!(reached == json!([]), "from the editor: {reached}");
        // The search of many a site.
        inside(page, &format!("{dispatched} key('k', {{ ctrlKey: true }})")).await?;
        page.press(Key::F4).await?;
        let reached = heard().await?;
        ensure!(reached == json!(["keydown k", "keydown F4", "keyup F4"]), "from the editor: {reached}");
        // An input method ends with an Enter, which Safari sends so, and others so.
        inside(page, &format!("globalThis.before = root.querySelector('textarea').value; {dispatched} key('Enter', {{ keyCode: 229 }}); key('Enter', {{ isComposing: true }})")).await?;
        let same = inside(page, "return before === root.querySelector('textarea').value").await?;
        ensure!(same == true, "the end of a composition is a new line");

        inside(page, "root.querySelector('[part=reset]').click()").await?;
        heard().await?;
        focus("[part=run]").await?;
        page.press(Key::Enter).await?;
        says(page).await?;
        let reached = heard().await?;
        ensure!(reached == json!([]), "from the button: {reached}");
        let focused = inside(page, "return root.activeElement?.part.value").await?;
        ensure!(focused == "stop", "the keyboard is at {focused}");
        page.press("/").await?;
        let reached = heard().await?;
        ensure!(reached == json!(["keydown /", "keypress /", "keyup /"]), "from the button: {reached}");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn an_attribute_of_a_program_that_says_false_is_not_set() {
    in_chromium(async |page| {
        for (written, runs) in [("autorun=false readonly=False", false), ("autorun readonly", true)] {
            open(page, "", "", &program(written)).await?;
            let seen = page
                .script("const element = document.querySelector('udp-run'); return [element.running, element.shadowRoot.querySelector('textarea').readOnly]")
                .await?;
            ensure!(seen == json!([runs, runs]), "{written}: {seen}");
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_program_runs_where_trusted_types_are_required() {
    for list in ["", "; trusted-types udp-run", "; trusted-types 'none'"] {
        in_chromium(async |page| {
            let policy = format!("require-trusted-types-for 'script'{list}");
            open(page, &policy, "", &program("autorun")).await?;
            says(page).await?;
            let frames = page
                .script("return document.querySelectorAll('iframe').length")
                .await?;
            ensure!(
                frames == i32::from(list.contains("none")),
                "{list}: {frames} frames"
            );
            // The browser's own lines about what its policy forbids.
            page.console().await?;
            Ok(())
        })
        .await;
    }
}
