//! Work that falls into independent pieces, done on all cores: whoever types waits for a search, and the machine has more
//! than the core of the event loop. The result is the same as one after the other.

use std::num::NonZero;
use std::sync::LazyLock;
use std::thread::available_parallelism;

use rayon::iter::{IntoParallelRefMutIterator, ParallelIterator};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Fewer jobs are not worth the handing over.
const FEWEST: usize = 4;
/// Hands at most: the databases on this machine have work to do too.
const MOST: usize = 4;

/// Always the same threads: an expression keeps what it has worked out by thread. `None` where none are to be had.
static HANDS: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let hands = available_parallelism().map_or(1, NonZero::get).min(MOST);
    let pool = ThreadPoolBuilder::new()
        .num_threads(hands)
        .thread_name(|_| "search".to_owned());
    (hands > 1).then(|| pool.build().ok()).flatten()
});

/// Does `work` on every job.
pub(super) fn run<T: Send>(jobs: &mut [T], work: impl Fn(&mut T) + Send + Sync) {
    match HANDS.as_ref().filter(|_| jobs.len() >= FEWEST) {
        Some(hands) => hands.install(|| jobs.par_iter_mut().for_each(work)),
        None => jobs.iter_mut().for_each(work),
    }
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
