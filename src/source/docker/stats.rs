//! What a running container uses: one stats stream each, one sample a second.

use std::pin::pin;
use std::time::Duration;

use bollard::Docker;
use bollard::models::{ContainerCpuStats, ContainerMemoryStats, ContainerStatsResponse};
use bollard::query_parameters::StatsOptionsBuilder;
use futures_util::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::News;
use super::list::{Standing, Table};
use crate::model::container::Usage;
use crate::model::name::ContainerName;

/// Samples come every second; a stream that is silent this long is opened again.
const SILENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(500);

/// Usage between this sample and the one before it. `None` for the first sample, and for the empty ones of a container
/// that does not run.
///
/// CPU as in `docker stats` (`calculateCPUPercentUnix`): share of the host's CPU time, times the number of CPUs. Memory
/// likewise (`calculateMemUsageUnixNoCache`): without the inactive file cache, which cgroup v1 and v2 name differently.
#[expect(
    clippy::cast_precision_loss,
    reason = "CPU times and their ratio need no more than 52 bits"
)]
pub(super) fn decode(sample: &ContainerStatsResponse) -> Option<Usage> {
    let (total, system) = cpu_times(sample.cpu_stats.as_ref()?)?;
    let (total_before, system_before) = cpu_times(sample.precpu_stats.as_ref()?)?;
    let cpu = sample.cpu_stats.as_ref()?;
    let per_cpu = cpu
        .cpu_usage
        .as_ref()
        .and_then(|usage| usage.percpu_usage.as_ref())
        .map(Vec::len);
    let cpus = match cpu.online_cpus.filter(|cpus| *cpus > 0) {
        Some(cpus) => f64::from(cpus),
        None => per_cpu.unwrap_or(1) as f64,
    };
    let elapsed = system.checked_sub(system_before).filter(|elapsed| *elapsed > 0)?;
    let used = total.saturating_sub(total_before);
    Some(Usage {
        cpu_percent: used as f64 / elapsed as f64 * cpus * 100.0,
        memory: memory(sample.memory_stats.as_ref()?)?,
        throttled: throttled(cpu, sample.precpu_stats.as_ref()?),
    })
}

/// Of the periods (usually 100 ms) between the two samples, those in which its limit was used up.
#[expect(clippy::cast_precision_loss, reason = "a few periods")]
fn throttled(cpu: &ContainerCpuStats, before: &ContainerCpuStats) -> f64 {
    let counts = |cpu: &ContainerCpuStats| {
        let data = cpu.throttling_data.as_ref()?;
        Some((data.periods?, data.throttled_periods?))
    };
    let (Some((all, used_up)), Some((all_before, used_up_before))) = (counts(cpu), counts(before)) else {
        return 0.0;
    };
    let all = all.saturating_sub(all_before);
    if all == 0 {
        return 0.0;
    }
    used_up.saturating_sub(used_up_before) as f64 / all as f64
}

fn cpu_times(cpu: &ContainerCpuStats) -> Option<(u64, u64)> {
    Some((cpu.cpu_usage.as_ref()?.total_usage?, cpu.system_cpu_usage?))
}

fn memory(memory: &ContainerMemoryStats) -> Option<u64> {
    let usage = memory.usage?;
    let cache = memory
        .stats
        .as_ref()
        .and_then(|stats| stats.get("total_inactive_file").or_else(|| stats.get("inactive_file")));
    Some(
        cache
            .filter(|cache| **cache < usage)
            .map_or(usage, |cache| usage - cache),
    )
}

/// Follows one container's usage whenever it runs; never ends.
pub(super) async fn follow(
    docker: Docker,
    name: ContainerName,
    mut table: watch::Receiver<Table>,
    mut epoch: watch::Receiver<u64>,
    news: mpsc::Sender<News>,
) {
    loop {
        let Some(standing) = running(&mut table, &name).await else {
            return;
        };
        epoch.mark_unchanged();
        let options = StatsOptionsBuilder::default().stream(true).build();
        let mut samples = pin!(docker.stats(&standing.id, Some(options)));
        loop {
            let sample = tokio::select! {
                sample = timeout(SILENCE, samples.next()) => sample,
                Ok(()) = epoch.changed() => break,
                _ = table.wait_for(|table| table.get(&name) != Some(&standing)) => break,
            };
            let Ok(Some(Ok(sample))) = sample else {
                break;
            };
            // The first sample has nothing before it.
            let first = sample
                .precpu_stats
                .as_ref()
                .is_none_or(|before| before.system_cpu_usage.is_none());
            let usage = decode(&sample);
            if (usage.is_some() || !first) && news.send(News::Usage(name.clone(), usage)).await.is_err() {
                return;
            }
        }
        if news.send(News::Usage(name.clone(), None)).await.is_err() {
            return;
        }
        sleep(PAUSE).await;
    }
}

async fn running(table: &mut watch::Receiver<Table>, name: &ContainerName) -> Option<Standing> {
    let table = table
        .wait_for(|table| table.get(name).is_some_and(|standing| standing.runs))
        .await;
    table.ok()?.get(name).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(lines: &str) -> Vec<Option<Usage>> {
        lines
            .lines()
            .map(|line| decode(&serde_json::from_str(line).unwrap()))
            .collect()
    }

    #[test]
    fn usage_is_what_docker_stats_shows() {
        let found = samples(include_str!("../../../tests/samples/docker/stats_v1.jsonl"));
        assert_eq!(found.first(), Some(&None), "nothing before it");
        let second = found[1].unwrap();
        // 5 808 299 ns of 1 990 000 000 000 / 1000 ns on two CPUs; 2 924 544 - 249 856 bytes.
        assert!((second.cpu_percent - 0.5837).abs() < 0.001, "{second:?}");
        assert_eq!(second.memory, 2_674_688);
        assert!(found.iter().skip(1).all(Option::is_some));
    }

    #[test]
    fn cgroup_v2_names_the_cache_otherwise() {
        let json = r#"{"cpu_stats":{"cpu_usage":{"total_usage":1200},"system_cpu_usage":20000,"online_cpus":0},
            "precpu_stats":{"cpu_usage":{"total_usage":200},"system_cpu_usage":10000},
            "memory_stats":{"usage":1000,"stats":{"inactive_file":300}}}"#;
        let usage = decode(&serde_json::from_str(json).unwrap()).unwrap();
        assert!((usage.cpu_percent - 10.0).abs() < 1e-9 && usage.throttled == 0.0);
        assert_eq!(usage.memory, 700);
    }

    #[test]
    fn a_stopped_container_uses_nothing_known() {
        let found = samples(include_str!("../../../tests/samples/docker/stats_stopped.jsonl"));
        assert!(!found.is_empty() && found.iter().all(Option::is_none));
        assert_eq!(decode(&ContainerStatsResponse::default()), None);
    }
}
