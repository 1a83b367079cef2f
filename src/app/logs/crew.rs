//! Work that falls into independent pieces, done on all cores: whoever types waits for a search, and the machine has more
//! than the core of the event loop. The result is the same as one after the other.

use std::num::NonZero;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;

/// Fewer jobs are not worth a thread.
const FEWEST: usize = 4;
/// Hands at most: the databases on this machine have work to do too.
const MOST: usize = 4;

static HANDS: LazyLock<usize> = LazyLock::new(|| thread::available_parallelism().map_or(1, NonZero::get).min(MOST));

/// Does `work` on every job.
pub(super) fn run<T: Send>(jobs: &mut [T], work: impl Fn(&mut T) + Sync) {
    let hands = if jobs.len() < FEWEST { 1 } else { *HANDS };
    let queue = Mutex::new(jobs.iter_mut());
    let take = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let hand = || {
        while let Some(job) = take() {
            work(job);
        }
    };
    thread::scope(|scope| {
        for _ in 1..hands {
            // Where no thread is to be had, fewer hands do it all.
            let _ = thread::Builder::new().spawn_scoped(scope, hand);
        }
        hand();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_job_is_done_once_however_many_there_are() {
        for count in [0, 1, 3, 4, 5, 17, 1_000] {
            let mut jobs = vec![0; count];
            run(&mut jobs, |job| *job += 1);
            assert_eq!(jobs, vec![1; count]);
        }
    }
}
