//! A channel inside one thread: listeners put things in, one task takes them out.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

#[derive(Debug)]
struct Shared<T> {
    waiting: VecDeque<T>,
    waker: Option<Waker>,
}

/// The end that puts in.
#[derive(Debug)]
pub struct Sender<T>(Rc<RefCell<Shared<T>>>);

/// The end that takes out.
#[derive(Debug)]
pub struct Receiver<T>(Rc<RefCell<Shared<T>>>);

/// A new channel.
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Rc::new(RefCell::new(Shared {
        waiting: VecDeque::new(),
        waker: None,
    }));
    (Sender(Rc::clone(&shared)), Receiver(shared))
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Sender<T> {
    /// Puts something in; the task wakes up.
    pub fn send(&self, item: T) {
        let mut shared = self.0.borrow_mut();
        shared.waiting.push_back(item);
        if let Some(waker) = shared.waker.take() {
            waker.wake();
        }
    }
}

impl<T> Receiver<T> {
    /// The next thing, as soon as there is one. Senders live as long as their receiver does, so there is no end.
    pub async fn next(&self) -> T {
        poll_fn(|context| {
            let mut shared = self.0.borrow_mut();
            match shared.waiting.pop_front() {
                Some(item) => Poll::Ready(item),
                None => {
                    shared.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn things_come_out_in_the_order_they_went_in() {
        let (sender, receiver) = channel();
        assert_eq!(receiver.next().now_or_never(), None);
        sender.send(1);
        let second = sender.clone();
        second.send(2);
        sender.send(3);
        assert_eq!(receiver.next().now_or_never(), Some(1));
        assert_eq!(receiver.next().now_or_never(), Some(2));
        assert_eq!(receiver.next().now_or_never(), Some(3));
        assert_eq!(receiver.next().now_or_never(), None);
    }
}
