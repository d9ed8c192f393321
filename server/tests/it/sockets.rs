//! Sockets for pages: the route `/sockets` from outside.
//!
//! - `calls`: what a page asks for, and what it is told;
//! - `own`: datagrams on a loopback of the reader's own; `outside`: those to and from everybody else;
//! - `fates`: what becomes of them, and that the sum closes; `lab`: with a bad link between;
//! - `access`: who may;
//! - `ends`: how sessions end.

mod access;
mod calls;
mod ends;
mod fates;
mod lab;
mod outside;
mod own;

use std::net::SocketAddr;

use serde_json::{Value, json};
use test_support::client::Client;
use test_support::host::TestServer;
use wire::sockets::header::Header;

/// A page's session.
struct Page {
    client: Client,
    hello: Value,
}

/// A page with a loopback of its own.
async fn page(host: &TestServer) -> Page {
    Page::open(&host.ws("/sockets"), &[]).await
}

impl Page {
    async fn open(url: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut client = Client::connect_with(url, headers).await;
        let hello = client.told("hello").await;
        Self { client, hello }
    }

    /// Another session on the loopback of this one.
    async fn joined(&self, host: &TestServer) -> Self {
        let token = self.hello["loopback"]["token"].as_str().unwrap();
        Self::open(&host.ws(&format!("/sockets?loopback={token}")), &[]).await
    }

    /// The address of its loopback.
    fn address(&self) -> String {
        self.hello["loopback"]["address"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// This port of its loopback.
    fn own(&self, port: u16) -> SocketAddr {
        format!("{}:{port}", self.address()).parse().unwrap()
    }

    /// Where datagrams to a target go.
    fn target(&self, name: &str) -> SocketAddr {
        let mut targets = self.hello["targets"].as_array().unwrap().iter();
        let target = targets.find(|target| target["name"] == name).unwrap();
        target["address"].as_str().unwrap().parse().unwrap()
    }

    async fn ask(&mut self, request: Value) {
        self.client.send_text(&request.to_string()).await;
    }

    /// Asks, and returns the answer of this name.
    async fn call(&mut self, request: Value, answer: &str) -> Value {
        self.ask(request).await;
        self.client.told(answer).await
    }

    /// Asks for what fails, and returns name and sentence of the error.
    async fn fails(&mut self, request: Value) -> (String, String) {
        let call = request.as_object().unwrap().keys().next().unwrap().clone();
        let error = self.call(request, "error").await;
        assert_eq!(error["call"], call, "{error}");
        words(&error)
    }

    /// Opens a socket of IPv4.
    async fn socket(&mut self, socket: u16) {
        let opened = self
            .call(json!({"open": {"socket": socket}}), "opened")
            .await;
        assert_eq!(opened, json!({"socket": socket}));
    }

    /// Opens a socket and binds it to a port of the own address; returns the address.
    async fn bound(&mut self, socket: u16, port: u16) -> SocketAddr {
        self.socket(socket).await;
        let wanted = json!({"socket": socket, "host": "localhost", "port": port});
        let bound = self.call(json!({"bind": wanted}), "bound").await;
        assert_eq!(bound["socket"], socket);
        local(&bound)
    }

    async fn connect(&mut self, socket: u16, to: SocketAddr) -> Value {
        let wanted = json!({"socket": socket, "host": to.ip().to_string(), "port": to.port()});
        self.call(json!({"connect": wanted}), "connected").await
    }

    /// Sends a datagram to an address.
    async fn send_to(&mut self, socket: u16, to: SocketAddr, payload: &[u8]) {
        self.send(socket, Some(to), payload).await;
    }

    async fn send(&mut self, socket: u16, to: Option<SocketAddr>, payload: &[u8]) {
        self.client.send(&message(socket, to, payload)).await;
    }

    /// The next datagram: the socket that it came to, its sender, its payload.
    async fn datagram(&mut self) -> (u16, SocketAddr, Vec<u8>) {
        let message = self.client.datagram().await;
        let (header, begin) = Header::read(&message).unwrap();
        let from = header.address.unwrap();
        (header.socket, from, message[begin..].to_vec())
    }

    /// The totals, which always close.
    async fn counters(&mut self) -> Value {
        let counters = self.call(json!("counters"), "counters").await;
        assert_closed(&counters);
        counters
    }

    /// Takes what the host says until these totals are reached.
    async fn wait_for(&mut self, wanted: &[(&str, u64)]) -> Value {
        loop {
            let counters = self.counters().await;
            if wanted.iter().all(|(name, total)| counters[name] == *total) {
                return counters;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn options(&mut self, tracing: bool) {
        self.call(json!({"options": {"tracing": tracing}}), "options")
            .await;
    }
}

/// A binary message: a datagram behind its header.
fn message(socket: u16, address: Option<SocketAddr>, payload: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    Header { socket, address }.write(&mut message);
    message.extend(payload);
    message
}

/// The address in `bound` or `connected`.
fn local(told: &Value) -> SocketAddr {
    told["local"].as_str().unwrap().parse().unwrap()
}

/// Name and sentence of an error.
fn words(error: &Value) -> (String, String) {
    let text = |key: &str| error[key].as_str().unwrap().to_owned();
    (text("errno"), text("text"))
}

fn assert_closed(counters: &Value) {
    let fates = [
        "delivered",
        "left",
        "dropped",
        "refused",
        "rejected",
        "in_flight",
    ];
    let sum: u64 = fates
        .iter()
        .map(|fate| counters[fate].as_u64().unwrap())
        .sum();
    assert_eq!(counters["sent"], sum, "{counters}");
}
