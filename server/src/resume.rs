//! A session's UDP port, given back to the client that had it.
//!
//! To the server a client *is* its address and port (claim 6), so a reconnect that gets another port looks like another
//! client. Each session gets a token; a client that presents it gets the port of that session again, unless another
//! program has it by then. The host keeps no socket open for that: other programs may take the port, and then the page
//! says that its port changed.
//!
//! One of several relays behind a proxy may have a name. It stands before its tokens, so the proxy can lead a client that comes
//! back to the relay that has its port. At another one the client gets another port.
//!
//! Tokens are signed. With a secret of the operator's they are good across a restart of the host, too; without one the
//! secret is made up at the start.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

mod relay_name;

pub use relay_name::RelayName;

/// Bytes of the signature that a token carries: 128 bits are beyond guessing.
const SIGNATURE_BYTES: usize = 16;

/// Bytes of a token: which run of the host, which session, which port, and the signature.
const TOKEN_BYTES: usize = 8 + 8 + 2 + SIGNATURE_BYTES;

/// How long a client that comes back waits for its own old session to let go of the port.
const HANDOVER: Duration = Duration::from_secs(1);

/// The ports that sessions have or had, and the secret that signs their tokens.
pub struct Ports {
    secret: Hmac<Sha256>,
    /// The name of this relay, where there are several.
    name: Option<RelayName>,
    /// Tells the tokens of this run of the host from those of earlier ones.
    run: u64,
    started: Instant,
    /// How long a port stays promised after its session; zero promises nothing.
    grace: Duration,
    /// Whether tokens of an earlier run can be trusted.
    has_shared_secret: bool,
    /// The last session that had each port: never more than there are ports.
    holders: Mutex<HashMap<u16, Holder>>,
}

#[derive(Debug)]
struct Holder {
    session: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The session lives; it can be asked to go, and then it says when it has gone.
    Present(CancellationToken, watch::Receiver<()>),
    Left(Instant),
}

/// The port of a living session, and the token for coming back to it.
#[derive(Debug)]
pub(crate) struct Lease {
    ports: Arc<Ports>,
    port: u16,
    session: u64,
    token: String,
    superseded: CancellationToken,
    /// Closes when the session has gone.
    _present: watch::Sender<()>,
}

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Claim {
    run: u64,
    session: u64,
    port: u16,
}

impl Ports {
    /// Promises ports for `grace`, signing with `secret` or, without one, with a secret of this run alone.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn new(
        secret: Option<&str>,
        grace: Duration,
        name: Option<RelayName>,
    ) -> anyhow::Result<Self> {
        let mut key = [0; 32];
        match secret {
            Some(secret) => key = Sha256::digest(secret).into(),
            None => getrandom::fill(&mut key).context("make up a secret for resume tokens")?,
        }
        let run = getrandom::u64().context("make up a number for this run")?;
        Ok(Self {
            secret: Hmac::new_from_slice(&key).context("sign resume tokens")?,
            name,
            run,
            started: Instant::now(),
            grace,
            has_shared_secret: secret.is_some(),
            holders: Mutex::default(),
        })
    }

    /// Leases `port` to a new session. `None` when nothing is promised.
    pub(crate) fn lease(self: &Arc<Self>, port: u16) -> Option<Lease> {
        if self.grace.is_zero() {
            return None;
        }
        let session = getrandom::u64().ok()?;
        let (present, presence) = watch::channel(());
        let superseded = CancellationToken::new();
        let state = State::Present(superseded.clone(), presence);
        self.holders().insert(port, Holder { session, state });
        let run = self.run;
        let token = self.sign(Claim { run, session, port });
        Some(Lease {
            ports: Arc::clone(self),
            port,
            session,
            token,
            superseded,
            _present: present,
        })
    }

    /// The port that a token asks for, if it is still promised here. An old session that has it is asked to go, and is gone.
    pub(crate) async fn claim(&self, token: &str) -> Option<u16> {
        let (relay, token) = RelayName::split(token);
        if let (Some(own), Some(relay)) = (&self.name, relay)
            && !own.is(relay)
        {
            return None;
        }
        let claim = self.verify(token)?;
        if claim.run != self.run {
            let may_come_back = self.has_shared_secret && self.started.elapsed() < self.grace;
            let is_free = !self.holders().contains_key(&claim.port);
            return (may_come_back && is_free).then_some(claim.port);
        }
        let (go, mut presence) = {
            let holders = self.holders();
            let holder = holders.get(&claim.port)?;
            if holder.session != claim.session {
                return None;
            }
            match &holder.state {
                State::Left(at) => return (at.elapsed() < self.grace).then_some(claim.port),
                State::Present(go, presence) => (go.clone(), presence.clone()),
            }
        };
        // The network changed under the client, and the host has not noticed yet that the old connection is dead.
        go.cancel();
        let gone = async { while presence.changed().await.is_ok() {} };
        tokio::time::timeout(HANDOVER, gone).await.ok()?;
        Some(claim.port)
    }

    /// Whether a token is one of ours, whatever it is worth by now.
    pub(crate) fn signed(&self, token: &str) -> bool {
        self.verify(RelayName::split(token).1).is_some()
    }

    fn sign(&self, claim: Claim) -> String {
        let mut bytes = claim.bytes();
        bytes.extend_from_slice(&self.signature(&bytes));
        let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match &self.name {
            Some(name) => name.before(&token),
            None => token,
        }
    }

    fn verify(&self, token: &str) -> Option<Claim> {
        let bytes = from_hex(token)?;
        let (claim, signature) = bytes.split_last_chunk::<SIGNATURE_BYTES>()?;
        let mut mac = self.secret.clone();
        mac.update(claim);
        mac.verify_truncated_left(signature).ok()?;
        Claim::from_bytes(claim)
    }

    fn signature(&self, bytes: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let mut mac = self.secret.clone();
        mac.update(bytes);
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        *whole
            .first_chunk()
            .expect("a SHA-256 is longer than the signature")
    }

    fn holders(&self) -> MutexGuard<'_, HashMap<u16, Holder>> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the secret.
        f.debug_struct("Ports").field("grace", &self.grace).finish()
    }
}

impl Lease {
    /// What the client presents to get the port again.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Resolves when the client has come back on another connection and wants the port there.
    pub(crate) async fn superseded(&self) {
        self.superseded.cancelled().await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut holders = self.ports.holders();
        if let Some(holder) = holders.get_mut(&self.port)
            && holder.session == self.session
        {
            holder.state = State::Left(Instant::now());
        }
    }
}

impl Claim {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(TOKEN_BYTES);
        bytes.extend_from_slice(&self.run.to_be_bytes());
        bytes.extend_from_slice(&self.session.to_be_bytes());
        bytes.extend_from_slice(&self.port.to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (run, rest) = bytes.split_first_chunk()?;
        let (session, rest) = rest.split_first_chunk()?;
        Some(Self {
            run: u64::from_be_bytes(*run),
            session: u64::from_be_bytes(*session),
            port: u16::from_be_bytes(rest.try_into().ok()?),
        })
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 2 * TOKEN_BYTES || !text.is_ascii() {
        return None;
    }
    (0..TOKEN_BYTES)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests;
