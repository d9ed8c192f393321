//! What `cargo xtask dist` made, in a browser: the folder below a path of somebody's server, the package in a bundler.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::begins;
use super::failures::{TRAP, panics_and_begins_again};
use super::files::FileServer;
use super::site::{Answer, Site};
use crate::browser::in_chromium;
use crate::page::Page;
use crate::places::{self, tools};

/// Where on the server the folder lies.
const BELOW: &str = "/some/sub/path";

/// How a program says that it has no host.
pub(crate) const SIMULATED: &str = "Simulated in this page";

/// What `dist` made, of the bundle that there is now.
pub(super) fn dist() -> Result<PathBuf> {
    let dist = places::target().join("dist");
    let version = |folder: &Path| fs::read_to_string(folder.join("version")).ok();
    let bundle = places::bundle();
    ensure!(
        version(&dist.join("static")) == version(&bundle),
        "target/dist is of another bundle; cargo xtask dist makes it anew"
    );
    Ok(dist)
}

/// Runs both programs of an article, and reads what the client prints, and on what it runs.
pub(crate) async fn python_runs(page: &Page, client: &str, mode: &str) -> Result<()> {
    let said = page
        .script_that_calls_back(&format!(
            "const done = arguments[arguments.length - 1];
             const client = {client};
             client.runBoth().then((code) => {{
                 const part = (name) => client.shadowRoot.querySelector(`[part=${{name}}]`).textContent;
                 done([code, part('output'), part('mode'), part('status')]);
             }})"
        ))
        .await?;
    ensure!(said[0] == 0, "{said}");
    let text = said[1].as_str().context("output")?;
    ensure!(
        text.contains("received \"This is the message.  It will be repeated.\""),
        "{said}"
    );
    ensure!(
        said[2]
            .as_str()
            .is_some_and(|shown| shown.starts_with(mode)),
        "{said}"
    );
    Ok(())
}

