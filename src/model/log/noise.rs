//! Lines that exist only because somebody looks: what the programs log of pgherd's own questions.

use super::head::{Head, Program};

/// Whether the line tells of nothing but a monitor's question: an answer of Patroni's REST interface, a connection of
/// pgherd's to PostgreSQL, a page of HAProxy's statistics, a four letter word to ZooKeeper.
///
/// Patroni, HAProxy and ZooKeeper do not say who asked, so another monitor's questions count as well. A question that
/// failed is no noise.
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

/// `API thread: 172.18.0.1 - - "GET /patroni HTTP/1.1" 200 - latency: 1.2 ms`; at level debug.
fn patroni(message: &str) -> bool {
    let Some(request) = message.strip_prefix("API thread: ") else {
        return false;
    };
    ["\"GET /patroni HTTP", "\"GET /cluster HTTP"]
        .iter()
        .any(|question| request.contains(question))
}

/// With `log_connections` and `log_disconnections`.
fn postgres(message: &str) -> bool {
    let is_connection = [
        "connection authenticated: ",
        "connection authorized: ",
        "disconnection: ",
    ]
    .iter()
    .any(|start| message.starts_with(start));
    is_connection && message.contains("application_name=pgherd")
}

/// A page of the statistics, in the log of sessions or of requests.
fn haproxy(message: &str) -> bool {
    message.contains(";csv HTTP/")
}

fn zookeeper(message: &str) -> bool {
    [
        "Processing srvr command from ",
        "Processing conf command from ",
        "The list of known four letter word commands is : ",
        "The list of enabled four letter word commands is : ",
    ]
    .iter()
    .any(|start| message.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_monitors_questions_from_the_rest() {
        let cases = [
            (
                "2026-11-22 19:17:51,025 DEBUG: API thread: 172.18.0.1 - - \"GET /patroni HTTP/1.1\" 200 - latency: 1.2 ms",
                true,
            ),
            (
                "2026-11-22 19:17:51,025 DEBUG: API thread: 172.18.0.1 - - \"PATCH /config HTTP/1.1\" 200 - latency: 1.2 ms",
                false,
            ),
            (
                "2026-11-23 03:28:06,884 [myid:] - INFO  [NIOWorkerThread-1:o.a.z.s.NIOServerCnxn@526] - Processing srvr command from /172.18.0.1:4711",
                true,
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(is_noise(text), expected, "{text}");
        }
    }
}
