//! A small TCP echo, for one lesson only: a byte stream keeps no message boundaries (claim 1).
//!
//! It lives for one question, on a port of 127.0.0.1 that only this session knows.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wire::control::StreamEcho;

/// Most writes of one question.
pub const MAX_WRITES: usize = 64;

/// How long the whole exchange may take; on loopback it takes less than a millisecond.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes that one read takes at the most: all that a control message can carry.
const READ_BYTES: usize = wire::limits::MAX_CONTROL_BYTES;

/// Writes each text with a write of its own, and tells what each read of the echo gave.
///
/// # Errors
/// More than [`MAX_WRITES`] texts ([`io::ErrorKind::InvalidInput`]), or what the operating system said.
pub async fn echo(writes: Vec<String>) -> io::Result<StreamEcho> {
    if writes.len() > MAX_WRITES {
        let said = format!("{} writes are too many; at most {MAX_WRITES}", writes.len());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, said));
    }
    let exchange = async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let mut client = TcpStream::connect(listener.local_addr()?).await?;
        // Nagle's algorithm is off: it is TCP itself that merges, not its thrift.
        client.set_nodelay(true)?;
        for text in &writes {
            client.write_all(text.as_bytes()).await?;
        }
        client.shutdown().await?;
        let (served, reads) = tokio::join!(serve(&listener), read_all(&mut client));
        served?;
        Ok(StreamEcho {
            reads: reads?,
            writes,
        })
    };
    tokio::time::timeout(TIMEOUT, exchange)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Takes the connection, which the kernel has already set up, and sends back what each read finds there.
async fn serve(listener: &TcpListener) -> io::Result<()> {
    let (mut connection, _) = listener.accept().await?;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match connection.read(&mut buffer).await? {
            0 => return Ok(()),
            count => connection.write_all(&buffer[..count]).await?,
        }
    }
}

async fn read_all(client: &mut TcpStream) -> io::Result<Vec<String>> {
    let mut buffer = vec![0; READ_BYTES];
    let mut reads = Vec::new();
    loop {
        match client.read(&mut buffer).await? {
            0 => return Ok(reads),
            count => reads.push(String::from_utf8_lossy(&buffer[..count]).into_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn three_writes_arrive_as_one_read() {
        let writes: Vec<String> = ["one", "two", "three"].map(str::to_owned).into();
        let echo = echo(writes.clone()).await.unwrap();
        assert_eq!(echo.writes, writes);
        assert_eq!(echo.reads, ["onetwothree"]);
    }

    #[tokio::test]
    async fn nothing_written_is_nothing_read() {
        assert_eq!(
            echo(vec![String::new()]).await.unwrap().reads,
            Vec::<String>::new()
        );
    }

    #[tokio::test]
    async fn too_many_writes_are_refused_with_the_limit() {
        let said = echo(vec!["x".to_owned(); MAX_WRITES + 1])
            .await
            .unwrap_err()
            .to_string();
        assert!(said.contains("65") && said.contains("64"), "{said}");
    }
}
