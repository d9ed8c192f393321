//! Elements with a role: the tutorial's server in the page, who talks to it, and what each sees when the other goes away.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use test_support::host::{HostProgram, TestServer};
use test_support::program::Program;

use crate::axe::assert_accessible_in_both_schemes;
use crate::browser::{Browser, in_browser, in_chromium};
use crate::page::{Page, Scheme};

/// Sends each of its arguments behind the address, from a socket that the system binds, and prints what comes back.
const ASK: &str = "import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
for text in sys.argv[2:]:
    s.sendto(text.encode(), (sys.argv[1], 10000))
    if text:
        data, peer = s.recvfrom(4096)
        print('answer', data.decode(), 'from', *peer, flush=True)
";

/// Opens a page with a server; what its elements tell is kept in `told`.
async fn open_server(page: &Page, host: &str, more: &str) -> Result<()> {
    page.open(&format!("http://{host}/embed?role=server{more}"))
        .await?;
    page.script(
        "globalThis.told = [];
         for (const name of ['ready', 'told', 'served', 'sent', 'echoed', 'lost', 'error'])
             addEventListener(`udp-${name}`, ({ type, detail, target }) => told.push([type, target.getAttribute('role'), detail]), true);",
    )
    .await?;
    page.wait_for_in_widget("the server waits", "[part=lines]")
        .await?;
    wait_for_line(page, "waiting to receive message").await
}

/// Puts another element into the page, and waits until it is drawn.
async fn add(page: &Page, attributes: &str) -> Result<()> {
    page.script(&format!(
        "document.body.insertAdjacentHTML('beforeend', '<udp-echo loading=eager {attributes}></udp-echo>')"
    ))
    .await?;
    page.wait_for(
        "the element",
        "return document.body.lastElementChild.shadowRoot?.querySelector('[part=widget]:is([data-state=live], [data-state=simulated])')",
    )
    .await?;
    Ok(())
}

async fn lines(page: &Page) -> Result<Vec<String>> {
    let lines = page
        .in_widget(
            "return [...root.querySelectorAll('[part=line]')].map((line) => line.textContent)",
        )
        .await?;
    serde_json::from_value(lines).context("lines")
}

async fn wait_for_line(page: &Page, line: &str) -> Result<()> {
    let line = json!(line);
    let found = format!(
        "return [...document.querySelector('udp-echo').shadowRoot.querySelectorAll('[part=line]')].some((one) => one.textContent.includes({line}))"
    );
    page.wait_for(&format!("the line {line}"), &found).await?;
    Ok(())
}

/// The address of the page's loopback.
async fn address(page: &Page) -> Result<String> {
    let own = page
        .in_widget("return root.querySelector('[part=own]').textContent")
        .await?;
    let own = own.as_str().context("an address")?;
    let (ip, port) = own.rsplit_once(':').context("a port")?;
    ensure!(port == "10000", "{own}");
    Ok(ip.to_owned())
}

