//! `UDPSocket` for other people's pages (`www/socket`): its sockets on a real host, from pages in a real browser.

mod alone;

use std::net::{SocketAddr, UdpSocket};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use test_support::PATIENCE;
use test_support::host::TestServer;

use crate::browser::{Browser, in_browser, in_chromium};
use crate::embed::site::Site;
use crate::page::{Page, eventually};

/// What the scripts of these tests have at hand.
const AT_HAND: &str = "
    const bytes = (text) => new TextEncoder().encode(text);
    const text = (data) => new TextDecoder().decode(data);
    /** The name, the system's name and the words of what a promise rejects with. */
    const failure = (promise) => promise.then(() => 'no failure', ({ name, errno, message }) => [name, errno, message]);
    /** A socket that sends back what comes. */
    const echo = async (options) => {
        const socket = new UDPSocket({ localAddress: '127.0.0.1', localPort: 10000, ...options });
        const info = await socket.opened;
        info.readable.pipeTo(info.writable).catch(() => {});
        return { socket, ...info };
    };";

/// What the body of an asynchronous function gives that has `UDPSocket` from this address.
async fn run_from(page: &Page, module: &str, body: &str) -> Result<Value> {
    let script = format!(
        "const done = arguments[arguments.length - 1];
         const run = async () => {{ const {{ UDPSocket }} = await import('{module}'); {AT_HAND} {body} }};
         run().then((value) => done([value ?? null]), (error) => done(`${{error.name}} ${{error.errno}}: ${{error.message}}`));"
    );
    let outcome = page.script_that_calls_back(&script).await?;
    let value = outcome.get(0).cloned();
    value.with_context(|| format!("{outcome} instead of a value of {body}"))
}

/// As [`run_from`], with the module of the page's own host.
async fn run(page: &Page, body: &str) -> Result<Value> {
    run_from(page, "/udp-socket.js", body).await
}

/// Opens the smallest page of a host.
async fn open(page: &Page, host: &TestServer) -> Result<()> {
    page.open(&format!(
        "http://{}/embed?mode=simulated&loading=click",
        host.http()
    ))
    .await
}

/// Fails unless something failed by this name, the system's name and with these words.
fn assert_failed(outcome: &Value, name: &str, errno: Option<&str>, words: &str) -> Result<()> {
    let message = outcome[2].as_str().unwrap_or_default();
    ensure!(
        outcome[0] == name && outcome[1].as_str() == errno && message.contains(words),
        "{outcome} is not {name} {errno:?} with {words:?}"
    );
    Ok(())
}

/// Another program of this machine, as a reader's own: it sends from whatever address the system gives it.
fn program() -> UdpSocket {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a port is free");
    socket
        .set_read_timeout(Some(PATIENCE))
        .expect("a timeout can be set");
    socket
}

/// What a program gets back from an address.
async fn asked(to: SocketAddr, data: Vec<u8>) -> Result<Vec<u8>> {
    tokio::task::spawn_blocking(move || {
        let socket = program();
        socket.send_to(&data, to)?;
        let mut answer = vec![0; 65_536];
        let (bytes, _) = socket.recv_from(&mut answer)?;
        answer.truncate(bytes);
        Ok(answer)
    })
    .await?
}

