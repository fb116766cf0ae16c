//! What incidents are described with: severities, statuses, types, roles and custom fields. Each is a list with a form
//! for one of its items, over the operations of its own.

use base::{Error, Result};
use serde_json::{Map, Value as Json, json};
use web::View;

use super::options;
use crate::fields::step;
use crate::page::{Page, Refused, pages};

pages! {
    GET "/settings/{list}" => index;
    GET "/settings/{list}/new" => new_form;
    POST "/settings/{list}/new" => create;
    GET "/settings/{list}/{id}" => edit_form;
    POST "/settings/{list}/{id}" => edit;
    POST "/settings/{list}/{id}/delete" => delete;
}

/// A list of things that incidents are described with.
pub struct List {
    /// Where it is within the settings.
    path: &'static str,
    /// What it is called.
    name: &'static str,
    /// What one of it is called.
    one: &'static str,
    /// What it is for.
    about: &'static str,
    /// The group of its operations.
    operations: &'static str,
    /// What an answer calls one of it, and all of it.
    keys: (&'static str, &'static str),
    /// What it takes to see it.
    pub scope: &'static str,
    /// What it takes to change it; nobody does so where there is none.
    manage: Option<&'static str>,
    /// What a form asks.
    inputs: &'static [Input],
    /// What no form asks, and what stays as it is.
    kept: &'static [&'static str],
}

/// What a form asks.
struct Input {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    kind: Kind,
    is_required: bool,
    /// Whether it is said once and never changes.
    is_for_good: bool,
}

/// How it is asked.
enum Kind {
    Line,
    Lines,
    Number,
    /// One of these, by what the operation and by what people call it.
    Words(&'static [(&'static str, &'static str)]),
    /// One of what an operation lists, under this name.
    Listed(&'static str, &'static str),
}

impl Kind {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Lines => "lines",
            Self::Number => "number",
            Self::Words(_) | Self::Listed(..) => "choice",
        }
    }
}

const fn required(name: &'static str, label: &'static str, hint: &'static str, kind: Kind) -> Input {
    Input { name, label, hint, kind, is_required: true, is_for_good: false }
}

const fn optional(name: &'static str, label: &'static str, hint: &'static str, kind: Kind) -> Input {
    Input { name, label, hint, kind, is_required: false, is_for_good: false }
}

const fn for_good(input: Input) -> Input {
    Input { is_for_good: true, ..input }
}

const CATEGORIES: &[(&str, &str)] = &[("live", "Live"), ("learning", "Post-incident"), ("closed", "Closed")];
const FIELD_TYPES: &[(&str, &str)] = &[
    ("single_select", "One of several options"),
    ("multi_select", "Several of several options"),
    ("text", "Text"),
    ("link", "Link"),
    ("numeric", "Number"),
];
const CATALOG_TYPE: &str = "catalog_type_id";

