//! A host for tests: free ports, loopback, gone when it is dropped.

use std::net::SocketAddr;

use clap::Parser;
use udp_echo::Host;
use udp_echo::config::Cli;

mod program;

pub use program::HostProgram;

use crate::soon;

/// How often a host is started before the test fails: somebody else may take its free port first.
const ATTEMPTS: usize = 4;

/// A running host on free ports of 127.0.0.1.
pub struct TestServer {
    host: Host,
}

impl TestServer {
    /// Starts a host with further command-line arguments.
    pub async fn start(arguments: &[&str]) -> Self {
        let mut line = vec!["udp-echo"];
        for flag in ["--http", "--udp"] {
            // A flag may be given once, so the default stands back where a test gives its own.
            if !arguments.contains(&flag) {
                line.extend([flag, "127.0.0.1:0"]);
            }
        }
        line.extend(arguments);
        let mut failures = Vec::new();
        while failures.len() < ATTEMPTS {
            let cli = Cli::try_parse_from(&line).expect("the test's own arguments are right");
            match Host::start(cli.config).await {
                Ok(host) => return Self { host },
                Err(error) => failures.push(format!("{error:#}")),
            }
        }
        panic!("a host on free ports starts, but: {}", failures.join("; "));
    }

    /// Address of the page and the relay.
    pub fn http(&self) -> SocketAddr {
        self.host.http_address()
    }

    /// Address of the UDP echo server.
    pub fn udp(&self) -> SocketAddr {
        self.host.udp_address()
    }

    /// Sessions that run.
    pub fn sessions(&self) -> usize {
        self.host.sessions()
    }

    /// Address of a WebSocket route.
    pub fn ws(&self, path: &str) -> String {
        format!("ws://{}{path}", self.http())
    }

    /// Stops the host politely.
    pub async fn shutdown(self) {
        self.host.shutdown().await;
    }
}

/// A plain HTTP/1.1 exchange: head and body of the answer.
pub async fn http(address: SocketAddr, request: &str) -> (String, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let exchange = async {
        let mut stream = tokio::net::TcpStream::connect(address)
            .await
            .expect("the host listens");
        stream
            .write_all(request.as_bytes())
            .await
            .expect("the host reads");
        let mut answer = Vec::new();
        stream
            .read_to_end(&mut answer)
            .await
            .expect("the host answers and closes");
        String::from_utf8_lossy(&answer).into_owned()
    };
    let answer = soon("the answer", exchange).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    (head.to_owned(), body.to_owned())
}

/// What the metrics of a host say of all series that begin so, in all; `None` when there is none.
pub async fn metric(address: SocketAddr, series: &str) -> Option<u64> {
    let (_, metrics) = get(address, "/metrics", &[]).await;
    let lines = metrics.lines().filter(|line| line.starts_with(series));
    let values = lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
    values.reduce(|sum, value| sum + value)
}

/// GETs a path with these header lines, `Host` being the host's own address unless they say otherwise.
pub async fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> (String, String) {
    let mut request = format!("GET {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        request.push_str(&format!("Host: {address}\r\n"));
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    http(address, &request).await
}
