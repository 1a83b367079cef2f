//! The roles of the lab and their passwords. They are public and for this lab only: its ports are on 127.0.0.1 by default.
//! The same values stand in `assets/lab/postgres*.yml` and `assets/lab/post-bootstrap.sh`; a test compares them.

/// A database role and its password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// Name of the role.
    pub name: &'static str,
    /// Its password, known to everyone.
    pub password: &'static str,
}

/// The superuser.
pub const SUPERUSER: Role = Role {
    name: "postgres",
    password: "postgres",
};
/// Streams from the leader to the replica.
pub const REPLICATION: Role = Role {
    name: "replicator",
    password: "replicator",
};
/// Runs `pg_rewind`.
pub const REWIND: Role = Role {
    name: "rewind",
    password: "rewind",
};
/// What the monitor logs in as: member of `pg_monitor`, nothing else.
pub const MONITOR: Role = Role {
    name: "pgherd",
    password: "pgherd",
};
/// What the probe writes as: it may use its own table, nothing else. The monitor makes that table, and the role where it
/// was removed.
pub const PROBE: Role = Role {
    name: "pgherd_probe",
    password: "pgherd_probe",
};
/// The database to connect to.
pub const DATABASE: &str = "postgres";
/// Patroni's scope (the cluster's name).
pub const SCOPE: &str = "my_cluster";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::assets;

    #[test]
    fn assets_agree() {
        for file in ["postgres0.yml", "postgres1.yml"] {
            let yaml = assets::text(file).unwrap();
            assert!(yaml.contains(&format!("scope: {SCOPE}\n")), "{file}");
            for role in [SUPERUSER, REPLICATION, REWIND] {
                let lines = format!("username: {}\n      password: {}\n", role.name, role.password);
                assert!(yaml.contains(&lines), "{file}: {}", role.name);
            }
        }
        let sql = format!(
            "CREATE ROLE {} LOGIN PASSWORD '{}' IN ROLE pg_monitor",
            MONITOR.name, MONITOR.password
        );
        let script = assets::text("post-bootstrap.sh").unwrap();
        assert!(script.contains(&sql));
        // Without it the first login of the probe is a FATAL line in the server's log.
        let sql = format!("CREATE ROLE {} LOGIN PASSWORD '{}' ", PROBE.name, PROBE.password);
        assert!(script.contains(&sql));
    }
}
