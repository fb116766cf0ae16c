//! Schedules and shifts as the API has them, as far as they matter here.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A schedule.
#[derive(Clone, Debug, Deserialize)]
pub struct Schedule {
    /// Its ID.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The IANA name of its time zone.
    pub timezone: String,
    /// What decides who is on call.
    #[serde(default)]
    pub config: Config,
}

/// What decides who is on call.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Config {
    /// Versions of rotations; those of one rotation share its ID.
    #[serde(default)]
    pub rotations: Vec<Rotation>,
}

/// A version of a rotation.
#[derive(Clone, Debug, Deserialize)]
pub struct Rotation {
    /// The ID of the rotation.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// From when on it applies; always, if it is the first.
    #[serde(default)]
    pub effective_from: Option<Timestamp>,
    /// One for each who is on call at once.
    #[serde(default)]
    pub layers: Vec<Layer>,
    /// Who takes turns.
    #[serde(default)]
    pub users: Vec<User>,
}

/// A layer of a rotation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Layer {
    /// Its ID.
    pub id: String,
    /// What it is called.
    pub name: String,
}

/// Someone is on call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct Shift {
    /// The first moment.
    #[schemars(with = "base::Time")]
    pub start_at: Timestamp,
    /// The first moment after it.
    #[schemars(with = "base::Time")]
    pub end_at: Timestamp,
    /// The rotation.
    #[serde(default)]
    pub rotation_id: String,
    /// The layer.
    #[serde(default)]
    pub layer_id: String,
    /// Who it is; nobody, if the user is gone.
    #[serde(default)]
    pub user: Option<User>,
    /// Whether an override puts them on call.
    #[serde(skip)]
    pub is_override: bool,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub struct User {
    /// What they are called.
    pub name: String,
    /// Their ID.
    pub id: String,
    /// Their e-mail address.
    #[serde(default)]
    pub email: Option<String>,
}

/// A layer of a schedule: where one person at a time is on call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The rotation.
    pub rotation: String,
    /// The layer.
    pub layer: String,
    /// What both are called: `Primary`, or `Primary, Layer 2` where there are several layers.
    pub label: String,
}

impl Schedule {
    /// Where people are on call at `moment`, and where they are by `shifts`, be it gone or not there yet.
    pub fn places(&self, moment: Timestamp, shifts: &[Shift]) -> Vec<Place> {
        let mut places: Vec<_> = self.versions_at(moment).into_iter().flat_map(Rotation::places).collect();
        for shift in shifts {
            if !places.iter().any(|place| place.has(shift)) {
                places.push(self.place_of(shift));
            }
        }
        places
    }

    /// Whether somebody takes turns at `moment`.
    pub fn has_member(&self, user_id: &str, moment: Timestamp) -> bool {
        self.versions_at(moment).iter().flat_map(|rotation| &rotation.users).any(|user| user.id == user_id)
    }

    /// The version of each rotation that applies at `moment`.
    fn versions_at(&self, moment: Timestamp) -> Vec<&Rotation> {
        let mut versions: Vec<&Rotation> = Vec::new();
        for version in &self.config.rotations {
            match versions.iter_mut().find(|known| known.id == version.id) {
                Some(known) if version.effective_from.is_none_or(|from| from <= moment) => *known = version,
                Some(_) => {}
                None => versions.push(version),
            }
        }
        versions
    }

    /// The place of a shift by any version of its rotation.
    fn place_of(&self, shift: &Shift) -> Place {
        let versions = self.config.rotations.iter().rev().filter(|version| version.id == shift.rotation_id);
        let found = versions.clone().flat_map(Rotation::places).find(|place| place.has(shift));
        let name = versions.clone().next().map_or("a former rotation", |version| &version.name);
        let former =
            || Place { rotation: shift.rotation_id.clone(), layer: shift.layer_id.clone(), label: name.to_owned() };
        found.unwrap_or_else(former)
    }
}

impl Rotation {
    fn places(&self) -> Vec<Place> {
        let label = |layer: &Layer| match self.layers.len() {
            1 => self.name.clone(),
            _ => format!("{}, {}", self.name, layer.name),
        };
        let place = |layer: &Layer| Place { rotation: self.id.clone(), layer: layer.id.clone(), label: label(layer) };
        self.layers.iter().map(place).collect()
    }
}

impl Place {
    /// Whether `shift` is a shift there.
    pub fn has(&self, shift: &Shift) -> bool {
        (&self.rotation, &self.layer) == (&shift.rotation_id, &shift.layer_id)
    }
}

impl Shift {
    /// What the person is called.
    pub fn name(&self) -> &str {
        self.user.as_ref().map_or("a user who is gone", |user| &user.name)
    }

    /// Whether someone is on call by it at `moment`.
    pub fn covers(&self, moment: Timestamp) -> bool {
        self.start_at <= moment && moment < self.end_at
    }

    /// Whether it is part of `other`: of the same person at the same place.
    pub fn is_part_of(&self, other: &Self) -> bool {
        let whose = |shift: &Self| (shift.rotation_id.clone(), shift.layer_id.clone(), shift.user.clone());
        other.start_at <= self.start_at && self.end_at <= other.end_at && whose(self) == whose(other)
    }
}
