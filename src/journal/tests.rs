use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::model::act::drill::Drill;
use crate::model::act::fault::Undo;
use crate::model::act::{Act, ActTarget, ContainerAct};

fn who(process: u32) -> Who {
    Who {
        user: "dba".to_owned(),
        process,
        ..Who::default()
    }
}

fn fault(journal: &mut Journal, act: Act, undo: Vec<Undo>) -> Fault {
    Fault {
        id: journal.next_id(),
        at: Timestamp::from_millis(5),
        act,
        target: ActTarget {
            id: "0123".to_owned(),
            name: "pg-master".into(),
        },
        undo,
        until: None,
    }
}

fn titles(account: &Account) -> Vec<String> {
    account.left().map(Fault::title).collect()
}

#[test]
fn what_a_run_left_is_known_once_it_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("new");
    assert_eq!(read(&folder), Account::default());
    let mut journal = Journal::new(folder.clone(), who(1), Timestamp::from_millis(1));
    let stop = fault(&mut journal, Act::Container(ContainerAct::Stop), vec![Undo::Start]);
    let kill = fault(&mut journal, Act::Drill(Drill::KillPostgres), Vec::new());
    journal.plan(&stop).unwrap();
    journal.caused(&stop.id, Ok(()), Timestamp::from_millis(6)).unwrap();
    journal.plan(&kill).unwrap();
    let account = read(&folder);
    assert_eq!(titles(&account), Vec::<String>::new(), "its run looks after it");
    assert_eq!(account.open().count(), 1);
    assert!(account.entries.iter().all(|entry| entry.alive && entry.who == who(1)));
    drop(journal);
    assert_eq!(titles(&read(&folder)), ["stop of pg-master"]);
}

#[test]
fn another_run_heals_and_the_journals_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let mut first = Journal::new(path.clone(), who(1), Timestamp::from_millis(1));
    let mut second = Journal::new(path.clone(), who(2), Timestamp::from_millis(1));
    let freeze = fault(&mut first, Act::Container(ContainerAct::Pause), vec![Undo::Unpause]);
    let other = fault(&mut second, Act::Drill(Drill::SlowCpu), vec![Undo::Start]);
    first.plan(&freeze).unwrap();
    second.plan(&other).unwrap();
    drop(first);
    assert_eq!(
        titles(&read(&path)),
        ["pause of pg-master"],
        "not what the living one does"
    );
    second.over(&freeze.id, "healed", Timestamp::from_millis(9)).unwrap();
    let account = read(&path);
    assert_eq!(titles(&account), Vec::<String>::new());
    assert_eq!(account.closed.len(), 1);
    drop(second);
    assert_eq!(titles(&read(&path)), ["slow-cpu of pg-master"]);
}

#[test]
fn a_fault_of_which_only_the_plan_was_written_is_left_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::new(folder.path().to_owned(), who(7), Timestamp::from_millis(1));
    let stop = fault(&mut journal, Act::Container(ContainerAct::Stop), vec![Undo::Start]);
    journal.plan(&stop).unwrap();
    let path = journal.path();
    drop(journal);
    // The crash came in the middle of the next line.
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"caused\":{\"numb").unwrap();
    let account = read(folder.path());
    assert_eq!(titles(&account), ["stop of pg-master"]);
    assert!(account.unreadable.is_empty());
}

#[test]
fn a_file_that_is_no_journal_is_said_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let later = r#"{"begun":{"version":99,"run":"x","at":1,"who":{"user":"","host":"","terminal":"","process":1}}}"#;
    for (name, text) in [("a", "hello\n"), ("b", "{\"over\":{}}\n"), ("c", &format!("{later}\n"))] {
        fs::write(folder.path().join(name).with_extension(ENDING), text).unwrap();
    }
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let account = read(folder.path());
    assert_eq!(account.unreadable.len(), 3, "{:?}", account.unreadable);
    assert!(
        account.unreadable[2].contains("version is 99"),
        "{:?}",
        account.unreadable
    );
    assert_eq!((account.entries.len(), account.closed.len()), (0, 0));
}

#[test]
fn a_folder_that_cannot_be_read_is_said_and_one_that_is_not_there_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no folder");
    fs::write(&file, "").unwrap();
    let [why] = &read(&file).unreadable[..] else {
        panic!("it is no folder");
    };
    assert!(why.contains("no folder"), "{why}");
    assert_eq!(read(&folder.path().join("nothing")), Account::default());
}

#[test]
fn deeds_and_their_failures_are_told_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::new(folder.path().to_owned(), who(3), Timestamp::from_millis(1));
    for (at, failed) in [(2, None), (3, Some("412 no candidate".to_owned()))] {
        let deed = Deed {
            what: "switchover".to_owned(),
            target: "my_cluster".to_owned(),
            failed,
        };
        journal.did(deed, Timestamp::from_millis(at)).unwrap();
    }
    let account = read(folder.path());
    let said: Vec<_> = account.entries.iter().map(|entry| &entry.outcome).collect();
    assert!(
        matches!(said[1], Outcome::Deed(Deed { failed: Some(_), .. })),
        "{said:?}"
    );
    let mode = fs::metadata(journal.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, MODE);
}
