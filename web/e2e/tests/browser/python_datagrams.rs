//! The datagrams of the programs that a reader runs: the link that an author gives them, what is seen of them, and who else on the page
//! hears them.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use test_support::host::TestServer;

use crate::browser::in_chromium;
use crate::page::Page;
use crate::python::{CLIENT, open, output, press, serve, shadow, status};

/// How programs of the page may run.
const MODES: [&str; 2] = ["live", "simulated"];

/// Where the datagrams of a program are shown.
fn seen(id: &str) -> String {
    format!("{} const shown = part('datagrams').shadowRoot;", shadow(id))
}

/// Opens the datagrams of a program; the texts of its rows.
pub(crate) async fn rows(page: &Page, id: &str) -> Result<Vec<String>> {
    page.script(&format!("{} part('way').open = true", shadow(id)))
        .await?;
    let rows = page
        .wait_for(
            &format!("rows of {id}, of which each has ended"),
            &format!(
                "{} const rows = [...(shown?.querySelectorAll('[part=row]') ?? [])];
                 return rows.length && !shown.querySelector('[data-fate=\"in flight\"]')
                     && rows.map((row) => [...row.children].map((cell) => cell.textContent).join(' | '))",
                seen(id)
            ),
        )
        .await?;
    serde_json::from_value(rows).context("rows")
}

/// Picks a datagram, and waits for its bytes.
pub(crate) async fn pick(page: &Page, id: &str, number: u32) -> Result<()> {
    page.script(&format!(
        "{} shown.querySelector('[data-number=\"{number}\"] [part=pick]').click()",
        seen(id)
    ))
    .await?;
    page.wait_for(
        "its bytes",
        &format!(
            "{} return shown.querySelector('[data-ref=dump-rows]')?.textContent",
            seen(id)
        ),
    )
    .await?;
    Ok(())
}

/// Sets attributes of both programs.
async fn set(page: &Page, mode: &str, lab: &str) -> Result<()> {
    page.script(&format!(
        "for (const element of document.querySelectorAll('udp-run')) element.setAttribute('mode', '{mode}');
         document.getElementById('run-client').setAttribute('lab', '{lab}')"
    ))
    .await?;
    Ok(())
}

async fn write(page: &Page, id: &str, program: &str) -> Result<()> {
    page.script(&format!(
        "{} element.program = {}",
        shadow(id),
        json!(program)
    ))
    .await?;
    Ok(())
}

/// Prints what comes, until nothing has come for three seconds.
const LISTENER: &str = "import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((\"localhost\", 10000))
try:
    while True:
        data, address = sock.recvfrom(4096)
        sock.settimeout(3)
        print(data)
        sock.sendto(data, address)
