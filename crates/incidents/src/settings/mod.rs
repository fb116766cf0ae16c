//! What incidents are described with. All of it is small, so every transaction has it at hand in
//! memory ([`Settings`]).

pub mod custom_fields;
pub mod follow_up_choices;
pub mod roles;
pub mod severities;
pub mod statuses;
pub mod timestamps;
pub mod types;

mod defaults;

use std::collections::HashMap;

use base::{Id, Result};
use store::{Cached, Condition, Record, Tx};
use web::{Rendered, Route};

pub(crate) use defaults::defaults;

use custom_fields::{CustomField, CustomFieldOption};
use follow_up_choices::FollowUpChoice;
use roles::{Role, RoleV1};
use severities::Severity;
use statuses::Status;
use timestamps::{Timestamp, TimestampBody};
use types::IncidentType;

/// The epoch of everything here.
pub(crate) const EPOCH: &str = "incident_settings";

pub(crate) fn routes() -> Vec<Route> {
    let tables = [
        severities::routes(),
        statuses::routes(),
        types::routes(),
        roles::routes(),
        timestamps::routes(),
        custom_fields::routes(),
    ];
    tables.into_iter().flatten().collect()
}

/// All records of one kind, in their order.
#[derive(Debug)]
pub struct Shelf<R: Record> {
    rows: Vec<Rendered<R>>,
    places: HashMap<Id<R>, usize>,
}

impl<R: Record> Shelf<R> {
    fn load(tx: &mut Tx<'_>, order_by: &str) -> Result<Self> {
        let rows: Vec<_> = tx
            .list::<R>(Condition::everything(), order_by)?
            .into_iter()
            .map(|row| Rendered::new(row.into_inner()))
            .collect();
        let places = rows.iter().enumerate().map(|(place, row)| (row.id(), place)).collect();
        Ok(Self { rows, places })
    }

    /// The record with this ID.
    pub fn get(&self, id: Id<R>) -> Option<&Rendered<R>> {
        self.places.get(&id).map(|place| &self.rows[*place])
    }

    /// The record that the field at `pointer` names, or a problem that points there.
    pub fn named(&self, pointer: &str, id: &str) -> Result<&Rendered<R>> {
        let noun = R::KIND.replace('_', " ");
        let found = id.parse().ok().and_then(|id| self.get(id));
        found.ok_or_else(|| base::Error::invalid(pointer, format!("there is no {noun} with ID {id}")))
    }

    /// Every record, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Rendered<R>> {
        self.rows.iter()
    }
}

/// All settings.
#[derive(Debug)]
pub struct Settings {
    /// Least severe first.
    pub severities: Shelf<Severity>,
    /// By category, then rank.
    pub statuses: Shelf<Status>,
    /// Oldest first.
    pub types: Shelf<IncidentType>,
    /// Oldest first.
    pub roles: Shelf<Role>,
    /// By rank.
    pub timestamps: Shelf<Timestamp>,
    /// Oldest first.
    pub fields: Shelf<CustomField>,
    /// By sort key.
    pub options: Shelf<CustomFieldOption>,
    /// By rank.
    pub follow_up_choices: Shelf<FollowUpChoice>,
    /// Every role as an incident shows it.
    pub(crate) shown_roles: Vec<(Id<Role>, Rendered<RoleV1>)>,
    /// Every timestamp as an incident shows it.
    pub(crate) shown_timestamps: Vec<(Id<Timestamp>, Rendered<TimestampBody>)>,
    options_of: HashMap<Id<CustomField>, Vec<Rendered<CustomFieldOption>>>,
}

impl Cached for Settings {
    const EPOCH: &'static str = EPOCH;

    fn load(tx: &mut Tx<'_>) -> Result<Self> {
        let options = Shelf::<CustomFieldOption>::load(tx, "sort_key, id")?;
        let mut options_of: HashMap<_, Vec<_>> = HashMap::new();
        for option in options.iter() {
            options_of.entry(option.custom_field_id).or_default().push(option.clone());
        }
        let mut statuses = Shelf::<Status>::load(tx, "rank, id")?;
        statuses.rows.sort_by_key(|status| status.category);
        statuses.places = statuses.rows.iter().enumerate().map(|(place, row)| (row.id, place)).collect();
        let roles = Shelf::<Role>::load(tx, "id")?;
        let timestamps = Shelf::<Timestamp>::load(tx, "rank, id")?;
        Ok(Self {
            severities: Shelf::load(tx, "rank, id")?,
            statuses,
            types: Shelf::load(tx, "id")?,
            shown_roles: roles.iter().map(|role| (role.id, Rendered::new((**role).clone().into()))).collect(),
            shown_timestamps: timestamps.iter().map(|moment| (moment.id, Rendered::new((&**moment).into()))).collect(),
            roles,
            timestamps,
            fields: Shelf::load(tx, "id")?,
            follow_up_choices: Shelf::load(tx, "kind, rank, id")?,
            options,
            options_of,
        })
    }
}

impl Settings {
    /// What can be chosen in `field`, in order.
    pub fn options_of(&self, field: Id<CustomField>) -> &[Rendered<CustomFieldOption>] {
        self.options_of.get(&field).map_or(&[], Vec::as_slice)
    }
}
