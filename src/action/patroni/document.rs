//! The dynamic configuration as a document, and changes of it. Pure.

use serde_json::{Map, Value};

use crate::model::operation::Change;
use crate::model::text::{clean, clean_line, shortened};

/// The value of the `config` znode, and its version.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// A JSON object.
    pub value: Value,
    /// Number of writes since the cluster was made.
    pub version: i32,
}

impl Document {
    /// Reads it.
    ///
    /// # Errors
    /// It is no JSON object.
    pub fn read(data: &[u8], version: i32) -> Result<Self, String> {
        match serde_json::from_slice(data) {
            Ok(value @ Value::Object(_)) => Ok(Self { value, version }),
            Ok(_) => Err("the configuration in ZooKeeper is no JSON object".to_owned()),
            Err(error) => Err(clean_line(&format!(
                "the configuration in ZooKeeper is no JSON: {error}"
            ))),
        }
    }
}

/// What leads from `before` to `after`: one change for each value that differs, objects entered.
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    compare(&mut Vec::new(), Some(before), Some(after), &mut found);
    found
}

fn compare(path: &mut Vec<String>, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Change>) {
    if let (Some(Value::Object(before)), Some(Value::Object(after))) = (before, after) {
        let added = after.keys().filter(|key| !before.contains_key(*key));
        for key in before.keys().chain(added) {
            path.push(key.clone());
            compare(path, before.get(key), after.get(key), found);
            path.pop();
        }
    } else if before != after {
        found.push(Change {
            path: path.clone(),
            from: before.map(Value::to_string),
            to: after.map(Value::to_string),
        });
    }
}

/// Makes the changes; objects on the way are made where they are missing.
///
/// # Errors
/// A value is no JSON, or a key is below something that is no object.
pub fn apply(document: &mut Value, changes: &[Change]) -> Result<(), String> {
    for change in changes {
        let value = change.to.as_deref().map(parse).transpose()?;
        put(document, change, value)?;
    }
    Ok(())
}

fn put(document: &mut Value, change: &Change, value: Option<Value>) -> Result<(), String> {
    let blocked = || format!("{}: a value above it is no object", change.path.join("."));
    let Some((last, above)) = change.path.split_last() else {
        return Err("the document as a whole cannot be replaced".to_owned());
    };
    let mut place = document;
    for key in above {
        let object = place.as_object_mut().ok_or_else(blocked)?;
        if value.is_none() && !object.contains_key(key) {
            return Ok(());
        }
        place = object.entry(key).or_insert_with(|| Value::Object(Map::new()));
    }
    let object = place.as_object_mut().ok_or_else(blocked)?;
    match value {
        Some(value) => object.insert(last.clone(), value),
        None => object.remove(last),
    };
    Ok(())
}

/// As people read and edit it: YAML, as in `patronictl`.
///
/// # Errors
/// It cannot be written so.
pub fn yaml(document: &Value) -> Result<String, String> {
    serde_norway::to_string(document).map_err(|error| clean_line(&error.to_string()))
}

/// Reads YAML, of which JSON is a part; an empty text is an empty object.
///
/// # Errors
/// Where and why it is none, or that it is no object.
pub fn from_yaml(text: &str) -> Result<Value, String> {
    match serde_norway::from_str(text) {
        Ok(Value::Null) => Ok(Value::Object(Map::new())),
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err("this is no list of keys and values".to_owned()),
        Err(error) => Err(clean_line(&error.to_string())),
    }
}

/// The document after `key.key=value`, where the value is YAML and `null` removes, as in `patronictl edit-config --set`.
///
/// # Errors
/// The text is not of that form, or a key is below something that is no object.
pub fn set(document: &mut Value, text: &str) -> Result<(), String> {
    let (path, value) = text
        .split_once('=')
        .ok_or_else(|| format!("{} is not of the form key=value", clean_line(text)))?;
    let value: Value = serde_norway::from_str(value).map_err(|error| clean_line(&format!("{path}: {error}")))?;
    let path: Vec<String> = path.trim().split('.').map(str::to_owned).collect();
    if path.iter().any(String::is_empty) {
        return Err(format!("{} is not of the form key=value", clean_line(text)));
    }
    let change = Change {
        path,
        from: None,
        to: None,
    };
    put(document, &change, Some(value).filter(|value| !value.is_null()))
}

/// Lays a merge patch (RFC 7386) over the document: objects are entered, `null` removes.
pub fn merge(document: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *document = patch.clone();
        return;
    };
    if !document.is_object() {
        *document = Value::Object(Map::new());
    }
    let Some(object) = document.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            object.remove(key);
        } else {
            merge(object.entry(key).or_insert(Value::Null), value);
        }
    }
}

/// What differs between two texts, in lines with `-`, `+` or a blank before them; harmless on a terminal.
pub fn difference(before: &str, after: &str) -> String {
    let diff = similar::TextDiff::from_lines(before, after);
    clean(&diff.unified_diff().context_radius(2).header("now", "then").to_string())
}

/// Those changes that do not hold: what is there instead, in words.
pub fn differing(document: &Value, changes: &[Change]) -> Vec<String> {
    let differing = changes.iter().filter_map(|change| {
        let found = change.path.iter().try_fold(document, |place, key| place.get(key));
        let wanted = change.to.as_deref().map(parse).transpose().ok()?;
        (found != wanted.as_ref()).then(|| {
            let found = found.map_or_else(|| "not set".to_owned(), Value::to_string);
            let found = clean_line(&found);
            format!("{} is {} now", change.path.join("."), shortened(&found, 60))
        })
    });
    differing.collect()
}

