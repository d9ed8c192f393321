//! A queue inside one thread: listeners put things in, one task takes them out.
//!
//! Not a stream that a future waits for: what drives futures in a page weighs more than the rest of the task.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// What takes things out, one after the other. True ends it.
type Task<T> = Box<dyn FnMut(T) -> bool>;

struct Shared<T> {
    waiting: VecDeque<T>,
    /// `None` before it begins, while it works, and after its end.
    task: Option<Task<T>>,
    /// Whether the task has been called and will see what is put in.
    is_called: bool,
    /// Calls a function soon, when nothing else is running.
    soon: fn(Box<dyn FnOnce()>),
}

/// The end that puts in.
pub struct Sender<T>(Rc<RefCell<Shared<T>>>);

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> std::fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sender")
    }
}

impl<T: 'static> Sender<T> {
    /// A queue without a task. `soon` calls a function when nothing else is running.
    pub fn new(soon: fn(Box<dyn FnOnce()>)) -> Self {
        Self(Rc::new(RefCell::new(Shared {
            waiting: VecDeque::new(),
            task: None,
            is_called: false,
            soon,
        })))
    }

    /// Sets the task. It gets what was put in before, too.
    pub fn begin(&self, task: Task<T>) {
        self.0.borrow_mut().task = Some(task);
        self.call();
    }

    /// Puts something in; the task gets it soon, and never while it is at something else.
    pub fn send(&self, item: T) {
        self.0.borrow_mut().waiting.push_back(item);
        self.call();
    }

    fn call(&self) {
        let mut shared = self.0.borrow_mut();
        if shared.is_called || shared.task.is_none() || shared.waiting.is_empty() {
            return;
        }
        shared.is_called = true;
        let this = self.clone();
        (shared.soon)(Box::new(move || this.work()));
    }

    fn work(&self) {
        let Some(mut task) = self.0.borrow_mut().task.take() else {
            return;
        };
        loop {
            let item = self.0.borrow_mut().waiting.pop_front();
            let Some(item) = item else {
                let mut shared = self.0.borrow_mut();
                shared.task = Some(task);
                shared.is_called = false;
                return;
            };
            // What the task puts in itself, it takes out in this same loop. Once it is over it is dropped, and nothing is
            // borrowed then, for what it holds may put things in.
            if task(item) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local!(static SOON: RefCell<Vec<Box<dyn FnOnce()>>> = RefCell::default());

    fn soon(work: Box<dyn FnOnce()>) {
        SOON.with_borrow_mut(|soon| soon.push(work));
    }

    /// Does what is due soon; returns how much that was.
    fn pass() -> usize {
        let due = SOON.take();
        let count = due.len();
        due.into_iter().for_each(|work| work());
        count
    }

    #[test]
    fn things_come_out_in_the_order_they_went_in_and_never_while_the_task_works() {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let sender = Sender::new(soon);
        sender.send(1);
        assert_eq!(pass(), 0, "there is no task yet");
        let (inner, said, busy) = (sender.clone(), Rc::clone(&seen), Cell::new(false));
        sender.begin(Box::new(move |item| {
            assert!(!busy.replace(true));
            if item == 2 {
                inner.send(20);
            }
            said.borrow_mut().push(item);
            busy.set(false);
            item == 99
        }));
        sender.send(2);
        assert!(
            seen.borrow().is_empty(),
            "nothing happens under the sender's feet"
        );
        assert_eq!(pass(), 1, "one call for all that waits");
        assert_eq!(*seen.borrow(), [1, 2, 20]);
        sender.send(99);
        sender.send(100);
        pass();
        sender.send(101);
        assert_eq!(pass(), 0, "the task is over");
        assert_eq!(*seen.borrow(), [1, 2, 20, 99]);
        assert_eq!(Rc::strong_count(&seen), 1, "and lets go of what it held");
    }
}
