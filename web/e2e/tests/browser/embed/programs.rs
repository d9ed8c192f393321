//! `<udp-run>` in somebody else's page: inside the tag, by its address, in a frame of `/embed`.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use test_support::host::TestServer;

use super::SNIPPET_HOST;
use super::site::{Answer, Site};
use crate::browser::{Browser, in_browser, in_chromium};
use crate::page::Page;
use crate::places;

/// The strictest policy of a page with programs, as the guide has it.
const POLICY: &str = "default-src 'none'; script-src 'self' HOST 'wasm-unsafe-eval'; worker-src blob: HOST; \
    style-src 'self'; connect-src 'self' HOST WSHOST";

/// What a client prints whose server answers.
const ANSWERED: &str = "received \"This is the message.  It will be repeated.\"\n";

/// A ready file of the folder, with another host.
fn ready(name: &str, host: &str) -> Result<String> {
    let path = places::embed().join("python").join(name);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    ensure!(text.contains(SNIPPET_HOST), "{name} names no host");
    Ok(text.replace(SNIPPET_HOST, host))
}

/// A function of the page that finds a part of a program.
const PART: &str = "const part = (id, name) => document.getElementById(id)?.shadowRoot?.querySelector(`[part=${name}]`);";

/// Waits until a part of a program has these words.
async fn says(page: &Page, id: &str, part: &str, words: &str) -> Result<()> {
    let words = json!(words);
    page.wait_for(
        &format!("{part} of {id} to say {words}"),
        &format!("{PART} return part('{id}', '{part}')?.textContent.includes({words})"),
    )
    .await?;
    Ok(())
}

async fn press(page: &Page, id: &str, button: &str) -> Result<()> {
    page.script(&format!("{PART} part('{id}', '{button}').click()"))
        .await?;
    Ok(())
}