async fn the_example_echoes(browser: Browser) {
    let mut site = Site::new().await.expect("a site");
    let host = TestServer::start(&["--allow-origin", &site.origin]).await;
    let address = format!("http://{}", host.http());
    let example = std::fs::read_to_string(crate::places::embed().join("sockets.html"))
        .expect("the example is there");
    let example = example.replace("http://127.0.0.1:8000", &address);
    assert!(example.contains(&address));
    site.page("/", "", &example);
    let origin = site.serve();
    in_browser(browser, async |page| {
        page.open(&origin).await?;
        let said = |who: &str| format!("return document.getElementById('{who}').textContent");
        let waits = format!("{}.includes('waiting on 127.') || null", said("server"));
        page.wait_for("the server", &waits).await?;
        page.click("button").await?;
        let got = format!("{}.includes('received \"')", said("client"));
        page.wait_for("the answer", &got).await?;
        let client = page.script(&said("client")).await?;
        let message = "This is the message.  It will be repeated.";
        ensure!(
            client == format!("sending \"{message}\"\nreceived \"{message}\"\n"),
            "{client}"
        );
        let server = page.script(&said("server")).await?;
        let server = server.as_str().context("text")?;
        ensure!(
            server.contains(" port 10000\nreceived 42 bytes from ('127."),
            "{server}"
        );
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_page_of_another_origin_has_a_server_and_a_client() {
    the_example_echoes(Browser::Chromium).await;
}

#[tokio::test]
async fn firefox_has_them_too() {
    the_example_echoes(Browser::Firefox).await;
}

#[tokio::test]
async fn programs_of_this_machine_reach_the_sockets_of_a_page() {
    let port = reached_by_programs(&[]).await;
    assert_eq!(port, 10_000);
}

#[tokio::test]
async fn programs_reach_them_by_another_port_where_ports_are_mapped() {
    let port = reached_by_programs(&["--sockets-map-ports"]).await;
    assert_ne!(port, 10_000);
}

/// Has programs of this machine talk to port 10000 of a page, and returns the port by which they reach it.
async fn reached_by_programs(flags: &[&str]) -> u16 {
    let host = TestServer::start(flags).await;
    let mut port = 0;
    in_chromium(async |page| {
        open(page, &host).await?;
        let kept = "globalThis.kept = await echo(); return [kept.localPort, kept.outside]";
        let kept = run(page, kept).await?;
        ensure!(kept[0] == 10_000, "{kept}");
        let outside = kept[1].as_str().context("where programs reach it")?;
        let outside: SocketAddr = outside.parse()?;
        ensure!(outside.ip().is_loopback(), "{outside}");
        port = outside.port();
        for size in [1, 0, 42, 1_473, 9_217, 65_507] {
            let data: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            ensure!(asked(outside, data.clone()).await? == data, "{size} bytes");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
    port
}

/// What a script of the socket calls comes to: every answer and error in its words, and whatever is received. Ports that the
/// system picks are left out.
const SCRIPT: &str = "
    const told = [];
    const at = (options) => new UDPSocket({ localAddress: '127.0.0.1', ...options });
    const server = await echo();
    told.push(server.localPort, /^127\\.\\d+\\.\\d+\\.\\d+$/.test(server.localAddress), /^[0-9a-f]{32}$/.test(server.loopback));
    const own = (message) => message?.replaceAll?.(server.localAddress, 'OWN') ?? message;
    const failed = async (promise) => told.push((await failure(promise)).map(own));
    await failed(at({ localPort: 10000 }).opened);
    await failed(at({ localPort: 80 }).opened);
    await failed(at({ localAddress: '192.0.2.1' }).opened);
    await failed(new UDPSocket({ remoteAddress: 'nowhere.example', remotePort: 1234 }).opened);
    await failed(new UDPSocket({ remoteAddress: '192.0.2.1', remotePort: 1234 }).opened);
    const client = await new UDPSocket({ remoteAddress: 'localhost', remotePort: 10000 }).opened;
    told.push(own(client.remoteAddress), client.remotePort);
    const reader = client.readable.getReader();
    const writer = client.writable.getWriter();
    for (const size of [0, 1, 42, 9217, 65507]) {
        await writer.write({ data: new Uint8Array(size).fill(size) });
        const { data } = (await reader.read()).value;
        told.push([data.length, data.every((byte) => byte === size % 256)]);
    }
    const write = async (message) => {
        const socket = await at().opened;
        const writer = socket.writable.getWriter();
        writer.closed.catch(() => {});
        await failed(writer.write({ data: bytes('a'), ...message }));
    };
    await write({ remoteAddress: '192.0.2.1', remotePort: 9000 });
    await write({ remoteAddress: '127.0.0.2', remotePort: 80 });
    await write({ remoteAddress: '::1', remotePort: 9000 });
    await write({ remoteAddress: 'localhost', remotePort: 0 });
    await write({ remoteAddress: 'nowhere.example', remotePort: 9000 });
    const nobody = await new UDPSocket({ remoteAddress: 'localhost', remotePort: 10009 }).opened;
    await nobody.writable.getWriter().write({ data: bytes('a') });
    await failed(nobody.readable.getReader().read());
    const target = await new UDPSocket({ remoteAddress: 'echo', remotePort: 0 }).opened;
    await target.writable.getWriter().write({ data: bytes('to the target') });
    told.push(text((await target.readable.getReader().read()).value.data));
    const six = await echo({ localAddress: '::1' });
    told.push([six.localAddress, six.localPort]);
    const many = [];
    for (let count = 0; count < 20 && !many.length; count += 1) many.push(...(await at().opened.then(() => [], (error) => [error])));
    await failed(Promise.reject(many[0]));
    return told;";

#[tokio::test]
async fn a_simulated_host_answers_as_a_real_one_does() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let live = run(page, SCRIPT).await?;
        let simulated = "const { simulated } = await import('/udp-socket-simulated.js'); UDPSocket.host = simulated();";
        let simulated = run(page, &format!("{simulated} {SCRIPT}")).await?;
        ensure!(live.as_array().is_some_and(|told| told.len() > 20), "{live}");
        ensure!(live == simulated, "live: {live:#}\nsimulated: {simulated:#}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_simulated_host_has_a_link_and_lets_others_of_its_page_join() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let script = "
            const { simulated } = await import('/udp-socket-simulated.js');
            const first = simulated({ seed: 7, lab: { up: { loss_ppm: 300_000 }, seed: 7 } });
            const server = new UDPSocket({ localAddress: '127.0.0.1', localPort: 10000, host: first });
            const { readable, loopback } = await server.opened;
            const lossy = await new UDPSocket({ remoteAddress: 'localhost', remotePort: 10000, host: first }).opened;
            const writer = lossy.writable.getWriter();
            for (let number = 0; number < 20; number += 1) await writer.write({ data: Uint8Array.of(number) });
            const second = await new UDPSocket({ remoteAddress: 'localhost', remotePort: 10000, host: simulated({ loopback }) }).opened;
            await second.writable.getWriter().write({ data: Uint8Array.of(255) });
            const reader = readable.getReader();
            const got = [];
            while (got.at(-1) !== 255) got.push((await reader.read()).value.data[0]);
            const wrong = new UDPSocket({ localAddress: '127.0.0.1', host: simulated({ loopback: '0'.repeat(32) }) });
            return [got, await failure(wrong.opened)]";
        let outcome = run(page, script).await?;
        let got: Vec<u8> = serde_json::from_value(outcome[0].clone())?;
        let lost = 20 - (got.len() - 1);
        ensure!((2..=11).contains(&lost), "{lost} of 20 are lost: {got:?}");
        assert_failed(&outcome[1], "NetworkError", None, "loopback")
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn two_pages_share_a_loopback_by_its_token_and_nobody_else_does() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |first| {
        open(first, &host).await?;
        let token = run(first, "globalThis.kept = await echo(); return kept.loopback").await?;
        in_chromium(async |second| {
            open(second, &host).await?;
            let ask = |options: &str| format!("
                const client = new UDPSocket({{ remoteAddress: 'localhost', remotePort: 10000 {options} }});
                const {{ readable, writable, remoteAddress, loopback }} = await client.opened;
                await writable.getWriter().write({{ data: bytes('hello') }});
                const reader = readable.getReader();
                return reader.read().then(({{ value }}) => [text(value.data), loopback], (error) => failure(Promise.reject(error)))");
            let apart = run(second, &ask("")).await?;
            assert_failed(&apart, "NetworkError", Some("ECONNREFUSED"), "")?;
            let together = run(second, &ask(&format!(", loopback: {token}"))).await?;
            ensure!(together == json!(["hello", token]), "{together}");
            let wrong = run(second, "return failure(new UDPSocket({ localAddress: '127.0.0.1', loopback: '0'.repeat(32) }).opened)").await?;
            assert_failed(&wrong, "NetworkError", None, "its last session has ended")?;
            // The browser's own line about the connection that was refused.
            second.console().await?;
            Ok(())
        })
        .await;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn what_the_system_refuses_has_the_name_that_a_local_program_would_see() {
    let host = TestServer::start(&["--max-sockets", "3"]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let outcomes = run(page, "
            const at = (options) => new UDPSocket({ localAddress: '127.0.0.1', ...options });
            const write = async (message) => {
                const socket = at({ localPort: 10001 });
                const { writable } = await socket.opened;
                const writer = writable.getWriter();
                writer.closed.catch(() => {});
                const outcome = await failure(writer.write(message));
                writer.releaseLock();
                await socket.close().catch(() => {});
                return outcome;
            };
            const first = at({ localPort: 10000 });
            await first.opened;
            const told = {
                taken: await failure(at({ localPort: 10000 }).opened),
                privileged: await failure(at({ localPort: 80 }).opened),
                foreign: await failure(at({ localAddress: '192.0.2.1' }).opened),
                nowhere: await failure(new UDPSocket({ remoteAddress: 'nowhere.example', remotePort: 1234 }).opened),
                refused: await write({ data: bytes('a'), remoteAddress: '192.0.2.1', remotePort: 9000 }),
                family: await write({ data: bytes('a'), remoteAddress: '::1', remotePort: 9000 }),
                zero: await write({ data: bytes('a'), remoteAddress: 'localhost', remotePort: 0 }),
                name: await write({ data: bytes('a'), remoteAddress: 'nowhere.example', remotePort: 9000 }),
                long: await write({ data: new Uint8Array(65508), remoteAddress: 'localhost', remotePort: 9000 }),
            };
            await at().opened;
            await at().opened;
            told.many = await failure(at().opened);
            return told;").await?;
        for (what, name, errno, words) in [
            ("taken", "NetworkError", "EADDRINUSE", "10000"),
            ("privileged", "NotAllowedError", "EACCES", "80"),
            ("foreign", "NetworkError", "EADDRNOTAVAIL", "192.0.2.1"),
            ("nowhere", "NetworkError", "ENOENT", "nowhere.example"),
            ("refused", "NetworkError", "EACCES", "192.0.2.1"),
            ("family", "NetworkError", "EAFNOSUPPORT", ""),
            ("zero", "NetworkError", "EINVAL", "0"),
            ("name", "NetworkError", "ENOENT", "nowhere.example"),
            ("long", "NetworkError", "EMSGSIZE", "65507"),
            ("many", "NetworkError", "EMFILE", "3"),
        ] {
            assert_failed(&outcomes[what], name, Some(errno), words).context(what)?;
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn nobody_listens_a_connected_socket_is_refused_and_an_unconnected_one_hears_nothing() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let refused = run(page, "
            const { readable, writable } = await new UDPSocket({ remoteAddress: 'localhost', remotePort: 10009 }).opened;
            await writable.getWriter().write({ data: bytes('a') });
            return failure(readable.getReader().read())").await?;
        assert_failed(&refused, "NetworkError", Some("ECONNREFUSED"), "")?;
        let heard = run(page, "
            const { readable, writable } = await new UDPSocket({ localAddress: '127.0.0.1' }).opened;
            const writer = writable.getWriter();
            await writer.write({ data: bytes('a'), remoteAddress: 'localhost', remotePort: 10009 });
            // What comes after has not been overtaken by an error.
            const server = await echo({ localPort: 10008 });
            await writer.write({ data: bytes('b'), remoteAddress: 'localhost', remotePort: 10008 });
            const { value } = await readable.getReader().read();
            return [text(value.data), value.remotePort]").await?;
        ensure!(heard == json!(["b", 10008]), "{heard}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn the_hosts_echo_server_is_a_target_by_its_name() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let answers = run(page, "
            const { readable, writable } = await new UDPSocket({ remoteAddress: 'echo', remotePort: 0 }).opened;
            await writable.getWriter().write({ data: bytes('connected') });
            const answer = text((await readable.getReader().read()).value.data);
            const bound = await new UDPSocket({ localAddress: '127.0.0.1' }).opened;
            await bound.writable.getWriter().write({ data: bytes('bound'), remoteAddress: 'echo', remotePort: 0 });
            return [answer, text((await bound.readable.getReader().read()).value.data)]").await?;
        ensure!(answers == json!(["connected", "bound"]), "{answers}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn over_ipv6_the_loopback_is_the_readers_own_too() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let answer = run(page, "
            const { localAddress, localPort } = await echo({ localAddress: '::1' });
            const { readable, writable } = await new UDPSocket({ localAddress: '::1' }).opened;
            await writable.getWriter().write({ data: new Uint8Array(65527), remoteAddress: '::1', remotePort: 10000 });
            const { value } = await readable.getReader().read();
            return [localAddress, localPort, value.remoteAddress, value.remotePort, value.data.length]").await?;
        ensure!(answer == json!(["::1", 10000, "::1", 10000, 65_527]), "{answer}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn what_is_written_waits_for_room_and_what_nobody_reads_is_dropped_and_counted() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let counted = run(page, "
            let most = 0;
            const { send } = WebSocket.prototype;
            WebSocket.prototype.send = function (message) {
                send.call(this, message);
                most = Math.max(most, this.bufferedAmount);
            };
            const server = new UDPSocket({ localAddress: '127.0.0.1', localPort: 10000, receiveBufferSize: 20000 });
            const { readable } = await server.opened;
            const client = new UDPSocket({ remoteAddress: 'localhost', remotePort: 10000, sendBufferSize: 50000 });
            const { writable } = await client.opened;
            const writer = writable.getWriter();
            const all = Array.from({ length: 1000 }, (_, at) => writer.write({ data: new Uint8Array(1000).fill(at) }));
            await Promise.all(all);
            while (!server.dropped) await new Promise((wait) => setTimeout(wait, 10));
            // Twenty thousand bytes are eighteen such datagrams with what each takes beside, and the one that goes over.
            const reader = readable.getReader();
            const read = [];
            for (let count = 0; count < 19; count += 1) read.push((await reader.read()).value.data[0]);
            return { most, read };").await?;
        let most = counted["most"].as_u64().context("bytes")?;
        ensure!((1_000..51_100).contains(&most), "{most} bytes waited");
        let read: Vec<u64> = serde_json::from_value(counted["read"].clone())?;
        ensure!(read.is_sorted(), "{read:?}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_closed_port_is_free_again_and_the_session_ends_some_time_after_its_last_socket() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let addresses = run(
            page,
            "
            const addresses = [];
            for (let count = 0; count < 3; count += 1) {
                const socket = new UDPSocket({ localAddress: '127.0.0.1', localPort: 10000 });
                addresses.push((await socket.opened).localAddress);
                await socket.close();
            }
            return [...new Set(addresses)].length",
        )
        .await?;
        ensure!(addresses == 1, "one loopback for all of them");
        ensure!(host.sessions() == 1);
        eventually("the session ends", async || {
            Ok((host.sessions() == 0).then_some(()))
        })
        .await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn when_the_host_goes_everything_says_so() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let start = "
            const socket = new UDPSocket({ localAddress: '127.0.0.1', localPort: 10000 });
            const { readable, writable } = await socket.opened;
            const waiting = [socket.closed, readable.getReader().read(), writable.getWriter().closed];
            globalThis.ends = Promise.all(waiting.map(failure));
            globalThis.again = () => failure(new UDPSocket({ localAddress: '127.0.0.1' }).opened);";
        run(page, start).await?;
        host.shutdown().await;
        for end in run(page, "return ends").await?.as_array().context("ends")? {
            assert_failed(end, "NetworkError", None, "The host ended the session: ")?;
        }
        let again = run(page, "return again()").await?;
        assert_failed(&again, "NetworkError", None, "No udp-echo host answers at http://127.0.0.1:")?;
        // The browser's own lines about connections that were refused.
        page.console().await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_page_that_may_not_is_told_the_setting() {
    let site = Site::new().await.unwrap();
    let origin = site.origin.clone();
    let mut site = site;
    site.page("/", "", "<!doctype html><title>t</title>");
    site.serve();
    let host = TestServer::start(&[]).await;
    let off = TestServer::start(&["--sockets", "off"]).await;
    in_chromium(async |page| {
        let script = "return failure(new UDPSocket({ localAddress: '127.0.0.1' }).opened)";
        page.open(&origin).await?;
        let module = format!("http://{}/udp-socket.js", host.http());
        let foreign = run_from(page, &module, script).await?;
        let setting = format!("--allow-origin {origin}");
        assert_failed(&foreign, "NetworkError", None, &setting)?;
        open(page, &off).await?;
        let without = run(page, script).await?;
        assert_failed(&without, "NetworkError", None, "--sockets own")?;
        // The browser's own lines about connections that were refused.
        page.console().await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
    off.shutdown().await;
}

#[tokio::test]
async fn the_module_finds_its_host_from_below_a_version_and_in_a_worker() {
    let mut site = Site::new().await.unwrap();
    let origin = site.origin.clone();
    let host = TestServer::start(&["--allow-origin", &origin]).await;
    let version = std::fs::read_to_string(crate::places::bundle().join("version")).unwrap();
    let module = format!("http://{}/v/{}/udp-socket.js", host.http(), version.trim());
    let worker = format!(
        "import {{ UDPSocket }} from '{module}';
         const {{ localPort }} = await new UDPSocket({{ localAddress: '127.0.0.1', localPort: 10000 }}).opened;
         postMessage(localPort);"
    );
    site.page("/", "", "<!doctype html><title>t</title>");
    let worker = crate::embed::site::Answer::file("text/javascript", worker);
    site.files.insert("/worker.js".to_owned(), worker);
    site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        let port = run_from(
            page,
            &module,
            "const worker = new Worker('/worker.js', { type: 'module' });
             return new Promise((tell, fail) => Object.assign(worker, { onmessage: ({ data }) => tell(data), onerror: fail }))",
        )
        .await?;
        ensure!(port == 10_000, "{port}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}
