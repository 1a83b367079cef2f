//! A password never survives, and what is none stays.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::model::text::LONGEST;

#[test]
fn hides_passwords_and_nothing_else() {
    let cases = [
        ("postgres://u:s3cret@h:5432/db", "postgres://u:***@h:5432/db"),
        ("postgres://u:s3/c@r:et@h:5432/db", "postgres://u:***@h:5432/db"),
        ("postgres://h:5432/db", "postgres://h:5432/db"),
        ("postgres://u@h:5432/db", "postgres://u@h:5432/db"),
        ("http://h:8008/patroni", "http://h:8008/patroni"),
        (
            r#"{"conn_url":"postgres://h:5432/db","mail":"a:b@c"}"#,
            r#"{"conn_url":"postgres://h:5432/db","mail":"a:b@c"}"#,
        ),
        (r#"{"password":"s3 cret","a":1}"#, r#"{"password":"***","a":1}"#),
        (r#"{"password": "s3\"cret"}"#, r#"{"password": "***"}"#),
        (r#"{"password":12345,"a":1}"#, r#"{"password":***,"a":1}"#),
        (r#"{"password":null,"a":1}"#, r#"{"password":null,"a":1}"#),
        (r#"{"password":"","a":1}"#, r#"{"password":"","a":1}"#),
        (
            r#""{\"password\":\"s3cret\",\"a\":1}""#,
            r#""{\"password\":\"***\",\"a\":1}""#,
        ),
        (
            "{'password': 's3cret', 'user': 'u'}",
            "{'password': '***', 'user': 'u'}",
        ),
        ("host=h password=s3cret user=u", "host=h password=*** user=u"),
        ("password=s3,c;r&t}x user=u", "password=*** user=u"),
        (
            r#"{"x":"host=h password='s 3' u"}"#,
            r#"{"x":"host=h password='***' u"}"#,
        ),
        (
            r#"{"x":"host=h password=s3","y":1}"#,
            r#"{"x":"host=h password=***","y":1}"#,
        ),
        (r#"{"rest_password":"é","b":2}"#, r#"{"rest_password":"***","b":2}"#),
        ("PGPASSWORD=s3cret psql", "PGPASSWORD=*** psql"),
        (
            "ALTER ROLE a WITH PASSWORD 's3''cret';",
            "ALTER ROLE a WITH PASSWORD '***';",
        ),
        (
            "STATEMENT:  CREATE ROLE a ENCRYPTED PASSWORD E's\\'3' LOGIN",
            "STATEMENT:  CREATE ROLE a ENCRYPTED PASSWORD E'***' LOGIN",
        ),
        (
            "alter role a password $x$s3'$$x$ login",
            "alter role a password $x$***$x$ login",
        ),
        (
            "ALTER ROLE a PASSWORD 's3cret and the line was cu…",
            "ALTER ROLE a PASSWORD '***",
        ),
        ("ALTER ROLE a PASSWORD NULL", "ALTER ROLE a PASSWORD NULL"),
        (
            "pg_basebackup --password s3cret -D x",
            "pg_basebackup --password *** -D x",
        ),
        ("PASSWORD: x", "PASSWORD: ***"),
        ("passphrase = x", "passphrase = ***"),
        ("the password", "the password"),
        ("no password for user \"a\"", "no password for user \"a\""),
        (
            "FATAL:  password authentication failed for user \"a\"",
            "FATAL:  password authentication failed for user \"a\"",
        ),
        (
            r#"{"password_encryption":"scram-sha-256"}"#,
            r#"{"password_encryption":"scram-sha-256"}"#,
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(mask(text), expected, "{text}");
        assert_eq!(mask(expected), expected, "masked once more");
    }
}

#[test]
fn a_password_may_be_a_word_of_its_own() {
    let words = ["run", "--password", "s3cret", "-v", "PGPASSWORD=x"].map(str::to_owned);
    assert_eq!(mask_words(words), ["run", "--password", "***", "-v", "PGPASSWORD=***"]);
}

#[test]
fn hostile_text_takes_no_more_than_a_look() {
    let begun = Instant::now();
    for part in [
        "://",
        "://a:",
        "\"'",
        "\\\"",
        "password=\"'",
        "password '",
        "password ",
        "--password",
        "p",
        "a@://",
    ] {
        let text = part.repeat(LONGEST / part.len());
        mask(&text);
        mask(&format!("password={text}x"));
        mask(&format!("password '{text}x"));
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

/// Fills `{}` of a form, and says how the form writes such a password.
fn written(form: &str, password: &str) -> String {
    let escaped = match form {
        _ if form.contains("\\\"{}") => password.replace('\\', "\\\\\\\\").replace('"', "\\\\\\\""),
        _ if form.contains("\"{}") => password.replace('\\', "\\\\").replace('"', "\\\""),
        _ if form.contains("='{}") => password.replace('\\', "\\\\").replace('\'', "\\'"),
        _ if form.contains("E'{}") => password.replace('\\', "\\\\").replace('\'', "''"),
        _ if form.contains("'{}") => password.replace('\'', "''"),
        _ => password.to_owned(),
    };
    form.replace("{}", &escaped)
}

/// Forms in which any character may stand.
const QUOTED: [&str; 9] = [
    r#"{"password":"{}","a":1}"#,
    r#"{"superuser": {"rest_password" : "{}"}}"#,
    r#""{\"password\": \"{}\", \"a\": 1}""#,
    "host=h password='{}' user=u",
    "ALTER ROLE a PASSWORD '{}' LOGIN",
    "STATEMENT:  CREATE ROLE a WITH ENCRYPTED PASSWORD '{}';",
    "create user a password E'{}';",
    "ALTER ROLE a PASSWORD $pw$ {} $pw$;",
    "PASSWORD=\"{}\" patroni",
];
/// Forms whose passwords hold neither blanks nor quotes.
const BARE: [&str; 8] = [
    "host=h password={} user=u",
    r#"{"primary_conninfo":"host=h password={}","a":1}"#,
    "PGPASSWORD={} psql",
    "connecting to postgres://u:{}@h:5432/db?a=b",
    r#"{"url":"postgres://u:{}@h/db","a":"b"}"#,
    "amqp://:{}@h, and more",
    "psql --password {} -h x",
    "password: {}",
];

/// Found by the fuzzer: what stands for one password ends the word of another differently, and a second look hides more.
#[test]
fn a_second_look_hides_more_at_most() {
    let text =
        "es://u:secret@h;db2password=\\'s2 31 17:51 1ord='x======S,WOR: ==PGPASS,WOR:\"a\"/@ INFO: Leader key released";
    let once = mask(text);
    let twice = mask(&once);
    assert!(
        !once.contains("secret") && !twice.contains("secret"),
        "{once} / {twice}"
    );
    assert!(twice.ends_with("INFO: Leader key released"), "{twice}");
}

proptest! {
    #[test]
    fn a_quoted_password_never_survives(
        form in 0..QUOTED.len(), before in "[!-~é ]{0,8}", core in "X[0-9]{3}", after in "[!-~é ]{0,8}",
    ) {
        let password = format!("{before}{core}{after}");
        prop_assume!(!password.contains("$pw$"));
        let text = written(QUOTED[form], &password);
        let masked = mask(&text);
        prop_assert!(!masked.contains(&core), "{} of {}", masked, text);
    }

    #[test]
    fn a_bare_password_never_survives(
        form in 0..BARE.len(), before in "[!#-&(-~é]{0,8}", core in "X[0-9]{3}", after in "[!#-&(-~é]{0,8}",
    ) {
        let text = written(BARE[form], &format!("{before}{core}{after}"));
        let masked = mask(&text);
        prop_assert!(!masked.contains(&core), "{} of {}", masked, text);
    }

    #[test]
    fn never_panics_and_leaves_the_rest(text in "(password|passwd|://|[\"'\\\\=: a-z{},@/é$]){0,40}") {
        let masked = mask(&text);
        prop_assert!(text.contains("passw") || text.contains("://") || masked == text);
    }
}
