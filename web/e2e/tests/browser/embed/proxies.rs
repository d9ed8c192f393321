//! A host behind somebody's proxy: below a path of its server, and where no WebSockets pass.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use anyhow::{Result, ensure};
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::get;
use serde_json::Value;

use super::proxy::{Proxy, shipped};
use super::site::{Answer, Site};
use crate::browser::in_chromium;
use crate::page::Page;
use test_support::client::Client;
use test_support::host::TestServer;

/// What every proxy of a host has to pass.
const UPGRADE: &str = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;";

/// nginx with a host below `/demo/`, as the usual recipe has it, with these lines more.
async fn below_a_path(host: SocketAddr, lines: &str) -> Result<Proxy> {
    Proxy::nginx(&format!(
        "server {{ listen 127.0.0.1:PORT; location /demo/ {{ proxy_pass http://{host}/; {lines} }} }}"
    ))
    .await
}

/// Sends from the first widget, and waits until the answer is there.
async fn echoes(page: &Page) -> Result<()> {
    page.wait_for_state("live").await?;
    page.part("send").await?.click().await?;
    page.wait_for_in_widget("an echo", "tr[data-fate=echoed]")
        .await
}

/// What a part of the first widget says.
async fn said(page: &Page, part: &str) -> Result<String> {
    page.part(part).await?.text().await.map_err(Into::into)
}

/// Adds a page with a widget whose loader is at this address.
fn embed(site: &mut Site, policy: &str, loader: &str, kind: &str, attributes: &str) {
    let body = format!(
        "<!doctype html><title>t</title><base href=\"/some/where/else/\"><script {kind} src=\"{loader}\"></script>\
         <udp-echo {attributes}><pre>as it looks without</pre></udp-echo>"
    );
    site.page("/", policy, &body);
}

