//! `trunk serve` for real: the page from Trunk, its relay through Trunk's proxy, and reloading on a change; and what
//! `trunk build` leaves for a static host.
//!
//! They work on a copy of the repository, so that they may edit files.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use test_support::program::{Attempt, Program, Said};

use crate::browser::in_chromium;
use crate::embed::begins;
use crate::embed::files::{FileServer, copy};
use crate::embed::packages::{SIMULATED, python_runs};
use crate::first_echo::wait_for_fate;
use crate::page::Page;
use crate::places::{self, tools};
use test_support::host::TestServer;

/// The address in `Trunk.toml` to which whatever is not a file goes.
const DEFAULT_HOST: &str = "127.0.0.1:8000";

/// The first build of the page by Trunk may have to compile all it depends on.
const FIRST_BUILD: Duration = Duration::from_secs(900);

/// How long a change to a Rust file may take to show on a machine that does other things too.
const REBUILD: Duration = Duration::from_secs(180);

/// What a developer changes in each of the places that Trunk watches, and how the page then shows it.
const CHANGES: [(&str, &str, &str, &str); 3] = [
    (
        "www/page/index.html",
        "<h1>UDP you can watch</h1>",
        "<h1>Edited</h1>",
        "return document.querySelector('h1').textContent === 'Edited'",
    ),
    (
        "web/src/words.rs",
        "Nothing sent yet.",
        "Not one datagram yet.",
        "return document.querySelector('udp-echo')?.shadowRoot?.textContent.includes('Not one datagram yet.')",
    ),
    (
        "server/wire/src/transcript.rs",
        "WAITING_FOR_MESSAGE: &str = \"waiting to receive message\"",
        "WAITING_FOR_MESSAGE: &str = \"waiting for a datagram\"",
        "return document.querySelector('udp-echo')?.shadowRoot?.textContent.includes('waiting for a datagram')",
    ),
];

/// A copy of this repository, without what was built from it but the Python of the page, which Trunk takes from the bundle.
fn repository() -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    copy(
        &places::root(),
        folder.path(),
        &["target", ".git", "bundle"],
    )?;
    let python = folder.path().join("server/bundle/run");
    copy(&places::bundle().join("run"), &python, &[])?;
    Ok(folder)
}

/// Trunk, in a folder. What the page depends on need not be compiled for each copy.
fn trunk(folder: &Path) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [tools().join("bin")]
        .into_iter()
        .chain(std::env::split_paths(&path));
    let mut trunk = Command::new("trunk");
    trunk
        .current_dir(folder)
        .env(
            "PATH",
            std::env::join_paths(folders).expect("folders of a path"),
        )
        .env("CARGO_TARGET_DIR", tools().join("trunk"))
        // Trunk reads this one as a flag of its own, and takes no `1`.
        .env_remove("NO_COLOR")
        .stdin(Stdio::null());
    trunk
}

/// A `trunk serve` in a copy of this repository.
struct Trunk {
    _program: Program,
    folder: TempDir,
    address: SocketAddr,
}

impl Trunk {
    async fn serve(host: SocketAddr) -> Result<Self> {
        let folder = repository()?;
        let config = folder.path().join("Trunk.toml");
        let text = fs::read_to_string(&config)?;
        ensure!(
            text.contains(DEFAULT_HOST),
            "Trunk.toml does not name {DEFAULT_HOST}"
        );
        fs::write(&config, text.replace(DEFAULT_HOST, &host.to_string()))?;
        let attempt = || {
            // Trunk cannot tell which port it was given, so that it must be told a free one.
            let port = test_support::port::free();
            let mut command = trunk(folder.path());
            command.args(["serve", "--port", &port.to_string()]);
            // Trunk listens only when the first build is done.
            let ready = move |said: &Said<'_>| said.listens_at(port).then_some(port);
            Attempt::new(command, ready).wait(FIRST_BUILD)
        };
        let (program, port) = Program::start(attempt).await?;
        Ok(Self {
            _program: program,
            folder,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
        })
    }

