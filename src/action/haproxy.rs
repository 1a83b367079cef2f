//! Changes the administrative state of a server of an HAProxy over its admin socket, and reads it back
//! (`set server`, `show servers state`; HAProxy's management guide, "9.3. Unix Socket commands").

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::operation::Teller;
use crate::model::operation::{Operation, Outcome, Plan, ServerState};
use crate::model::text::{clean_bytes, clean_line, shortened};
use crate::model::topology::AdminSocket;

/// Deadline of one command.
const COMMAND: Duration = Duration::from_secs(3);
/// Most that is read of an answer.
const LONGEST: u64 = 1024 * 1024;
/// `SRV_ADMF_FMAINT`: put into maintenance by hand.
const MAINT: u32 = 0x01;
/// `SRV_ADMF_FDRAIN`: put into drain by hand.
const DRAIN: u32 = 0x08;

/// Carries out `plan`; how it ended.
pub(super) async fn perform(plan: &Plan, teller: &Teller) -> Outcome {
    set(plan, teller).await.unwrap_or_else(|outcome| outcome)
}

async fn set(plan: &Plan, teller: &Teller) -> Result<Outcome, Outcome> {
    let refused = |why: &str| Outcome::Refused(why.to_owned());
    let Operation::SetServer {
        pool, server, state, ..
    } = &plan.operation
    else {
        return Err(refused("HAProxy can do nothing of that"));
    };
    let admin = plan
        .admin
        .as_ref()
        .ok_or_else(|| refused("no admin socket is configured"))?;
    if ![pool, server].into_iter().all(|name| is_name(name)) {
        return Err(refused("that is no name of HAProxy's"));
    }
    let name = format!("{pool}/{server}");
    let looking = async {
        let before = read(admin, pool, server).await.map_err(Outcome::Refused)?;
        Ok((before, format!("{name} is {}", before.word())))
    };
    let before = teller.step("as confirmed", looking).await?;
    if before == *state {
        return Ok(Outcome::Done(format!("{name} was {} already", state.word())));
    }
    let command = format!("set server {name} state {}", state.word());
    let asking = async {
        let said = ask(admin, &command).await.map_err(Outcome::Unconfirmed)?;
        // It says something only where it refuses.
        match clean_line(&said) {
            words if words.is_empty() => Ok(((), command.clone())),
            words => Err(Outcome::Refused(format!("HAProxy: {}", shortened(&words, 300)))),
        }
    };
    teller.step("asked for", asking).await?;
    let reading = async {
        match read(admin, pool, server).await {
            Ok(now) if now == *state => Ok(((), now.word().to_owned())),
            Ok(now) => Err(Outcome::Unconfirmed(format!("{name} is still {}", now.word()))),
            Err(why) => Err(Outcome::Unconfirmed(why)),
        }
    };
    teller.step("read back", reading).await?;
    Ok(Outcome::Done(format!("{name} is {}", state.word())))
}

/// What HAProxy takes as a name: nothing that would end the command or begin another one.
fn is_name(name: &str) -> bool {
    let usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    !name.is_empty() && name.chars().all(usual)
}

/// The state of a server as the operator set it; what its checks say is another matter.
async fn read(admin: &AdminSocket, pool: &str, server: &str) -> Result<ServerState, String> {
    let table = ask(admin, &format!("show servers state {pool}")).await?;
    state(&table, server)
}

/// Finds the server in the answer to `show servers state`: a version, a line of columns, a line for each server.
fn state(table: &str, server: &str) -> Result<ServerState, String> {
    let mut lines = table.lines().map(str::trim).filter(|line| !line.is_empty());
    let header = lines.find(|line| line.starts_with('#'));
    let Some(header) = header else {
        let said = clean_line(table);
        return Err(format!("HAProxy: {}", shortened(&said, 300)));
    };
    let column = |name: &str| {
        header
            .trim_start_matches('#')
            .split_whitespace()
            .position(|one| one == name)
    };
    let (Some(name), Some(admin)) = (column("srv_name"), column("srv_admin_state")) else {
        return Err("HAProxy shows no states of servers".to_owned());
    };
    let found = lines.find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        (fields.get(name) == Some(&server)).then(|| fields.get(admin)?.parse::<u32>().ok())
    });
    match found {
        None => Err(format!("HAProxy knows no server {server} there")),
        Some(None) => Err("HAProxy shows a state that is no number".to_owned()),
        Some(Some(flags)) if flags & MAINT != 0 => Ok(ServerState::Maint),
        Some(Some(flags)) if flags & DRAIN != 0 => Ok(ServerState::Drain),
        Some(Some(_)) => Ok(ServerState::Ready),
    }
}