#[tokio::test]
async fn below_a_path_every_page_finds_its_files_and_its_relay() {
    let host = TestServer::start(&[]).await;
    let proxy = below_a_path(host.http(), UPGRADE).await.unwrap();
    in_chromium(async |page| {
        let below = proxy.called("127.0.0.1") + "/demo";
        // Without the slash, to begin with.
        page.open(&below).await?;
        let address = page.script("return location.href").await?;
        ensure!(address == format!("{below}/"), "{address}");
        echoes(page).await?;
        let relay = format!("{}/demo/relay", proxy.address);
        let about = "return document.querySelector('udp-echo').shadowRoot.querySelector('[part=about]').textContent";
        let about = page.script(about).await?.to_string();
        ensure!(about.contains(&relay), "{about}");
        let script = page
            .script("return document.querySelector('script[src*=udp-echo]').src")
            .await?;
        ensure!(
            script.as_str().is_some_and(|src| src.contains("/demo/v/")),
            "the page has its files where they never change: {script}"
        );
        for path in ["/embed?view=timeline", "/embed?view=full&loss=0"] {
            page.open(&format!("{below}{path}")).await?;
            echoes(page).await?;
        }
        page.open(&format!("{below}/#experiment=first-echo")).await?;
        page.wait_for(
            "the experiment, live",
            "return !!document.querySelector('article.experiment udp-echo')?.matches(':state(live)')",
        )
        .await?;
        page.open(&format!("{below}/reference.html")).await?;
        let drawn = "return document.documentElement.dataset.drawn === ''";
        page.wait_for("the reference", drawn).await?;
        let go = "const example = document.querySelector('#example udp-echo');
            example.mode = 'live';
            example.connect()";
        page.script(go).await?;
        page.wait_for(
            "its example, live",
            "return document.querySelector('#example udp-echo').matches(':state(live)')",
        )
        .await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn embeds_from_below_a_path_find_the_relay_beside_the_loader() {
    let mut site = Site::new().await.unwrap();
    let host = TestServer::start(&["--allow-origin", &site.origin]).await;
    let proxy = below_a_path(host.http(), UPGRADE).await.unwrap();
    let version = udp_echo::page::bundle_id().expect("cargo xtask bundle made one");
    let below = proxy.called("127.0.0.1") + "/demo";
    let versioned = format!("{below}/v/{version}");
    let module = "type=module";
    let cases = [
        ("udp-echo.js", module, &below, "".to_owned()),
        ("udp-echo.js?x=/v/1/", module, &versioned, "".to_owned()),
        ("udp-echo.classic.js", "", &below, "".to_owned()),
        (
            "udp-echo.classic.js",
            "",
            &versioned,
            "view=mini".to_owned(),
        ),
        // What is relative counts from the same folder, and one that is none may name the folder alone.
        ("udp-echo.js", module, &below, "relay=relay".to_owned()),
        ("udp-echo.js", module, &versioned, "relay=./".to_owned()),
        (
            "udp-echo.js",
            module,
            &below,
            "relay=/demo/relay".to_owned(),
        ),
        ("udp-echo.js", module, &below, format!("relay={below}/")),
        // The experiment is one more file beside the loader.
        (
            "udp-echo.js",
            module,
            &versioned,
            "experiment=loss".to_owned(),
        ),
    ];
    for (place, (file, kind, from, attributes)) in cases.iter().enumerate() {
        // One page each, on the one origin that the host admits.
        let loader = format!("{from}/{file}");
        embed(&mut site, "", &loader, kind, attributes);
        let body = site.files.remove("/").expect("just put there");
        site.files.insert(format!("/{place}"), body);
    }
    let origin = site.serve();
    in_chromium(async |page| {
        for (place, case) in cases.iter().enumerate() {
            page.open(&format!("{origin}/{place}")).await?;
            page.wait_for_state("live")
                .await
                .map_err(|error| error.context(format!("{case:?}")))?;
            let send = "const element = document.querySelector('udp-echo');
                element.addEventListener('udp-echoed', () => (globalThis.echoed = true));
                element.send('x')";
            page.script(send).await?;
            page.wait_for("an echo", "return globalThis.echoed").await?;
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn the_maker_names_the_folder_that_its_host_has_everything_in() {
    let host = TestServer::start(&["--allow-origin", "*"]).await;
    let proxy = below_a_path(host.http(), UPGRADE).await.unwrap();
    let below = proxy.called("127.0.0.1") + "/demo";
    in_chromium(async |page| {
        page.open(&format!("{below}/snippets.html")).await?;
        let drawn = "return document.documentElement.dataset.drawn === 'plain'";
        page.wait_for("the files", drawn).await?;
        let made = page
            .script("return ['.file code', '#csp'].map((made) => document.querySelector(made).textContent)")
            .await?;
        let [text, policy] = [0, 1].map(|part| made[part].as_str().unwrap_or_default());
        ensure!(text.contains(&format!("src=\"{below}/udp-echo.js\"")), "{text}");
        ensure!(policy.contains(&format!("{below}/ ws://")), "{policy}");
        let mut site = Site::new().await?;
        site.page("/", policy, text);
        page.open(&site.serve()).await?;
        echoes(page).await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn the_files_for_a_path_that_are_shipped_lead_to_the_page() {
    let settings = ["--allow-host=docs.example", "--trusted-proxy=127.0.0.1"];
    let host = TestServer::start(&settings).await;
    let relay = host.http();
    let nginx = shipped(
        "nginx-path.conf",
        &[
            ("listen 80;", "listen 127.0.0.1:PORT;".to_owned()),
            ("http://127.0.0.1:8000/", format!("http://{relay}/")),
        ],
    );
    let haproxy = shipped(
        "haproxy-path.cfg",
        &[
            ("bind :80", "bind 127.0.0.1:PORT".to_owned()),
            ("relay 127.0.0.1:8000", format!("relay {relay}")),
        ],
    );
    let proxies = [
        Proxy::nginx(&nginx.unwrap()).await.unwrap(),
        Proxy::haproxy(&haproxy.unwrap()).await.unwrap(),
    ];
    for proxy in proxies {
        in_chromium(async |page| {
            let below = proxy.called("docs.example") + "/demo";
            page.open(&below).await?;
            let address = page.script("return location.href").await?;
            ensure!(address == format!("{below}/"), "{address}");
            echoes(page).await
        })
        .await;
    }
    host.shutdown().await;
}

/// Opens a page, waits until the widget is in this state and says this with these lines to add, and that it told the page so.
async fn expect(page: &Page, url: &str, state: &str, why: &str, setting: &str) -> Result<()> {
    page.open(url).await?;
    page.wait_for_state(state).await?;
    let why = Value::from(why);
    let says = format!(
        "return document.querySelector('udp-echo').shadowRoot.querySelector('[part=detail]').textContent.includes({why})"
    );
    page.wait_for("the sentence", &says)
        .await
        .map_err(|error| error.context(format!("it should say {why}")))?;
    let lines = said(page, "setting").await?;
    ensure!(lines.contains(setting), "{lines:?} lacks {setting:?}");
    // The browser's own line about the connection that failed is no fault of the page.
    page.console().await?;
    Ok(())
}

const NO_WEBSOCKETS: &str =
    "The host answers, but something between here and there does not pass WebSockets";

#[tokio::test]
async fn a_proxy_that_passes_no_websockets_is_named_with_the_lines_that_it_lacks() {
    let mut site = Site::new().await.unwrap();
    let host = TestServer::start(&["--allow-origin", &site.origin]).await;
    let proxy = below_a_path(host.http(), "").await.unwrap();
    let below = proxy.called("127.0.0.1") + "/demo";
    let loader = format!("{below}/udp-echo.js");
    embed(&mut site, "", &loader, "type=module", "");
    let origin = site.serve();
    in_chromium(async |page| {
        expect(
            page,
            &format!("{below}/"),
            "simulated",
            NO_WEBSOCKETS,
            "Upgrade $http_upgrade",
        )
        .await?;
        expect(
            page,
            &origin,
            "simulated",
            NO_WEBSOCKETS,
            "Connection upgrade",
        )
        .await?;
        // With the attribute, nothing stands in; and what it lacks will not come by itself.
        let live = format!("{below}/embed?mode=live");
        expect(
            page,
            &live,
            "refused",
            NO_WEBSOCKETS,
            "proxy_http_version 1.1",
        )
        .await
    })
    .await;
    // With the lines that the page names, it works.
    let mended = below_a_path(host.http(), UPGRADE).await.unwrap();
    in_chromium(async |page| {
        page.open(&format!("{}/demo/embed", mended.called("127.0.0.1")))
            .await?;
        echoes(page).await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn no_proxy_is_blamed_for_a_host_that_has_no_room() {
    for (limit, sentence) in [
        ("--max-sessions=1", "the host has 1 sessions, its limit"),
        (
            "--max-sessions-per-address=1",
            "your address has 1 sessions, the limit",
        ),
    ] {
        let host = TestServer::start(&[limit]).await;
        let mut first = Client::connect(&host.ws("/relay")).await;
        first.told("hello").await;
        for lines in ["", UPGRADE] {
            let proxy = below_a_path(host.http(), lines).await.unwrap();
            let embed = format!("{}/demo/embed", proxy.called("127.0.0.1"));
            in_chromium(async |page| {
                expect(page, &embed, "simulated", sentence, "").await?;
                let live = format!("{embed}?mode=live");
                expect(page, &live, "gone", sentence, "").await?;
                ensure!(!said(page, "detail").await?.contains("WebSockets"));
                Ok(())
            })
            .await;
        }
        drop(first);
        host.shutdown().await;
    }
}

#[tokio::test]
async fn no_proxy_is_blamed_for_a_host_that_is_gone_or_refuses_or_lacks_a_target() {
    let host = TestServer::start(&[]).await;
    let other = TestServer::start(&[]).await;
    let gone = other.http();
    other.shutdown().await;
    let mut site = Site::new().await.unwrap();
    let page_of = |relay: String| {
        let loader = format!("http://{}/udp-echo.js", host.http());
        Answer::page(
            "",
            format!(
                "<!doctype html><title>t</title><script type=module src=\"{loader}\"></script><udp-echo relay=\"{relay}\"></udp-echo>"
            ),
        )
    };
    let lets_nobody_in = below_a_path(host.http(), "").await.unwrap();
    let to_nobody = below_a_path(gone, "").await.unwrap();
    let [lets_nobody_in, to_nobody] =
        [&lets_nobody_in, &to_nobody].map(|proxy| proxy.called("127.0.0.1"));
    for (path, relay) in [("/refused", &lets_nobody_in), ("/gone", &to_nobody)] {
        site.files
            .insert(path.to_owned(), page_of(format!("{relay}/demo/")));
    }
    let setting = format!("--allow-origin {}", site.origin);
    let origin = site.serve();
    in_chromium(async |page| {
        let refused = format!("{origin}/refused");
        expect(
            page,
            &refused,
            "simulated",
            "may not connect to this host",
            &setting,
        )
        .await?;
        expect(
            page,
            &format!("{origin}/gone"),
            "simulated",
            "No host answers",
            "",
        )
        .await?;
        let target = format!("http://{}/embed?target=nowhere&mode=live", host.http());
        let sentence = "The host has no target “nowhere”, but echo";
        expect(
            page,
            &target,
            "refused",
            sentence,
            "--target nowhere=HOST:PORT",
        )
        .await
    })
    .await;
    host.shutdown().await;
}

/// What becomes of a handshake before it reaches a host.
#[derive(Clone, Copy)]
enum Handshake {
    /// It is answered with 404.
    Refused,
    /// It is never answered.
    Silent,
    /// It is taken, and then the connection is dropped, as dev servers and gateways do that find nobody behind them.
    Dropped,
}

/// Serves what tells of a host, as often as given, and then nothing; no handshake leads to a session.
async fn half_a_host(answers: usize, handshake: Handshake) -> Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let left = Arc::new(AtomicUsize::new(answers));
    let about = async move || {
        let is_there = left.try_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        let says = r#"{"name":"udp-echo","allowed":true,"targets":["echo"],"busy":null}"#;
        let mut answer = Answer::file("application/json", says);
        if is_there.is_err() {
            answer.status = StatusCode::BAD_GATEWAY;
        }
        answer
    };
    let relay = async move |upgrade: WebSocketUpgrade| match handshake {
        Handshake::Refused => StatusCode::NOT_FOUND.into_response(),
        Handshake::Silent => std::future::pending().await,
        Handshake::Dropped => upgrade.on_upgrade(async |socket| drop(socket)),
    };
    let host = Router::new()
        .route("/relay.json", get(about))
        .route("/relay", get(relay));
    tokio::spawn(axum::serve(listener, host).into_future());
    Ok(format!("http://{address}/"))
}

#[tokio::test]
async fn no_proxy_is_blamed_for_a_host_that_goes_away_meanwhile_or_is_silent() {
    let host = TestServer::start(&[]).await;
    let asked_twice = "return performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('relay.json')).length > 1";
    let gave_up = "return globalThis.gaveUp";
    for (answers, handshake, sentence, is_judged) in [
        (9, Handshake::Refused, NO_WEBSOCKETS, asked_twice),
        (9, Handshake::Dropped, NO_WEBSOCKETS, asked_twice),
        (1, Handshake::Refused, "No host answers", asked_twice),
        (1, Handshake::Dropped, "No host answers", asked_twice),
        (9, Handshake::Silent, "no host said hello", gave_up),
    ] {
        let relay = half_a_host(answers, handshake).await.unwrap();
        let mut site = Site::new().await.unwrap();
        let loader = format!("http://{}/udp-echo.js", host.http());
        let attributes = format!("relay={relay}");
        embed(&mut site, "", &loader, "type=module", &attributes);
        let origin = site.serve();
        in_chromium(async |page| {
            expect(page, &origin, "simulated", sentence, "").await?;
            // The widget's own handshake is over; the one that is closed now is the second.
            let watch = "const { close } = WebSocket.prototype;
                WebSocket.prototype.close = function () { globalThis.gaveUp = true; close.call(this) }";
            page.script(watch).await?;
            page.wait_for("the end of the second try", is_judged).await?;
            page.frames(5).await?;
            let detail = said(page, "detail").await?;
            ensure!(detail.contains(sentence), "{detail}");
            page.console().await?;
            Ok(())
        })
        .await;
    }
    host.shutdown().await;
}

#[tokio::test]
async fn a_program_behind_a_proxy_that_passes_no_websockets_is_simulated_and_says_why() {
    let host = TestServer::start(&[]).await;
    let proxy = below_a_path(host.http(), "").await.unwrap();
    let own = format!("{}/demo/", proxy.called("127.0.0.1"));
    in_chromium(async |page| {
        page.open(&own).await?;
        page.script(
            "const one = document.createElement('udp-run');
             one.id = 'tried';
             // It needs its session: one that prints alone may be over before that is known.
             one.textContent = 'import socket\\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)';
             document.body.append(one);
             customElements.whenDefined('udp-run').then(() => one.run())",
        )
        .await?;
        page.wait_for(
            "the reason",
            &format!("return document.querySelector('#tried')?.shadowRoot?.querySelector('[part=mode]').textContent.includes({NO_WEBSOCKETS:?})"),
        )
        .await?;
        page.console().await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn no_proxy_is_blamed_for_what_a_policy_of_the_page_forbids() {
    let mut site = Site::new().await.unwrap();
    let host = TestServer::start(&["--allow-origin", &site.origin]).await;
    let address = format!("http://{}", host.http());
    let socket = format!("ws://{}", host.http());
    let loader = format!("{address}/udp-echo.js");
    let policy =
        format!("default-src 'none'; script-src {address} 'wasm-unsafe-eval'; connect-src");
    let policy = format!("{policy} {address}");
    embed(&mut site, &policy, &loader, "type=module", "mode=live");
    let origin = site.serve();
    in_chromium(async |page| {
        let forbids = format!("forbids {socket}");
        let added = format!("connect-src {socket}");
        expect(page, &origin, "refused", &forbids, &added).await
    })
    .await;
    host.shutdown().await;
}
