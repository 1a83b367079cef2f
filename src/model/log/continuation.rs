//! Messages of several lines.

use super::head::{Head, Program, TRACEBACK};

/// What PostgreSQL says further of the message before.
const DETAILS: [&str; 7] = [
    "DETAIL",
    "HINT",
    "CONTEXT",
    "STATEMENT",
    "QUERY",
    "LOCATION",
    "BACKTRACE",
];
/// Between the tracebacks of an exception and of its cause, in Python and in Java.
const LINKS: [&str; 4] = [
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
    "Caused by: ",
    "Suppressed: ",
];

/// Whether `text` belongs to the message that `before`, the line above it in the same container, is or goes on with:
/// what PostgreSQL says further with the same process, indented lines, tracebacks of Python and Java.
pub fn continues(before: &str, text: &str) -> bool {
    if text.is_empty() || text.starts_with([' ', '\t']) {
        return true;
    }
    let head = Head::of(text);
    if DETAILS.contains(&head.severity) && head.program == Program::PostgreSQL {
        let above = Head::of(before);
        return match above.program {
            Program::PostgreSQL => above.pid == head.pid,
            Program::Other => above.stamp.is_none(), // a further line of a statement
            _ => false,
        };
    }
    if head.stamp.is_some() {
        return false;
    }
    if text.starts_with(TRACEBACK) || LINKS.iter().any(|link| text.starts_with(link)) {
        return true;
    }
    // The exception itself: below the frames of Python, above those of Java.
    let name = text
        .split_once(": ")
        .map_or(text, |(name, _)| name)
        .trim_end_matches(':');
    let is_path = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._$".contains(&byte));
    let in_traceback = before.starts_with([' ', '\t']);
    let is_named = name.ends_with("Error") || name.ends_with("Exception");
    is_path && (is_named || (in_traceback && name.contains('.') && head.program == Program::Other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_message_stay_together() {
        let error = "2026-11-22 19:17:51,025 ERROR: get_cluster";
        let select = "2026-11-22 19:17:51.026 UTC [19] ERROR:  cannot execute INSERT in a read-only transaction";
        let frame = "  File \"/usr/lib/python3/dist-packages/kazoo/retry.py\", line 1, in __call__";
        let cases = [
            (error, "Traceback (most recent call last):", true),
            ("Traceback (most recent call last):", frame, true),
            (frame, "kazoo.exceptions.SessionExpiredError", true),
            (frame, "BrokenPipeError: [Errno 32] Broken pipe", true),
            (frame, "psycopg2.errors.AdminShutdown: terminating connection", true),
            ("kazoo.exceptions.SessionExpiredError", "", true),
            (
                "",
                "During handling of the above exception, another exception occurred:",
                true,
            ),
            (frame, error, false),
            (frame, "localhost:5432 - accepting connections", false),
            (frame, "server promoting", false),
            (
                select,
                "2026-11-22 19:17:51.026 UTC [19] STATEMENT:  insert into probe default values",
                true,
            ),
            (
                select,
                "2026-11-22 19:17:51.026 UTC [20] STATEMENT:  insert into probe default values",
                false,
            ),
            (
                "\tthe last line of a statement",
                "2026-11-22 19:17:51.026 UTC [19] HINT:  x",
                true,
            ),
            (error, "2026-11-22 19:17:51.026 UTC [19] DETAIL:  x", false),
            (select, "\tConnection matched pg_hba.conf line 4", true),
            (select, "2026-11-22 19:17:51.027 UTC [19] LOG:  x", false),
            (
                "2026-11-22 19:17:51,026 [myid:1] - WARN  [x@1] - y",
                "java.io.IOException: No snapshot",
                true,
            ),
            (
                "java.io.IOException: No snapshot",
                "\tat org.apache.zookeeper.X.y(X.java:1)",
                true,
            ),
            (
                "\tat org.apache.zookeeper.X.y(X.java:1)",
                "Caused by: java.lang.Exception: x",
                true,
            ),
            (
                "no action",
                "Server primary/pg1 is UP, reason: Layer7 check passed",
                false,
            ),
            ("plain", "plain", false),
        ];
        for (before, text, expected) in cases {
            assert_eq!(continues(before, text), expected, "{before} / {text}");
        }
    }
}