/// Sends one command; its answer.
async fn ask(admin: &AdminSocket, command: &str) -> Result<String, String> {
    let talk = async {
        match admin {
            AdminSocket::Unix(path) => converse(UnixStream::connect(path).await?, command).await,
            AdminSocket::Tcp(address) => {
                let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
                converse(stream, command).await
            }
        }
    };
    match timeout(COMMAND, talk).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(clean_line(&format!("{admin}: {error}"))),
        Err(_) => Err(format!("{admin}: no answer within {} s", COMMAND.as_secs())),
    }
}

async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, command: &str) -> std::io::Result<String> {
    stream.write_all(format!("{command}\n").as_bytes()).await?;
    let mut raw = Vec::new();
    stream.take(LONGEST).read_to_end(&mut raw).await?;
    Ok(clean_bytes(&raw))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    use super::*;
    use crate::model::fixture::World;
    use crate::model::name::ProxyName;
    use crate::model::topology::Address;

    const TABLE: &str = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight\n\
                         3 primary 1 postgresql0 172.18.0.2 2 0 1\n3 primary 2 postgresql1 172.18.0.3 0 32 1\n\n";

    #[test]
    fn the_state_is_what_the_operator_set() {
        assert_eq!(state(TABLE, "postgresql0"), Ok(ServerState::Ready));
        // Of a resolution of its name that failed: none of ours.
        assert_eq!(state(TABLE, "postgresql1"), Ok(ServerState::Ready));
        for (flags, expected) in [
            ("1", ServerState::Maint),
            ("8", ServerState::Drain),
            ("9", ServerState::Maint),
        ] {
            let table = TABLE.replace("2 0 1", &format!("2 {flags} 1"));
            assert_eq!(state(&table, "postgresql0"), Ok(expected), "{flags}");
        }
        for (table, why) in [
            ("Can't find backend.\n", "HAProxy: Can't find backend."),
            ("1\n# x y\n", "HAProxy shows no states of servers"),
            (TABLE, "HAProxy knows no server pg9 there"),
        ] {
            assert_eq!(state(table, "pg9"), Err(why.to_owned()));
        }
    }

    #[test]
    fn no_name_can_carry_a_second_command() {
        assert!(is_name("pg-master_0.a:b"));
        for bad in ["", "a b", "a;b", "a\nb", "a/b", "é"] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    /// An HAProxy that answers each connection with the next of these; nothing more means silence.
    async fn outcome(answers: &'static [&'static str]) -> Outcome {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let mut open = Vec::new();
            let mut answers = answers.iter();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut command = [0; 256];
                let _ = stream.read(&mut command).await;
                match answers.next() {
                    Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                    None => open.push(stream),
                }
            }
        });
        let operation = Operation::SetServer {
            proxy: ProxyName::from("lb"),
            pool: "primary".to_owned(),
            server: "postgresql0".to_owned(),
            state: ServerState::Drain,
        };
        let mut plan = Plan::of(&World::healthy().cluster, operation);
        let host = "127.0.0.1".to_owned();
        plan.admin = Some(AdminSocket::Tcp(Address { host, port }));
        perform(&plan, &Teller::to(mpsc::unbounded_channel().0)).await
    }

    #[tokio::test]
    async fn what_haproxy_says_is_the_outcome() {
        const DRAINED: &str = "1\n# srv_name srv_admin_state\npostgresql0 8\n";
        let done = outcome(&[TABLE, "\n", DRAINED]).await;
        assert_eq!(done, Outcome::Done("primary/postgresql0 is drain".to_owned()));
        let already = outcome(&[DRAINED]).await;
        assert_eq!(
            already,
            Outcome::Done("primary/postgresql0 was drain already".to_owned())
        );
        let refused = outcome(&[TABLE, "Permission denied\u{1b}[31m\n"]).await;
        assert_eq!(refused, Outcome::Refused("HAProxy: Permission denied".to_owned()));
        let same = outcome(&[TABLE, "\n", TABLE]).await;
        assert_eq!(
            same,
            Outcome::Unconfirmed("primary/postgresql0 is still ready".to_owned())
        );
        let garbage = outcome(&["\u{1b}]0;x\u{7}SSH-2.0\r\n"]).await;
        assert_eq!(garbage, Outcome::Refused("HAProxy: SSH-2.0".to_owned()));
        let silent = outcome(&[TABLE]).await;
        assert!(
            matches!(&silent, Outcome::Unconfirmed(why) if why.contains("no answer within 3 s")),
            "{silent}"
        );
    }
}
