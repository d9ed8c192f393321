//! `trunk serve` for real: the page from Trunk, its relay through Trunk's proxy, and reloading on a change.
//!
//! It works on a copy of the repository, so that it may edit files.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::browser::in_chromium;
use crate::common::TestServer;
use crate::first_echo::wait_for_fate;

/// The address in `Trunk.toml` to which whatever is not a file goes.
const DEFAULT_HOST: &str = "127.0.0.1:8000";

/// The first build of the page by Trunk may have to compile all it depends on.
const FIRST_BUILD: Duration = Duration::from_secs(600);

/// A `trunk serve` in a copy of this repository.
struct Trunk {
    process: Child,
    folder: TempDir,
    address: SocketAddr,
}

impl Trunk {
    async fn serve(host: SocketAddr) -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder = tempfile::tempdir()?;
        copy(&root, folder.path())?;
        let config = folder.path().join("Trunk.toml");
        let text = fs::read_to_string(&config)?;
        ensure!(
            text.contains(DEFAULT_HOST),
            "Trunk.toml does not name {DEFAULT_HOST}"
        );
        fs::write(&config, text.replace(DEFAULT_HOST, &host.to_string()))?;
        // Trunk cannot tell which port it was given, so that it must be told a free one.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
        let process = Command::new("trunk")
            .args(["serve", "--port", &address.port().to_string()])
            .current_dir(folder.path())
            // What the page depends on need not be compiled for each copy.
            .env(
                "CARGO_TARGET_DIR",
                target.context("tmp lies in the target folder")?,
            )
            // Trunk reads this one as a flag of its own, and takes no `1`.
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .spawn()
            .context("run `trunk`")?;
        let trunk = Self {
            process,
            folder,
            address,
        };
        tokio::time::timeout(FIRST_BUILD, trunk.listens())
            .await
            .context("trunk serve never listened")?;
        Ok(trunk)
    }

    /// Trunk listens only when the first build is done.
    async fn listens(&self) {
        while TcpStream::connect(self.address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
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

impl Drop for Trunk {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Copies the sources, without what was built from them.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("read {}", from.display()))? {
        let path: PathBuf = entry?.path();
        let name = path.file_name().context("an entry has a name")?;
        if ["target", ".git", "node_modules", "bundle"]
            .iter()
            .any(|built| name == *built)
        {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name)).with_context(|| format!("copy {}", path.display()))?;
        }
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs Chromium and Trunk: run cargo verify --trunk"]
async fn trunk_serve_relays_datagrams_and_reloads_the_page_on_a_change() {
    let host = TestServer::start(&[]).await;
    let trunk = Trunk::serve(host.http()).await.unwrap();
    in_chromium(async |page| {
        page.open(&format!("http://{}/", trunk.address)).await?;
        page.wait_for_state("live").await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await?;

        trunk.edit(
            "www/index.html",
            "<h1>UDP you can watch</h1>",
            "<h1>Edited</h1>",
        )?;
        page.wait_for(
            "the new heading",
            "return document.querySelector('h1').textContent === 'Edited'",
        )
        .await?;
        page.wait_for_state("live").await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await
    })
    .await;
    host.shutdown().await;
}
