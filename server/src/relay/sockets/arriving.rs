//! A socket of the system's, and the wait for what arrives there.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use tokio_util::sync::ReusableBoxFuture;

use crate::loopback::OwnSocket;
use crate::udp::UdpSocket;

/// A socket of the system's, and the wait for what arrives there: it goes on from turn to turn of the session's loop.
#[derive(Debug)]
pub(super) struct Arriving<S> {
    socket: Arc<S>,
    /// The waker that leaves its mark and wakes the session's task ([`Marks`](super::marks::Marks)).
    waker: Waker,
    /// For a socket that cannot just be polled.
    wait: Option<ReusableBoxFuture<'static, ()>>,
}

/// What something can arrive at.
pub(super) trait Receives: Send + Sync + 'static {
    /// Waits until something has arrived, or an error is pending.
    fn readable(&self) -> impl Future<Output = io::Result<()>> + Send;

    /// Whether something has arrived; `None` for one that can only be waited for.
    fn poll_arrival(&self, cx: &mut Context<'_>) -> Option<Poll<()>>;
}

impl Receives for OwnSocket {
    fn readable(&self) -> impl Future<Output = io::Result<()>> + Send {
        Self::readable(self)
    }

    fn poll_arrival(&self, cx: &mut Context<'_>) -> Option<Poll<()>> {
        Self::poll_arrival(self, cx)
    }
}

impl Receives for UdpSocket {
    fn readable(&self) -> impl Future<Output = io::Result<()>> + Send {
        Self::readable(self)
    }

    fn poll_arrival(&self, cx: &mut Context<'_>) -> Option<Poll<()>> {
        Self::poll_arrival(self, cx)
    }
}

impl<S: Receives> Arriving<S> {
    /// Waits with this waker. It is woken at once, for nobody has asked this socket yet.
    pub(super) fn new(socket: Arc<S>, waker: &Waker) -> Self {
        waker.wake_by_ref();
        Self {
            socket,
            waker: waker.clone(),
            wait: None,
        }
    }

    /// The socket itself.
    pub(super) fn socket(&self) -> &Arc<S> {
        &self.socket
    }

    /// Whether something has arrived. Says so once, and waits again.
    pub(super) fn poll_arrival(&mut self) -> Poll<()> {
        let mut cx = Context::from_waker(&self.waker);
        if let Some(polled) = self.socket.poll_arrival(&mut cx) {
            return polled;
        }
        let again = || readable(Arc::clone(&self.socket));
        let wait = self
            .wait
            .get_or_insert_with(|| ReusableBoxFuture::new(again()));
        ready!(wait.poll(&mut cx));
        wait.set(again());
        Poll::Ready(())
    }
}

async fn readable<S: Receives>(socket: Arc<S>) {
    // An error says that the runtime is shutting down; receiving will say so, too.
    let _ = socket.readable().await;
}
