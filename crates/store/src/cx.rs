//! The unit of work.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use base::{Access, Actor, Error, Id, Problem, Reach, Result, Time, World};

use crate::audit::{self, Target};
use crate::outbox::Event;
use crate::record::{Record, Stored};
use crate::store::{Site, Wiring};
use crate::tx::Tx;

/// On whose behalf something is done.
#[derive(Clone, Debug)]
pub struct Who {
    /// Who it is.
    pub actor: Actor,
    /// What they may do.
    pub access: Arc<Access>,
    /// The API key that the request came with, if any, also when it acts for a user.
    pub key: Option<base::AnyId>,
    /// Where the request came from.
    pub origin: Origin,
    /// The version of the resource that the caller has seen, where it says so.
    pub expects: Option<i64>,
}

impl Who {
    /// Wardroom itself, or its operator at the command line: nothing is forbidden.
    pub fn system() -> Self {
        Self {
            actor: Actor::System,
            access: Arc::new(Access::unlimited()),
            key: None,
            origin: Origin::default(),
            expects: None,
        }
    }
}

/// Where a request came from, for the audit log.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The caller's IP address, or `command line`.
    pub location: String,
    /// What the caller's software calls itself.
    pub user_agent: String,
}

/// A unit of work: one transaction, done by somebody, at one moment.
///
/// Whatever it changes is in the audit log; whatever it announces ([`Cx::emit`]) or leaves for later
/// ([`Cx::enqueue`]) exists if and only if it committed. It may be run again when it loses a race, so
/// it must not reach outside: what talks to the world is a job.
///
/// It dereferences to [`Tx`] for reading and for SQL of a feature's own.
pub struct Cx<'a> {
    tx: Tx<'a>,
    who: &'a Who,
    now: Time,
    /// The scope that the caller was admitted by, where it holds it only within its teams.
    within_teams: Option<&'static str>,
    /// Whether that was proven to be enough.
    is_proven: bool,
}

impl<'a> Deref for Cx<'a> {
    type Target = Tx<'a>;

    fn deref(&self) -> &Self::Target {
        &self.tx
    }
}

impl DerefMut for Cx<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.tx
    }
}

impl<'a> Cx<'a> {
    pub(crate) fn new(tx: Tx<'a>, who: &'a Who) -> Self {
        let now = tx.shared.world.now();
        Self { tx, who, now, within_teams: None, is_proven: true }
    }

    pub(crate) fn effects(&self) -> crate::tx::Effects {
        self.tx.effects
    }

    /// The moment it is done at: the same throughout.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Clock and entropy.
    pub fn world(&self) -> &World {
        &self.tx.shared.world
    }

    /// A new identifier, made now.
    pub fn new_id<T: ?Sized>(&self) -> Id<T> {
        self.world().new_id_at(self.now)
    }

