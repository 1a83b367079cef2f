//! Daemons as they are found.

use super::super::container::{Compose, Container, ContainerKind, Network};
use super::super::fixture::{haproxy, patroni, zookeeper};
use super::{Choice, Found, choose, clusters};

fn reference() -> Vec<Container> {
    vec![
        patroni("pg-master", "postgresql0", 2, 5433),
        patroni("pg-slave", "postgresql1", 3, 5434),
        zookeeper(),
        haproxy(),
    ]
}

/// The same containers under another project, or under none.
fn moved(containers: Vec<Container>, project: Option<&str>, network: &str) -> Vec<Container> {
    let change = |mut container: Container| {
        container.name = format!("{network}-{}", container.name).as_str().into();
        container.compose = project.map(|project| Compose {
            project: project.to_owned(),
            service: container.hostname.clone(),
        });
        container.networks = vec![Network {
            name: network.to_owned(),
            address: None,
            aliases: Vec::new(),
        }];
        container
    };
    containers.into_iter().map(change).collect()
}

fn names(found: &[Found]) -> Vec<&str> {
    found.iter().map(|found| found.id.as_str()).collect()
}

#[test]
fn the_reference_cluster_is_one_with_all_its_parts() {
    let mut containers = reference();
    let mut client = zookeeper();
    (client.name, client.kind) = ("client".into(), ContainerKind::Other);
    containers.push(client);
    let found = clusters(&containers);
    assert_eq!(names(&found), ["reference"]);
    let one = &found[0];
    assert_eq!(
        (
            one.patroni.len(),
            one.zookeeper.len(),
            one.proxies.len(),
            one.others.len()
        ),
        (2, 1, 1, 1)
    );
    assert_eq!(
        (one.containers().count(), one.scopes.as_slice()),
        (5, &["my_cluster".to_owned()][..])
    );
    assert!(
        one.because
            .contains(&"zoo: ZooKeeper, its command runs QuorumPeerMain".to_owned())
    );
}

#[test]
fn two_labs_stay_apart_and_are_chosen_by_id_scope_or_both() {
    let mut containers = reference();
    containers.extend(moved(reference(), Some("other"), "other_default"));
    let found = clusters(&containers);
    assert_eq!(names(&found), ["other", "reference"]);
    assert!(matches!(choose(&found, None), Choice::Several(both) if both.len() == 2));
    assert!(matches!(choose(&found, Some("my_cluster")), Choice::Several(both) if both.len() == 2));
    for selector in ["other", "other/my_cluster"] {
        let Choice::One { found, scope } = choose(&found, Some(selector)) else {
            panic!("{selector}");
        };
        assert_eq!((found.id.as_str(), scope.as_deref()), ("other", Some("my_cluster")));
    }
    for selector in ["nothing", "other/nothing", ""] {
        assert_eq!(choose(&found, Some(selector)), Choice::NoSuch, "{selector}");
    }
    assert_eq!(choose(&[], Some("x")), Choice::None);
}

#[test]
fn two_scopes_in_one_project_need_a_choice_of_the_scope() {
    let mut containers = reference();
    let ContainerKind::Patroni { scope, .. } = &mut containers[1].kind else {
        panic!()
    };
    *scope = Some("second".to_owned());
    let found = clusters(&containers);
    assert!(matches!(choose(&found, None), Choice::One { scope: None, .. }));
    assert!(matches!(choose(&found, Some("second")), Choice::One { scope: Some(scope), .. } if scope == "second"));
}

#[test]
fn without_compose_a_shared_network_makes_a_cluster() {
    let found = clusters(&moved(reference(), None, "pgnet"));
    assert_eq!(names(&found), ["pgnet"]);
    assert_eq!(found[0].containers().count(), 4);
    let found = clusters(&moved(reference(), None, "bridge"));
    assert_eq!(names(&found), ["bridge"]);
}

#[test]
fn an_ensemble_or_proxy_of_its_own_joins_over_the_network() {
    let mut containers = moved(reference().into_iter().take(2).collect(), Some("db"), "shared");
    containers.extend(moved(vec![zookeeper()], Some("ensemble"), "shared"));
    containers.extend(moved(vec![haproxy()], None, "shared"));
    let found = clusters(&containers);
    assert_eq!(names(&found), ["db"]);
    assert_eq!((found[0].zookeeper.len(), found[0].proxies.len()), (1, 1));
}

#[test]
fn what_has_no_patroni_is_no_cluster() {
    assert!(clusters(&[zookeeper(), haproxy()]).is_empty());
    assert!(clusters(&[]).is_empty());
}
