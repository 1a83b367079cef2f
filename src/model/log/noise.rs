//! Lines that exist only because somebody looks: what the programs log of pgherd's own questions.

use super::head::{Head, Program};

/// Whether the line tells of nothing but a monitor's question: an answer of Patroni's REST interface, a connection of
/// pgherd's to PostgreSQL, a page of HAProxy's statistics, a four letter word to ZooKeeper.
///
/// Patroni, HAProxy and ZooKeeper do not say who asked, so another monitor's questions count as well, and so does that
/// somebody connected to PostgreSQL: who it is stands in the line after it. What failed, or changed anything, is no noise.
pub fn is_noise(text: &str) -> bool {
    let head = Head::of(text);
    match head.program {
        Program::Patroni => patroni(head.message),
        Program::PostgreSQL => postgres(head.message),
        Program::HAProxy => haproxy(head.message),
        Program::ZooKeeper => zookeeper(head.message),
        Program::Other => false,
    }
}

/// `API thread: 172.18.0.1 - - "GET /primary HTTP/1.1" 503 - latency: 1.2 ms`, at level debug. Where the member does not
/// lead, 503 is the answer. HAProxy's own checks speak HTTP/1.0.
fn patroni(message: &str) -> bool {
    let Some(request) = message
        .strip_prefix("API thread: ")
        .and_then(|request| request.split_once('"'))
    else {
        return false;
    };
    [
        "GET /primary HTTP/1.1",
        "GET /patroni HTTP/1.1",
        "GET /cluster HTTP/1.1",
    ]
    .iter()
    .any(|question| request.1.starts_with(question))
}

/// With `log_connections` and `log_disconnections`. Only one of these lines names the program; the others, its role.
fn postgres(message: &str) -> bool {
    let said = |start: &str, ours: &[&str]| {
        let rest = message.strip_prefix(start);
        rest.is_some_and(|rest| ours.iter().any(|ours| rest.contains(ours)))
    };
    message.starts_with("connection received: ")
        || said(
            "connection authenticated: ",
            &["identity=\"pgherd\"", "user=\"pgherd\""],
        )
        || said("connection authorized: ", &["application_name=pgherd", "user=pgherd "])
        || said("disconnection: ", &[" user=pgherd "])
}

/// The statistics: as a session, as a request, as a connection.
fn haproxy(message: &str) -> bool {
    message.contains("/<STATS> ") || (message.starts_with("Connect from ") && message.ends_with("/HTTP)"))
}

/// Versions before 3.5 also tell of each connection, and that it ended without a session.
fn zookeeper(message: &str) -> bool {
    let known = [
        "The list of known four letter word commands is : ",
        "The list of enabled four letter word commands is : ",
        "Accepted socket connection from ",
    ];
    known.iter().any(|start| message.starts_with(start))
        || (message.starts_with("Processing ") && message.contains(" command from /"))
        || (message.starts_with("Closed socket connection for client ")
            && message.ends_with("(no session established for client)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Said by Patroni 4.0.7, PostgreSQL 17, HAProxy 3.0 and ZooKeeper 3.9 while pgherd looked, with all they can log.
    const QUESTIONS: &[&str] = &[
        "2026-11-23 04:25:13,689 DEBUG: API thread: 172.20.0.1 - - \"GET /primary HTTP/1.1\" 200 - latency: 13.698 ms",
        "2026-11-23 04:25:16,686 DEBUG: API thread: 172.20.0.1 - - \"GET /primary HTTP/1.1\" 503 - latency: 1.109 ms",
        "2026-11-23 04:25:12.927 UTC [10689] LOG:  connection received: host=172.20.0.5 port=52322",
        "2026-11-23 04:25:12.930 UTC [10689] LOG:  connection authenticated: identity=\"pgherd\" method=scram-sha-256 (/var/lib/postgresql/data/pg_hba.conf:5)",
        "2026-11-23 04:25:12.930 UTC [10689] LOG:  connection authorized: user=pgherd database=postgres application_name=pgherd",
        "2026-11-23 04:25:12.930 UTC [10689] LOG:  connection authorized: user=monitor database=postgres application_name=pgherd",
        "2026-11-23 04:25:12.935 UTC [10689] LOG:  disconnection: session time: 0:00:00.008 user=pgherd database=postgres host=172.20.0.5 port=52322",
        "172.20.0.1:46228 [23/Nov/2026:04:26:57.588] stats stats/<STATS> 0/0/0/0/0 200 6085 - - LR-- 1/1/0/0/0 0/0 \"GET /;csv HTTP/1.1\"",
        "172.20.0.1:51906 [23/Nov/2026:04:26:57.602] stats2 stats2/<STATS> 0/0/1 6096 LR 1/1/0/0/0 0/0",
        "Connect from 172.20.0.1:44304 to 172.20.0.5:7003 (stats3/HTTP)",
        "2026-11-23 03:28:06,883 [myid:] - INFO  [NIOWorkerThread-1:o.a.z.s.c.FourLetterCommands@224] - The list of enabled four letter word commands is : [[srvr]]",
        "2026-11-23 04:27:24,848 [myid:] - INFO  [NIOWorkerThread-1:o.a.z.s.NIOServerCnxn@532] - Processing srvr command from /172.20.0.1:46150",
        "2026-11-23 04:27:24,848 [myid:] - INFO  [Thread-2:NIOServerCnxn@1007] - Closed socket connection for client /127.0.0.1:55466 (no session established for client)",
    ];

    /// Said in the same minutes for other reasons.
    const OTHERS: &[&str] = &[
        "2026-11-23 04:25:13,921 DEBUG: API thread: 172.20.0.5 - - \"OPTIONS /primary HTTP/1.0\" 200 - latency: 1.783 ms",
        "2026-11-23 04:25:13,921 DEBUG: API thread: 172.20.0.5 - - \"GET /primary HTTP/1.0\" 200 - latency: 1.783 ms",
        "2026-11-23 04:25:13,921 DEBUG: API thread: 172.20.0.1 - - \"PATCH /config HTTP/1.1\" 200 - latency: 1.7 ms",
        "2026-11-23 04:25:14,483 DEBUG: Sending request(xid=14736): GetData(path='/service/my_cluster/status', watcher=None)",
        "2026-11-23 04:25:12.930 UTC [10689] LOG:  connection authorized: user=app database=postgres application_name=psql",
        "2026-11-23 04:25:12.935 UTC [10689] LOG:  disconnection: session time: 0:00:00.008 user=app database=postgres host=172.20.0.5 port=52322",
        "2026-11-23 04:25:12.930 UTC [10689] FATAL:  password authentication failed for user \"pgherd\"",
        "172.20.0.1:40796 [23/Nov/2026:04:26:57.641] api api/pg 0/0/0/4/4 200 634 - - ---- 1/1/0/0/0 0/0 \"GET /patroni HTTP/1.1\"",
        "172.20.0.1:36226 [22/Nov/2026:19:17:32.347] primary primary/pg1 1/0/5219 4302 -- 1/1/0/0/0 0/0",
        "2026-11-23 03:25:25,785 [myid:] - INFO  [main:o.a.z.s.NIOServerCnxnFactory@660] - binding to port 0.0.0.0/0.0.0.0:2181",
        "GET /primary HTTP/1.1",
        "",
    ];

    #[test]
    fn tells_a_monitors_questions_from_the_rest() {
        for text in QUESTIONS {
            assert!(is_noise(text), "{text}");
        }
        for text in OTHERS {
            assert!(!is_noise(text), "{text}");
        }
    }
}
