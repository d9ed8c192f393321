//! Notebooks: the widget of our Python package in a cell of JupyterLab and of marimo, `cargo verify --generators`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::host::TestServer;
use test_support::port;
use test_support::program::{Attempt, Program, Said};

use crate::browser::in_chromium;
use crate::embed::SNIPPET_HOST;
use crate::embed::files::copy;
use crate::embed::generators::build::{ready, run};
use crate::embed::generators::{only_one_session, only_the_network_complains};
use crate::embed::packages::dist;
use crate::page::{Page, Scheme, eventually};
use crate::places::{self, tools};

/// How long a notebook's server may take on a busy machine.
const STARTS: Duration = Duration::from_secs(180);

/// A running notebook server, in a folder of its own; it ends when it is dropped.
pub(in crate::embed) struct Notebooks {
    _server: Program,
    folder: TempDir,
    /// The server as the browser names it.
    origin: String,
}

impl Notebooks {
    /// Starts a program of the folder of notebooks among the tools. It says the address of its page in a line that ends in this path.
    async fn start(arguments: impl Fn() -> Vec<String>, path: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let home = folder.path().join("home");
        let package = folder.path().join("python");
        lay_package(&package)?;
        fs::create_dir_all(&home)?;
        let attempt = || {
            let mut server = Command::new(tools().join("notebook/bin/python"));
            server.arg("-m").args(arguments());
            server.current_dir(folder.path());
            server.env("PYTHONPATH", &package);
            // Nothing of the reader's, and nothing for the reader.
            for name in [
                "HOME",
                "JUPYTER_CONFIG_DIR",
                "JUPYTER_DATA_DIR",
                "JUPYTER_RUNTIME_DIR",
                "IPYTHONDIR",
                "XDG_CONFIG_HOME",
                "XDG_CACHE_HOME",
                "XDG_STATE_HOME",
                "XDG_DATA_HOME",
            ] {
                server.env(name, home.join(name));
            }
            let path = path.to_owned();
            let ready = move |said: &Said<'_>| {
                let after = |name| said.between(name, &path);
                after("http://127.0.0.1:").or_else(|| after("http://localhost:"))
            };
            Attempt::new(server, ready).wait(STARTS)
        };
        let (server, port) = Program::start(attempt).await?;
        Ok(Self {
            _server: server,
            folder,
            origin: format!("http://127.0.0.1:{port}"),
        })
    }

    pub(in crate::embed) async fn jupyter_lab() -> Result<Self> {
        // Its own choice of a port is free only for a moment: another program may get the same one.
        let arguments = || {
            let port = format!("--port={}", port::free());
            let arguments = [
                "jupyterlab",
                &port,
                "--ServerApp.port_retries=0",
                "--ip=127.0.0.1",
                "--no-browser",
                "--allow-root",
                "--IdentityProvider.token=",
                "--expose-app-in-browser",
                // It asks nobody outside for news.
                "--LabApp.news_url=",
                "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
                "--LabApp.extension_manager=readonly",
            ];
            arguments.map(str::to_owned).to_vec()
        };
        Self::start(arguments, "/lab").await
    }

    /// Opens a notebook with these cells in JupyterLab, when its Python is ready.
    pub(in crate::embed) async fn open(&self, page: &Page, cells: &[String]) -> Result<()> {
        let cell = |(place, source): (usize, &String)| {
            json!({ "cell_type": "code", "id": format!("cell-{place}"), "metadata": {}, "execution_count": null,
                "outputs": [], "source": source })
        };
        let cells: Vec<Value> = cells.iter().enumerate().map(cell).collect();
        let kernel = json!({ "name": "python3", "display_name": "Python 3", "language": "python" });
        let metadata = json!({ "kernelspec": kernel, "language_info": { "name": "python" } });
        let notebook =
            json!({ "cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5 });
        fs::write(self.folder.path().join("udp.ipynb"), notebook.to_string())?;
        page.emulate(1280, 1000, Scheme::Light).await?;
        page.open(&format!("{}/doc/tree/udp.ipynb?reset", self.origin))
            .await?;
        // On a busy machine, it asks which Python to take before it knows the only one.
        let idle = "document.querySelector('.jp-Dialog .jp-mod-accept')?.click();
            return globalThis.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'";
        page.wait_for("Python", idle).await?;
        Ok(())
    }
}

/// Our Python package, with the files of the element in it, as a wheel has it.
fn lay_package(folder: &Path) -> Result<()> {
    let package = folder.join("udp_echo");
    copy(&places::root().join("www/python/udp_echo"), &package, &[])?;
    copy(&dist()?.join("notebook"), &package.join("static"), &[])
}

/// The ready cells, for this host.
pub(in crate::embed) fn cells(host: &str) -> Result<Vec<String>> {
    let text = fs::read_to_string(ready("notebook").join("udp.py"))?;
    ensure!(text.contains(SNIPPET_HOST), "the cells name no host");
    let text = text.replace(SNIPPET_HOST, host);
    let cells = text.split("# %%\n").skip(1);
    Ok(cells.map(|cell| cell.trim().to_owned()).collect())
}

/// Runs a cell of JupyterLab as a reader does, to its end.
pub(in crate::embed) async fn run_cell(page: &Page, place: usize) -> Result<()> {
    let run = format!(
        "const done = arguments[arguments.length - 1];
         jupyterapp.shell.currentWidget.content.activeCellIndex = {place};
         jupyterapp.commands.execute('notebook:run-cell').finally(() => done(true))"
    );
    page.script_that_calls_back(&run).await.map(drop)
}

/// Runs the cell that exports, again until this stands in the run: the page hands it over a moment after its events.
async fn exports(page: &Page, words: &str) -> Result<()> {
    eventually(words, async || {
        run_cell(page, 3).await?;
        let output = page
            .script("return document.querySelectorAll('.jp-CodeCell')[3].innerText")
            .await?;
        let has = output.as_str().is_some_and(|text| text.contains(words));
        Ok(has.then_some(()))
    })
    .await
}

/// Waits until this stands in what a cell has put out.
async fn puts_out(page: &Page, place: usize, words: &str) -> Result<()> {
    let output = format!(
        "return document.querySelectorAll('.jp-CodeCell')[{place}].querySelector('.jp-OutputArea')?.innerText.includes({})",
        Value::from(words)
    );
    page.wait_for(words, &output).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn in_jupyterlab_the_widget_echoes_calls_python_and_hands_over_its_run() {
    let host = TestServer::start(&[]).await;
    let mut cells = cells(&format!("http://{}", host.http())).unwrap();
    cells.push("udp.view, udp.loss = 'mini', (0, 5)".to_owned());
    cells.push("udp.state, udp.close()".to_owned());
    let lab = Notebooks::jupyter_lab().await.unwrap();
    in_chromium(async |page| {
        lab.open(page, &cells).await?;
        run_cell(page, 0).await?;
        page.wait_for_state("live").await?;
        run_cell(page, 1).await?;
        run_cell(page, 2).await?;
        puts_out(page, 1, "datagram 1 was back after ").await?;
        exports(page, "[(1, 'from a notebook', 'echoed')]").await?;

        // What a reader sends counts too. Letters in the widget are no commands of JupyterLab's: `a` and `b` would add cells.
        page.in_widget(
            "const message = root.querySelector('#message'); message.focus(); message.select()",
        )
        .await?;
        page.press("ab").await?;
        let count = "return document.querySelectorAll('.jp-CodeCell').length";
        ensure!(
            page.script(count).await? == json!(cells.len()),
            "a letter was a command"
        );
        page.part("send").await?.click().await?;
        puts_out(page, 1, "datagram 2 was back after ").await?;
        exports(page, "(2, 'ab', 'echoed')]").await?;

        run_cell(page, 4).await?;
        let attributes = "const element = document.querySelector('udp-echo');
            return element.view === 'mini' && element.loss === '0 5'";
        page.wait_for("what Python has set", attributes).await?;
        page.wait_for_state("live").await?;
        only_one_session(&host).await?;
        run_cell(page, 5).await?;
        puts_out(page, 5, "('live', None)").await?;
        page.wait_for(
            "the widget gone",
            "return !document.querySelector('udp-echo')",
        )
        .await?;
        eventually("no session", async || {
            Ok((host.sessions() == 0).then_some(()))
        })
        .await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_jupyterlab_a_widget_without_a_host_comes_from_the_package_and_simulates() {
    let lab = Notebooks::jupyter_lab().await.unwrap();
    let nobody = format!("\"http://127.0.0.1:{}\"", port::free());
    // No host at all; and one that is not there.
    for host in ["None", &nobody] {
        let cells: Vec<String> = cells(SNIPPET_HOST)
            .unwrap()
            .iter()
            .map(|cell| cell.replace(&format!("\"{SNIPPET_HOST}\""), host))
            .collect();
        in_chromium(async |page| {
            lab.open(page, &cells).await?;
            for place in 0..3 {
                run_cell(page, place).await?;
            }
            page.wait_for_state("simulated").await?;
            puts_out(page, 1, "datagram 1 was back after ").await?;
            exports(page, "[(1, 'from a notebook', 'echoed')]").await?;
            // A view that asks for more files of the package.
            page.script("document.querySelector('udp-echo').view = 'full'")
                .await?;
            for chunk in ["picture", "lab", "bytes"] {
                page.wait_for_in_widget(chunk, &format!("[data-ref={chunk}] *"))
                    .await?;
            }
            let elsewhere = "return performance.getEntriesByType('resource').map(({ name }) => name)
                .filter((name) => !name.startsWith(location.origin) && !name.startsWith('blob:') && !name.startsWith('data:'))";
            let elsewhere = page.script(elsewhere).await?;
            let elsewhere = elsewhere.as_array().context("a list")?;
            if host == "None" {
                ensure!(elsewhere.is_empty(), "loaded from elsewhere: {elsewhere:?}");
                return page.assert_console_is_clean().await;
            }
            only_the_network_complains(page).await
        })
        .await;
    }
}

/// The first element of the page, wherever marimo has put it, as `element`.
const IN_MARIMO: &str = "const find = (root) => [...root.querySelectorAll('*')].reduce(
        (found, one) => found ?? (one.localName === 'udp-echo' ? one : one.shadowRoot && find(one.shadowRoot)), null);
    const element = find(document);";

#[tokio::test(flavor = "multi_thread")]
async fn in_marimo_the_widget_echoes_and_other_cells_follow_it() {
    let host = TestServer::start(&[]).await;
    let text = fs::read_to_string(ready("notebook").join("udp_marimo.py")).unwrap();
    let text = text.replace(SNIPPET_HOST, &format!("http://{}", host.http()));
    let notebook = tempfile::tempdir().unwrap();
    let notebook = notebook.path().join("udp_marimo.py");
    fs::write(&notebook, text).unwrap();
    let arguments = || {
        let port = port::free();
        let line = format!("marimo run --headless --no-token --host 127.0.0.1 --port {port}");
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        words.push(notebook.display().to_string());
        words
    };
    let marimo = Notebooks::start(arguments, "").await.unwrap();
    in_chromium(async |page| {
        page.open(&marimo.origin).await?;
        let live = format!("{IN_MARIMO} return element?.state === 'live'");
        page.wait_for("the widget", &live).await?;
        let send = format!("{IN_MARIMO} element.shadowRoot.querySelector('[part~=send]').click()");
        for number in 1..=2 {
            page.script(&send).await?;
            let said = format!("return document.body.innerText.includes('datagram {number} was back after ')");
            page.wait_for("the cell that follows", &said).await?;
        }
        // The run follows its events at once.
        let run = "const button = [...document.querySelectorAll('*')].flatMap((one) => [...(one.shadowRoot?.querySelectorAll('button') ?? [])])
                .find((button) => button.textContent.includes('Show the run'));
            button?.click();
            return /echoed[^]*echoed/.test(document.body.innerText)";
        page.wait_for("the run, in Python", run).await.map(drop)
    })
    .await;
    host.shutdown().await;
}

#[test]
fn the_python_end_of_the_widget_works_without_a_notebook() {
    let test = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/notebook/test_notebook.py");
    let mut python = Command::new(tools().join("notebook/bin/python"));
    python.env("PYTHONPATH", places::root().join("www/python"));
    run(python.env("PYTHONDONTWRITEBYTECODE", "1").arg(test)).unwrap();
}
