//! oEmbed: a link to the host becomes the widget in a site that finds out by itself how, with a program that knows nothing of us.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::proxy::{Proxy, shipped};
use super::site::Site;
use crate::browser::in_chromium;
use crate::page::Page;
use crate::places::tools;
use test_support::host::{TestServer, get};

/// What npm's `@extractus/oembed-extractor` finds at an address.
fn extracted(address: &str) -> Result<Value> {
    const SCRIPT: &str = "import { createRequire } from 'node:module';
        const [folder, address] = process.argv.slice(1);
        const { extract } = createRequire(folder)('@extractus/oembed-extractor');
        console.log(JSON.stringify(await extract(address, { maxwidth: 640 })));";
    let mut node = Command::new("node");
    node.args(["--input-type=module", "--eval", SCRIPT]);
    let output = node
        .arg(tools().join("node_modules/"))
        .arg(address)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{address}: {said} (cargo verify installs it)"
    );
    serde_json::from_slice(&output.stdout).context("JSON")
}

const LISTENER: &str = "<!doctype html><title>t</title><script>globalThis.told = {};
    addEventListener('message', ({ data }) => { told[data.type ?? 'height'] = data.detail ?? data.height })</script>";

/// Opens a site that shows this frame, waits until it is live, and sends a datagram in it.
async fn shows(page: &Page, frame: &str) -> Result<()> {
    let mut site = Site::new().await?;
    site.page("/", "", &[LISTENER, frame].concat());
    page.open(&site.serve()).await?;
    let ready = page
        .wait_for("the frame's udp-ready", "return told['udp-ready']")
        .await?;
    ensure!(ready["mode"] == "live", "{ready}");
    let send = "document.querySelector('iframe').contentWindow.postMessage({ to: 'udp-echo', call: 'send', with: [] }, '*')";
    page.script(send).await?;
    page.wait_for("the echo", "return told['udp-echoed']")
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_link_becomes_the_live_widget_in_a_frame() {
    let host = TestServer::start(&[]).await;
    let base = format!("http://{}", host.http());
    in_chromium(async |page| {
        for path in ["/embed?view=mini&message=a%26b", "/"] {
            let rich = extracted(&format!("{base}{path}"))?;
            ensure!(rich["method"] == "auto-discovery", "{rich}");
            shows(page, rich["html"].as_str().context("html")?).await?;
            let echoed = page.script("return told['udp-echoed'].bytes").await?;
            let bytes = if path == "/" { 42 } else { 3 };
            ensure!(echoed == bytes, "{path}: {echoed} bytes");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn below_a_path_of_a_proxy_a_pasted_link_becomes_the_live_widget_too() {
    let host = TestServer::start(&["--trusted-proxy=127.0.0.1"]).await;
    let relay = host.http();
    let nginx = [
        ("listen 80;", "listen 127.0.0.1:PORT;".to_owned()),
        ("http://127.0.0.1:8000/", format!("http://{relay}/")),
    ];
    let haproxy = [
        ("bind :80", "bind 127.0.0.1:PORT".to_owned()),
        ("relay 127.0.0.1:8000", format!("relay {relay}")),
    ];
    let nginx = Proxy::nginx(&shipped("nginx-path.conf", &nginx).unwrap()).await;
    let haproxy = Proxy::haproxy(&shipped("haproxy-path.cfg", &haproxy).unwrap()).await;
    for proxy in [nginx.unwrap(), haproxy.unwrap()] {
        let below = proxy.called("127.0.0.1") + "/demo/";
        in_chromium(async |page| {
            for path in ["embed?view=mini", ""] {
                let rich = extracted(&format!("{below}{path}"))?;
                ensure!(rich["method"] == "auto-discovery", "{rich}");
                ensure!(rich["provider_url"] == below, "{rich}");
                shows(page, rich["html"].as_str().context("html")?).await?;
            }
            Ok(())
        })
        .await;
    }
    host.shutdown().await;
}

#[tokio::test]
async fn each_frame_is_high_enough_for_its_view_and_a_datagram() {
    let host = TestServer::start(&[]).await;
    let base = format!("http://{}", host.http());
    in_chromium(async |page| {
        for view in ["mini", "transcript", "timeline", "lab", "full", ""] {
            for width in [320, 480, 720, 800] {
                let path = format!("/oembed?url={base}/embed?view={view}&maxwidth={width}");
                let (_, rich) = get(host.http(), &path, &[]).await;
                let rich: Value = serde_json::from_str(&rich)?;
                shows(page, rich["html"].as_str().context("html")?).await?;
                // What a view needs is loaded with it, or after its first echo.
                page.wait_for_network_silence().await?;
                page.frames(3).await?;
                let fits = "return [told.height, document.querySelector('iframe').offsetHeight]";
                let seen = page.script(fits).await?;
                let (needs, has) = (seen[0].as_u64(), seen[1].as_u64());
                ensure!(
                    needs <= has,
                    "{view} of {width} pixels: {needs:?} of {has:?}"
                );
            }
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_files_of_the_host_are_no_widgets() {
    let host = TestServer::start(&[]).await;
    let error = extracted(&format!("http://{}/reference.html", host.http())).unwrap_err();
    assert!(
        format!("{error:#}").contains("No oEmbed link found"),
        "{error:#}"
    );
    host.shutdown().await;
}
