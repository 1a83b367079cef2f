//! Reads trees of znodes: a level a round trip, all its requests sent before the first answer is awaited.
//!
//! Znodes come and go meanwhile: one that vanished is left out, and the event of its end makes us read again.

use std::collections::BTreeSet;

use zookeeper_client::{Client, Error, Stat};

use super::decode::RawZnode;
use crate::model::dcs::{SessionId, ZnodeStat};
use crate::model::time::Timestamp;

/// Most znodes that are read of a tree. Patroni's has some twenty.
const MOST: usize = 2_000;
/// How deep scopes are looked for outside the namespace.
const DEPTH: usize = 3;
/// Children by which a scope is known.
const MARKS: [&str; 4] = ["initialize", "config", "members", "leader"];

/// A tree as it was read.
#[derive(Default)]
pub(crate) struct Tree {
    /// Its znodes, the root first.
    pub(crate) nodes: Vec<RawZnode>,
    /// What could not be read, as `path: why`.
    pub(crate) problems: Vec<String>,
}

/// Reads everything from `root` on. What is `known` of an earlier reading is asked for at once, so that an unchanged
/// shape costs one round trip.
pub(crate) async fn read(client: &Client, root: &str, known: &[RawZnode]) -> Result<Tree, Error> {
    let mut tree = Tree::default();
    let mut seen: BTreeSet<String> = known.iter().map(|node| node.path.clone()).collect();
    seen.insert(String::new());
    let mut level: Vec<String> = seen.iter().cloned().collect();
    while !level.is_empty() {
        let left = MOST.saturating_sub(tree.nodes.len());
        if level.len() > left {
            tree.problems
                .push(format!("{root}: only the first {MOST} znodes are read"));
            level.truncate(left);
        }
        let found = read_level(client, root, level, &mut tree).await?;
        level = found.into_iter().filter(|path| seen.insert(path.clone())).collect();
    }
    Ok(tree)
}

/// Reads values and children of a level, and gives the children's paths.
async fn read_level(client: &Client, root: &str, level: Vec<String>, tree: &mut Tree) -> Result<Vec<String>, Error> {
    let ask = |path: String| {
        let absolute = join(root, &path);
        (path, client.get_data(&absolute), client.list_children(&absolute))
    };
    let asked: Vec<_> = level.into_iter().map(ask).collect();
    let mut found = Vec::new();
    for (path, data, children) in asked {
        match children.await {
            Ok(children) => found.extend(children.iter().map(|child| join(&path, child))),
            Err(error) => tree.lost(&path, &error)?,
        }
        match data.await {
            Ok((data, stat)) => {
                let stat = znode_stat(&stat);
                tree.nodes.push(RawZnode { path, data, stat });
            }
            Err(Error::NoNode) if path.is_empty() => tree.problems.push(format!("{root}: no such znode")),
            Err(error) => tree.lost(&path, &error)?,
        }
    }
    Ok(found)
}

impl Tree {
    /// A znode that cannot be read is a problem, one that vanished is none, and everything else ends the reading.
    fn lost(&mut self, path: &str, error: &Error) -> Result<(), Error> {
        match error {
            Error::NoNode => Ok(()),
            Error::NoAuth => {
                self.problems.push(format!("{path}: {error}"));
                Ok(())
            }
            other => Err(other.clone()),
        }
    }
}

fn znode_stat(stat: &Stat) -> ZnodeStat {
    ZnodeStat {
        czxid: stat.czxid,
        mzxid: stat.mzxid,
        created: Timestamp::from_millis(stat.ctime),
        modified: Timestamp::from_millis(stat.mtime),
        version: stat.version,
        owner: owner(stat.ephemeral_owner),
    }
}

/// The owner, unless it is one of the marks that stand there for container and TTL znodes (ZooKeeper's
/// `EphemeralType`).
fn owner(ephemeral_owner: i64) -> Option<SessionId> {
    const TTL: u8 = 0xff;
    let [high, ..] = ephemeral_owner.to_be_bytes();
    (ephemeral_owner != 0 && ephemeral_owner != i64::MIN && high != TTL).then_some(SessionId(ephemeral_owner))
}

