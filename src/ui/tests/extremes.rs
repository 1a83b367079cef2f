//! What no decoder would let through, and every size of a terminal.

use super::super::LEAST;
use super::details;
use super::picture::texts;
use super::stage::Stage;
use crate::app::App;
use crate::app::palette::Palette;
use crate::app::view::{Overlay, Pane};
use crate::model::act::ContainerAct;
use crate::model::fact::Fact;
use crate::model::fixture::{LEADER, REPLICA, World};
use crate::model::log::{Level, LogLine};

#[test]
fn no_control_character_reaches_the_screen() {
    let evil = "a\u{1b}[31mb\u{1b}]52;c;aGk=\u{7}\r\nc\u{9b}2Jd\u{0}";
    let mut stage = Stage::killed(3);
    let mut app = stage.app.clone();
    // Past every `clean`: as if a decoder had forgotten it.
    app.cluster.scope = Some(evil.to_owned());
    app.acting = Some(evil.to_owned());
    if let Some(dcs) = &mut app.cluster.dcs {
        dcs.value.initialize = Some(evil.to_owned());
        for node in &mut dcs.value.nodes {
            node.path.push_str(evil);
            node.value = evil.to_owned();
        }
        for member in &mut dcs.value.members {
            member.state = evil.to_owned();
        }
    }
    for container in &mut app.cluster.containers.as_mut().unwrap().value {
        container.image = evil.to_owned();
        container.command = vec![evil.to_owned()];
        container.health = Some(evil.to_owned());
    }
    for proxy in app.cluster.proxies.values_mut() {
        for pool in &mut proxy.value.pools {
            pool.name = evil.to_owned();
            for server in &mut pool.servers {
                server.name = evil.to_owned();
                server.check_text = Some(evil.to_owned());
            }
        }
    }
    app.logs.push(LogLine {
        at: app.now,
        container: "pg-slave".into(),
        stderr: true,
        level: Level::Info,
        text: evil.to_owned(),
        spans: Vec::new(),
    });
    app.feed
        .push(Fact::ours(app.now, Some(evil.to_owned()), evil.to_owned()));
    stage.app = app;
    for overlay in [
        None,
        Some(details(LEADER)),
        Some(Overlay::Znodes {
            selected: String::new(),
            scroll: 0,
        }),
        Some(Overlay::Help(0)),
    ] {
        stage.app.view.overlay = overlay;
        for (focus, zoomed) in Pane::ALL.into_iter().flat_map(|pane| [(pane, false), (pane, true)]) {
            (stage.app.view.focus, stage.app.view.zoomed) = (focus, zoomed);
            for (width, height) in [(80, 24), (120, 40), (200, 50)] {
                let frame = stage.frame(width, height);
                assert!(
                    frame
                        .content
                        .iter()
                        .all(|cell| !cell.symbol().chars().any(char::is_control))
                );
            }
        }
    }
}

#[test]
fn draws_at_every_size() {
    let stages = vec![
        Stage::killed(3),
        Stage::probed(),
        Stage::nothing(),
        Stage::healthy().ask(ContainerAct::Stop),
        Stage::healthy().with(details(REPLICA)),
        Stage::healthy().with(Overlay::Znodes {
            selected: "status".to_owned(),
            scroll: 900,
        }),
        Stage::healthy().with(Overlay::Help(3)),
        Stage::healthy().typing(),
        Stage::healthy().faulty().with(Overlay::Leaving),
        Stage::healthy().with(Overlay::Palette(Palette::default())),
        Stage::healthy().asked_to_check(),
        Stage::healthy().checked(true),
        Stage::healthy().zoom(Pane::Containers),
        Stage {
            app: App::default(),
            world: World::healthy(),
        },
    ];
    for stage in stages {
        for (width, height) in (1..=210)
            .step_by(11)
            .flat_map(|width| (1..=60).step_by(5).map(move |height| (width, height)))
        {
            let frame = stage.frame(width, height);
            let small = width < LEAST.0 || height < LEAST.1;
            assert_eq!(
                small,
                texts(&frame).replace('\n', " ").trim_start().starts_with('t'),
                "{width}x{height}"
            );
        }
    }
}
