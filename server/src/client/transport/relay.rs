//! A session at a relay's raw route: each binary message is one datagram, and nothing else is said.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use wire::limits::MAX_MESSAGE_BYTES;

use crate::place::Place;

mod failure;
mod url;

pub(crate) use url::read as read_url;

/// A relay that has not answered by then is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A relay that has not returned our Close by then does not keep us.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A WebSocket whose other end turns messages into datagrams.
#[derive(Debug)]
pub(crate) struct Relay {
    url: String,
    socket: WebSocketStream<TcpStream>,
    local: SocketAddr,
    peer: SocketAddr,
}

impl Relay {
    pub(super) async fn open(url: &str) -> anyhow::Result<Self> {
        let socket = timeout(CONNECT_TIMEOUT, connect(url))
            .await
            .with_context(|| {
                format!("the relay at {url} did not answer within {CONNECT_TIMEOUT:?}")
            })?
            .map_err(|error| failure::opening(url, error))?;
        let tcp = socket.get_ref();
        Ok(Self {
            url: url.to_owned(),
            local: tcp
                .local_addr()
                .context("ask the system for our own TCP port")?,
            peer: tcp
                .peer_addr()
                .context("ask the system for the relay's address")?,
            socket,
        })
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.local
    }

    pub(super) fn peer(&self) -> SocketAddr {
        self.peer
    }

    pub(super) async fn send(&mut self, payload: &Bytes) -> anyhow::Result<()> {
        let sent = self.socket.send(Message::Binary(payload.clone())).await;
        match sent {
            Ok(()) => Ok(()),
            // The reason for the end stands in a Close that has been received but not read yet.
            Err(WsError::ConnectionClosed | WsError::AlreadyClosed | WsError::Io(_)) => {
                let end = timeout(CLOSE_TIMEOUT, self.end_of_session()).await;
                Err(end.unwrap_or_else(|_| anyhow::anyhow!("the relay at {} went away", self.url)))
            }
            Err(error) => bail!(
                "cannot send to the relay at {}: {}",
                self.url,
                failure::words(&error)
            ),
        }
    }

    pub(super) async fn receive(&mut self) -> anyhow::Result<Bytes> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Binary(payload))) => return Ok(payload),
                Some(Ok(Message::Text(_))) => bail!(
                    "{} sends control messages, which this client does not read: use the headerless route, /relay/raw",
                    self.url
                ),
                Some(Ok(Message::Close(frame))) => return Err(self.closed(frame)),
                // Pings are answered by the library as the socket is read.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(error)) => bail!(
                    "the relay at {} went away: {}",
                    self.url,
                    failure::words(&error)
                ),
                None => return Err(self.closed(None)),
            }
        }
    }

    pub(super) async fn close(mut self) {
        let closing = async {
            self.socket.close(None).await.ok();
            while let Some(Ok(_)) = self.socket.next().await {}
        };
        // The run is over and told; a relay that does not return the Close changes nothing about it.
        let _ = timeout(CLOSE_TIMEOUT, closing).await;
    }

    /// Reads up to the Close and returns what it says.
    async fn end_of_session(&mut self) -> anyhow::Error {
        loop {
            if let Err(error) = self.receive().await {
                return error;
            }
        }
    }

    fn closed(&self, frame: Option<CloseFrame>) -> anyhow::Error {
        let url = &self.url;
        match frame {
            Some(CloseFrame { code, reason }) if !reason.is_empty() => {
                anyhow::anyhow!("the relay at {url} closed the session with code {code}: {reason}")
            }
            Some(CloseFrame { code, .. }) => {
                anyhow::anyhow!("the relay at {url} closed the session with code {code}")
            }
            None => anyhow::anyhow!("the relay at {url} went away without a Close"),
        }
    }
}

/// Connects by the rule that holds for every place: the library's own would ask the resolver for `[fe80::1%25eth0]`.
async fn connect(url: &str) -> Result<WebSocketStream<TcpStream>, WsError> {
    // The zone means nothing to the other end, and servers refuse a Host that has one (RFC 6874, section 4).
    let (url, zone) = without_zone(url);
    let request = url.into_client_request()?;
    let host = request.uri().host().unwrap_or_default();
    let host = match zone {
        Some(zone) => host.replace(']', &format!("%{zone}]")),
        None => host.to_owned(),
    };
    let place = format!("{host}:{}", request.uri().port_u16().unwrap_or(80));
    let place: Place = place
        .parse()
        .map_err(|why: String| io::Error::new(io::ErrorKind::InvalidInput, why))?;
    let stream = TcpStream::connect(&place.resolve().await?[..]).await?;
    // Nagle's algorithm would hold small datagrams back until the one before is acknowledged.
    stream.set_nodelay(true)?;
    let (socket, _) = client_async_with_config(request, stream, Some(limits())).await?;
    Ok(socket)
}

/// A URL without the zone of its address, and the zone. Its mark is escaped in a URL, as `%25` (RFC 6874, section 2), and as often
/// not.
fn without_zone(url: &str) -> (String, Option<&str>) {
    let apart = url
        .split_once('%')
        .and_then(|(front, rest)| Some((front, rest.split_once(']')?)));
    match apart {
        Some((front, (zone, back))) if front.contains("://[") && !front.contains(']') => {
            let unescaped = zone.strip_prefix("25").filter(|zone| !zone.is_empty());
            (format!("{front}]{back}"), Some(unescaped.unwrap_or(zone)))
        }
        _ => (url.to_owned(), None),
    }
}

/// Room for the largest datagram in one frame, and no more.
fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_of_a_url_is_for_this_machine_alone() {
        for (written, sent, zone) in [
            (
                "ws://[fe80::1%25eth0]:80/r",
                "ws://[fe80::1]:80/r",
                Some("eth0"),
            ),
            (
                "ws://[fe80::1%eth0]:80/r",
                "ws://[fe80::1]:80/r",
                Some("eth0"),
            ),
            ("ws://[fe80::1%254]:80/r", "ws://[fe80::1]:80/r", Some("4")),
            ("ws://[fe80::1%25]:80/r", "ws://[fe80::1]:80/r", Some("25")),
            ("ws://[::1]:80/r?a=%5D]", "ws://[::1]:80/r?a=%5D]", None),
            ("ws://a/r?a=%20", "ws://a/r?a=%20", None),
        ] {
            assert_eq!(without_zone(written), (sent.to_owned(), zone), "{written}");
        }
    }
}