except TimeoutError:
    print(\"that was all\")
";

/// Sends once, and prints whether it took as long as the link.
const ASKER: &str = "import socket, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(1)
began = time.monotonic()
sock.sendto(b\"ping\", (\"localhost\", 10000))
try:
    print(sock.recvfrom(4096)[0], time.monotonic() - began >= 0.3)
except TimeoutError:
    print(\"no answer\")
";

#[tokio::test]
async fn the_lab_of_a_program_loses_delays_and_doubles_what_it_sends() {
    let host = TestServer::start(&[]).await;
    for mode in MODES {
        in_chromium(async |page| {
            for (lab, said, listened, fate) in [
                (
                    r#"{"up":{"loss_ppm":1000000}}"#,
                    "no answer\n",
                    "",
                    "lost on the link",
                ),
                (
                    r#"{"up":{"delay_us":300000}}"#,
                    "b'ping' True\n",
                    "b'ping'\nthat was all\n",
                    "delivered",
                ),
                (
                    r#"{"up":{"duplicate_ppm":1000000}}"#,
                    "b'ping' False\n",
                    "b'ping'\nb'ping'\nthat was all\n",
                    "delivered",
                ),
            ] {
                open(page, &host).await?;
                set(page, mode, lab).await?;
                write(page, "run-server", LISTENER).await?;
                write(page, "run-client", ASKER).await?;
                press(page, "run-client", "both").await?;
                status(page, "run-client", "Ended").await?;
                let printed = output(page, "run-client").await?;
                ensure!(printed == said, "{mode}, {lab}: {printed}");
                let rows = rows(page, "run-client").await?;
                ensure!(
                    rows[0].ends_with(&format!(":10000 | 4 | {fate}")),
                    "{mode}, {lab}: {rows:?}"
                );
                if listened.is_empty() {
                    press(page, "run-server", "stop").await?;
                    continue;
                }
                status(page, "run-server", "Ended").await?;
                let printed = output(page, "run-server").await?;
                ensure!(printed == listened, "{mode}, {lab}: {printed}");
            }
            let rows = rows(page, "run-server").await?;
            ensure!(rows[0].ends_with(" | 4 | received"), "{rows:?}");
            let again = rows
                .iter()
                .filter(|row| row.ends_with(" | 4 | received, a second time"));
            ensure!(again.count() == 1, "{rows:?}");
            Ok(())
        })
        .await;
    }
    host.shutdown().await;
}

#[tokio::test]
async fn each_datagram_of_two_programs_is_in_the_rows_the_picture_and_the_bytes() {
    let host = TestServer::start(&[]).await;
    for mode in MODES {
        in_chromium(async |page| {
            open(page, &host).await?;
            set(page, mode, "{}").await?;
            press(page, "run-client", "both").await?;
            status(page, "run-client", "Ended").await?;
            let client = rows(page, "run-client").await?;
            let server = rows(page, "run-server").await?;
            let place = client[0].strip_prefix("1 | to ").and_then(|row| row.strip_suffix(" | 42 | delivered"));
            let ip = place.and_then(|place| place.strip_suffix(":10000")).with_context(|| client[0].clone())?;
            ensure!(ip.starts_with("127.") && ip != "127.0.0.1", "the real address, and not {ip}");
            ensure!(client[1..] == [format!("2 | from {ip}:10000 | 42 | received")], "{client:?}");
            let from = server[0].strip_prefix(&format!("1 | from {ip}:")).and_then(|row| row.strip_suffix(" | 42 | received"));
            let port = from.with_context(|| server[0].clone())?;
            ensure!(server[1..] == [format!("2 | to {ip}:{port} | 42 | delivered")], "{server:?}");
            for (id, own) in [("run-client", format!("client.py :{port}")), ("run-server", "server.py :10000".to_owned())] {
                let drawn = page
                    .script(&format!(
                        "{} const svg = shown.querySelector('[part=ladder]');
                         return [svg.getAttribute('aria-label'), svg.querySelectorAll('[part=arrow]').length,
                             svg.querySelectorAll('[data-assumed]').length, svg.querySelector('[part=lane-name]').textContent]",
                        seen(id)
                    ))
                    .await?;
                let told = format!(
                    "42 bytes from client.py :{port} to server.py :10000: delivered. 42 bytes from server.py :10000 to client.py :{port}: delivered. "
                );
                ensure!(drawn == json!([told, 2, 0, own]), "{id}: {drawn}");
            }
            pick(page, "run-client", 1).await?;
            let bytes = page
                .script(&format!(
                    "{} const text = (name) => shown.querySelector(`[data-ref=${{name}}]`).textContent;
                     return [text('caption'), text('dump-rows').includes('This is the mes'), text('header').includes('10000') && text('header').includes('{port}'),
                         shown.querySelector('[part=fields]').checkVisibility()]",
                    seen("run-client")
                ))
                .await?;
            ensure!(bytes == json!(["Datagram 1: 42 bytes", true, true, false]), "{bytes}");
            Ok(())
        })
        .await;
    }
    host.shutdown().await;
}

/// Puts an element with a role into the page, and waits until its program has a socket.
async fn add(page: &Page, attributes: &str) -> Result<()> {
    page.script(&format!(
        "document.body.insertAdjacentHTML('beforeend', '<udp-echo id=element loading=eager {attributes}></udp-echo>')"
    ))
    .await?;
    page.wait_for(
        "the element",
        "const root = document.getElementById('element').shadowRoot;
         return root?.querySelector('[part=widget]:is([data-state=live], [data-state=simulated])')
             && /^127/.test(root.querySelector('[part=own]').textContent.replace('no port yet', '127'))",
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn a_program_and_the_server_element_of_its_page_are_on_one_machine() {
    let host = TestServer::start(&[]).await;
    for mode in MODES {
        in_chromium(async |page| {
            open(page, &host).await?;
            set(page, mode, "{}").await?;
            add(page, &format!("role=server mode={mode}")).await?;
            press(page, "run-client", "run").await?;
            status(page, "run-client", "Ended").await?;
            ensure!(output(page, "run-client").await? == CLIENT, "{mode}");
            page.wait_for(
                "the element's transcript",
                "return document.getElementById('element').shadowRoot.querySelector('[part=lines]').textContent.includes('received 42 bytes from')",
            )
            .await?;
            // The port is taken for the programs, too.
            press(page, "run-server", "run").await?;
            status(page, "run-server", "Ended with an error in line 4").await?;
            ensure!(output(page, "run-server").await?.ends_with("OSError: [Errno 98] Address already in use\n"));
            Ok(())
        })
        .await;
    }
    host.shutdown().await;
}

#[tokio::test]
async fn a_client_element_that_comes_later_talks_to_a_program_of_its_page() {
    let host = TestServer::start(&[]).await;
    for mode in MODES {
        in_chromium(async |page| {
            open(page, &host).await?;
            set(page, mode, "{}").await?;
            serve(page).await?;
            add(page, &format!("role=client mode={mode}")).await?;
            let reply = page
                .script_that_calls_back(
                    "const done = arguments[arguments.length - 1];
                     const element = document.getElementById('element');
                     for (const name of ['udp-echoed', 'udp-lost']) element.addEventListener(name, ({ type }) => done([type]));
                     element.send('from the element')",
                )
                .await?;
            ensure!(reply == json!(["udp-echoed"]), "{mode}: {reply}");
            page.wait_for(
                "the server's transcript",
                &format!(
                    "{} return /received 16 bytes from \\('127.0.0.1', \\d+\\)\\nfrom the element\\nsent 16 bytes back to/.test(part('output').textContent)",
                    shadow("run-server")
                ),
            )
            .await?;
            Ok(())
        })
        .await;
    }
    host.shutdown().await;
}
