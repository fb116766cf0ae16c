//! What an organisation starts with.

use base::Result;
use store::Cx;

use super::follow_up_choices::{ChoiceKind, FollowUpChoice, FollowUpChoiceBody};
use super::roles::{Role, RoleType};
use super::severities::Severity;
use super::statuses::{Category, Status};
use super::timestamps::{SetBy, Timestamp};
use super::types::{CreateInTriage, IncidentType};

const SEVERITIES: [(&str, &str); 3] = [
    ("Minor", "Few people notice, or there is a way around it."),
    ("Major", "Many people can't do something that matters to them."),
    ("Critical", "Most people can't use the product, or data is at risk."),
];

const STATUSES: [(Category, &str, &str); 11] = [
    (Category::Triage, "Triage", "Somebody has to look whether this is an incident."),
    (Category::Declined, "Declined", "It turned out not to be an incident."),
    (Category::Merged, "Merged", "It is part of another incident."),
    (Category::Canceled, "Canceled", "It was declared by mistake."),
    (Category::Live, "Investigating", "We are finding out what is wrong."),
    (Category::Live, "Fixing", "We know what is wrong, and are putting it right."),
    (Category::Live, "Monitoring", "We have put it right, and are watching whether it holds."),
    (Category::Learning, "Documenting", "It is over; we are writing down what happened."),
    (Category::Learning, "Reviewing", "We are agreeing on what to learn from it."),
    (Category::Closed, "Closed", "Nothing is left to do."),
    (Category::Paused, "Paused", "Work on it waits for something."),
];

const TIMESTAMPS: [(&str, SetBy); 8] = [
    ("Impact started at", SetBy::Nothing),
    ("Reported at", SetBy::Reported),
    ("Accepted at", SetBy::Accepted),
    ("Declined at", SetBy::Declined),
    ("Merged at", SetBy::Merged),
    ("Canceled at", SetBy::Canceled),
    ("Resolved at", SetBy::Resolved),
    ("Closed at", SetBy::Closed),
];

const ROLES: [(RoleType, &str, &str, &str, &str); 2] = [
    (
        RoleType::Lead,
        "Incident Lead",
        "lead",
        "Leads the response: decides, delegates, and keeps everybody informed.",
        "Make sure that everybody knows what they are doing, and that nobody waits for news.",
    ),
    (RoleType::Reporter, "Reporter", "", "Told us about it.", ""),
];

const PRIORITIES: [(&str, &str); 4] = [
    ("Urgent", "Before anything else."),
    ("High", "This week."),
    ("Normal", "This month."),
    ("Low", "When there is time."),
];

const CATEGORIES: [(&str, &str); 3] = [
    ("Prevent", "Keeps it from happening again."),
    ("Detect", "Tells us sooner."),
    ("Recover", "Puts it right faster."),
];

/// Gives an empty database its settings.
pub(crate) fn defaults(cx: &mut Cx<'_>) -> Result<()> {
    let now = cx.now();
    for ((name, description), rank) in SEVERITIES.iter().zip(1..) {
        let (name, description) = ((*name).into(), (*description).into());
        cx.insert(&Severity { created_at: now, description, id: cx.new_id(), name, rank, updated_at: now })?;
    }
    for ((category, name, description), rank) in STATUSES.iter().zip(1..) {
        let (name, description) = ((*name).into(), (*description).into());
        let status =
            Status { category: *category, created_at: now, description, id: cx.new_id(), name, rank, updated_at: now };
        cx.insert(&status)?;
    }
    for ((name, set_by), rank) in TIMESTAMPS.iter().zip(1..) {
        cx.insert(&Timestamp { id: cx.new_id(), name: (*name).into(), rank, set_by: *set_by })?;
    }
    for (role_type, name, shortform, description, instructions) in ROLES {
        let role = Role {
            created_at: now,
            description: description.into(),
            id: cx.new_id(),
            instructions: instructions.into(),
            name: name.into(),
            role_type,
            shortform: shortform.into(),
            updated_at: now,
        };
        cx.insert(&role)?;
    }
    insert_choices(cx, ChoiceKind::Priority, &PRIORITIES)?;
    insert_choices(cx, ChoiceKind::Category, &CATEGORIES)?;
    cx.insert(&IncidentType {
        create_in_triage: CreateInTriage::Optional,
        created_at: now,
        description: "Anything that is not a more special incident.".into(),
        id: cx.new_id(),
        is_default: true,
        name: "Default".into(),
        private_incidents_only: false,
        updated_at: now,
    })
}

fn insert_choices(cx: &mut Cx<'_>, kind: ChoiceKind, choices: &[(&str, &str)]) -> Result<()> {
    for ((name, description), rank) in choices.iter().zip(1..) {
        let (name, description) = ((*name).into(), Some((*description).into()));
        cx.insert(&FollowUpChoice { kind, body: FollowUpChoiceBody { description, id: cx.new_id(), name, rank } })?;
    }
    Ok(())
}