/// The changes as Patroni's `PATCH /config` takes them: `null` removes.
///
/// # Errors
/// As [`apply`].
pub fn merge_patch(changes: &[Change]) -> Result<Value, String> {
    let mut patch = Value::Object(Map::new());
    for change in changes {
        let value = change.to.as_deref().map_or(Ok(Value::Null), parse)?;
        put(&mut patch, change, Some(value))?;
    }
    Ok(patch)
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| clean_line(&format!("{text}: {error}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn change(path: &str, from: Option<&str>, to: Option<&str>) -> Change {
        Change {
            path: path.split('.').map(str::to_owned).collect(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
        }
    }

    #[test]
    fn a_change_is_a_value_that_differs() {
        let before =
            json!({"ttl": 30, "loop_wait": 10, "postgresql": {"parameters": {"max_connections": 100, "a": 1}}});
        let after = json!({"ttl": 20, "pause": true, "postgresql": {"parameters": {"max_connections": 100}, "x": []}});
        let found = changes(&before, &after);
        let expected = [
            change("loop_wait", Some("10"), None),
            change("postgresql.parameters.a", Some("1"), None),
            change("postgresql.x", None, Some("[]")),
            change("ttl", Some("30"), Some("20")),
            change("pause", None, Some("true")),
        ];
        assert_eq!(found, expected);
        assert_eq!(found[0].to_string(), "loop_wait: 10 → not set");
        assert_eq!(
            merge_patch(&found).unwrap(),
            json!({"loop_wait": null, "postgresql": {"parameters": {"a": null}, "x": []}, "ttl": 20, "pause": true})
        );
        assert_eq!(differing(&after, &found), Vec::<String>::new());
        let differs = differing(&before, &found);
        assert_eq!(differs[3..], ["ttl is 30 now", "pause is not set now"]);
    }

    #[test]
    fn what_cannot_be_changed_says_why() {
        let mut document = json!({"ttl": 30});
        let blocked = apply(&mut document, &[change("ttl.x", None, Some("1"))]).unwrap_err();
        assert_eq!(blocked, "ttl.x: a value above it is no object");
        assert!(apply(&mut document, &[change("ttl", None, Some("{"))]).is_err());
        assert!(apply(&mut document, &changes(&json!(1), &json!(2))).is_err());
        // What is not there need not be removed.
        apply(&mut document, &[change("a.b", None, None)]).unwrap();
        assert_eq!(document, json!({"ttl": 30}));
        assert!(Document::read(b"[]", 1).is_err() && Document::read(b"\x1b", 1).is_err());
    }

    #[test]
    fn keys_are_set_as_patronictl_sets_them() {
        let mut document = json!({"ttl": 30, "postgresql": {"parameters": {"a": 1}}});
        for text in [
            "ttl=20",
            "postgresql.parameters.b=on",
            "postgresql.parameters.a=null",
            "x.y={c: [1, two]}",
        ] {
            set(&mut document, text).unwrap();
        }
        let expected = json!({"ttl": 20, "postgresql": {"parameters": {"b": "on"}}, "x": {"y": {"c": [1, "two"]}}});
        assert_eq!(document, expected);
        for bad in ["ttl", "=1", "a..b=1", "ttl.x=1", "a={", "a=\u{1b}[31m\n- :"] {
            let why = set(&mut document.clone(), bad).unwrap_err();
            assert!(!why.contains(['\u{1b}', '\n']), "{why:?}");
        }
        merge(
            &mut document,
            &json!({"ttl": null, "x": {"y": {"c": null, "d": 1}}, "postgresql": 3, "new": {"e": {}}}),
        );
        assert_eq!(
            document,
            json!({"postgresql": 3, "x": {"y": {"d": 1}}, "new": {"e": {}}})
        );
    }

    #[test]
    fn it_is_edited_as_yaml_and_json_is_taken_too() {
        let document = json!({"ttl": 30, "postgresql": {"parameters": {"hot_standby": "on", "n": "007", "f": 0.5}}});
        let text = yaml(&document).unwrap();
        assert!(text.contains("ttl: 30\n") && text.contains("n: '007'"), "{text}");
        assert_eq!(from_yaml(&text), Ok(document.clone()));
        assert_eq!(from_yaml(&document.to_string()), Ok(document));
        assert_eq!(from_yaml(" \n"), Ok(json!({})));
        for bad in ["- a", "a: b: c", "\t", "a: [", "just text", "a: \u{1b}"] {
            assert!(from_yaml(bad).is_err(), "{bad}");
        }
        let differs = difference("a: 1\nb: 2\n", "a: 1\nb: \u{1b}[31m3\n");
        assert!(differs.contains("\n-b: 2\n+b: 3\n"), "{differs}");
        assert_eq!(difference("a\n", "a\n"), "");
    }

    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i32>().prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from),
            Just(json!([1]))
        ];
        let branch = leaf.prop_recursive(3, 16, 4, |inner| {
            prop::collection::btree_map("[a-d]", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect()))
        });
        prop::collection::btree_map("[a-d]", branch, 0..4).prop_map(|map| Value::Object(map.into_iter().collect()))
    }

    proptest! {
        #[test]
        fn the_changes_between_two_documents_lead_from_one_to_the_other(before in tree(), after in tree()) {
            let found = changes(&before, &after);
            let mut made = before.clone();
            apply(&mut made, &found).unwrap();
            prop_assert_eq!(&made, &after);
            prop_assert!(differing(&after, &found).is_empty());
            prop_assert_eq!(&from_yaml(&yaml(&after).unwrap()).unwrap(), &after);
            let mut patched = before;
            merge(&mut patched, &merge_patch(&found).unwrap());
            prop_assert_eq!(&patched, &after);
        }
    }
}
