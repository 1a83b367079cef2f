//! The cluster's state as `patronictl list` and `docker-compose ps` would print it, for blocks that are shown as they are.

use crate::report::schema::{Cluster, Container, Member, Server, State};

/// Longest command that is shown in full.
const COMMAND: usize = 34;

/// The members.
pub(super) fn members(cluster: &Cluster, state: &State) -> String {
    let head = ["Member", "Host", "Role", "State", "TL", "Receive lag", "Replay lag"];
    let rows: Vec<Vec<String>> = state.members.iter().map(member).collect();
    let widths = widths(&head, &rows);
    let scope = cluster.scope.as_deref().unwrap_or("?");
    let id = cluster.system_id.as_deref().unwrap_or("?");
    let line = |filled: &str| {
        let dashes: Vec<String> = widths.iter().map(|width| filled.repeat(width + 2)).collect();
        format!("+{}+", dashes.join("+"))
    };
    let title = format!("+ Cluster: {scope} ({id}) ");
    let rest: String = line("-").chars().skip(title.chars().count()).collect();
    let row = |cells: &[String]| {
        let cells = cells.iter().zip(&widths).enumerate();
        let cells: Vec<String> = cells
            .map(|(column, (cell, width))| match column {
                4.. => format!(" {} ", padded(cell, *width, true)),
                _ => format!(" {} ", padded(cell, *width, false)),
            })
            .collect();
        format!("|{}|", cells.join("|"))
    };
    let mut lines = vec![title + &rest, row(&head.map(str::to_owned)), line("-")];
    lines.extend(rows.iter().map(|cells| row(cells)));
    lines.push(line("-"));
    lines.join("\n")
}

fn member(member: &Member) -> Vec<String> {
    let lag = |bytes: Option<u64>| match bytes {
        Some(bytes) => crate::model::takeover::size(bytes),
        None if member.follows => "unknown".to_owned(),
        None => String::new(),
    };
    vec![
        member.name.clone(),
        member.host.clone().unwrap_or_default(),
        member.role.to_owned(),
        member.state.clone(),
        member
            .timeline
            .map_or_else(|| "?".to_owned(), |timeline| timeline.to_string()),
        lag(member.receive_lag),
        lag(member.replay_lag),
    ]
}

/// The containers.
pub(super) fn containers(containers: &[Container]) -> String {
    let rows = containers.iter().map(|container| {
        let health = container
            .health
            .as_ref()
            .map(|health| format!(" ({health})"))
            .unwrap_or_default();
        vec![
            container.name.clone(),
            shortened(&container.command),
            format!("{}{health}", container.text),
            container.ports.clone(),
        ]
    });
    plain(&["Name", "Command", "State", "Ports"], &rows.collect::<Vec<_>>())
}

/// HAProxy's servers.
pub(super) fn servers(servers: &[Server]) -> String {
    let rows = servers.iter().map(|server| {
        vec![
            server.pool.clone(),
            server.name.clone(),
            server.status.clone(),
            server.check.clone().unwrap_or_default(),
        ]
    });
    plain(&["Pool", "Server", "Status", "Last check"], &rows.collect::<Vec<_>>())
}

/// Columns below a ruler, as docker-compose has them.
fn plain(head: &[&str], rows: &[Vec<String>]) -> String {
    let widths = widths(head, rows);
    let row = |cells: &[String]| {
        let cells: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| padded(cell, *width, false))
            .collect();
        cells.join("   ").trim_end().to_owned()
    };
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let ruler = widths.iter().sum::<usize>() + 3 * widths.len().saturating_sub(1);
    let mut lines = vec![row(&head), "-".repeat(ruler)];
    lines.extend(rows.iter().map(|cells| row(cells)));
    lines.join("\n")
}

fn widths(head: &[&str], rows: &[Vec<String>]) -> Vec<usize> {
    let columns = head.iter().enumerate();
    columns
        .map(|(column, name)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| width(cell)).fold(width(name), usize::max)
        })
        .collect()
}

/// Columns that a text takes where letters have one width.
fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

fn padded(text: &str, to: usize, right: bool) -> String {
    let blanks = " ".repeat(to.saturating_sub(width(text)));
    if right {
        blanks + text
    } else {
        text.to_owned() + &blanks
    }
}

fn shortened(command: &str) -> String {
    if command.chars().count() <= COMMAND {
        return command.to_owned();
    }
    command.chars().take(COMMAND - 1).chain(['…']).collect()
}
