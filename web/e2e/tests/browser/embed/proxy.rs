//! A real nginx or HAProxy in front of a host, on a port of its own, for as long as a test runs.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use test_support::port;
use test_support::program::{Attempt, Program, Said};

use crate::places;

/// A running proxy; it ends when it is dropped.
pub(super) struct Proxy {
    _program: Program,
    _folder: TempDir,
    /// The address on which it listens.
    pub(super) address: SocketAddr,
}

impl Proxy {
    /// nginx with this server; `PORT` stands for the port.
    pub(super) async fn nginx(server: &str) -> Result<Self> {
        Self::start(|folder, port| {
            let path = folder.display();
            let whole = format!(
                "daemon off; master_process off; pid {path}/pid; error_log stderr;\n\
                 events {{ worker_connections 512; }}\n\
                 http {{ access_log off; client_body_temp_path {path}/body; proxy_temp_path {path}/proxy;\n\
                 fastcgi_temp_path {path}/f; uwsgi_temp_path {path}/u; scgi_temp_path {path}/s;\n{}\n}}\n",
                server.replace("PORT", &port.to_string())
            );
            let file = folder.join("nginx.conf");
            std::fs::write(&file, whole).expect("write into a folder of ours");
            let mut nginx = Command::new("nginx");
            nginx.arg("-p").arg(folder).arg("-c").arg(file);
            nginx
        })
        .await
    }

    /// HAProxy with these settings; `PORT` stands for the port.
    pub(super) async fn haproxy(settings: &str) -> Result<Self> {
        Self::start(|folder, port| {
            let file = folder.join("haproxy.cfg");
            let settings = settings.replace("PORT", &port.to_string());
            std::fs::write(&file, settings).expect("write into a folder of ours");
            let mut haproxy = Command::new("haproxy");
            haproxy.args(["-db", "-f"]).arg(file);
            haproxy
        })
        .await
    }

    async fn start(command: impl Fn(&Path, u16) -> Command) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let attempt = || {
            // A proxy cannot be asked which port it got.
            let port = port::free();
            let ready = move |said: &Said<'_>| said.listens_at(port).then_some(port);
            Attempt::new(command(folder.path(), port), ready)
        };
        let (program, port) = Program::start(attempt).await?;
        Ok(Self {
            _program: program,
            _folder: folder,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
        })
    }

    /// Where a browser finds it by this name.
    pub(super) fn called(&self, name: &str) -> String {
        format!("http://{name}:{}", self.address.port())
    }
}

/// A file of `server/deploy`, with these changes, each of which must find something to change.
pub(super) fn shipped(name: &str, changes: &[(&str, String)]) -> Result<String> {
    let path = places::root().join("server/deploy").join(name);
    let mut text =
        std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    for (before, after) in changes {
        ensure!(text.contains(before), "{name} has no {before:?}");
        text = text.replace(before, after);
    }
    Ok(text)
}
