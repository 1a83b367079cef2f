//! Which login a member is asked with: from the settings, and from the password file as libpq reads it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::settings::Settings;
use crate::model::topology::Address;
use crate::source::postgres::{Login, Password, Secret};

/// Longest time that reading the password file may take: a home folder can hang.
const DEADLINE: Duration = Duration::from_secs(1);

/// The login for the member at `address`.
///
/// Without a configured user the login `unconfigured` is used, with its own password if it has one. The password is,
/// in this order: the configured one (text or command), else the password file's. A password file that must not be
/// used is said in the log.
pub async fn login_for(settings: &Settings, address: &Address, unconfigured: &Login) -> Login {
    let configured = &settings.postgres;
    let database = configured.database.value.clone();
    let (user, own) = match &configured.user.value {
        Some(user) => (user.clone(), Password::None),
        None => (unconfigured.user.clone(), unconfigured.password.clone()),
    };
    let password = match (own, &configured.password.value) {
        (Password::None, Password::None) => match &configured.passfile.value {
            Some(path) => of_file(path, address, &database, &user).await,
            None => Password::None,
        },
        (Password::None, configured) => configured.clone(),
        (own, _) => own,
    };
    Login {
        user,
        password,
        database,
        sslmode: configured.sslmode.value,
    }
}

async fn of_file(path: &Path, address: &Address, database: &str, user: &str) -> Password {
    let read = timeout(DEADLINE, read(path)).await;
    match read.unwrap_or_else(|_| Err("no answer from the file system".to_owned())) {
        Ok(text) => text
            .and_then(|text| lookup(&text, address, database, user))
            .map_or(Password::None, Password::Given),
        Err(why) => {
            log::warn!("{} is not used: {why}", path.display());
            Password::None
        }
    }
}

/// The text of a password file that others cannot read; `None` if there is no file.
async fn read(path: &Path) -> Result<Option<String>, String> {
    let about = match tokio::fs::metadata(path).await {
        Ok(about) => about,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    if !about.is_file() {
        return Err("not a plain file".to_owned());
    }
    if about.permissions().mode() & 0o077 != 0 {
        return Err(format!("others can read it; do: chmod 600 {}", path.display()));
    }
    match tokio::fs::read(path).await {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) => Err(error.to_string()),
    }
}

/// The password of the first line that matches. Lines are `host:port:database:user:password`; `*` matches all, `\`
/// takes the meaning of the next character, `#` at the start is a comment.
fn lookup(text: &str, address: &Address, database: &str, user: &str) -> Option<Secret> {
    let port = address.port.to_string();
    let wanted = [address.host.as_str(), &port, database, user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut fields = fields(line).into_iter();
        let matches = wanted.iter().all(|&wanted| {
            fields
                .next()
                .is_some_and(|field| field == "*" || unescaped(field) == wanted)
        });
        let password = fields.next().filter(|_| matches)?;
        Some(Secret::new(unescaped(password)))
    })
}

/// Splits at colons that are not escaped; escapes stay.
fn fields(line: &str) -> Vec<&str> {
    let mut escaped = false;
    line.split(|c| {
        let splits = c == ':' && !escaped;
        escaped = c == '\\' && !escaped;
        splits
    })
    .collect()
}

fn unescaped(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut rest = field.chars();
    while let Some(c) = rest.next() {
        // A backslash at the very end stands for itself.
        text.push(if c == '\\' { rest.next().unwrap_or(c) } else { c });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::cli::MonitorArgs;
    use crate::config::environment::Environment;
    use crate::config::settings;
    use crate::source::postgres::SslMode;

    fn address(host: &str, port: u16) -> Address {
        Address {
            host: host.to_owned(),
            port,
        }
    }

    #[test]
    fn the_password_file_is_read_as_libpq_does() {
        let cases = [
            ("h:5432:d:u:pw", Some("pw")),
            ("h:5432:d:u:pw\r\n", Some("pw")),
            ("*:*:*:*:any", Some("any")),
            ("h:5433:d:u:pw", None),
            ("x:*:*:*:1\nh:*:*:*:2\n*:*:*:*:3", Some("2")),
            ("#h:5432:d:u:no\nh:5432:d:u:yes", Some("yes")),
            ("h:5432:d:u:a\\:b\\\\c", Some("a:b\\c")),
            ("h:5432:d:u:a:b", Some("a")),
            ("h:5432:d:u:end\\", Some("end\\")),
            ("\\*:5432:d:u:pw", None),
            ("h:5432:d:u", None),
            ("h:5432:d:u:", Some("")),
            ("", None),
            ("\n\n::::\n", None),
        ];
        for (text, expected) in cases {
            let found = lookup(text, &address("h", 5432), "d", "u");
            assert_eq!(found.as_ref().map(Secret::expose), expected, "{text:?}");
        }
        let found = lookup("\\:\\:1:5432:d:u\\:x:pw", &address("::1", 5432), "d", "u:x");
        assert_eq!(found.as_ref().map(Secret::expose), Some("pw"));
    }

    fn default_login(password: Password) -> Login {
        Login {
            user: "pgherd".to_owned(),
            password,
            database: "postgres".to_owned(),
            sslmode: SslMode::Prefer,
        }
    }

    /// User and password of the login with these variables.
    async fn login<const N: usize>(variables: [(&str, &str); N], unconfigured: Password) -> (String, Option<String>) {
        let settings = settings::resolve(&MonitorArgs::default(), &Environment::from(variables), None).unwrap();
        let login = login_for(&settings, &address("h", 5432), &default_login(unconfigured)).await;
        let password = match login.password {
            Password::None => None,
            Password::Given(secret) => Some(secret.expose().to_owned()),
            Password::Command(command) => Some(format!("$({})", command.command())),
        };
        (login.user, password)
    }

    #[tokio::test]
    async fn a_password_comes_from_the_first_place_that_has_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        std::fs::write(&path, "*:*:*:me:filed\n*:*:*:pgherd:lab\n").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let file = ("PGPASSFILE", path.to_str().unwrap());
        let given = || Password::Given(Secret::new("own"));
        let pair = |user: &str, password: &str| (user.to_owned(), Some(password.to_owned()));

        assert_eq!(login([file], given()).await, pair("pgherd", "own"));
        assert_eq!(login([file], Password::None).await, pair("pgherd", "lab"));
        assert_eq!(login([file, ("PGUSER", "me")], given()).await, pair("me", "filed"));
        let both = [file, ("PGUSER", "me"), ("PGPASSWORD", "env")];
        assert_eq!(login(both, given()).await, pair("me", "env"));
        let command = [file, ("PGUSER", "me"), ("PGHERD_PASSWORD_COMMAND", "pass pg")];
        assert_eq!(login(command, given()).await, pair("me", "$(pass pg)"));
        assert_eq!(login([("PGUSER", "me")], given()).await, ("me".to_owned(), None));

        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        assert_eq!(login([file, ("PGUSER", "me")], given()).await, ("me".to_owned(), None));
        assert_eq!(
            read(&path).await.unwrap_err(),
            format!("others can read it; do: chmod 600 {}", path.display())
        );
        assert_eq!(read(folder.path()).await.unwrap_err(), "not a plain file");
    }
}