async fn serves_strangers(page: &Page, host: &TestServer) -> Result<()> {
    open_server(page, &host.http().to_string(), "").await?;
    let ip = address(page).await?;
    ensure!(ip.starts_with("127.") && !ip.starts_with("127.0."), "{ip}");
    let command = page
        .in_widget("return root.querySelector('[part=command]').textContent")
        .await?;
    ensure!(command == format!("nc -u {ip} 10000"), "{command}");

    let asked = Program::other(
        "python3",
        &["-c", ASK, &ip, "hello from Python", "", "again"],
    );
    let said = String::from_utf8(asked.output().await)?;
    let answers =
        format!("answer hello from Python from {ip} 10000\nanswer again from {ip} 10000\n");
    ensure!(said == answers, "{said:?}");
    wait_for_line(page, "again").await?;
    let all = lines(page).await?.join("\n");
    ensure!(
        all.starts_with(&format!(
            "starting up on {ip} port 10000\n\nwaiting to receive message\n"
        )),
        "{all}"
    );
    ensure!(
        all.contains("received 17 bytes from ('127.0.0.1', "),
        "{all}"
    );
    ensure!(
        all.contains("hello from Python\nsent 17 bytes back to ('127.0.0.1', "),
        "{all}"
    );
    ensure!(
        all.contains("received 0 bytes from") && all.contains("only “if data”"),
        "{all}"
    );
    page.wait_for(
        "the sums",
        "const root = document.querySelector('udp-echo').shadowRoot;
         return root.querySelector('[data-ref=sum]').textContent === '3 received = 2 answered + 1 empty'
             && root.querySelector('[data-ref=beside]').textContent === '2 answers = 2 handed over'",
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn a_page_is_the_tutorials_server_for_a_python_program() {
    let host = TestServer::start(&[]).await;
    for browser in [Browser::Chromium, Browser::Firefox] {
        in_browser(browser, async |page| serves_strangers(page, &host).await).await;
    }
    host.shutdown().await;
}

async fn serves_its_own_client(page: &Page, host: &TestServer, mode: &str) -> Result<()> {
    open_server(page, &host.http().to_string(), &format!("&mode={mode}")).await?;
    add(page, &format!("role=client timeout=300 mode={mode}")).await?;
    page.script("globalThis.client = document.body.lastElementChild; client.send('two ends')")
        .await?;
    page.wait_for(
        "the answer",
        "return told.some(([type]) => type === 'udp-echoed')",
    )
    .await?;
    page.wait_for(
        "both ends of both datagrams",
        "return [...document.querySelectorAll('udp-echo')].every(({ shadowRoot }) =>
             shadowRoot.querySelectorAll('[part=flight][data-end=arrives]:not([data-assumed])').length === 2)",
    )
    .await?;
    // The server goes away: silence, and after connect a refusal.
    page.press_in_widget("[part=start]").await?;
    wait_for_line(page, "closing socket").await?;
    page.script("client.send('anybody?')").await?;
    page.wait_for(
        "the timeout",
        "return told.some(([type, , { fate }]) => type === 'udp-lost' && fate === 'lost')",
    )
    .await?;
    page.script("client.ask({ options: { connected: true } }); client.send('and now?')")
        .await?;
    page.wait_for(
        "the refusal",
        "return told.some(([type, , { fate }]) => type === 'udp-lost' && fate === 'refused')",
    )
    .await?;
    page.wait_for(
        "Python's words",
        "const lines = [...client.shadowRoot.querySelectorAll('[part=line]')].map((line) => line.textContent);
         return lines.includes('timed out (datagram 2)') && lines.includes('ConnectionRefusedError: [Errno 111] Connection refused')
             && lines.findIndex((line) => line.startsWith('connect(')) < lines.indexOf('sending \"and now?\"')
             && [...client.shadowRoot.querySelectorAll('tbody tr')].some((row) => row.textContent.includes('dropped, no program has bound the port'))",
    )
    .await?;
    // Started again, it answers the same socket.
    page.press_in_widget("[part=start]").await?;
    page.wait_for("the server", "return told.filter(([type, , { server }]) => type === 'udp-told' && server?.rules.listening).length === 2")
        .await?;
    page.script("client.send('back')").await?;
    page.wait_for(
        "the second answer",
        "return told.filter(([type]) => type === 'udp-echoed').length === 2",
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn a_client_of_the_page_hears_its_server_then_silence_then_a_refusal() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        for mode in ["live", "simulated"] {
            serves_its_own_client(page, &host, mode)
                .await
                .context(mode)?;
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_port_that_is_taken_reads_as_in_the_article_and_there_is_a_way_out() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open_server(page, &host.http().to_string(), "").await?;
        add(page, "role=server").await?;
        page.wait_for(
            "the traceback",
            "const lines = [...document.body.lastElementChild.shadowRoot.querySelectorAll('[part=line]')].map((line) => line.textContent);
             return lines.includes('Traceback (most recent call last):') && lines.includes('OSError: [Errno 98] Address already in use')",
        )
        .await?;
        let notice = page
            .script("return document.body.lastElementChild.shadowRoot.querySelector('[part=notice]').textContent")
            .await?;
        let notice = notice.as_str().unwrap_or_default();
        ensure!(notice.contains("10000") && notice.ends_with("or take another port."), "{notice}");
        page.script("document.body.lastElementChild.shadowRoot.querySelector('[part=any-port]').click()")
            .await?;
        page.wait_for(
            "another port",
            "return /^127\\.[\\d.]+:\\d+$/.test(document.body.lastElementChild.shadowRoot.querySelector('[part=own]').textContent)",
        )
        .await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_second_tab_shares_the_loopback_and_its_client_reaches_the_first_ones_server() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open_server(page, &host.http().to_string(), "").await?;
        let ip = address(page).await?;
        // A tab of its own: another page, with another session.
        page.script("globalThis.other = open('/embed?role=client')").await?;
        page.wait_for("the other page", "return other.document?.querySelector('udp-echo')?.state === 'live'")
            .await?;
        page.script(
            "const client = other.document.querySelector('udp-echo');
             client.addEventListener('udp-echoed', ({ detail }) => globalThis.answered = detail);
             client.send('from another tab')",
        )
        .await?;
        page.wait_for("the answer", "return globalThis.answered").await?;
        let served = page
            .script("return told.find(([type]) => type === 'udp-served')[2]")
            .await?;
        ensure!(served["text"] == "from another tab", "{served}");
        let peer = served["peer"].as_str().unwrap_or_default();
        ensure!(peer.starts_with(&format!("{ip}:")), "{peer} is not of {ip}");
        // Neither page has the token in its address, nor keeps it anywhere.
        let kept = page
            .script("return [location.href, other.location.href, JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie].join(' ')")
            .await?;
        let kept = kept.as_str().unwrap_or_default();
        ensure!(!kept.contains("loopback"), "{kept}");
        // The tab goes, and the server is still there.
        page.script("other.close()").await?;
        let asked = Program::other("python3", &["-c", ASK, &ip, "still there?"]);
        let said = String::from_utf8(asked.output().await)?;
        ensure!(said.contains("answer still there?"), "{said}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_server_whose_host_goes_says_so_and_binds_again_when_it_is_back() {
    in_chromium(async |page| {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let http = format!("--http={address}");
        let mut host = HostProgram::start(&[&http]).await;
        open_server(page, &address.to_string(), "").await?;
        host.signal("-KILL").await;
        host.ended().await;
        page.wait_for_state("gone").await?;
        wait_for_line(page, "the host is gone, and the socket with it").await?;
        let detail = page
            .in_widget("return root.querySelector('[part=detail]').textContent")
            .await?;
        ensure!(detail.as_str().unwrap_or_default().contains("The connection to the host broke"), "{detail}");
        // Tries that meet nobody are errors to the browser; they are what this test is about.
        page.console().await?;
        let _second = HostProgram::start(&[&http]).await;
        page.press_in_widget("[part=retry]").await?;
        page.wait_for_state("live").await?;
        page.wait_for(
            "the server, bound again",
            "return [...document.querySelector('udp-echo').shadowRoot.querySelectorAll('[part=line]')].filter((line) => line.textContent.startsWith('starting up')).length === 2",
        )
        .await?;
        page.console().await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn both_roles_fit_a_phone_and_serve_everybody() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.emulate(390, 900, Scheme::Dark).await?;
        open_server(page, &host.http().to_string(), "").await?;
        add(page, "role=client").await?;
        page.script("document.body.lastElementChild.send('hello')")
            .await?;
        page.wait_for(
            "the answer",
            "return told.some(([type]) => type === 'udp-echoed')",
        )
        .await?;
        page.frames(3).await?;
        let wide = page
            .script("return document.documentElement.scrollWidth > innerWidth")
            .await?;
        ensure!(wide == json!(false), "the page is wider than a phone");
        if let Some(folder) = std::env::var_os("UDP_ECHO_SHOTS") {
            for (name, width, scheme) in [
                ("wide", 1280, Scheme::Light),
                ("dark", 1280, Scheme::Dark),
                ("narrow", 390, Scheme::Light),
            ] {
                page.emulate(width, 900, scheme).await?;
                page.frames(3).await?;
                page.screenshot(&Path::new(&folder).join(format!("sockets-{name}.png")))
                    .await?;
            }
        }
        // The page around an element is its author's.
        page.script(
            "const main = document.createElement('main');
             main.innerHTML = '<h1>A server and a client</h1>';
             main.append(...document.querySelectorAll('udp-echo'));
             document.body.append(main)",
        )
        .await?;
        assert_accessible_in_both_schemes(page, "a server and a client").await
    })
    .await;
    host.shutdown().await;
}
