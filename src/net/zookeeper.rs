//! A session with ZooKeeper, the tree of znodes below a scope, and what Patroni writes in them.
//!
//! Reading follows watches in [`crate::source::zookeeper`]; writing is [`crate::action::patroni`]'s.

pub mod decode;
pub mod four_letter;
pub(crate) mod session;
pub(crate) mod tree;
pub(crate) mod write;

use crate::model::topology::StoreTarget;

/// The root of the chosen scope: below the namespace, or anywhere if it is a path.
pub(crate) fn root(target: &StoreTarget) -> Option<String> {
    let scope = target.scope.as_deref()?;
    let path = if scope.starts_with('/') {
        scope.to_owned()
    } else {
        format!("{}/{scope}", target.namespace)
    };
    Some(absolute(&path))
}

/// `path` with one slash before each name and none at the end, as Patroni writes it.
pub(crate) fn absolute(path: &str) -> String {
    let names: Vec<_> = path.split('/').filter(|name| !name.is_empty()).collect();
    format!("/{}", names.join("/"))
}