/// The lists.
pub const LISTS: &[List] = &[
    List {
        path: "severities",
        name: "Severities",
        one: "severity",
        about: "How bad an incident is, the mildest first",
        operations: "Severities V1",
        keys: ("severity", "severities"),
        scope: "severities.view",
        manage: Some("organisation_settings.update"),
        inputs: &[
            required("name", "Name", "As people say it: Minor", Kind::Line),
            optional("description", "When is an incident that bad?", "", Kind::Lines),
            optional("rank", "Rank", "The higher, the worse. Blank makes a new one the worst", Kind::Number),
        ],
        kept: &[],
    },
    List {
        path: "statuses",
        name: "Statuses",
        one: "status",
        about: "What incidents go through, from triage to closed",
        operations: "Incident Statuses V1",
        keys: ("incident_status", "incident_statuses"),
        scope: "incident_statuses.view",
        manage: Some("incident_lifecycles.update"),
        inputs: &[
            required("name", "Name", "As people say it: Investigating", Kind::Line),
            for_good(required("category", "Category", "It stays so for good", Kind::Words(CATEGORIES))),
            optional("description", "What does it mean?", "", Kind::Lines),
            optional("rank", "Rank", "Where it comes among those of its category, the lowest first", Kind::Number),
        ],
        kept: &[],
    },
    List {
        path: "incident-types",
        name: "Incident types",
        one: "incident type",
        about: "Which kinds of incidents there are",
        operations: "Incident Types V1",
        keys: ("incident_type", "incident_types"),
        scope: "incident_types.view",
        manage: None,
        inputs: &[],
        kept: &[],
    },
    List {
        path: "roles",
        name: "Incident roles",
        one: "role",
        about: "Who does what in an incident",
        operations: "Incident Roles V2",
        keys: ("incident_role", "incident_roles"),
        scope: "incident_roles.view",
        manage: Some("organisation_settings.update"),
        inputs: &[
            required("name", "Name", "As people say it: Communications lead", Kind::Line),
            required("shortform", "Short name", "In one word, for chats: comms", Kind::Line),
            required("description", "What is it for?", "", Kind::Lines),
            optional(
                "instructions",
                "What is to be done by whoever has it?",
                "They read it when they get the role",
                Kind::Lines,
            ),
        ],
        kept: &[],
    },
    List {
        path: "custom-fields",
        name: "Custom fields",
        one: "custom field",
        about: "What else is asked about an incident",
        operations: "Custom Fields V2",
        keys: ("custom_field", "custom_fields"),
        scope: "custom_fields.view",
        manage: Some("organisation_settings.update"),
        inputs: &[
            required("name", "Name", "As people say it: Affected region", Kind::Line),
            required("description", "What is to be filled in?", "", Kind::Lines),
            for_good(required("field_type", "Type", "It stays so for good", Kind::Words(FIELD_TYPES))),
            for_good(optional(
                CATALOG_TYPE,
                "Options from the catalog",
                "The entries of this type are the options. Otherwise you list them once the field is there",
                Kind::Listed("Catalog V3#ListTypes", "catalog_types"),
            )),
        ],
        kept: &["filter_by", "fixed_filter", "group_by_catalog_attribute_id", "helptext_catalog_attribute_id"],
    },
];

impl List {
    fn of(page: &Page) -> Result<&'static Self> {
        LISTS.iter().find(|list| list.path == page.segment(0)).ok_or_else(Error::not_found)
    }

    /// The list for templates.
    pub fn told(&self) -> Json {
        json!({"path": self.home(), "name": self.name, "one": self.one, "about": self.about})
    }

    fn home(&self) -> String {
        format!("/settings/{}", self.path)
    }

    /// Refuses whoever may not change it.
    fn require_manager(&self, page: &Page) -> Result<()> {
        page.require(self.manage.ok_or_else(Error::not_found)?)
    }

    fn operation(&self, verb: &str) -> String {
        format!("{}#{verb}", self.operations)
    }

    fn is_managed_by(&self, page: &Page) -> bool {
        self.manage.is_some_and(|scope| page.may(scope))
    }

    /// Whether an item can be changed at all: the platform itself keeps most categories of statuses.
    fn is_open(&self, item: &Json) -> bool {
        self.path != "statuses" || CATEGORIES.iter().any(|(category, _)| item["category"] == *category)
    }

    /// What a form says, as the operation reads it; `stored` is what there is already.
    fn body(&self, page: &Page, stored: Option<&Json>) -> Json {
        let mut body = Map::new();
        for name in self.kept {
            if let Some(value) = stored.and_then(|stored| stored.get(name)) {
                body.insert((*name).into(), value.clone());
            }
        }
        for input in self.inputs.iter().filter(|input| stored.is_none() || !input.is_for_good) {
            if let Some(value) = input.read(page) {
                body.insert(input.name.into(), value);
            }
        }
        body.into()
    }
}

impl Input {
    fn read(&self, page: &Page) -> Option<Json> {
        match self.kind {
            Kind::Line | Kind::Lines => Some(page.form.text(self.name).into()),
            // What is no number is refused by the operation.
            Kind::Number => page.form.get(self.name).map(|text| text.parse::<i64>().map_or(json!(text), Json::from)),
            Kind::Words(_) | Kind::Listed(..) => page.form.get(self.name).map(Json::from),
        }
    }

