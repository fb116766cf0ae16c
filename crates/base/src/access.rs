//! What a caller may do: scopes, and how far each of them reaches.

use std::collections::BTreeSet;

use crate::AnyId;

/// The effective scopes of a caller: those its account-level roles grant everywhere, and those its
/// team-level roles grant on what its teams own.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Granted everywhere.
    pub account: BTreeSet<&'static str>,
    /// Granted on what `teams` own.
    pub team: BTreeSet<&'static str>,
    /// The teams the team-level scopes apply to.
    pub teams: Vec<AnyId>,
    /// The user the caller acts for, whose private things it may see.
    pub user: Option<AnyId>,
    /// Every scope, everywhere: the operator at the command line, and Wardroom itself.
    pub unlimited: bool,
}

/// How far one scope of a caller reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach<'a> {
    /// Every resource.
    Everywhere,
    /// The resources that any of these teams owns.
    Teams(&'a [AnyId]),
    /// Nothing.
    Nowhere,
}

impl Access {
    /// Every scope, everywhere.
    pub fn unlimited() -> Self {
        Self { unlimited: true, ..Self::default() }
    }

    /// How far `scope` reaches.
    pub fn reach(&self, scope: &str) -> Reach<'_> {
        if self.unlimited || self.account.contains(scope) {
            Reach::Everywhere
        } else if self.team.contains(scope) && !self.teams.is_empty() {
            Reach::Teams(&self.teams)
        } else {
            Reach::Nowhere
        }
    }

    /// Whether `scope` reaches everything.
    pub fn everywhere(&self, scope: &str) -> bool {
        self.reach(scope) == Reach::Everywhere
    }

    /// Whether `scope` reaches what `team` owns.
    pub fn within_team(&self, scope: &str, team: AnyId) -> bool {
        self.reach(scope).covers(&[team])
    }
}

impl Reach<'_> {
    /// Whether it reaches a resource that `owners` own; one without owners needs an
    /// account-level scope.
    pub fn covers(self, owners: &[AnyId]) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Teams(teams) => owners.iter().any(|owner| teams.contains(owner)),
            Self::Nowhere => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reaches_as_far_as_its_roles() {
        let (ours, theirs) = (AnyId::constant(1), AnyId::constant(2));
        let access = Access {
            account: BTreeSet::from(["incidents.view"]),
            team: BTreeSet::from(["schedules.update"]),
            teams: vec![ours],
            ..Access::default()
        };
        assert!(access.everywhere("incidents.view"));
        assert!(access.within_team("schedules.update", ours));
        assert!(!access.within_team("schedules.update", theirs));
        assert!(!access.reach("schedules.update").covers(&[]));
        assert_eq!(access.reach("schedules.destroy"), Reach::Nowhere);
        assert!(Access::unlimited().everywhere("anything"));
    }
}
