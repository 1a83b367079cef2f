//! The operations that make sense here: of the cluster, of the selected member, of each server of an HAProxy.

use super::{Choice, Item};
use crate::app::App;
use crate::model::name::MemberName;
use crate::model::operation::{Operation, ServerState};

impl App {
    /// Each with what forbids it now.
    pub(super) fn operations_to_choose(&self) -> Vec<Item> {
        let leader = self.cluster.lock_holder().cloned();
        let members: Vec<MemberName> = self.members().into_iter().map(|member| member.name).collect();
        let mut operations = Vec::new();
        if let Some(leader) = &leader {
            let others = members.iter().filter(|member| *member != leader).cloned().map(Some);
            operations.extend(others.chain([None]).map(|candidate| Operation::Switchover {
                leader: leader.clone(),
                candidate,
                at: None,
            }));
        }
        let others = members.iter().filter(|member| Some(*member) != leader.as_ref());
        operations.extend(others.cloned().map(|candidate| Operation::Failover { candidate }));
        if let Some(member) = self.selected_member() {
            operations.extend([
                restart(&member, false),
                restart(&member, true),
                Operation::Reload { member: member.clone() },
                Operation::Reinitialise { member: member.clone() },
                Operation::FlushRestart { member },
            ]);
        }
        operations.extend(Operation::rolling_restart(&self.cluster));
        operations.extend([Operation::Pause, Operation::Resume, Operation::FlushSwitchover]);
        operations.extend(self.servers());
        let mut items: Vec<Item> = operations.into_iter().map(|operation| self.item(operation)).collect();
        items.push(Item {
            title: "edit-config: the dynamic configuration, in $EDITOR".to_owned(),
            key: String::new(),
            help: "What differs is shown and asked about before it is written.",
            choice: Choice::Configuration,
            refused: None,
        });
        // What can be done now comes first.
        items.sort_by_key(|item| item.refused.is_some());
        items
    }

    fn item(&self, operation: Operation) -> Item {
        let obstacles = operation.obstacles(&self.cluster, self.now);
        Item {
            title: operation.to_string(),
            key: String::new(),
            help: help_of(&operation),
            refused: (!obstacles.is_empty()).then(|| obstacles.join("; ")),
            choice: Choice::Operation(operation),
        }
    }

    /// The states of each server, where HAProxy takes commands.
    fn servers(&self) -> Vec<Operation> {
        let commanded = self
            .cluster
            .targets
            .proxies
            .iter()
            .filter(|proxy| proxy.admin.is_some());
        let mut operations = Vec::new();
        for target in commanded {
            let known = self.cluster.proxies.iter().find(|(name, _)| **name == target.name);
            let pools = known.map_or(&[][..], |(_, known)| known.value.pools.as_slice());
            for (pool, server) in pools
                .iter()
                .flat_map(|pool| pool.servers.iter().map(move |server| (pool, server)))
            {
                operations.extend(ServerState::ALL.map(|state| Operation::SetServer {
                    proxy: target.name.clone(),
                    pool: pool.name.clone(),
                    server: server.name.clone(),
                    state,
                }));
            }
        }
        operations
    }
}

fn restart(member: &MemberName, only_pending: bool) -> Operation {
    Operation::Restart {
        member: member.clone(),
        only_pending,
        at: None,
    }
}

fn help_of(operation: &Operation) -> &'static str {
    match operation {
        Operation::Switchover { .. } => "The leader hands over, planned and without loss; now or at a time.",
        Operation::Failover { .. } => "Somebody takes over, also without a leader, also at a loss.",
        Operation::Restart { .. } => "Its PostgreSQL restarts, under Patroni; now or at a time.",
        Operation::RollingRestart { .. } => "Every PostgreSQL restarts, and clients lose writes once, at the handover.",
        Operation::Reload { .. } => "Its Patroni reads its configuration file again.",
        Operation::Reinitialise { .. } => "A replica throws its data away and is made anew from the leader.",
        Operation::Pause => "Maintenance: Patroni watches and changes nothing by itself.",
        Operation::Resume => "The end of maintenance: Patroni acts by itself again.",
        Operation::FlushSwitchover => "A switchover that is asked for and not begun is withdrawn.",
        Operation::FlushRestart { .. } => "A scheduled restart is withdrawn.",
        Operation::EditConfig { .. } => "The dynamic configuration changes.",
        Operation::SetServer { .. } => "A server of HAProxy changes its administrative state.",
    }
}
