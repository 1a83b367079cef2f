//! The bands against what was measured with these settings.

use std::time::Duration;

use super::super::failover::{Fault, Hit, PhaseKind};
use super::super::fixture::World;
use super::*;

fn settings(ttl: u64, loop_wait: u64, tick: u64, checks: Checks) -> Timing {
    let read = |seconds| Setting {
        value: Duration::from_secs(seconds),
        basis: Basis::Read,
    };
    Timing {
        ttl: read(ttl),
        loop_wait: read(loop_wait),
        retry_timeout: read(loop_wait),
        session: read(ttl),
        tick: read(tick),
        checks: Some(checks),
        sleeps: false,
    }
}

fn usual() -> Checks {
    Checks {
        inter: Duration::from_secs(3),
        fastinter: Duration::from_secs(3),
        fall: 3,
        rise: 2,
        timeout: Duration::from_secs(5),
        basis: Basis::Read,
    }
}

fn tight() -> Checks {
    Checks {
        inter: Duration::from_secs(1),
        fastinter: Duration::from_millis(500),
        fall: 2,
        rise: 1,
        timeout: Duration::from_secs(5),
        basis: Basis::Read,
    }
}

#[test]
fn kills_that_were_measured_lie_in_their_band() {
    let timings = [
        settings(30, 10, 2, usual()),
        settings(20, 2, 2, tight()),
        settings(10, 2, 2, tight()),
    ];
    let measured: [&[f64]; 3] = [&[37.2, 37.3], &[22.6], &[13.4]];
    for (timing, measured) in timings.iter().zip(measured) {
        let total = predict(&Hit::Leader, Fault::Killed, timing).unwrap().total;
        for seconds in measured {
            let span = Duration::from_secs_f64(*seconds);
            assert!(total.touches(span, span), "{seconds} s in {total:?}");
        }
        assert!(
            total.most < total.least + Duration::from_secs(15),
            "{total:?} says nothing"
        );
    }
}

#[test]
fn what_phases_took_lies_in_their_bands() {
    let timing = settings(30, 10, 2, usual());
    let kill = predict(&Hit::Leader, Fault::Killed, &timing).unwrap();
    let stop = predict(&Hit::Leader, Fault::Stopped, &timing).unwrap();
    let pause = predict(&Hit::Leader, Fault::Paused, &timing).unwrap();
    let fast = predict(&Hit::Leader, Fault::Paused, &settings(20, 2, 1, tight())).unwrap();
    for (prediction, kind, seconds) in [
        (&kill, PhaseKind::Detection, &[27.3, 30.1, 30.6, 30.8, 31.3][..]),
        (&kill, PhaseKind::Election, &[2.0, 2.1]),
        (&kill, PhaseKind::Promotion, &[0.1]),
        (&kill, PhaseKind::Routing, &[3.9, 4.6]),
        (&stop, PhaseKind::Detection, &[1.1, 1.2]),
        (&stop, PhaseKind::Routing, &[4.2, 4.4, 5.6]),
        (&stop, PhaseKind::Draining, &[16.9, 17.4, 18.0]),
        (&kill, PhaseKind::Draining, &[15.3, 15.4, 17.5]),
        (&pause, PhaseKind::Draining, &[18.1, 18.7, 19.0, 19.9]),
        (&pause, PhaseKind::Election, &[2.0]),
        (&fast, PhaseKind::Draining, &[6.6, 7.3, 10.0]),
    ] {
        let band = prediction.phase(kind).unwrap().band;
        for seconds in seconds {
            let span = Duration::from_secs_f64(*seconds);
            assert!(band.touches(span, span), "{kind:?}: {seconds} s in {band:?}");
        }
    }
}

#[test]
fn what_is_not_read_is_said() {
    let mut world = World::healthy();
    let timing = Timing::of(&world.cluster, world.now);
    let prediction = predict(&Hit::Leader, Fault::Killed, &timing).unwrap();
    assert_eq!(prediction.assumed, ["HAProxy inter 2 s fall 3 rise 2 assumed"]);
    for container in &mut world.containers {
        container.lab_profile = Some("fast".to_owned());
    }
    world.dcs.config.as_mut().unwrap().loop_wait = None;
    world.pass(500);
    let timing = Timing::of(&world.cluster, world.now);
    let prediction = predict(&Hit::Leader, Fault::Killed, &timing).unwrap();
    assert_eq!(prediction.assumed, ["loop_wait 10 s by default"]);
    assert_eq!(
        prediction.phase(PhaseKind::Routing).unwrap().knob,
        "HAProxy rise 1 × inter 1 s"
    );
    assert_eq!(predict(&Hit::Proxy, Fault::Killed, &timing), None);
}

#[test]
fn an_old_patroni_may_sleep_through_a_release() {
    let mut timing = settings(30, 10, 2, usual());
    let most = |timing: &Timing| predict(&Hit::Leader, Fault::Stopped, timing).unwrap().total.most;
    let new = most(&timing);
    timing.sleeps = true;
    assert_eq!(most(&timing), new + Duration::from_secs(10));
}
