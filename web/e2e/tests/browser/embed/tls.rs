//! A site over https: `socat` with a certificate of its own making, in front of a [`super::site::Site`].

use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use test_support::program::{Attempt, Program, Said};

/// Serves a site over TLS until it is dropped.
pub(super) struct Tls {
    _program: Program,
    _folder: TempDir,
    /// The site as the browser names it.
    pub(super) origin: String,
}

impl Tls {
    /// Puts TLS before the site at this origin, which is one of `http:`, on a port of its own.
    pub(super) async fn before(origin: &str) -> Result<Self> {
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
        let attempt = || {
            let mut command = Command::new("socat");
            let listen = "OPENSSL-LISTEN:0,bind=127.0.0.1,cert=cert.pem,key=key.pem,verify=0,fork";
            command.args(["-d", "-d", listen, &format!("TCP4:127.0.0.1:{port}")]);
            command.current_dir(folder.path());
            let ready = |said: &Said<'_>| {
                let address = said.between(" listening on ", "")?;
                address.rsplit_once(':')?.1.parse::<u16>().ok()
            };
            Attempt::new(command, ready)
        };
        let (program, tls_port) = Program::start(attempt).await?;
        Ok(Self {
            _program: program,
            _folder: folder,
            origin: format!("https://{name}:{tls_port}"),
        })
    }
}
