//! Passwords in values of znodes, hidden before they are kept: Patroni's own documents hold none since 1.x, but a
//! standby cluster's `primary_conninfo`, an old connection URL or somebody's own key may.

/// What stands for a password.
const HIDDEN: &str = "***";

/// `text` without passwords: `://user:…@`, `password=…`, `"password": "…"` and the same of longer names that end so.
pub(super) fn mask(text: &str) -> String {
    mask_assignments(&mask_urls(text))
}

fn mask_urls(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        masked.push_str(before);
        masked.push_str("://");
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\''))
            .unwrap_or(after.len());
        let (authority, tail) = after.split_at(end);
        let secret = authority
            .rsplit_once('@')
            .and_then(|(login, host)| Some((login.split_once(':')?.0, host)));
        if let Some((user, host)) = secret {
            masked.extend([user, ":", HIDDEN, "@", host]);
        } else {
            masked.push_str(authority);
        }
        rest = tail;
    }
    masked + rest
}

fn mask_assignments(text: &str) -> String {
    const WORD: &str = "password";
    let lower = text.to_ascii_lowercase();
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    while let Some(found) = lower.get(done..).and_then(|rest| rest.find(WORD)) {
        let name_end = done + found + WORD.len();
        let after = text.get(name_end..).unwrap_or_default();
        let value = after.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | '=' | ':'));
        let separator = after.get(..after.len() - value.len()).unwrap_or_default();
        let mut next = name_end;
        masked.push_str(text.get(done..name_end).unwrap_or_default());
        if separator.contains(['=', ':']) {
            masked.push_str(separator);
            // A quoted value ends at its quote, a bare one at a blank or at what can follow it in a list.
            let quoted = separator.trim_end_matches('\\').ends_with(['"', '\'']) && !separator.ends_with("\"\"");
            let end = value.find(|c: char| match c {
                '"' | '\'' | '\n' => true,
                ' ' | ',' | '}' | '&' | ';' => !quoted,
                _ => false,
            });
            let end = end.unwrap_or(value.len());
            if end > 0 {
                masked.push_str(HIDDEN);
            }
            next = text.len() - value.len() + end;
        }
        done = next;
    }
    masked.push_str(text.get(done..).unwrap_or_default());
    masked
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hides_passwords_and_nothing_else() {
        let cases = [
            ("postgres://u:s3cret@h:5432/db", "postgres://u:***@h:5432/db"),
            ("postgres://h:5432/db", "postgres://h:5432/db"),
            ("http://h:8008/patroni", "http://h:8008/patroni"),
            (r#"{"password":"s3 cret","a":1}"#, r#"{"password":"***","a":1}"#),
            (r#"{"password": "s3cret"}"#, r#"{"password": "***"}"#),
            ("host=h password=s3cret user=u", "host=h password=*** user=u"),
            (
                r#"{"x":"host=h password='s 3' u"}"#,
                r#"{"x":"host=h password='***' u"}"#,
            ),
            (r#"{"rest_password":"é","b":2}"#, r#"{"rest_password":"***","b":2}"#),
            (
                r#"{"password_encryption":"scram-sha-256"}"#,
                r#"{"password_encryption":"scram-sha-256"}"#,
            ),
            ("PASSWORD: x", "PASSWORD: ***"),
            ("the password", "the password"),
        ];
        for (text, expected) in cases {
            assert_eq!(mask(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_leaves_the_rest(text in "(password|[\"'=: a-z{},@/é]){0,40}") {
            let masked = mask(&text);
            prop_assert!(text.contains("password") || text.contains("://") || masked == text);
        }
    }
}
