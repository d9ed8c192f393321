//! `<udp-run>`: the article's Python where it stands, in a real browser, on real sockets and without a host.

mod figures;
mod readers;
mod transcripts;

use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use test_support::has;
use test_support::host::TestServer;
use thirtyfour::Key;

use crate::axe::assert_accessible_in_both_schemes;
use crate::browser::{Browser, in_browser, in_chromium};
use crate::page::{Page, Scheme};
use crate::python_datagrams::{pick, rows};

/// What the client prints, by the article.
pub(crate) const CLIENT: &str = "sending \"This is the message.  It will be repeated.\"\nwaiting to receive\n\
    received \"This is the message.  It will be repeated.\"\nclosing socket\n";

/// Cases for both interpreters.
const COMPATIBILITY: &str = include_str!("python/compat.py");
/// Ways out that are none.
const ESCAPES: &str = include_str!("python/escape.py");
/// The guide, with the table of differences.
const GUIDE: &str = include_str!("../../../../www/run/README.md");

/// The element with this id, and what it has printed.
pub(crate) fn shadow(id: &str) -> String {
    format!(
        "const element = document.getElementById('{id}'); const root = element.shadowRoot; const part = (name) => root.querySelector(`[part=${{name}}]`);"
    )
}

pub(crate) async fn open(page: &Page, host: &TestServer) -> Result<()> {
    open_at(page, host.http()).await
}

/// Opens the article on the host at this address.
async fn open_at(page: &Page, http: SocketAddr) -> Result<()> {
    page.open(&format!("http://{http}/")).await?;
    page.wait_for(
        "the programs",
        "return customElements.get('udp-run') && document.querySelector('udp-run').shadowRoot !== null",
    )
    .await?;
    Ok(())
}

/// Presses a button of the element.
pub(crate) async fn press(page: &Page, id: &str, name: &str) -> Result<()> {
    page.script(&format!("{} part('{name}').click()", shadow(id)))
        .await?;
    Ok(())
}

pub(crate) async fn status(page: &Page, id: &str, words: &str) -> Result<()> {
    page.wait_for(
        &format!("{id} to say {words:?}"),
        &format!(
            "{} return part('status').textContent === '{words}'",
            shadow(id)
        ),
    )
    .await?;
    Ok(())
}

pub(crate) async fn output(page: &Page, id: &str) -> Result<String> {
    let text = page
        .script(&format!("{} return part('output').textContent", shadow(id)))
        .await?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}

/// Presses Run on the article's server, and waits until it has bound its port.
pub(crate) async fn serve(page: &Page) -> Result<()> {
    press(page, "run-server", "run").await?;
    page.wait_for(
        "the server to wait",
        &format!(
            "{} return part('output').textContent.includes('waiting to receive message')",
            shadow("run-server")
        ),
    )
    .await?;
    Ok(())
}

/// Runs a program in the place of the client's, to its end; what it printed, and its exit code.
pub(crate) async fn outcome(page: &Page, program: &str) -> Result<(String, Value)> {
    let code = page
        .script_that_calls_back(&format!(
            "const done = arguments[arguments.length - 1]; {} element.program = {}; element.run().then((code) => done([code]))",
            shadow("run-client"),
            json!(program)
        ))
        .await?;
    Ok((output(page, "run-client").await?, code[0].clone()))
}

