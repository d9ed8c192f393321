//! For tests: how often other tasks have a turn.

/// Lets `work` run to its end, and returns how often another future beside it had a turn meanwhile.
pub(crate) async fn turns_beside(work: impl Future<Output = ()>) -> usize {
    let mut turns = 0;
    let other = async {
        loop {
            turns += 1;
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = work => {}
        () = other => {}
    }
    turns
}
