//! A client of `/sockets` for tests: the calls of a socket, and datagrams behind their header, written here by hand.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite;

use crate::client::Client;

/// The route.
pub const ROUTE: &str = "/sockets";

/// A session of `/sockets` that has heard its hello.
pub struct SocketsClient {
    /// What carries it, for what has no function here.
    pub client: Client,
    /// Content of the hello.
    pub hello: Value,
}

/// A datagram that came to one of the client's sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Number of the socket.
    pub socket: u16,
    /// Where it came from.
    pub from: SocketAddr,
    /// Its payload.
    pub payload: Vec<u8>,
}

impl SocketsClient {
    /// Opens a session at the address of a host's route, such as `ws://127.0.0.1:8000/sockets`.
    pub async fn connect(url: &str) -> Self {
        Self::greeted(Client::connect(url).await).await
    }

    /// Opens a session with these header lines besides the usual ones.
    ///
    /// # Errors
    /// What the host had against it.
    pub async fn try_connect_with(
        url: &str,
        headers: &[(&'static str, &str)],
    ) -> tungstenite::Result<Self> {
        let client = Client::try_connect_with(url, headers).await?;
        Ok(Self::greeted(client).await)
    }

    /// Waits for the hello on a fresh connection.
    pub async fn greeted(mut client: Client) -> Self {
        let hello = client.told("hello").await;
        Self { client, hello }
    }

    /// The IPv4 address of the session's own loopback.
    pub fn own(&self) -> Ipv4Addr {
        let address = self.hello["loopback"]["address"].as_str();
        address
            .and_then(|address| address.parse().ok())
            .unwrap_or_else(|| panic!("no own address in {}", self.hello))
    }

    /// What another session presents to join this one's loopback.
    pub fn token(&self) -> &str {
        self.hello["loopback"]["token"].as_str().unwrap_or_default()
    }

    /// The address that stands for a target.
    pub fn target(&self, name: &str) -> SocketAddr {
        let targets = self.hello["targets"].as_array().into_iter().flatten();
        let mut named = targets.filter(|target| target["name"] == name);
        let address = named.next().and_then(|target| target["address"].as_str());
        address
            .and_then(|address| address.parse().ok())
            .unwrap_or_else(|| panic!("no target {name:?} in {}", self.hello))
    }

    /// Asks `request` and waits for the answer of this name.
    ///
    /// # Errors
    /// The error that answers the call instead.
    pub async fn ask(&mut self, request: Value, answer: &str) -> Result<Value, Value> {
        let (call, content) = request
            .as_object()
            .and_then(|request| request.iter().next())
            .map(|(call, content)| (call.clone(), content.clone()))
            .unwrap_or_else(|| panic!("{request} is no request"));
        self.client.send_text(&request.to_string()).await;
        let is_mine = |told: &Value| told["socket"] == content["socket"];
        let mut said = self
            .client
            .told_first(|text| {
                let answers = text.get(answer).is_some_and(is_mine);
                let fails = text
                    .get("error")
                    .is_some_and(|error| error["call"] == *call && is_mine(error));
                answers || fails
            })
            .await;
        match said.get_mut("error") {
            Some(error) => Err(error.take()),
            None => Ok(said[answer].take()),
        }
    }

    /// socket(2): IPv4.
    ///
    /// # Errors
    /// The host's error message.
    pub async fn open(&mut self, socket: u16) -> Result<(), Value> {
        let request = json!({ "open": { "socket": socket } });
        self.ask(request, "opened").await.map(|_| ())
    }

    /// bind(2): returns the address that the socket has then.
    ///
    /// # Errors
    /// The host's error message.
    pub async fn bind(&mut self, socket: u16, host: &str, port: u16) -> Result<SocketAddr, Value> {
        let request = json!({ "bind": { "socket": socket, "host": host, "port": port } });
        let bound = self.ask(request, "bound").await?;
        let local = bound["local"].as_str().and_then(|local| local.parse().ok());
        Ok(local.unwrap_or_else(|| panic!("no address in {bound}")))
    }

    /// A socket that is open and bound; it must work.
    pub async fn bound(&mut self, socket: u16, port: u16) -> SocketAddr {
        let opened = self.open(socket).await;
        opened.unwrap_or_else(|error| panic!("open {socket}: {error}"));
        let bound = self.bind(socket, "localhost", port).await;
        bound.unwrap_or_else(|error| panic!("bind {socket} to {port}: {error}"))
    }

    /// Closes a socket and has another one of its number bound to a port.
    ///
    /// # Errors
    /// The host's error message about the port.
    pub async fn rebound(&mut self, socket: u16, port: u16) -> Result<SocketAddr, Value> {
        self.close(socket).await?;
        self.open(socket).await?;
        self.bind(socket, "localhost", port).await
    }

    /// connect(2): returns the peer's address.
    ///
    /// # Errors
    /// The host's error message.
    pub async fn connect_to(
        &mut self,
        socket: u16,
        host: &str,
        port: u16,
    ) -> Result<SocketAddr, Value> {
        let request = json!({ "connect": { "socket": socket, "host": host, "port": port } });
        let connected = self.ask(request, "connected").await?;
        let peer = connected["peer"].as_str();
        let peer = peer.and_then(|peer| peer.parse().ok());
        Ok(peer.unwrap_or_else(|| panic!("no peer in {connected}")))
    }

    /// close(2).
    ///
    /// # Errors
    /// The host's error message.
    pub async fn close(&mut self, socket: u16) -> Result<(), Value> {
        let request = json!({ "close": { "socket": socket } });
        self.ask(request, "closed").await.map(|_| ())
    }

    /// sendto(2).
    pub async fn send_to(&mut self, socket: u16, to: SocketAddr, payload: &[u8]) {
        self.client.send(&datagram(socket, Some(to), payload)).await;
    }

    /// send(2), of a connected socket.
    pub async fn send(&mut self, socket: u16, payload: &[u8]) {
        self.client.send(&datagram(socket, None, payload)).await;
    }

    /// The next datagram that came to any of the sockets.
    pub async fn receive(&mut self) -> Received {
        let message = self.client.datagram().await;
        received(&message).unwrap_or_else(|| panic!("no header in {message:?}"))
    }

    /// The next error.
    pub async fn error(&mut self) -> Value {
        self.client.told("error").await
    }

    /// The totals of the session, as they are now.
    pub async fn counters(&mut self) -> Value {
        self.client.send_text(r#""counters""#).await;
        self.client.told("counters").await
    }

    /// Has the host tell each datagram's way, or not.
    pub async fn trace(&mut self, tracing: bool) {
        let request = json!({ "options": { "tracing": tracing } });
        self.change(request, "options").await;
    }

    /// Changes settings, such as `options` or `lab`: the host answers with the same.
    pub async fn change(&mut self, request: Value, answer: &str) {
        self.client.send_text(&request.to_string()).await;
        self.client.told(answer).await;
    }
}

/// A binary message: the header, to this address or to the peer of a connected socket, and the payload.
pub fn datagram(socket: u16, to: Option<SocketAddr>, payload: &[u8]) -> Vec<u8> {
    let mut message = socket.to_be_bytes().to_vec();
    match to.map(|to| to.ip()) {
        None => message.push(0),
        Some(IpAddr::V4(_)) => message.push(4),
        Some(IpAddr::V6(_)) => message.push(6),
    }
    message.extend(to.map_or(0, |to| to.port()).to_be_bytes());
    match to.map(|to| to.ip()) {
        None => {}
        Some(IpAddr::V4(ip)) => message.extend(ip.octets()),
        Some(IpAddr::V6(ip)) => message.extend(ip.octets()),
    }
    message.extend(payload);
    message
}

/// Reads a binary message of the host, which always names an address.
pub fn received(message: &[u8]) -> Option<Received> {
    let (&[high, low, family, port_high, port_low], rest) = message.split_first_chunk()?;
    let (ip, payload): (IpAddr, _) = match family {
        4 => rest
            .split_first_chunk::<4>()
            .map(|(ip, payload)| ((*ip).into(), payload))?,
        6 => rest
            .split_first_chunk::<16>()
            .map(|(ip, payload)| ((*ip).into(), payload))?,
        _ => return None,
    };
    Some(Received {
        socket: u16::from_be_bytes([high, low]),
        from: SocketAddr::new(ip, u16::from_be_bytes([port_high, port_low])),
        payload: payload.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_has_the_header_of_the_contract() {
        for (to, header) in [
            (None, &[2, 1, 0, 0, 0][..]),
            (Some("127.83.1.5:10000"), &[2, 1, 4, 39, 16, 127, 83, 1, 5]),
        ] {
            let to = to.map(|to| to.parse().unwrap());
            assert_eq!(datagram(513, to, b"x"), [header, b"x"].concat());
        }
        let to: SocketAddr = "[2001:db8::1]:65535".parse().unwrap();
        let message = datagram(7, Some(to), b"payload");
        assert_eq!(message[..6], [0, 7, 6, 255, 255, 0x20]);
        let expected = Received {
            socket: 7,
            from: to,
            payload: b"payload".to_vec(),
        };
        assert_eq!(received(&message), Some(expected));
        assert_eq!(received(&datagram(7, None, b"payload")), None);
    }
}