    fn told(&self, page: &Page, stored: &Json) -> Result<Json> {
        let options = match self.kind {
            Kind::Words(words) => words.iter().map(|(id, name)| json!({"id": id, "name": name})).collect(),
            Kind::Listed(operation, many) => page.ask_if_allowed(operation, "", "")?[many].take(),
            Kind::Line | Kind::Lines | Kind::Number => Json::Null,
        };
        Ok(json!({
            "name": self.name, "label": self.label, "hint": self.hint, "kind": self.kind.as_str(),
            "required": self.is_required, "options": options, "value": stored[self.name],
        }))
    }
}

fn index(page: &Page) -> Result<View> {
    let list = List::of(page)?;
    let items = page.ask(&list.operation("List"), "", "")?[list.keys.1].take();
    let items: Vec<_> = items
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| {
            let mut item = item.clone();
            item["is_open"] = (list.is_managed_by(page) && list.is_open(&item)).into();
            item
        })
        .collect();
    let variables = json!({"list": list.told(), "items": items, "is_managed": list.is_managed_by(page)});
    Ok(page.show("settings/list.html", variables))
}

fn new_form(page: &Page) -> Result<View> {
    List::of(page)?.require_manager(page)?;
    new_with(page, &Refused::default())
}

fn new_with(page: &Page, refused: &Refused) -> Result<View> {
    let list = List::of(page)?;
    let inputs: Vec<_> = list.inputs.iter().map(|input| input.told(page, &Json::Null)).collect::<Result<_>>()?;
    Ok(page.form("settings/item.html", json!({"list": list.told(), "inputs": inputs}), refused))
}

fn create(page: &Page) -> Result<View> {
    let list = List::of(page)?;
    match page.submit(&list.operation("Create"), "", list.body(page, None))? {
        Ok(answer) => {
            let id = answer[list.keys.0]["id"].as_str().unwrap_or_default();
            let item = &answer[list.keys.0];
            // Whoever has made a field with options lists them next.
            let next = if options::has_its_own(item) { format!("{}/{id}#options", list.home()) } else { list.home() };
            Ok(page.done(&next, &format!("{} is there", page.form.text("name"))))
        }
        Err(refused) => new_with(page, &refused),
    }
}

fn item(page: &Page, list: &List) -> Result<Json> {
    Ok(page.ask(&list.operation("Show"), page.segment(1), "")?[list.keys.0].take())
}

fn edit_form(page: &Page) -> Result<View> {
    List::of(page)?.require_manager(page)?;
    edit_with(page, &Refused::default())
}

/// The form of one item; a field with options of its own lists them below.
pub fn edit_with(page: &Page, refused: &Refused) -> Result<View> {
    let list = List::of(page)?;
    let item = item(page, list)?;
    if !list.is_open(&item) {
        return Err(Error::not_found());
    }
    let inputs = list.inputs.iter().filter(|input| !input.is_for_good).map(|input| input.told(page, &item));
    let inputs: Vec<_> = inputs.collect::<Result<_>>()?;
    let options = if options::has_its_own(&item) { options::of(page, page.segment(1))? } else { Json::Null };
    let variables = json!({"list": list.told(), "inputs": inputs, "item": item, "options": options});
    Ok(page.form("settings/item.html", variables, refused))
}

fn edit(page: &Page) -> Result<View> {
    let list = List::of(page)?;
    let body = list.body(page, Some(&item(page, list)?));
    match page.submit(&list.operation("Update"), page.segment(1), body)? {
        Ok(_) => Ok(page.done(&list.home(), &format!("{} is changed", page.form.text("name")))),
        Err(refused) => edit_with(page, &refused),
    }
}

fn delete(page: &Page) -> Result<View> {
    let list = List::of(page)?;
    list.require_manager(page)?;
    page.call(&list.operation("Delete"), page.segment(1), Json::Null)?;
    Ok(page.done(&list.home(), &format!("The {} is deleted", list.one)))
}

/// Where a custom field is.
pub fn custom_field(page: &Page) -> String {
    format!("/settings/custom-fields/{}", step(page.segment(0)))
}
