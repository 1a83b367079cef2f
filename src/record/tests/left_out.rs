//! What a record of this run leaves out.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use super::*;
use crate::model::audit::{Audit, Audited};

/// All that the file of a run says that begins after so many events.
fn text(run: &Run, skip: usize) -> String {
    let (_folder, path) = scratch();
    record(run, skip, &path);
    let mut text = String::new();
    MultiGzDecoder::new(std::fs::File::open(&path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text
}

#[test]
fn what_other_runs_did_is_in_no_record() {
    let world = World::healthy();
    let mut run = Run::begin(world.now);
    run.hear(&world);
    run.key('J', world.now);
    let act = Audited {
        at: world.now,
        who: "somebody@elsewhere pts/1 [4711]".to_owned(),
        what: "kill on another".to_owned(),
        result: "done".to_owned(),
        failed: false,
    };
    let acts = vec![act];
    let unread = Vec::new();
    run.take(Event::Audited(Audit { acts, unread }), world.now);
    assert!(
        format!("{:?}", run.app.view.overlay).contains("somebody@elsewhere"),
        "it is open"
    );
    run.key('?', world.now);
    // The key that opened it, and a state in which it is open.
    for (skip, opened) in [(0, "\"J\""), (run.events.len() - 1, "\"audit\"")] {
        let text = text(&run, skip);
        assert!(text.contains(opened) && !text.contains("elsewhere"), "{opened}");
    }
}
