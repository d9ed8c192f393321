//! The article's programs in CPython and in the page: the same text comes out.

use std::fs;

use anyhow::{Context, Result, ensure};
use test_support::has;
use test_support::host::TestServer;
use test_support::program::Program;

use super::{open, output, press, shadow, status};
use crate::browser::in_chromium;
use crate::page::Page;

/// The port in the article, which may be taken on the machine that runs this.
const PORT: &str = "10000";

/// What both have printed.
struct Transcripts {
    server: String,
    client: String,
}

impl Transcripts {
    /// With words in the place of both ports, of which one is the system's choice.
    fn without_ports(self) -> Result<Self> {
        let (_, rest) = self.server.split_once(" port ").context("a port")?;
        let (own, _) = rest.split_once('\n').context("a line")?;
        let (_, rest) = self.server.split_once("', ").context("an address")?;
        let (peer, _) = rest.split_once(')').context("an address that ends")?;
        let server = self.server.replace(own, "OWN").replace(peer, "PEER");
        Ok(Self { server, ..self })
    }
}

/// Both in CPython, on a port that the system chooses.
async fn native(server: &str, client: &str) -> Result<Transcripts> {
    let folder = tempfile::tempdir()?;
    let write = |name: &str, text: &str, port: &str| -> Result<String> {
        ensure!(
            text.matches(PORT).count() == 1,
            "{name} names its port once"
        );
        let path = folder.path().join(name);
        fs::write(&path, text.replace(PORT, port))?;
        Ok(path.to_string_lossy().into_owned())
    };
    let script = write("server.py", server, "0")?;
    let mut server = Program::other("python3", &["-u", &script]);
    let started = server.prints("starting up on 127.0.0.1 port ").await;
    let (_, port) = started.rsplit_once(' ').context("a port")?;
    let script = write("client.py", client, port.trim())?;
    let client = Program::other("python3", &[&script]).finished().await;
    let mut said = vec![started.trim_end().to_owned()];
    for words in ["waiting", "received 42", "This is", "sent 42", "waiting"] {
        said.push(server.prints(words).await.trim_end().to_owned());
    }
    Ok(Transcripts {
        server: said.join("\n"),
        client: client.stdout,
    })
}

/// Both in the page, where the reader presses one button.
async fn here(page: &Page) -> Result<Transcripts> {
    press(page, "run-client", "both").await?;
    status(page, "run-client", "Ended").await?;
    let ends =
        "return part('output').textContent.match(/waiting to receive message\\n/g)?.length === 2";
    page.wait_for(
        "the server to wait again",
        &format!("{} {ends}", shadow("run-server")),
    )
    .await?;
    let server = output(page, "run-server").await?;
    // An empty line stands between two datagrams, in both.
    let lines: Vec<&str> = server.lines().filter(|line| !line.is_empty()).collect();
    Ok(Transcripts {
        server: lines.join("\n"),
        client: output(page, "run-client").await?,
    })
}

async fn program(page: &Page, id: &str) -> Result<String> {
    let text = page
        .script(&format!("{} return element.program", shadow(id)))
        .await?;
    text.as_str().map(str::to_owned).context("a program")
}

#[tokio::test]
async fn server_and_client_print_in_the_page_what_they_print_in_cpython() {
    if !has("python3") {
        return;
    }
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let programs = (program(page, "run-server").await?, program(page, "run-client").await?);
        let native = native(&programs.0, &programs.1).await?.without_ports()?;
        for mode in ["", "simulated"] {
            page.script(&format!(
                "for (const element of document.querySelectorAll('udp-run')) element.stop(), element.setAttribute('mode', '{mode}')"
            ))
            .await?;
            let here = here(page).await?.without_ports()?;
            ensure!(here.server == native.server, "{mode}: {}\n\n{}", here.server, native.server);
            ensure!(here.client == native.client, "{mode}: {}\n\n{}", here.client, native.client);
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}