/// `child` below `parent`; either may be empty.
pub(crate) fn join(parent: &str, child: &str) -> String {
    if parent.is_empty() {
        return child.to_owned();
    }
    match (parent.trim_end_matches('/'), child) {
        ("", child) => format!("/{child}"),
        (parent, "") => parent.to_owned(),
        (parent, child) => format!("{parent}/{child}"),
    }
}

/// Scopes below the namespace, Citus groups among them (`my_cluster/0`); if there is none, whatever looks like a scope
/// elsewhere, as absolute paths.
pub(crate) async fn scopes(client: &Client, namespace: &str) -> Result<Vec<String>, Error> {
    let names = children(client, &[join(namespace, "")]).await?.concat();
    let mut found = below(client, namespace, &names).await?;
    if found.is_empty() {
        found = elsewhere(client).await?;
    }
    found.sort();
    Ok(found)
}

async fn below(client: &Client, namespace: &str, names: &[String]) -> Result<Vec<String>, Error> {
    let paths: Vec<_> = names.iter().map(|name| join(namespace, name)).collect();
    let mut found = Vec::new();
    let mut groups = Vec::new();
    for (name, below) in names.iter().zip(children(client, &paths).await?) {
        if marks(&below) > 0 {
            found.push(name.clone());
        }
        let numbers = below.iter().filter(|child| child.parse::<u32>().is_ok());
        groups.extend(numbers.map(|group| join(name, group)));
    }
    let paths: Vec<_> = groups.iter().map(|group| join(namespace, group)).collect();
    let groups = groups.into_iter().zip(children(client, &paths).await?);
    found.extend(groups.filter(|(_, below)| marks(below) > 0).map(|(group, _)| group));
    Ok(found)
}

/// Others than Patroni also keep a `config` in ZooKeeper, so outside the namespace one mark is not enough.
async fn elsewhere(client: &Client) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    let mut level = vec!["/".to_owned()];
    for depth in 0..=DEPTH {
        let mut next = Vec::new();
        for (path, below) in level.iter().zip(children(client, &level).await?) {
            if depth > 0 && marks(&below) > 1 {
                found.push(path.clone());
                continue;
            }
            let own = |path: &String| path != "/zookeeper";
            next.extend(below.iter().map(|child| join(path, child)).filter(own));
        }
        next.truncate(MOST);
        level = next;
    }
    Ok(found)
}

fn marks(children: &[String]) -> usize {
    MARKS
        .iter()
        .filter(|mark| children.iter().any(|child| child == *mark))
        .count()
}

/// The children of every path; none of one that is not there or not ours to read.
async fn children(client: &Client, paths: &[String]) -> Result<Vec<Vec<String>>, Error> {
    let lists: Vec<_> = paths.iter().map(|path| client.list_children(path)).collect();
    let mut all = Vec::with_capacity(paths.len());
    for list in lists {
        all.push(match list.await {
            Ok(children) => children,
            Err(Error::NoNode | Error::NoAuth) => Vec::new(),
            Err(error) => return Err(error),
        });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_paths() {
        let cases = [
            ("/", "service", "/service"),
            ("/service", "x", "/service/x"),
            ("/service/", "x", "/service/x"),
            ("/service", "", "/service"),
            ("/", "", "/"),
            ("", "leader", "leader"),
            ("members", "pg1", "members/pg1"),
        ];
        for (parent, child, expected) in cases {
            assert_eq!(join(parent, child), expected, "{parent} + {child}");
        }
    }

    #[test]
    fn container_and_ttl_znodes_have_no_owner() {
        assert_eq!(owner(0), None);
        assert_eq!(owner(i64::MIN), None);
        assert_eq!(owner(-1), None);
        assert_eq!(owner(0x0100_000a_c1eb_0000), Some(SessionId(0x0100_000a_c1eb_0000)));
        // Server id 200: the highest bit is set and it is a session all the same.
        let negative = i64::from_be_bytes([200, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(owner(negative), Some(SessionId(negative)));
    }
}
