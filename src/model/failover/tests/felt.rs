//! What only clients notice, and what they notice of a fault that others tell of.

use super::super::super::probe::{Attempt, Class, Lane, Mode, News, Outcome, Run};
use super::*;

/// A cluster with clients that write every 100 ms.
struct Clients {
    stage: Stage,
    /// They are not served.
    fail: bool,
}

impl Clients {
    fn at_work() -> Self {
        let mut stage = Stage::healthy();
        let began = stage.world.now;
        let run = Run {
            id: 1,
            began,
            mode: Mode::Write,
            every: Duration::from_millis(100),
        };
        stage.world.cluster.probe.take(News::Began(run), began);
        let mut clients = Self { stage, fail: false };
        clients.wait(5);
        clients
    }

    fn wait(&mut self, seconds: u64) {
        self.tick(seconds * 10);
    }

    fn tick(&mut self, attempts: u64) {
        for _ in 0..attempts {
            let outcome = if self.fail {
                Outcome::Failed(Class::Closed)
            } else {
                Outcome::Acknowledged
            };
            let now = self.stage.world.now;
            let attempt = Attempt {
                lane: Lane::Write,
                seq: None,
                sent_at: now,
                ended_at: now,
                outcome,
                server: None,
            };
            let mut facts = self.stage.world.cluster.probe.take(News::Attempts(vec![attempt]), now);
            facts.extend(self.stage.world.pass(100));
            self.stage.take(&facts);
            let (probe, now) = (&self.stage.world.cluster.probe, self.stage.world.now);
            let cast = Cast::of(&self.stage.world.cluster, now);
            if self.stage.chronicle.is_puzzled(probe, now) {
                self.stage.chronicle.puzzle(&cast);
            }
            self.stage.chronicle.pass(&cast, now);
            self.stage.chronicle.see(probe, now);
        }
    }

    fn fail_for(&mut self, seconds: u64) {
        self.fail = true;
        self.wait(seconds);
        self.fail = false;
    }
}

#[test]
fn writes_that_fail_for_no_reason_seen_are_an_episode_once_it_is_a_second() {
    let mut clients = Clients::at_work();
    clients.fail = true;
    clients.tick(8);
    assert_eq!(clients.stage.chronicle.episodes().len(), 0, "nothing yet");
    clients.fail_for(2);
    clients.wait(25);
    assert_eq!(clients.stage.verdict(), Some(Verdict::Unexplained));
    assert!(clients.stage.only().closed.is_some());
    let text = clients.stage.text();
    for part in [
        "Clients could not write, and nothing else that was seen says why.",
        "no failover; clients: 2.9 s without writes.",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
    assert!(!text.contains("standby"), "{text}");
}

#[test]
fn a_reason_that_comes_later_explains_what_clients_felt() {
    let mut clients = Clients::at_work();
    clients.fail_for(3);
    assert_eq!(clients.stage.only().hit, Hit::Clients);
    let struck = clients.stage.world.now;
    clients
        .stage
        .act(|world| world.docker("postgres_entrypoint", ContainerAction::Killed { signal: 9 }));
    clients.fail_for(2);
    let episode = clients.stage.only();
    assert_eq!((&episode.hit, episode.fault()), (&Hit::Proxy, Fault::Killed));
    let line = episode.timeline(clients.stage.world.now);
    assert_eq!(line.fault.at, struck);
    assert!(line.measured.unwrap().before.at < struck.minus(Duration::from_secs(2)));
}

#[test]
fn an_outage_that_outlives_its_episode_opens_no_other() {
    let mut clients = Clients::at_work();
    clients.fail_for(700);
    assert_eq!(clients.stage.chronicle.episodes().len(), 1);
    assert!(clients.stage.only().closed.is_some());
}

#[test]
fn haproxy_that_was_asked_to_stop_is_called_that_and_its_outage_has_a_figure() {
    let mut clients = Clients::at_work();
    let proxy = SourceId::Proxy("postgres_entrypoint".into());
    clients
        .stage
        .act(|world| world.docker("postgres_entrypoint", ContainerAction::Killed { signal: 10 }));
    clients.stage.world.down.insert(proxy.clone(), Cause::Refused);
    clients.fail_for(4);
    clients.stage.world.down.remove(&proxy);
    clients.wait(15);
    assert_eq!(clients.stage.verdict(), Some(Verdict::ProxyOutage));
    let text = clients.stage.text();
    for part in [
        "HAProxy, or its way to a server, was lost (asked to stop).",
        "The databases went on: no failover was needed; clients: 4.1 s without writes.",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
    assert!(!text.contains("standby"), "{text}");
}
