//! Starting a program that has to come up: waiting until it is ready, and trying again when it does not get there.

use std::fmt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{LOOK, Program, Said, block_on};
use crate::PATIENCE;

/// How often a program is started before the test fails.
const ATTEMPTS: usize = 4;

/// Why a program did not come up, with what it said in each attempt.
#[derive(Debug)]
pub struct DidNotComeUp {
    attempts: Vec<String>,
}

impl fmt::Display for DidNotComeUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = self.attempts.len();
        write!(f, "the program did not come up in {many} attempts")?;
        for (attempt, number) in self.attempts.iter().zip(1..) {
            write!(f, "\n{number}. {attempt}")?;
        }
        Ok(())
    }
}

impl std::error::Error for DidNotComeUp {}

/// One attempt to start a program: its command, and what tells that it is ready.
pub struct Attempt<R> {
    command: Command,
    ready: R,
    wait: Duration,
    log: Option<Stdio>,
    output: Option<Stdio>,
}

impl<R> Attempt<R> {
    /// The program is ready when `ready` finds what it looks for.
    pub fn new(command: Command, ready: R) -> Self {
        Self {
            command,
            ready,
            wait: PATIENCE,
            log: None,
            output: None,
        }
    }

    /// Waits this long instead of [`PATIENCE`].
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Standard error goes there, and is not read here.
    #[must_use]
    pub fn stderr(mut self, log: impl Into<Stdio>) -> Self {
        self.log = Some(log.into());
        self
    }

    /// Standard output goes there, and is not read here.
    #[must_use]
    pub fn stdout(mut self, output: impl Into<Stdio>) -> Self {
        self.output = Some(output.into());
        self
    }
}

impl Program {
    /// Starts a program and waits until it is ready. A program that ends or keeps silent instead is started again with what
    /// `attempt` makes then, such as a command with another port.
    ///
    /// # Errors
    /// When no attempt succeeds: why, with the program's last words.
    pub async fn start<T, R>(
        mut attempt: impl FnMut() -> Attempt<R>,
    ) -> Result<(Self, T), DidNotComeUp>
    where
        R: FnMut(&Said<'_>) -> Option<T>,
    {
        let mut attempts = Vec::new();
        while attempts.len() < ATTEMPTS {
            let mut starting = match Starting::begin(attempt()) {
                Ok(starting) => starting,
                Err(reason) => {
                    attempts.push(reason);
                    continue;
                }
            };
            match starting.look_until_ready().await {
                Ok(value) => return Ok((starting.program, value)),
                Err(reason) => attempts.push(reason),
            }
        }
        Err(DidNotComeUp { attempts })
    }

    /// [`Self::start`] for tests without a runtime.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_blocking<T, R>(
        attempt: impl FnMut() -> Attempt<R>,
    ) -> Result<(Self, T), DidNotComeUp>
    where
        R: FnMut(&Said<'_>) -> Option<T>,
    {
        block_on(Self::start(attempt))
    }
}

/// An attempt under way.
struct Starting<R> {
    program: Program,
    ready: R,
    wait: Duration,
}

impl<R> Starting<R> {
    fn begin(attempt: Attempt<R>) -> Result<Self, String> {
        let Attempt {
            mut command,
            ready,
            wait,
            log,
            output,
        } = attempt;
        let program = Program::spawn_with(&mut command, output, log)
            .map_err(|error| format!("{command:?} cannot be started: {error}"))?;
        Ok(Self {
            program,
            ready,
            wait,
        })
    }

    async fn look_until_ready<T>(&mut self) -> Result<T, String>
    where
        R: FnMut(&Said<'_>) -> Option<T>,
    {
        let began = Instant::now();
        loop {
            // In this order: what it said before it ended is all here when its end is seen.
            let status = self.program.child.try_wait().expect("the process is ours");
            if let Some(status) = status {
                self.program.stdout.until_end().await;
                self.program.stderr.until_end().await;
                let Program { name, .. } = &self.program;
                let said = self.program.said();
                return Err(format!("{name} ended before it was ready: {status}{said}"));
            }
            if let Some(value) = (self.ready)(&self.program.said()) {
                return Ok(value);
            }
            if began.elapsed() > self.wait {
                let Program { name, .. } = &self.program;
                let (wait, said) = (self.wait, self.program.said());
                return Err(format!("{name} was not ready within {wait:?}{said}"));
            }
            tokio::select! {
                () = self.program.stdout.shared.changed.notified() => {}
                () = self.program.stderr.shared.changed.notified() => {}
                () = sleep(LOOK) => {}
            }
        }
    }
}
