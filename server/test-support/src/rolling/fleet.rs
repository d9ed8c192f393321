//! The relays, each a process of its own with a name, and HAProxy in front of them, from the shipped file.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::attacks::scrape::Scrape;
use crate::host::HostProgram;
use crate::port;
use crate::program::{Attempt, Program, Said};
use crate::soon;

/// How long `/healthz` says that a relay drains: the proxy asks once a second.
const DRAIN: &str = "--drain-time=3s";

/// The relays and their proxy.
pub(super) struct Fleet {
    relays: Vec<Option<HostProgram>>,
    ports: Vec<u16>,
    proxy: SocketAddr,
    _haproxy: Program,
    _folder: tempfile::TempDir,
}

impl Fleet {
    /// Starts so many relays and the proxy.
    pub(super) async fn start(relays: usize, deploy: &Path) -> Self {
        let (mut running, mut ports) = (Vec::new(), Vec::new());
        for number in 0..relays {
            // A relay that is replaced has the port again, so it must be one that the system gives to nobody.
            let port = port::free();
            running.push(Some(relay(number, port).await));
            ports.push(port);
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("haproxy.cfg");
        let shipped = std::fs::read_to_string(deploy.join("haproxy.cfg")).unwrap();
        let attempt = || {
            let port = port::free();
            std::fs::write(&file, settings(&shipped, port, &ports)).unwrap();
            let mut haproxy = Command::new("haproxy");
            haproxy.arg("-db").arg("-f").arg(&file);
            Attempt::new(haproxy, move |said: &Said<'_>| {
                said.listens_at(port).then_some(port)
            })
        };
        let started = Program::start(attempt).await;
        let (haproxy, port) = started.unwrap_or_else(|failure| panic!("{failure}"));
        Self {
            relays: running,
            ports,
            proxy: ([127, 0, 0, 1], port).into(),
            _haproxy: haproxy,
            _folder: folder,
        }
    }

    /// Where the proxy listens.
    pub(super) fn proxy(&self) -> SocketAddr {
        self.proxy
    }

    /// The relays that run.
    pub(super) fn living(&self) -> impl Iterator<Item = &HostProgram> {
        self.relays.iter().flatten()
    }

    /// Asks a relay to stop, and waits until it has: it drains, says goodbye to its sessions, and ends.
    pub(super) async fn drain(&mut self, number: usize) {
        let mut relay = self.relays[number].take().unwrap();
        relay.signal("TERM").await;
        let status = relay.ended().await;
        assert!(status.success(), "relay{}: {status}", number + 1);
    }

    /// Starts a relay in the place of one that has ended, and waits until the proxy leads sessions there.
    pub(super) async fn replace(&mut self, number: usize) {
        let new = relay(number, self.ports[number]).await;
        let leads_there = async {
            while Scrape::of(&new).await.opened() == 0 {
                knock(self.proxy, number).await;
            }
        };
        soon("the proxy's trust in a new relay", leads_there).await;
        self.relays[number] = Some(new);
    }

    /// Ends the first few relays at once, without a word.
    pub(super) async fn kill(&mut self, many: usize) {
        for relay in &self.relays[..many] {
            relay.as_ref().unwrap().signal("KILL").await;
        }
        for relay in &mut self.relays[..many] {
            relay.take().unwrap().ended().await;
        }
    }
}

async fn relay(number: usize, port: u16) -> HostProgram {
    let (http, name) = (
        format!("--http=127.0.0.1:{port}"),
        format!("--relay-name=relay{}", number + 1),
    );
    HostProgram::start(&[
        &http,
        &name,
        "--allow-host=udp.example",
        "--trusted-proxy=127.0.0.1",
        "--resume-secret=shared by all",
        DRAIN,
    ])
    .await
}

/// The shipped settings without TLS, which costs the machine of the sessions as much as that of the proxy, and with these relays.
fn settings(shipped: &str, port: u16, relays: &[u16]) -> String {
    let bind = "bind :443 ssl crt /etc/ssl/udp-echo/both.pem alpn http/1.1";
    let first = "    server relay1 127.0.0.1:8001\n    server relay2 127.0.0.1:8002\n";
    assert!(
        shipped.contains(bind) && shipped.contains(first),
        "{shipped}"
    );
    let servers = relays.iter().zip(1..);
    let servers =
        servers.map(|(port, number)| format!("    server relay{number} 127.0.0.1:{port}\n"));
    shipped
        .replace(bind, &format!("bind 127.0.0.1:{port}"))
        .replace(first, &servers.collect::<String>())
}

/// Opens a session as a client that comes back to this relay, and ends it.
async fn knock(proxy: SocketAddr, number: usize) {
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    let request = format!(
        "GET /relay/raw?resume=relay{}. HTTP/1.1\r\nHost: udp.example\r\nOrigin: https://udp.example\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        number + 1
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    // The answer's first bytes: by then the session is counted, wherever it is.
    soon("the proxy's answer", stream.readable()).await.unwrap();
}