#[tokio::test]
async fn the_folder_works_below_any_path_of_a_plain_server_and_asks_for_nothing_outside() {
    let root = tempfile::tempdir().unwrap();
    let below = root.path().join(BELOW.trim_start_matches('/'));
    fs::create_dir_all(below.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(dist().unwrap().join("static"), &below).unwrap();
    let server = FileServer::serve(root.path()).await.unwrap();
    let site = format!("{}{BELOW}/", server.origin);
    in_chromium(async |page| {
        for name in ["", "embed.html", "snippets.html", "reference.html"] {
            page.open(&format!("{site}{name}")).await?;
            begins(page).await?;
            let outside = format!(
                "return performance.getEntriesByType('resource').map(({{ name }}) => name).filter((name) => !name.startsWith('{site}') && !name.startsWith('data:'))"
            );
            let outside = page.script(&outside).await?;
            ensure!(outside == serde_json::json!([]), "{name} asked for {outside}");
        }
        page.open(&site).await?;
        page.wait_for_state("simulated").await?;
        page.wait_for_in_widget("the button", "[part~=send]").await?;
        page.part("send").await?.click().await?;
        page.wait_for_in_widget("an echo", "tr[data-fate=echoed]").await?;
        python_runs(page, "document.querySelector('#run-client')", SIMULATED).await
    })
    .await;
    let asked = server.asked().await;
    assert!(
        asked
            .iter()
            .any(|path| path.ends_with("/run/micropython.wasm")),
        "{asked:?}"
    );
    for path in asked {
        assert!(path.starts_with(BELOW), "{path}");
    }
}

#[tokio::test]
async fn the_package_works_when_a_bundler_has_renamed_and_shrunk_its_files() {
    let scratch = tempfile::tempdir().unwrap();
    let built = bundled(scratch.path()).unwrap();
    let mut site = Site::new().await.unwrap();
    site.folder("/app/", &built).unwrap();
    assert!(!site.files.keys().any(|path| path.contains("udp-echo")));
    let script = &site.files["/app/main.js"].body;
    let script = String::from_utf8_lossy(script).into_owned();
    assert!(
        !script.contains("file:///"),
        "a path of this machine is in it"
    );
    let page = "<!doctype html><title>t</title><script src=/trap.js></script><script src=/app/main.js></script>\
        <udp-echo mode=simulated view=full loading=eager experiment=buffer></udp-echo>
        <udp-run id=server mode=simulated src=/server.py></udp-run>
        <udp-run id=client mode=simulated src=/client.py beside=server></udp-run>";
    for name in ["server.py", "client.py"] {
        let program = fs::read(places::embed().join("python").join(name)).unwrap();
        let program = Answer::file("text/plain", program);
        site.files.insert(format!("/{name}"), program);
    }
    let policy = super::site::strict("http://unused.example");
    site.page("/", &policy, page);
    let tell =
        "globalThis.told = []; addEventListener('udp-told', ({ detail }) => told.push(detail));";
    let trap = Answer::file("text/javascript", format!("{tell}{TRAP}"));
    site.files.insert("/trap.js".to_owned(), trap);
    // Without wasm, for what it then says is not that the page came from a file.
    let no_wasm = policy.replace("'wasm-unsafe-eval'", "");
    site.page("/no-wasm", &no_wasm, page);
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("simulated").await?;
        let buffer = "return told.some(({ server }) => server?.rules.buffer === 4096)";
        page.wait_for("the experiment's rules", buffer).await?;
        page.part("send").await?.click().await?;
        page.wait_for_in_widget("an echo", "tr[data-fate=echoed]")
            .await?;
        page.assert_console_is_clean().await?;
        let echoed = page
            .script_that_calls_back(
                "const done = arguments[arguments.length - 1];
                 const echo = async () => {
                     const host = simulated();
                     const { readable, writable } = await new UDPSocket({ localAddress: '127.0.0.1', localPort: 10000, host }).opened;
                     readable.pipeTo(writable);
                     const client = await new UDPSocket({ remoteAddress: 'localhost', remotePort: 10000, host }).opened;
                     await client.writable.getWriter().write({ data: Uint8Array.of(42) });
                     return (await client.readable.getReader().read()).value.data[0];
                 };
                 echo().then(done, ({ message }) => done(message))",
            )
            .await?;
        ensure!(echoed == 42, "{echoed}");
        // Sockets look for the host beside the page, where there is none.
        let why = page
            .script_that_calls_back(
                "const done = arguments[arguments.length - 1];
                 new UDPSocket({ localAddress: '127.0.0.1' }).opened.catch(({ message }) => done(message))",
            )
            .await?;
        let why = why.as_str().unwrap_or_default();
        ensure!(why.starts_with(&format!("No udp-echo host answers at {origin}.")), "{why}");
        page.console().await?;
        let loaded = "return ['server', 'client'].every((id) => document.getElementById(id).program?.includes('import'))";
        page.wait_for("the programs", loaded).await?;
        python_runs(page, "document.getElementById('client')", SIMULATED).await?;
        page.assert_console_is_clean().await?;
        // The experiment begins again, too, and clears what was sent before it did.
        let again = "return told.filter(({ server }) => server?.rules.buffer === 4096).length > 1";
        panics_and_begins_again(page, again).await?;
        page.open(&format!("{origin}/no-wasm")).await?;
        page.wait_for_in_widget("the reason", "[part=error][data-code=csp-wasm]")
            .await?;
        page.console().await?;
        Ok(())
    })
    .await;
}

/// A project that imports the package, as webpack makes it for production.
fn bundled(project: &Path) -> Result<PathBuf> {
    let dist = dist()?;
    let archive = format!("udp-echo-{}.tgz", env!("CARGO_PKG_VERSION"));
    fs::write(project.join("package.json"), "{\"private\":true}")?;
    let app = "import 'udp-echo';
        import 'udp-echo/run';
        import { UDPSocket } from 'udp-echo/socket';
        import { simulated } from 'udp-echo/socket/simulated';
        Object.assign(globalThis, { UDPSocket, simulated });";
    fs::write(project.join("app.js"), app)?;
    fs::write(project.join("build.js"), BUILD)?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--offline", "--no-audit", "--no-fund"]);
    run(npm.arg(dist.join(archive)).current_dir(project))?;
    let mut node = Command::new("node");
    node.arg("build.js")
        .arg(tools().join("docusaurus/node_modules/webpack"));
    run(node.current_dir(project))?;
    Ok(project.join("dist"))
}

/// A warning is an error. Of all files only Python is larger than webpack likes a file to be, and no page loads it before the first Run.
const BUILD: &str = "const webpack = require(process.argv[2]);
    const output = { path: __dirname + '/dist', publicPath: '/app/' };
    const performance = { maxAssetSize: 800_000 };
    webpack({ mode: 'production', context: __dirname, entry: './app.js', output, performance }, (error, stats) => {
        if (error || stats.hasErrors() || stats.hasWarnings()) {
            console.log(error ?? stats.toString());
            process.exitCode = 1;
        }
    });";

fn run(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("run {command:?}"))?;
    let said = [output.stdout, output.stderr].concat();
    ensure!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&said)
    );
    Ok(())
}
