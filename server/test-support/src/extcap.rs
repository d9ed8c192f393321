//! A capture as Wireshark starts one: our own program writes what a session's datagrams were into a named pipe.

use std::fs::File;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::process::Command;

use crate::program::Program;
use crate::soon;

/// A named pipe of a test.
#[derive(Debug)]
pub struct Fifo(tempfile::TempDir);

impl Fifo {
    /// Makes one, in a folder of its own.
    ///
    /// # Panics
    /// When the system does not make it.
    pub fn make() -> Self {
        let fifo = Self(tempfile::tempdir().unwrap());
        let made = Command::new("mkfifo").arg(fifo.path()).status().unwrap();
        assert!(made.success());
        fifo
    }

    /// Its path.
    pub fn path(&self) -> String {
        self.0.path().join("fifo").to_str().unwrap().to_owned()
    }

    /// Starts a capture into it of the session with this token.
    pub fn capture(&self, host: SocketAddr, token: &str) -> Program {
        let (path, host) = (self.path(), host.to_string());
        Program::udp_echo(&[
            "--capture",
            "--extcap-interface",
            "udp-echo",
            "--fifo",
            &path,
            "--host",
            &host,
            "--token",
            token,
        ])
    }

    /// Opens it for reading, when the capture has opened it for writing, and reads the head of the file.
    ///
    /// # Panics
    /// When the capture ends before; says its last words.
    pub async fn open(&self, capture: &Program) -> File {
        let path = self.path();
        let opening = tokio::task::spawn_blocking(move || File::open(path).unwrap());
        let pipe = soon("the capture", opening).await.unwrap();
        match read_until(pipe, "udp-echo 0.1.0").await {
            Ok((pipe, _)) => pipe,
            Err(error) => panic!("{error}:{}", capture.said()),
        }
    }
}

/// Reads a pipe in a thread until it has these words; returns it with what it read.
///
/// # Errors
/// The system's, or the end of the capture before these words.
pub async fn read_until(mut pipe: File, words: &str) -> io::Result<(File, Vec<u8>)> {
    let (what, words) = (words.to_owned(), words.to_owned());
    let reading = tokio::task::spawn_blocking(move || {
        let mut seen = Vec::new();
        let mut part = [0; 65_536];
        while !contains(&seen, &words) {
            let count = pipe.read(&mut part)?;
            if count == 0 {
                let why = format!("the capture ended before {words:?}, at {seen:x?}");
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
            }
            seen.extend_from_slice(&part[..count]);
        }
        Ok((pipe, seen))
    });
    soon(&format!("{what:?} in the capture"), reading).await?
}

/// Whether these words are among the bytes.
pub fn contains(bytes: &[u8], words: &str) -> bool {
    let mut windows = bytes.windows(words.len());
    windows.any(|window| window == words.as_bytes())
}
