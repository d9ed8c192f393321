//! A reader who leaves, two readers of one host, and a host that goes: nobody is in another's way, and nothing hangs.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use test_support::host::{HostProgram, TestServer};

use super::{open, open_at, outcome, output, press, serve, shadow, status};
use crate::browser::{Browser, in_browser, in_chromium};
use crate::page::{Page, eventually};

/// How long a port may stay taken when the page of its program has gone.
const FREE_AGAIN: Duration = Duration::from_secs(1);

/// Addresses on which this process has bound UDP port 10000.
fn bound_by(process: u32) -> Result<BTreeSet<Ipv4Addr>> {
    let mut sockets = BTreeSet::new();
    for entry in fs::read_dir(format!("/proc/{process}/fd"))? {
        let link = fs::read_link(entry?.path()).unwrap_or_default();
        let inode = link
            .to_str()
            .and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']'));
        sockets.extend(inode.map(str::to_owned));
    }
    let table = fs::read_to_string("/proc/net/udp")?;
    let bound = table.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (address, port) = fields.get(1)?.split_once(':')?;
        // The address stands there as the machine has it in memory.
        let address = u32::from_str_radix(address, 16).ok()?.to_ne_bytes();
        (port == "2710" && sockets.contains(*fields.get(9)?)).then_some(Ipv4Addr::from(address))
    });
    Ok(bound.collect())
}

