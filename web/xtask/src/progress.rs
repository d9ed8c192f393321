//! Saying what is going on: a spinner on a terminal, plain lines anywhere else.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A line for a step whose program shows its own progress below it, as cargo does.
pub(crate) fn heading(what: &str) {
    eprintln!("==> {what}");
}

/// One quiet step that is under way; it ends with [`Step::done`], or says so when it is dropped without.
pub(crate) struct Step {
    what: String,
    started: Instant,
    spinner: Option<ProgressBar>,
}

impl Step {
    /// Announces a step that has no output of its own.
    pub(crate) fn start(what: impl Into<String>) -> Self {
        let what = what.into();
        let spinner = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})")
                .expect("the template is a constant");
            let spinner = ProgressBar::new_spinner()
                .with_style(style)
                .with_message(what.clone());
            spinner.enable_steady_tick(Duration::from_millis(100));
            spinner
        });
        if spinner.is_none() {
            eprintln!("==> {what}");
        }
        Self {
            what,
            started: Instant::now(),
            spinner,
        }
    }

    /// Ends the step with what came of it.
    pub(crate) fn done(mut self, outcome: &str) {
        let seconds = self.started.elapsed().as_secs_f64();
        match self.spinner.take() {
            Some(spinner) => {
                spinner.finish_and_clear();
                eprintln!("==> {}: {outcome} ({seconds:.1} s)", self.what);
            }
            None => eprintln!("    {outcome} ({seconds:.1} s)"),
        }
        self.what.clear();
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Some(spinner) = self.spinner.take() {
            spinner.finish_and_clear();
        }
        if !self.what.is_empty() {
            eprintln!("==> {}: failed", self.what);
        }
    }
}