    /// Changes a file as a developer would.
    fn edit(&self, path: &str, from: &str, to: &str) -> Result<()> {
        let path = self.folder.path().join(path);
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        ensure!(text.contains(from), "{} has no {from:?}", path.display());
        fs::write(&path, text.replace(from, to))
            .with_context(|| format!("write {}", path.display()))
    }
}

/// Waits until the page shows something, by itself: nobody loads it again.
async fn shows(page: &Page, what: &str, script: &str) -> Result<()> {
    let wait = async {
        loop {
            // The page is away for a moment while it loads itself again.
            if page.wait_for(what, script).await.is_ok() {
                return;
            }
        }
    };
    let shown = tokio::time::timeout(REBUILD, wait).await;
    shown.with_context(|| format!("the page did not show the change in {what}"))
}

/// The page is whole: each module that it may want is there and works.
async fn has_every_module(page: &Page) -> Result<()> {
    page.script("document.querySelector('udp-echo').view = 'full'")
        .await?;
    for (panel, shown) in [
        ("picture", "line[data-number='1']"),
        ("lab", "input[data-field]"),
        ("bytes", "[part=hex]"),
    ] {
        page.wait_for_in_widget(panel, &format!("[data-ref={panel}] {shown}"))
            .await?;
    }
    let name = format!("trunk-{}.png", page.state().await?);
    page.screenshot(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
        .await?;
    // What reads recordings, and what stands in for a host, beside the first.
    page.script(
        "document.querySelector('udp-echo').export().then((run) => {
             for (const [mode, inside] of [['replay', run], ['simulated', '']]) {
                 const script = document.createElement('script');
                 script.type = 'application/json';
                 script.textContent = inside;
                 const other = Object.assign(document.createElement('udp-echo'), { id: mode, mode, loading: 'eager' });
                 other.append(script);
                 document.body.append(other);
             }
         })",
    )
    .await?;
    for mode in ["replay", "simulated"] {
        let there = format!("return document.getElementById('{mode}')?.state === '{mode}'");
        page.wait_for(mode, &there).await?;
    }
    Ok(())
}

#[tokio::test]
async fn trunk_serve_relays_datagrams_and_reloads_the_page_on_a_change_in_each_place() {
    let host = TestServer::start(&[]).await;
    let trunk = Trunk::serve(host.http()).await.unwrap();
    in_chromium(async |page| {
        page.open(&format!("http://{}/", trunk.address)).await?;
        page.wait_for_state("live").await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await?;
        has_every_module(page).await?;
        let client = "document.querySelector('#run-client')";
        python_runs(page, client, "on real sockets of the host").await?;
        page.assert_console_is_clean().await?;
        for (file, from, to, shown) in CHANGES {
            trunk.edit(file, from, to)?;
            shows(page, file, shown).await?;
            page.wait_for_state("live").await?;
            page.part("send").await?.click().await?;
            wait_for_fate(page, 1, "echoed").await?;
        }
        // A page that is left in the middle of loading says so in the console.
        page.console().await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn trunk_build_leaves_a_folder_that_works_below_any_path_of_a_static_host() {
    let folder = repository().unwrap();
    let build = trunk(folder.path()).args(["build", "--release"]).status();
    assert!(build.unwrap().success());
    let root = tempfile::tempdir().unwrap();
    let below = root.path().join("some/sub");
    fs::create_dir_all(&below).unwrap();
    std::os::unix::fs::symlink(folder.path().join("target/trunk"), below.join("path")).unwrap();
    let server = FileServer::serve(root.path()).await.unwrap();
    in_chromium(async |page| {
        page.before_each_page("globalThis.states = []; addEventListener('udp-state', ({ detail }) => states.push(detail.state))")
            .await?;
        page.open(&format!("{}/some/sub/path/", server.origin))
            .await?;
        page.wait_for_state("simulated").await?;
        // It looks for a relay, for a host may serve the folder; there is none here, which is no failure to a visitor.
        let states = page.script("return states").await?;
        ensure!(states == serde_json::json!(["connecting", "simulated"]), "{states}");
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await?;
        has_every_module(page).await?;
        python_runs(page, "document.querySelector('#run-client')", SIMULATED).await?;
        page.console().await?;
        page.open(&format!("{}/some/sub/path/reference.html", server.origin))
            .await?;
        begins(page).await
    })
    .await;
}