    /// Who does it.
    pub fn actor(&self) -> &'a Actor {
        &self.who.actor
    }

    /// What they may do.
    pub fn access(&self) -> &'a Access {
        &self.who.access
    }

    /// The API key that the request came with.
    pub fn key(&self) -> Option<base::AnyId> {
        self.who.key
    }

    /// Which organisation this is, and where it is found.
    pub fn site(&self) -> &Site {
        &self.tx.shared.site
    }

    /// Where the request came from.
    pub fn origin(&self) -> &'a Origin {
        &self.who.origin
    }

    /// What features have brought along.
    pub fn wiring(&self) -> &'a Wiring {
        &self.tx.shared.wiring
    }

    /// Admits a caller who holds `scope` at all. One who holds it only within its teams still has to
    /// prove for the resource at hand that they own it ([`Cx::prove_owned`], [`Cx::owned`]); a unit
    /// of work that never does is refused in the end ([`Cx::conclude`]), so forgetting can't leak.
    pub fn admit(&mut self, scope: &'static str) -> Result<()> {
        match self.access().reach(scope) {
            Reach::Everywhere => Ok(()),
            Reach::Teams(_) => {
                (self.within_teams, self.is_proven) = (Some(scope), false);
                Ok(())
            }
            Reach::Nowhere => Err(Error::missing_scope(scope)),
        }
    }

    /// The same, but one who acts for a user may come without the scope, and then has to prove that it is
    /// that user's own affair ([`Cx::prove_own`]).
    pub fn admit_or_own(&mut self, scope: &'static str) -> Result<()> {
        if self.access().reach(scope) == Reach::Nowhere && self.access().user.is_some() {
            (self.within_teams, self.is_proven) = (Some(scope), false);
            return Ok(());
        }
        self.admit(scope)
    }

    /// Whether the caller acts for one of `users`, whose own affair this is: then that is proof enough.
    pub fn prove_own<T: ?Sized>(&mut self, users: &[Id<T>]) -> bool {
        let is_own = self.access().user.is_some_and(|user| users.iter().any(|own| own.cast() == user));
        self.is_proven |= is_own;
        is_own
    }

    /// Refuses the caller unless the scope it was admitted by covers what `owners` own. A change of
    /// owners proves both: nobody gives away what is theirs to others, or takes it from them.
    pub fn prove_owned<T: ?Sized>(&mut self, owners: &[Id<T>]) -> Result<()> {
        if let Some(scope) = self.within_teams {
            let owners: Vec<_> = owners.iter().map(|owner| owner.cast()).collect();
            if !self.access().reach(scope).covers(&owners) {
                return Err(Error::missing_scope(scope));
            }
            self.is_proven = true;
        }
        Ok(())
    }

    /// The same for what no team owns: the caller has to hold the scope everywhere.
    pub fn prove_unlimited(&mut self) -> Result<()> {
        self.prove_owned::<()>(&[])
    }

    /// The teams to whose resources the caller is limited, for a list; `None` for no limit.
    pub fn owned(&mut self) -> Option<&'a [base::AnyId]> {
        self.is_proven = true;
        self.within_teams.map(|_| self.access().teams.as_slice())
    }

    /// Ends the proof that [`Cx::admit`] asked for.
    pub fn conclude(&self) -> Result<()> {
        match self.within_teams {
            Some(scope) if !self.is_proven => Err(Error::missing_scope(scope)),
            _ => Ok(()),
        }
    }

    /// Refuses the caller unless it holds `scope` everywhere.
    pub fn require(&self, scope: &str) -> Result<()> {
        if self.access().everywhere(scope) { Ok(()) } else { Err(Error::missing_scope(scope)) }
    }

    /// The record with this ID, or 404.
    pub fn get<R: Record>(&mut self, id: Id<R>) -> Result<Stored<R>> {
        self.find(id)?.ok_or_else(Error::not_found)
    }

    /// The record that the field at `pointer` names, or a problem that points there.
    pub fn get_named<R: Record>(&mut self, pointer: &str, id: Id<R>) -> Result<Stored<R>> {
        self.find(id)?.ok_or_else(|| {
            let noun = R::KIND.replace('_', " ");
            Error::of_problems(vec![
                Problem::new("invalid_value", format!("there is no {noun} with ID {id}")).at(pointer),
            ])
        })
    }

    /// Stores a new record.
    pub fn insert<R: Record>(&mut self, record: &R) -> Result<()> {
        self.tx.insert(record)?;
        self.changed(R::VERBS[0], record)
    }

    /// Stores a change. Fails with a lost race when somebody else changed it since it was read.
    pub fn save<R: Record>(&mut self, stored: &mut Stored<R>) -> Result<()> {
        self.save_as(R::VERBS[1], stored)
    }

    /// Stores a change that has a name of its own in the audit log: `rotated`.
    pub fn save_as<R: Record>(&mut self, verb: &str, stored: &mut Stored<R>) -> Result<()> {
        self.tx.update(stored)?;
        self.changed::<R>(verb, stored)
    }

    /// Stores how far something has come of itself: the audit log tells what people do, and not of this.
    pub fn advance<R: Record>(&mut self, stored: &mut Stored<R>) -> Result<()> {
        self.tx.update(stored)
    }

    /// Deletes a record.
    pub fn delete<R: Record>(&mut self, stored: &Stored<R>) -> Result<()> {
        self.tx.delete(stored)?;
        self.changed::<R>(R::VERBS[2], stored)
    }

    /// Writes down in the audit log what has changed no record: `user.signed_in`.
    pub fn note(&mut self, action: &str, targets: &[Target]) -> Result<()> {
        let entry = audit::Entry::new(self.new_id(), self.now, action.into(), self.who, targets);
        audit::append(&mut self.tx, &entry)
    }

    /// Writes the change down in the audit log, and has whatever follows the record follow.
    fn changed<R: Record>(&mut self, verb: &str, record: &R) -> Result<()> {
        let target = Target { name: record.audited_as(&mut self.tx)?, ..Target::of(record) };
        self.note(&format!("{}.{verb}", R::KIND), &[target])?;
        let followers = self.wiring().followers.iter().filter(|follower| follower.kind == R::KIND);
        followers.map(|follower| follower.follow).try_for_each(|follow| follow(self, record.id().cast()))
    }

    /// Refuses the change of a record of which the caller has seen another version than this one.
    pub fn expect_version<R>(&self, stored: &Stored<R>) -> Result<()> {
        match self.who.expects {
            Some(version) if version != stored.version() => {
                Err(Error::conflict("The resource has changed since it was read: read it again, and repeat the change"))
            }
            _ => Ok(()),
        }
    }

    /// Announces something. Whoever subscribed hears of it after this has committed.
    pub fn emit<E: Event>(&mut self, event: &E) -> Result<()> {
        crate::outbox::append(self, E::KIND, event)
    }

    /// Leaves `payload` to the jobs of `kind`, due at `due`.
    pub fn enqueue(&mut self, kind: &str, payload: &impl serde::Serialize, due: Time) -> Result<()> {
        let id = self.new_id();
        crate::jobs::enqueue(&mut self.tx, id, kind, payload, due, self.now)
    }
}
