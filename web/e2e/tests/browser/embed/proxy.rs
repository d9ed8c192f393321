//! A real nginx or HAProxy in front of a host, on a port of its own, for as long as a test runs.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

/// Ports that are tried until a proxy comes up: one that is free now may be taken a moment later.
const TRIES: u32 = 5;

/// How long one may take for that.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running proxy; it ends when it is dropped.
pub(super) struct Proxy {
    process: Child,
    _folder: TempDir,
    /// The address on which it listens.
    pub(super) address: SocketAddr,
}

impl Proxy {
    /// nginx with this server; `PORT` stands for the port.
    pub(super) fn nginx(server: &str) -> Result<Self> {
        Self::start(&|folder, port| {
            let path = folder.display();
            let whole = format!(
                "daemon off; master_process off; pid {path}/pid; error_log {path}/said;\n\
                 events {{ worker_connections 512; }}\n\
                 http {{ access_log off; client_body_temp_path {path}/body; proxy_temp_path {path}/proxy;\n\
                 fastcgi_temp_path {path}/f; uwsgi_temp_path {path}/u; scgi_temp_path {path}/s;\n{}\n}}\n",
                server.replace("PORT", &port.to_string())
            );
            let file = folder.join("nginx.conf");
            std::fs::write(&file, whole)?;
            let mut nginx = Command::new("nginx");
            nginx.arg("-p").arg(folder).arg("-c").arg(file);
            Ok(nginx)
        })
    }

    /// HAProxy with these settings; `PORT` stands for the port.
    pub(super) fn haproxy(settings: &str) -> Result<Self> {
        Self::start(&|folder, port| {
            let file = folder.join("haproxy.cfg");
            std::fs::write(&file, settings.replace("PORT", &port.to_string()))?;
            let mut haproxy = Command::new("haproxy");
            haproxy.args(["-db", "-f"]).arg(file);
            Ok(haproxy)
        })
    }

    fn start(command: &dyn Fn(&Path, u16) -> Result<Command>) -> Result<Self> {
        let mut said = String::new();
        for _ in 0..TRIES {
            let folder = tempfile::tempdir()?;
            let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
            let log = std::fs::File::create(folder.path().join("stderr"))?;
            let mut command = command(folder.path(), address.port())?;
            let process = command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(log)
                .spawn()
                .with_context(|| format!("run {command:?}"))?;
            let mut proxy = Self {
                process,
                _folder: folder,
                address,
            };
            if proxy.listens()? {
                return Ok(proxy);
            }
            said = std::fs::read_to_string(proxy._folder.path().join("stderr"))?;
        }
        bail!("the proxy does not listen: {said}")
    }

    /// Waits until it listens; false when it ended before.
    fn listens(&mut self) -> Result<bool> {
        let began = Instant::now();
        loop {
            if self.process.try_wait()?.is_some() {
                return Ok(false);
            }
            if TcpStream::connect(self.address).is_ok() {
                return Ok(true);
            }
            ensure!(began.elapsed() < PATIENCE, "the proxy does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Where a browser finds it by this name.
    pub(super) fn called(&self, name: &str) -> String {
        format!("http://{name}:{}", self.address.port())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A file of `server/deploy`, with these changes, each of which must find something to change.
pub(super) fn shipped(name: &str, changes: &[(&str, String)]) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(name);
    let mut text =
        std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    for (before, after) in changes {
        ensure!(text.contains(before), "{name} has no {before:?}");
        text = text.replace(before, after);
    }
    Ok(text)
}
