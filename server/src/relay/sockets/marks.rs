//! Which of the many things that a session waits for has woken its task.
//!
//! A task is told that something happened, not what. With sixteen sockets it would have to ask each of them, and the memory of most
//! is cold. So each side of a socket wakes the task by a waker that leaves a mark, and only what is marked is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Wake, Waker};

use futures_util::task::AtomicWaker;

/// The marks that have been left since the last look. More than 64 things share marks: then some are asked for nothing.
#[derive(Debug, Default)]
pub(super) struct Marks {
    left: Arc<Left>,
    /// How many wakers there are.
    wakers: u32,
}

#[derive(Debug, Default)]
struct Left {
    bits: AtomicU64,
    task: AtomicWaker,
}

/// The mark of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark(u64);

/// Some marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct MarkSet(u64);

struct Marking {
    mark: Mark,
    left: Arc<Left>,
}

impl Wake for Marking {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.left.bits.fetch_or(self.mark.0, Ordering::AcqRel);
        self.left.task.wake();
    }
}

impl Marks {
    /// A waker for one more thing, and the mark that it leaves. It has left it already: the thing has never been asked.
    pub(super) fn waker(&mut self) -> (Mark, Waker) {
        let mark = Mark(1 << (self.wakers % u64::BITS));
        self.wakers = self.wakers.wrapping_add(1);
        let left = Arc::clone(&self.left);
        let waker = Waker::from(Arc::new(Marking { mark, left }));
        waker.wake_by_ref();
        (mark, waker)
    }

    /// Takes the marks that are left; whatever leaves one from now on wakes this task.
    pub(super) fn take(&self, cx: &Context<'_>) -> MarkSet {
        self.left.task.register(cx.waker());
        MarkSet(self.left.bits.swap(0, Ordering::AcqRel))
    }
}

impl MarkSet {
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn has(self, mark: Mark) -> bool {
        self.0 & mark.0 != 0
    }

    pub(super) fn add(&mut self, others: Self) {
        self.0 |= others.0;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_wakes_the_task_is_known_by_its_mark() {
        let task = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&task));
        let cx = Context::from_waker(&waker);
        let mut marks = Marks::default();
        let (one, _one) = marks.waker();
        let (other, wake_other) = marks.waker();
        let first = marks.take(&cx);
        assert!(first.has(one) && first.has(other), "nobody has asked them");
        assert!(marks.take(&cx).is_empty());
        wake_other.wake_by_ref();
        assert_eq!(task.0.load(Ordering::Relaxed), 1);
        let second = marks.take(&cx);
        assert!(second.has(other) && !second.has(one));
    }

    #[test]
    fn with_more_than_there_are_marks_some_share_one() {
        let waker = Waker::noop();
        let cx = Context::from_waker(waker);
        let mut marks = Marks::default();
        let wakers: Vec<_> = (0..100).map(|_| marks.waker()).collect();
        marks.take(&cx);
        let (last, wake_last) = &wakers[99];
        wake_last.wake_by_ref();
        let left = marks.take(&cx);
        assert!(left.has(*last));
        assert_eq!(wakers.iter().filter(|(mark, _)| left.has(*mark)).count(), 2);
    }
}