async fn the_article_runs(browser: Browser, mode: &'static str) {
    let host = TestServer::start(&[]).await;
    in_browser(browser, async |page| {
        open(page, &host).await?;
        let simulated = json!(mode);
        page.script(&format!(
            "for (const element of document.querySelectorAll('udp-run')) element.setAttribute('mode', {simulated})"
        ))
        .await?;
        press(page, "run-client", "both").await?;
        status(page, "run-client", "Ended").await?;
        ensure!(output(page, "run-client").await? == CLIENT);
        page.wait_for(
            "the server's transcript",
            &format!(
                "{} return part('output').textContent.endsWith('waiting to receive message\\n') && part('output').textContent.includes('sent 42')",
                shadow("run-server")
            ),
        )
        .await?;
        let said = output(page, "run-server").await?;
        let (first, rest) = said.split_once("received 42 bytes from ('127.0.0.1', ").context("an address")?;
        let (port, rest) = rest.split_once(")\n").context("a port")?;
        ensure!(first == "starting up on 127.0.0.1 port 10000\n\nwaiting to receive message\n", "{said}");
        ensure!(
            rest == format!("This is the message.  It will be repeated.\nsent 42 bytes back to ('127.0.0.1', {port})\n\nwaiting to receive message\n"),
            "{said}"
        );
        press(page, "run-server", "stop").await?;
        status(page, "run-server", "Stopped").await?;
        ensure!(output(page, "run-server").await?.ends_with("KeyboardInterrupt\n"));
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn the_articles_server_and_client_talk_on_real_sockets() {
    the_article_runs(Browser::Chromium, "").await;
}

#[tokio::test]
async fn the_articles_server_and_client_talk_in_firefox() {
    the_article_runs(Browser::Firefox, "").await;
}

#[tokio::test]
async fn the_articles_server_and_client_talk_without_a_host() {
    the_article_runs(Browser::Chromium, "simulated").await;
}

#[tokio::test]
async fn the_articles_server_and_client_talk_in_firefox_without_a_host() {
    the_article_runs(Browser::Firefox, "simulated").await;
}

#[tokio::test]
async fn a_client_alone_hears_nothing_and_is_offered_the_server_and_the_hosts_echo() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        press(page, "run-client", "run").await?;
        status(page, "run-client", "Ended with an error in line 12").await?;
        let said = output(page, "run-client").await?;
        ensure!(
            said.ends_with("closing socket\nTraceback (most recent call last):\n  File \"client.py\", line 12, in <module>\n    data, address = sock.recvfrom(4096)\nTimeoutError: timed out\n"),
            "{said}"
        );
        let hint = page
            .script(&format!("{} return [part('hint').hidden, part('hint').textContent]", shadow("run-client")))
            .await?;
        ensure!(
            hint == json!([false, "No answer came: on this page no program has bound that port. Run server.py beside it Ask the host’s echo server"]),
            "{hint}"
        );
        press(page, "run-client", "echo").await?;
        status(page, "run-client", "Ended").await?;
        ensure!(output(page, "run-client").await? == CLIENT);
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn what_differs_from_cpython_is_what_the_guide_says() {
    if !has("python3") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("client.py");
    std::fs::write(&script, COMPATIBILITY).expect("a script");
    let native = Command::new("python3")
        .arg(&script)
        .output()
        .expect("python3 runs");
    let native = String::from_utf8(native.stdout).expect("text");
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let (here, code) = outcome(page, COMPATIBILITY).await?;
        ensure!(code == 0, "{here}");
        ensure!(here.lines().count() == native.lines().count(), "{here}");
        let mut differences = String::new();
        for (native, here) in native.lines().zip(here.lines()) {
            let (name, native) = native.split_once('\t').context("a case")?;
            let (same, here) = here.split_once('\t').context("a case")?;
            ensure!(name == same, "{name} and {same}");
            if native != here {
                differences += &format!("| {name} | `{native}` | `{here}` |\n");
            }
        }
        ensure!(
            GUIDE.contains(&format!("|---|---|---|\n{differences}\n")),
            "the guide's table should be:\n{differences}"
        );
        ensure!(GUIDE.contains(&format!("{} cases", native.lines().count())));
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn no_program_reaches_javascript_or_the_machine() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let (said, _) = outcome(page, ESCAPES).await?;
        let policy = page
            .script_that_calls_back(
                "const done = arguments[arguments.length - 1];
                 fetch('/udp-run-worker.js').then(({ headers }) => done([headers.get('content-security-policy')]))",
            )
            .await?;
        ensure!(
            policy == json!(["default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"]),
            "the worker's policy: {policy}"
        );
        let lines: Vec<&str> = said.lines().collect();
        ensure!(lines.len() >= 10, "{said}");
        for line in lines {
            let (_, found) = line.split_once(": ").context("a way")?;
            let nothing = ["[]", "ImportError", "AttributeError", "FileNotFoundError"];
            ensure!(nothing.contains(&found), "{line}");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn programs_that_go_wrong_end_and_say_where() {
    what_goes_wrong_ends_and_says_where(Browser::Chromium).await;
}

#[tokio::test]
async fn programs_that_go_wrong_end_and_say_where_in_firefox() {
    what_goes_wrong_ends_and_says_where(Browser::Firefox).await;
}

async fn what_goes_wrong_ends_and_says_where(browser: Browser) {
    let host = TestServer::start(&[]).await;
    in_browser(browser, async |page| {
        open(page, &host).await?;
        for (program, end, code) in [
            (
                "x = 1\nprint('a'\ny = 2\n",
                "SyntaxError: invalid syntax\n",
                1,
            ),
            (
                "def f(n):\n    return f(n + 1)\nf(0)\n",
                "RecursionError: maximum recursion depth exceeded\n",
                1,
            ),
            (
                "while True:\n    print('x' * 1000)\n",
                "The program was ended: it has printed 1 MiB, which is as much as a page shows.\n",
                1,
            ),
            (
                "a = []\nwhile True:\n    a.append(bytearray(100000))\n",
                "MemoryError: memory allocation failed, allocating 100000 bytes\n",
                1,
            ),
            ("import sys\nsys.exit('no answer')\n", "no answer\n", 1),
            // More than the memory there is, so that garbage has to go.
            (
                "n = 0\nfor i in range(60000):\n    n += len(bytearray(1000))\nprint(n)\n",
                "60000000\n",
                0,
            ),
        ] {
            let (said, exit) = outcome(page, program).await?;
            let tail: String = said
                .chars()
                .rev()
                .take(300)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect();
            ensure!(
                said.ends_with(end) && exit == code,
                "{program}: {exit} {tail}"
            );
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn stop_ends_an_endless_loop_and_reset_brings_the_authors_program_back() {
    stop_and_reset(Browser::Chromium).await;
}

#[tokio::test]
async fn stop_ends_an_endless_loop_in_firefox() {
    stop_and_reset(Browser::Firefox).await;
}

async fn stop_and_reset(browser: Browser) {
    let host = TestServer::start(&[]).await;
    in_browser(browser, async |page| {
        open(page, &host).await?;
        page.script(&format!(
            "{} element.program = 'print(1)\\nwhile True: pass\\n'; part('run').click()",
            shadow("run-client")
        ))
        .await?;
        page.wait_for(
            "its output",
            &format!(
                "{} return part('output').textContent === '1\\n' ",
                shadow("run-client")
            ),
        )
        .await?;
        press(page, "run-client", "stop").await?;
        status(page, "run-client", "Stopped").await?;
        press(page, "run-client", "reset").await?;
        let program = page
            .script(&format!("{} return element.program", shadow("run-client")))
            .await?;
        ensure!(
            program
                .as_str()
                .is_some_and(|text| text.starts_with("import socket\n"))
        );
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn when_the_host_goes_a_program_gets_an_error_that_says_so() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        serve(page).await?;
        host.shutdown().await;
        status(page, "run-server", "Ended with an error in line 9").await?;
        let said = output(page, "run-server").await?;
        ensure!(
            said.contains("OSError: [Errno 100] Network is down: the host of this page is gone"),
            "{said}"
        );
        // A broken connection is an error to the browser; it is what this test is about.
        page.console().await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn tab_goes_on_until_something_is_typed_and_after_escape() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let state = format!(
            "{} const area = root.querySelector('textarea'); return [root.activeElement?.getAttribute('part') ?? root.activeElement?.localName, area.value.slice(0, 8)]",
            shadow("run-client")
        );
        page.script(&format!("{} const area = root.querySelector('textarea'); area.focus(); area.setSelectionRange(0, 0)", shadow("run-client")))
            .await?;
        page.press(Key::Tab).await?;
        ensure!(page.script(&state).await? == json!(["run", "import s"]));
        page.script(&format!("{} root.querySelector('textarea').focus()", shadow("run-client"))).await?;
        page.press("x").await?;
        page.press(Key::Tab).await?;
        ensure!(page.script(&state).await? == json!(["textarea", "x    imp"]));
        page.chord("z").await?;
        ensure!(page.script(&state).await?[1] != json!("x    imp"), "undone");
        page.press(Key::Escape).await?;
        page.press(Key::Tab).await?;
        ensure!(page.script(&state).await?[0] == "run");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn ten_programs_of_a_page_share_a_loopback_and_an_eleventh_reaches_all() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        page.script(
            "for (let i = 0; i < 10; i++) {
                const element = document.createElement('udp-run');
                element.className = 'one-of-ten';
                element.textContent = `import socket\nsock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nsock.bind((\"localhost\", ${20000 + i}))\nprint(\"bound\")\nprint(sock.recvfrom(10)[0])\n`;
                document.body.append(element);
                element.run();
            }",
        )
        .await?;
        let all_say = |words: &str| {
            format!(
                "return [...document.querySelectorAll('.one-of-ten')].every(({{ shadowRoot }}) => shadowRoot.querySelector('[part=output]').textContent === {})",
                json!(words)
            )
        };
        page.wait_for("ten ports", &all_say("bound\n")).await?;
        let program = "import socket\nsock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nfor i in range(10):\n    sock.sendto(b\"hi\", (\"localhost\", 20000 + i))\n";
        let (said, code) = outcome(page, program).await?;
        ensure!(said.is_empty() && code == 0, "{said}");
        page.wait_for("ten datagrams", &all_say("bound\nb'hi'\n")).await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn input_is_a_field_and_what_is_typed_stands_in_the_output() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        page.script(&format!(
            "{} element.program = 'print(\"hello\", input(\"name? \"))\\n'; part('run').click()",
            shadow("run-client")
        ))
        .await?;
        page.wait_for(
            "the field",
            &format!("{} return !part('line').hidden", shadow("run-client")),
        )
        .await?;
        page.script(&format!(
            "{} part('field').value = 'Ada'; part('enter').click()",
            shadow("run-client")
        ))
        .await?;
        status(page, "run-client", "Ended").await?;
        ensure!(output(page, "run-client").await? == "name? Ada\nhello Ada\n");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn everybody_can_use_the_editor_and_what_comes_out() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.emulate(1280, 900, Scheme::Light).await?;
        open(page, &host).await?;
        press(page, "run-client", "both").await?;
        status(page, "run-client", "Ended").await?;
        rows(page, "run-client").await?;
        pick(page, "run-client", 1).await?;
        assert_accessible_in_both_schemes(page, "programs that ran").await
    })
    .await;
    host.shutdown().await;
}
