//! What became of the datagrams of a batch, in their order.

use wire::sockets::session::Sent;

use crate::udp::GsoBuffer;

/// What became of some datagrams in a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) count: usize,
    pub(super) sent: Sent,
}

/// Datagrams of a batch that were not sent, while it is sent.
#[derive(Debug)]
pub(super) struct Spans<'a> {
    buffers: &'a [GsoBuffer<'a>],
    /// What holds for all others.
    taken: Sent,
    spans: Vec<Span>,
    /// Datagrams in `spans`.
    told: usize,
}

impl<'a> Spans<'a> {
    /// All of `buffers` are `taken` so far.
    pub(super) fn new(buffers: &'a [GsoBuffer<'a>], taken: Sent) -> Self {
        Self {
            buffers,
            taken,
            spans: Vec::new(),
            told: 0,
        }
    }

    /// All of `buffers` ended alike.
    pub(super) fn all(buffers: &[GsoBuffer<'_>], sent: Sent) -> Vec<Span> {
        let count = datagrams(buffers);
        vec![Span { count, sent }]
    }

    /// Some datagrams of one buffer, from its `first` on, ended otherwise. They come after all that were told before.
    pub(super) fn tell(&mut self, buffer: usize, first: usize, count: usize, sent: Sent) {
        let start = datagrams(&self.buffers[..buffer]) + first;
        self.fill(start);
        self.spans.push(Span { count, sent });
        self.told = start + count;
    }

    /// What became of all.
    pub(super) fn finish(mut self) -> Vec<Span> {
        self.fill(datagrams(self.buffers));
        self.spans
    }

    /// Those before `end` that nothing was told of were taken.
    fn fill(&mut self, end: usize) {
        if end > self.told {
            self.spans.push(Span {
                count: end - self.told,
                sent: self.taken.clone(),
            });
            self.told = end;
        }
    }
}

fn datagrams(buffers: &[GsoBuffer<'_>]) -> usize {
    let counts = buffers.iter().map(|buffer| buffer.datagrams().len());
    counts.sum()
}

#[cfg(test)]
mod tests {
    use wire::sockets::errno::Errno;
    use wire::sockets::refusal::Refusal;

    use super::*;

    fn buffers(counts: &[usize]) -> Vec<GsoBuffer<'static>> {
        let buffer = |&count: &usize| GsoBuffer {
            segment_size: 10,
            ..GsoBuffer::to_peer(&[0; 1000][..count * 10])
        };
        counts.iter().map(buffer).collect()
    }

    fn not() -> Sent {
        Sent::Not(Refusal::new(Errno::Emsgsize, "too long"))
    }

    fn counts(spans: Vec<Span>) -> Vec<(usize, bool)> {
        let each = spans.into_iter();
        each.map(|span| (span.count, span.sent == Sent::Left))
            .collect()
    }

    #[test]
    fn what_was_not_sent_stands_between_what_was() {
        let buffers = buffers(&[3, 1, 64]);
        let mut spans = Spans::new(&buffers, Sent::Left);
        spans.tell(0, 1, 1, not());
        spans.tell(1, 0, 1, not());
        spans.tell(2, 60, 4, not());
        assert_eq!(
            counts(spans.finish()),
            [
                (1, true),
                (1, false),
                (1, true),
                (1, false),
                (60, true),
                (4, false)
            ]
        );
    }

    #[test]
    fn a_batch_that_ended_alike_is_one_span() {
        let buffers = buffers(&[3, 1, 64]);
        assert_eq!(
            counts(Spans::new(&buffers, Sent::Left).finish()),
            [(68, true)]
        );
        assert_eq!(counts(Spans::all(&buffers, not())), [(68, false)]);
    }
}
