//! What asks the process to stop: Ctrl-C, a service manager, a terminal that is closed.
//!
//! On Unix these are SIGINT, SIGTERM and SIGHUP; on Windows Ctrl-C, Ctrl-Break, a console that is closed, and a shutdown.
//! SIGQUIT keeps its meaning: the process ends at once, with a core dump where the system writes them.

/// Listens for whatever asks the process to stop.
#[derive(Debug)]
pub struct StopSignals {
    #[cfg(unix)]
    interrupted: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminated: tokio::signal::unix::Signal,
    /// `None` when whoever started us had it ignored, as `nohup` does.
    #[cfg(unix)]
    hung_up: Option<tokio::signal::unix::Signal>,
    #[cfg(windows)]
    interrupted: tokio::signal::windows::CtrlC,
    #[cfg(windows)]
    broken: tokio::signal::windows::CtrlBreak,
    #[cfg(windows)]
    closed: tokio::signal::windows::CtrlClose,
    #[cfg(windows)]
    shut_down: tokio::signal::windows::CtrlShutdown,
}

#[cfg(unix)]
impl StopSignals {
    /// Listens from now on; the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn listen() -> anyhow::Result<Self> {
        use anyhow::Context as _;
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind, name: &str| {
            signal(kind).with_context(|| format!("install the handler for {name}"))
        };
        let hung_up = match is_hangup_ignored() {
            true => None,
            false => Some(listen(SignalKind::hangup(), "SIGHUP")?),
        };
        Ok(Self {
            interrupted: listen(SignalKind::interrupt(), "Ctrl-C")?,
            terminated: listen(SignalKind::terminate(), "SIGTERM")?,
            hung_up,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        let Self {
            interrupted,
            terminated,
            hung_up,
        } = self;
        let hung_up = async {
            match hung_up {
                Some(hung_up) => hung_up.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
            _ = hung_up => {}
        }
    }

    /// Waits for somebody who insists on the end. A terminal that is closed does not: the kernel and the shell each send
    /// a SIGHUP for it.
    pub async fn insistence(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
        }
    }
}

#[cfg(windows)]
impl StopSignals {
    /// Listens from now on; the events no longer end the process by themselves.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn listen() -> anyhow::Result<Self> {
        use anyhow::Context as _;
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
        Ok(Self {
            interrupted: ctrl_c().context("install the handler for Ctrl-C")?,
            broken: ctrl_break().context("install the handler for Ctrl-Break")?,
            closed: ctrl_close().context("install the handler for a closed console")?,
            shut_down: ctrl_shutdown().context("install the handler for a shutdown")?,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.broken.recv() => {}
            _ = self.closed.recv() => {}
            _ = self.shut_down.recv() => {}
        }
    }

    /// Waits for somebody who insists on the end.
    pub async fn insistence(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.broken.recv() => {}
        }
    }
}

/// Resolves when the process is asked to stop.
///
/// # Errors
/// When the handlers cannot be installed.
pub fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut signals = StopSignals::listen()?;
    Ok(async move { signals.next().await })
}

/// Whether SIGHUP is ignored, by the wish of whoever started the process.
#[cfg(unix)]
#[allow(unsafe_code)] // sigaction(2): no dependency only reads what is set.
fn is_hangup_ignored() -> bool {
    let mut current = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: without a new action the kernel sets nothing; it writes the current one to `current`, which outlives the
    // call and for which all zeroes is a valid value.
    unsafe {
        let read = libc::sigaction(libc::SIGHUP, std::ptr::null(), current.as_mut_ptr());
        read == 0 && current.assume_init().sa_sigaction == libc::SIG_IGN
    }
}
