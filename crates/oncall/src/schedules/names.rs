//! What clients call rotations and layers.
//!
//! A rotation or layer may come with an ID that whoever sends it has chosen: any text, such as
//! `primary`, as configuration tools do. Inside, each has an ID like everything else.

use std::collections::HashMap;

use base::{AnyId, Error, Id, Result};
use sha2::{Digest, Sha256};
use store::Cx;
use web::PathSegment;

use super::record::Schedule;

/// Characters of such a text at most.
const LONGEST: usize = 200;

/// The ID of what a client calls `text` on a schedule: the text itself where it is an ID, otherwise one that is
/// made of it, always the same.
pub(crate) fn key<T: ?Sized>(schedule: Id<Schedule>, text: &str) -> Id<T> {
    let digest = || AnyId::of_digest(&Sha256::digest(format!("{schedule} {text}")));
    text.parse().unwrap_or_else(|_| digest().cast())
}

/// The ID that a request gives, with what it is called if that is not the ID itself; a new one where it gives none.
pub(super) fn key_or_new<T: ?Sized>(
    cx: &Cx<'_>,
    schedule: Id<Schedule>,
    pointer: &str,
    text: Option<&str>,
) -> Result<(Id<T>, Option<String>)> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok((cx.new_id(), None)) };
    if text.chars().count() > LONGEST {
        return Err(Error::invalid(pointer, format!("has {LONGEST} characters at most")));
    }
    let id: Id<T> = key(schedule, text);
    Ok((id, (id.to_string() != text).then(|| text.to_owned())))
}

/// What a client calls a rotation, in a path.
#[derive(Clone)]
pub(super) struct Called(pub String);

impl PathSegment for Called {
    fn from_segment(segment: &str) -> Option<Self> {
        Some(Self(segment.into()))
    }
}

/// What the rotations and layers of a schedule are called where that is not their ID.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<AnyId, String>);

impl Names {
    /// Those of `schedule`, also of rotations and layers that it has no more.
    pub fn of(schedule: &Schedule) -> Self {
        let past = schedule.past.iter().map(|(_, configuration)| configuration);
        let rotations = past.chain([&schedule.configuration]).flat_map(|configuration| &configuration.rotations);
        let names = rotations.flat_map(|rotation| {
            let layers = rotation.layers.iter().map(|layer| (layer.id.cast(), &layer.called));
            layers.chain([(rotation.id.cast(), &rotation.called)])
        });
        Self(names.filter_map(|(id, called)| Some((id, called.clone()?))).collect())
    }

    /// What clients call the rotation or layer with this ID.
    pub fn get<T: ?Sized>(&self, id: Id<T>) -> String {
        self.0.get(&id.cast()).cloned().unwrap_or_else(|| id.to_string())
    }
}
