//! A site over https: `socat` with a certificate of its own making, in front of a [`super::site::Site`].

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// Serves a site over TLS until it is dropped.
pub(super) struct Tls {
    process: Child,
    _folder: TempDir,
    /// The site as the browser names it.
    pub(super) origin: String,
}

impl Tls {
    /// Puts TLS before the site at this origin, which is one of `http:`, on a port of its own.
    pub(super) fn before(origin: &str) -> Result<Self> {
        let (name, port) = origin
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once(':'))
            .context("an origin has a name and a port")?;
        let folder = tempfile::tempdir()?;
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
            ])
            .args([
                "-nodes", "-days", "2", "-keyout", "key.pem", "-out", "cert.pem",
            ])
            .args([
                "-subj",
                &format!("/CN={name}"),
                "-addext",
                &format!("subjectAltName=DNS:{name}"),
            ])
            .current_dir(folder.path())
            .output()
            .context("run `openssl`")?;
        ensure!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let mut process = Command::new("socat")
            .args([
                "-d",
                "-d",
                "OPENSSL-LISTEN:0,bind=127.0.0.1,cert=cert.pem,key=key.pem,verify=0,fork",
            ])
            .arg(format!("TCP4:127.0.0.1:{port}"))
            .current_dir(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .context("run `socat`")?;
        let mut lines = BufReader::new(process.stderr.take().context("stderr is a pipe")?).lines();
        let listens = lines.find_map(|line| {
            let line = line.ok()?;
            let (_, port) = line.split_once(" listening on ")?.1.rsplit_once(':')?;
            Some(port.to_owned())
        });
        // What it goes on to say is read, so that it never waits.
        std::thread::spawn(move || lines.for_each(drop));
        let mut tls = Self {
            process,
            _folder: folder,
            origin: String::new(),
        };
        tls.origin = format!(
            "https://{name}:{}",
            listens.context("socat does not listen")?
        );
        Ok(tls)
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