/// Any program of this machine may bind the port of a program that is gone; as long as it is there, the system refuses. A browser may
/// keep a page that is left, to show it again at once: nothing of it may run on.
async fn leaving_frees_the_port(browser: Browser) {
    let host = HostProgram::start(&[]).await;
    in_browser(browser, async |page| {
        open_at(page, host.http).await?;
        serve(page).await?;
        let bound: Vec<_> = bound_by(host.pid())?.into_iter().collect();
        let [address] = bound[..] else {
            bail!("the host has bound port 10000 of {bound:?}");
        };
        let taken = UdpSocket::bind((address, 10_000)).map_err(|error| error.kind());
        ensure!(
            taken.as_ref().err() == Some(&std::io::ErrorKind::AddrInUse),
            "while the program runs: {taken:?}"
        );
        page.open("about:blank").await?;
        let left = Instant::now();
        eventually("the port to be free", async || {
            Ok(UdpSocket::bind((address, 10_000)).ok())
        })
        .await?;
        let took = left.elapsed();
        println!("{browser:?}: port 10000 of {address} is free {took:?} after the page was left");
        ensure!(took < FREE_AGAIN, "{took:?}");
        // The reader comes back: to the page as it was, or to a new one.
        page.back().await?;
        page.wait_for(
            "the page again",
            "const element = document.querySelector('#run-server');
             return ['', 'Stopped, because the page was left'].includes(element?.shadowRoot?.querySelector('[part=status]').textContent)",
        )
        .await?;
        serve(page).await?;
        // Chromium tells of what the widget's connection was when the page was kept.
        page.console().await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn leaving_the_page_while_a_server_runs_frees_its_port_within_a_second() {
    leaving_frees_the_port(Browser::Chromium).await;
}

#[tokio::test]
async fn leaving_the_page_in_firefox_frees_the_port_within_a_second() {
    leaving_frees_the_port(Browser::Firefox).await;
}

/// The article's server, which says in its answer whose it is.
async fn serve_as(page: &Page, host: &HostProgram, name: &str) -> Result<()> {
    open_at(page, host.http).await?;
    page.script(&format!(
        "{} element.program = element.program.replace('sendto(data,', 'sendto(b\"{name} has: \" + data,')",
        shadow("run-server")
    ))
    .await?;
    serve(page).await
}

/// The article's client, and what it hears.
async fn hears(page: &Page, name: &str) -> Result<()> {
    press(page, "run-client", "run").await?;
    status(page, "run-client", "Ended").await?;
    let said = output(page, "run-client").await?;
    let answer = format!("received \"{name} has: This is the message.  It will be repeated.\"\n");
    ensure!(said.contains(&answer), "{name}'s client: {said}");
    // The two programs print each for itself.
    page.wait_for(
        "what the server prints of it",
        &format!(
            "{} return part('output').textContent.includes('bytes back to')",
            shadow("run-server")
        ),
    )
    .await?;
    let served = output(page, "run-server").await?;
    let datagrams = served.matches("received 42 bytes from ").count();
    ensure!(datagrams == 1, "{name}'s server: {served}");
    Ok(())
}

#[tokio::test]
async fn two_readers_of_one_host_have_port_10000_at_once_and_each_client_hears_its_own_server() {
    let host = HostProgram::start(&[]).await;
    in_chromium(async |ada| {
        in_browser(Browser::Firefox, async |bob| {
            serve_as(ada, &host, "Ada").await?;
            serve_as(bob, &host, "Bob").await?;
            let bound = bound_by(host.pid())?;
            ensure!(bound.len() == 2, "port 10000 of {bound:?}");
            hears(ada, "Ada").await?;
            hears(bob, "Bob").await
        })
        .await;
        Ok(())
    })
    .await;
}

/// What a program does when its host goes: each call in turn, with the error that it raised.
const GOES_ON: &str = "import select, socket, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((\"localhost\", 10000))
print(\"bound\", flush=True)

def attempt(name, call):
    try:
        print(name, call())
    except OSError as error:
        print(name, type(error).__name__, error)

attempt(\"recvfrom\", lambda: sock.recvfrom(10))
attempt(\"sendto\", lambda: sock.sendto(b\"x\", (\"localhost\", 10000)))
attempt(\"connect\", lambda: sock.connect((\"localhost\", 10000)))
attempt(\"socket\", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
attempt(\"select\", lambda: select.select([sock], [], [])[0] == [sock])
attempt(\"sleep\", lambda: time.sleep(0.01))
attempt(\"close\", lambda: sock.close())
";

#[tokio::test]
async fn when_the_host_goes_no_call_hangs_and_each_says_why_it_fails() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let program = serde_json::Value::from(GOES_ON);
        page.script(&format!(
            "{} element.program = {program}; part('run').click()",
            shadow("run-client")
        ))
        .await?;
        let bound = format!(
            "{} return part('output').textContent === 'bound\\n'",
            shadow("run-client")
        );
        page.wait_for("its port", &bound).await?;
        host.shutdown().await;
        status(page, "run-client", "Ended").await?;
        let said = output(page, "run-client").await?;
        let gone = "OSError [Errno 100] Network is down: the host of this page is gone";
        let lines: Vec<&str> = said.lines().collect();
        ensure!(lines.len() == 8, "{said}");
        for (line, name) in lines[1..5]
            .iter()
            .zip(["recvfrom", "sendto", "connect", "socket"])
        {
            ensure!(
                line.starts_with(&format!("{name} {gone}")),
                "{name}: {said}"
            );
        }
        ensure!(
            lines[5..] == ["select True", "sleep None", "close None"],
            "{said}"
        );
        // What the browser says about the connection.
        page.console().await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_program_that_waits_for_nothing_is_reported_after_ten_seconds_and_ended_when_the_reader_says_so()
 {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        page.script(&format!(
            "{} element.program = 'print(1)\\nwhile True: pass\\n'; part('run').click()",
            shadow("run-client")
        ))
        .await?;
        let began = format!("{} return part('output').textContent === '1\\n'", shadow("run-client"));
        page.wait_for("its output", &began).await?;
        let busy = format!("{} return !part('busy').hidden", shadow("run-client"));
        ensure!(page.script(&busy).await? == false, "at once");
        // Ten seconds by the clock that the page reads.
        page.script("const real = performance.now.bind(performance); performance.now = () => real() + 10_000").await?;
        page.wait_for("the question", &busy).await?;
        let question = page
            .script(&format!("{} return part('busy').textContent", shadow("run-client")))
            .await?;
        ensure!(question == "The program has not waited for anything for 10 seconds. Stop Let it run", "{question}");
        press(page, "run-client", "end").await?;
        status(page, "run-client", "Stopped").await?;
        // The next program begins at once.
        let (said, code) = outcome(page, "print('next')\n").await?;
        ensure!(said == "next\n" && code == 0, "{said}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}
