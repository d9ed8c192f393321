//! A bound on the lines that strangers can cause: so many in a while, and then one line with the number left out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Lines of one [`WINDOW`] that are written.
const LINES: u32 = 20;

/// How long the lines are counted together.
const WINDOW: Duration = Duration::from_secs(10);

/// Decides about each line that a stranger has caused. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct Throttle(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    window: Mutex<Window>,
    left_out: AtomicU64,
}

#[derive(Debug, Default)]
struct Window {
    began: Option<Instant>,
    written: u32,
    left_out: u64,
}

impl Throttle {
    /// Whether one more line may be written. If not, it is counted, and the count is logged when the window is over.
    ///
    /// Must be called inside a tokio runtime.
    pub(crate) fn admits(&self) -> bool {
        match self.note(Instant::now()) {
            Noted::Write => return true,
            Noted::LeaveOut => {}
            Noted::FirstLeftOut(until) => {
                let throttle = self.clone();
                tokio::spawn(async move {
                    tokio::time::sleep_until(until.into()).await;
                    throttle.account();
                });
            }
        }
        false
    }

    /// Logs how many lines were left out since that was said the last time, if any were.
    pub(crate) fn account(&self) {
        let left_out = std::mem::take(&mut self.window().left_out);
        if left_out > 0 {
            tracing::warn!(
                left_out,
                "more of these were left out of the log; the metrics count all of them"
            );
        }
    }

    /// Lines left out since the start.
    pub(crate) fn left_out(&self) -> u64 {
        self.0.left_out.load(Ordering::Relaxed)
    }

    fn note(&self, now: Instant) -> Noted {
        let mut window = self.window();
        let until = match window.began {
            Some(began) if now < began + WINDOW => began + WINDOW,
            _ => {
                window.began = Some(now);
                window.written = 0;
                now + WINDOW
            }
        };
        if window.written < LINES {
            window.written += 1;
            return Noted::Write;
        }
        self.0.left_out.fetch_add(1, Ordering::Relaxed);
        window.left_out += 1;
        match window.left_out {
            1 => Noted::FirstLeftOut(until),
            _ => Noted::LeaveOut,
        }
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.0.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Noted {
    Write,
    /// Somebody has to give an account at that time.
    FirstLeftOut(Instant),
    LeaveOut,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_so_many_lines_and_the_rest_is_counted() {
        let throttle = Throttle::default();
        let began = Instant::now();
        let noted: Vec<_> = (0..1000).map(|_| throttle.note(began)).collect();
        let written = noted.iter().filter(|noted| **noted == Noted::Write).count();
        assert_eq!(written, LINES as usize);
        assert_eq!(throttle.left_out(), 1000 - u64::from(LINES));
        let alarms = noted
            .iter()
            .filter(|noted| matches!(noted, Noted::FirstLeftOut(_)));
        assert_eq!(alarms.count(), 1, "one account is enough");
        throttle.account();
        assert_eq!(throttle.window().left_out, 0);
    }

    #[test]
    fn the_next_window_has_its_own_lines() {
        let throttle = Throttle::default();
        let began = Instant::now();
        for _ in 0..1000 {
            throttle.note(began);
        }
        assert_eq!(throttle.note(began + WINDOW), Noted::Write);
    }
}