async fn the_ready_page_runs(browser: Browser) {
    let mut site = Site::new().await.expect("a site of its own");
    let host = TestServer::start(&["--allow-origin", &site.origin]).await;
    let address = format!("http://{}", host.http());
    let policy = POLICY
        .replace("WSHOST", &address.replacen("http", "ws", 1))
        .replace("HOST", &address);
    let page = ready("inside.html", &address).expect("the ready page");
    site.page(
        "/",
        &policy,
        &page.replace(
            "<udp-run name=\"client.py\"",
            "<udp-run id=\"client\" name=\"client.py\"",
        ),
    );
    let origin = site.serve();
    in_browser(browser, async |page| {
        page.open(&origin).await?;
        says(page, "client", "both", "Run with server.py").await?;
        press(page, "client", "both").await?;
        says(page, "client", "status", "Ended").await?;
        says(page, "client", "output", ANSWERED).await?;
        says(page, "client", "mode", "on real sockets of the host").await?;
        says(
            page,
            "server",
            "output",
            "sent 42 bytes back to ('127.0.0.1', ",
        )
        .await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn the_ready_page_runs_its_programs_on_the_host_under_the_guides_policy() {
    the_ready_page_runs(Browser::Chromium).await;
}

#[tokio::test]
async fn the_ready_page_runs_its_programs_in_firefox() {
    the_ready_page_runs(Browser::Firefox).await;
}

#[tokio::test]
async fn without_the_host_the_programs_stand_there_to_read() {
    let mut site = Site::new().await.unwrap();
    site.page(
        "/",
        "script-src 'none'",
        &ready("inside.html", "http://127.0.0.1:9").unwrap(),
    );
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        let text = page
            .script("return document.querySelector('#server').innerText")
            .await?;
        let program = fs::read_to_string(places::embed().join("python/server.py"))?;
        ensure!(
            text.as_str().map(str::trim_end) == Some(program.trim_end()),
            "{text}"
        );
        page.console().await?;
        Ok(())
    })
    .await;
}

/// What the reader of a frame sees and does happens inside it: this opens its address as a page of its own.
async fn open_frame(page: &Page, host: &TestServer, query: &str) -> Result<()> {
    page.open(&format!("http://{}/embed?{query}", host.http()))
        .await
}

#[tokio::test]
async fn a_frame_shows_programs_of_its_own_origin_and_runs_none_before_the_reader_does() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        let both = "run=embed/python/client.py&beside=embed/python/server.py";
        open_frame(page, &host, &format!("{both}&autorun&autorun=true&height=200")).await?;
        says(page, "run", "both", "Run with server.py").await?;
        let loaded = "return [...document.querySelectorAll('udp-run')].every((one) => one.program.includes('import socket'))";
        page.wait_for("both programs", loaded).await?;
        let state = page
            .script(
                "return [document.querySelectorAll('udp-echo').length, [...document.querySelectorAll('udp-run')].map((one) => [
                     one.id, one.name, one.running, one.hasAttribute('autorun'), one.shadowRoot.querySelector('[part=editor]').style.maxHeight])]",
            )
            .await?;
        ensure!(
            state == json!([0, [["beside", "server.py", false, false, "200px"], ["run", "client.py", false, false, "200px"]]]),
            "{state}"
        );
        ensure!(host.sessions() == 0, "a session was opened before Run");
        // No message makes it run, either.
        page.script("for (const call of ['run', 'runBoth']) postMessage({ to: 'udp-run', call }, '*')").await?;
        page.frames(3).await?;
        let running = page.script("return [...document.querySelectorAll('udp-run')].some((one) => one.running)").await?;
        ensure!(running == false, "a message has run it");
        press(page, "run", "both").await?;
        says(page, "run", "status", "Ended").await?;
        says(page, "run", "output", ANSWERED).await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_frame_refuses_programs_of_other_origins_and_says_so() {
    let mut site = Site::new().await.unwrap();
    site.files.insert(
        "/evil.py".to_owned(),
        Answer::file("text/plain", "print('evil')"),
    );
    let evil = site.serve();
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        let own = format!("http://{}", host.http());
        for address in [
            format!("{evil}/evil.py"),
            evil.replacen("http:", "", 1) + "/evil.py",
            "data:text/plain,print('evil')".to_owned(),
            "javascript:alert(1)".to_owned(),
            format!("blob:{own}/1"),
            "http://".to_owned(),
        ] {
            let query: String = address.bytes().map(|byte| format!("%{byte:02x}")).collect();
            open_frame(page, &host, &format!("run={query}")).await?;
            page.wait_for("the sentence", "return document.querySelector('[role=alert]')").await?;
            let shown = page
                .script("return [document.querySelector('[role=alert]').textContent, document.querySelectorAll('udp-run, udp-echo').length]")
                .await?;
            ensure!(
                shown == json!([format!("This frame shows programs of its own origin, {own}, and {address} is none."), 0]),
                "{shown}"
            );
        }
        // The program beside it, too.
        open_frame(page, &host, &format!("run=embed/python/client.py&beside={evil}/evil.py")).await?;
        page.wait_for("the sentence", "return document.querySelector('[role=alert]')").await?;
        page.wait_for("the program", "return document.querySelector('udp-run')?.program.includes('import')").await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn the_ready_frame_runs_tells_its_page_what_comes_out_and_gets_the_height_it_asks_for() {
    let host = TestServer::start(&[]).await;
    let address = format!("http://{}", host.http());
    let mut site = Site::new().await.unwrap();
    let listener = "<script>globalThis.told = []; addEventListener('message', ({ data }) => told.push(data))</script>";
    let frame = ready("frame.html", &address).unwrap();
    site.page("/", "", &[listener, &frame].concat());
    let hidden = frame.replace("allow-scripts allow-same-origin", "allow-scripts");
    site.page("/hidden", "", &hidden);
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for("the height", "return document.querySelector('iframe').height !== '1100'").await?;
        page.enter_frame(0).await?;
        says(page, "run", "both", "Run with server.py").await?;
        let loaded = "return [...document.querySelectorAll('udp-run')].every((one) => one.program.includes('import socket'))";
        page.wait_for("both programs", loaded).await?;
        press(page, "run", "both").await?;
        says(page, "run", "status", "Ended").await?;
        page.leave_frame().await?;
        page.wait_for("the exit", "return told.find(({ type }) => type === 'udp-run-exit')").await?;
        let told = page
            .script(
                "const exit = told.find(({ type }) => type === 'udp-run-exit');
                 const text = told.filter(({ type, program, detail }) => type === 'udp-run-output' && program === 'client.py').map(({ detail }) => detail.text).join('');
                 return [exit.from, exit.program, exit.detail.code, text]",
            )
            .await?;
        let text = told[3].as_str().unwrap_or_default();
        ensure!(told[0] == "udp-run" && told[1] == "client.py" && told[2] == 0 && text.contains(ANSWERED), "{told}");
        // The page can stop the server, and run nothing.
        page.script("document.querySelector('iframe').contentWindow.postMessage({ to: 'udp-run', call: 'stop' }, '*')").await?;
        page.wait_for(
            "the server's exit",
            "return told.some(({ type, program, detail }) => type === 'udp-run-exit' && program === 'server.py' && detail.code === 130)",
        )
        .await?;

        page.open(&format!("{origin}/hidden")).await?;
        page.enter_frame(0).await?;
        let sentence = page.wait_for("the sentence", "return document.querySelector('[role=alert]')?.textContent").await?;
        ensure!(
            sentence == "The sandbox of this frame hides its origin, from which programs come. Add allow-same-origin to the iframe’s sandbox.",
            "{sentence}"
        );
        page.leave_frame().await
    })
    .await;
    host.shutdown().await;
}

/// The ready folder has the article's programs.
#[test]
fn the_ready_programs_are_those_of_the_article() {
    let article = include_str!("../../../../../www/page/index.html");
    let folder = places::embed().join("python");
    for (id, name) in [("server-py", "server.py"), ("client-py", "client.py")] {
        let (_, rest) = article.split_once(&format!("<code id=\"{id}\">")).unwrap();
        let (program, _) = rest.split_once("</code>").unwrap();
        let inside = fs::read_to_string(folder.join("inside.html")).unwrap();
        assert!(inside.contains(program), "inside.html has another {name}");
        let plain = ["&lt;<", "&gt;>", "&amp;&"]
            .iter()
            .fold(program.to_owned(), |text, pair| {
                let (name, sign) = pair.split_at(pair.len() - 1);
                text.replace(name, sign)
            });
        assert_eq!(
            fs::read_to_string(folder.join(name)).unwrap(),
            plain,
            "{name}"
        );
    }
}
