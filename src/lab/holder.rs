//! Who holds a TCP port of this host: found out from /proc, as far as this user may look. Changes nothing.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

/// State number of a listening socket in /proc/net/tcp.
const LISTEN: &str = "0A";

/// Whether a listener can be opened there now.
pub(super) fn is_free(bind: IpAddr, port: u16) -> bool {
    TcpListener::bind(SocketAddr::new(bind, port)).is_ok()
}

/// A port that is free now; `None` where not even that can be had.
pub(super) fn free_port(bind: IpAddr) -> Option<u16> {
    let bind = TcpListener::bind(SocketAddr::new(bind, 0)).or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    bind.and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .ok()
}

/// The process that listens on the port: `name (pid N)`, or `None` when this user may not see it.
pub(super) fn process_on(port: u16) -> Option<String> {
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listeners(&table, port))
        .collect();
    let links: Vec<String> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
    fs::read_dir("/proc").ok()?.flatten().find_map(|process| {
        let pid: u32 = process.file_name().to_str()?.parse().ok()?;
        let holds = fs::read_dir(process.path().join("fd"))
            .ok()?
            .flatten()
            .any(|descriptor| {
                fs::read_link(descriptor.path())
                    .is_ok_and(|target| links.iter().any(|link| target.as_os_str() == link.as_str()))
            });
        let name = holds.then(|| fs::read_to_string(process.path().join("comm")).unwrap_or_default())?;
        Some(format!("{} (pid {pid})", super::command::printable(&name)))
    })
}

/// Inodes of the sockets that listen on the port, from the text of /proc/net/tcp (proc(5): columns `local_address`, `st`,
/// `inode`; addresses and ports in hexadecimal).
fn listeners(table: &str, port: u16) -> Vec<String> {
    let wanted = format!(":{port:04X}");
    table
        .lines()
        .filter_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let listens = columns.get(1)?.ends_with(&wanted) && *columns.get(3)? == LISTEN;
            listens.then(|| columns.get(9).map(|inode| (*inode).to_owned()))?
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_of_the_kernel() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   102        0 22334 1 0 100 0 0 10 0\n   \
            1: 0100007F:1538 0100007F:9C40 01 00000000:00000000 00:00000000 00000000   102        0 22335 1 0 20 4 30 10 -1\n   \
            2: 0100007F:1539 00000000:0000 0A\n";
        assert_eq!(listeners(table, 5432), ["22334"]);
        assert!(listeners(table, 5433).is_empty());
        assert!(listeners("", 5432).is_empty());
    }

    #[test]
    fn own_listener_is_found() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(!is_free(Ipv4Addr::LOCALHOST.into(), port));
        let holder = process_on(port).unwrap();
        assert!(holder.contains(&format!("(pid {})", std::process::id())), "{holder}");
        drop(listener);
        assert!(is_free(Ipv4Addr::LOCALHOST.into(), port));
        assert_eq!(process_on(port), None);
    }
}
