//! Containers by what tells them apart: compose puts the name of its project before each.

use crate::model::name::ContainerName;

/// What all these names begin with, up to a mark that parts words; nothing for fewer than two.
pub(super) fn shared(names: &[ContainerName]) -> &str {
    let Some((first, others)) = names.split_first().filter(|(_, others)| !others.is_empty()) else {
        return "";
    };
    let begin = others.iter().fold(first.as_str(), |begin, name| {
        let same = begin.char_indices().zip(name.as_str().chars());
        let end = same.take_while(|((_, a), b)| a == b).last();
        end.map_or("", |((at, letter), _)| {
            begin.get(..at + letter.len_utf8()).unwrap_or_default()
        })
    });
    let end = begin.rfind(['-', '_', '.']).map_or(0, |mark| mark + 1);
    let begin = begin.get(..end).unwrap_or_default();
    // Something must be left of each.
    if names.iter().any(|name| name.as_str() == begin) {
        ""
    } else {
        begin
    }
}

/// The name without what all have.
pub(super) fn short<'n>(name: &'n ContainerName, shared: &str) -> &'n str {
    name.as_str().strip_prefix(shared).unwrap_or(name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_left_out_and_something_always_stays() {
        for (names, expected) in [
            (&["lab-pg-master", "lab-pg-slave", "lab-zoo"][..], "lab-"),
            (&["lab-pg-master", "lab-pg-slave"], "lab-pg-"),
            (&["pg-master", "zoo"], ""),
            (&["my_lab_a1", "my_lab_a2"], "my_lab_"),
            (&["lab-", "lab-a"], ""),
            (&["é-a", "é-b"], "é-"),
            (&["lab-alone"], ""),
            (&[], ""),
        ] {
            let names: Vec<ContainerName> = names.iter().map(|name| (*name).into()).collect();
            let begin = shared(&names);
            assert_eq!(begin, expected, "{names:?}");
            assert!(names.iter().all(|name| !short(name, begin).is_empty()));
        }
        assert_eq!(short(&"other".into(), "lab-"), "other");
    }
}
