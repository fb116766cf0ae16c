//! Doing what a plan says: types, then their attributes, then entries in parallel, and at last what is
//! to be archived. What fails doesn't stop the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use connect::client::Trouble;
use indicatif::ProgressBar;

use super::model::{Attribute, Binding, Bindings, Changes, NewEntry, Patch};
use super::plan::{Create, Plan, TypePlan, Update, Values};
use super::remote::{PAGE, Remote};
use super::schema::STEPS;
use crate::open::progress_bar;

/// Something that could not be done.
#[derive(Debug)]
pub struct Failure {
    /// Where it stands: file, type, entry.
    pub place: String,
    /// What the server said.
    pub message: String,
    /// How many entries were not written for it.
    pub entries: usize,
}

/// Does what `plan` says, with `threads` requests at once; returns what failed.
pub fn apply(remote: &Remote, plan: &Plan<'_>, threads: usize) -> Vec<Failure> {
    let mut applying = Applying { remote, failures: Vec::new(), failed: BTreeSet::new() };
    let mut types: Vec<_> = plan.types.iter().map(|plan| applying.make_type(plan)).collect();
    for step in 0..STEPS {
        for (plan, made) in plan.types.iter().zip(&mut types) {
            if let Some(made) = made {
                applying.give_attributes(plan, made, step);
            }
        }
    }
    let able = plan.types.iter().zip(&types).filter(|(plan, _)| !applying.failed.contains(&plan.wanted.type_name));
    let able: Vec<_> = able.filter_map(|(plan, made)| Some((plan, made.as_ref()?.id.as_str()))).collect();
    let writes: Vec<_> = able.iter().flat_map(|(plan, id)| writes(plan, id)).collect();
    let archives: Vec<_> = able.iter().flat_map(|(plan, id)| archives(plan, id)).collect();
    let mut failures = applying.failures;
    for (jobs, what) in [(writes, "writing entries"), (archives, "archiving entries")] {
        failures.extend(run(remote, &jobs, what, threads));
    }
    failures
}

/// A type on the server.
struct Made {
    id: String,
    version: i64,
}

struct Applying<'a> {
    remote: &'a Remote,
    failures: Vec<Failure>,
    /// The names of the types whose entries can't be written.
    failed: BTreeSet<String>,
}

impl Applying<'_> {
    /// Makes or changes a type.
    fn make_type(&mut self, plan: &TypePlan<'_>) -> Option<Made> {
        let made = match (plan.known, &plan.fields) {
            (Some(known), None) => Ok(Made { id: known.id.clone(), version: known.schema.version }),
            (Some(known), Some(fields)) => {
                let made = Made { id: known.id.clone(), version: known.schema.version };
                self.remote.update_type(&known.id, fields).map(|()| made)
            }
            (None, Some(fields)) => {
                let made = self.remote.create_type(&plan.wanted.type_name, fields);
                made.map(|made| Made { id: made.id, version: made.schema.version })
            }
            (None, None) => return None,
        };
        made.map_err(|trouble| self.fail(plan, "", &trouble)).ok()
    }

    /// Gives a type the attributes that it gets in this step.
    fn give_attributes(&mut self, plan: &TypePlan<'_>, made: &mut Made, step: usize) {
        let due = plan.schema.iter().find(|(due, _)| *due == step);
        let Some((_, attributes)) = due.filter(|_| !self.failed.contains(&plan.wanted.type_name)) else { return };
        match self.remote.update_schema(&made.id, made.version, attributes) {
            Ok(version) => made.version = version,
            Err(trouble) => self.fail(plan, " attributes", &trouble),
        }
    }

    fn fail(&mut self, plan: &TypePlan<'_>, part: &str, trouble: &Trouble) {
        self.failed.insert(plan.wanted.type_name.clone());
        self.failures.push(Failure {
            place: format!("{}: {}{part}", plan.wanted.source, plan.wanted.name),
            message: trouble.to_string(),
            entries: plan.creates.len() + plan.updates.len() + plan.archives.len(),
        });
    }
}

/// Something to do with entries of one type.
struct Job<'a> {
    plan: &'a TypePlan<'a>,
    type_id: &'a str,
    work: Work<'a>,
}

enum Work<'a> {
    Create(&'a Create<'a>),
    Update(Vec<&'a Update<'a>>),
    Archive(&'a str, &'a str),
}

fn writes<'a>(plan: &'a TypePlan<'a>, type_id: &'a str) -> Vec<Job<'a>> {
    let updates = together(&plan.updates).into_iter().map(Work::Update);
    let works = plan.creates.iter().map(Work::Create).chain(updates);
    works.map(|work| Job { plan, type_id, work }).collect()
}

fn archives<'a>(plan: &'a TypePlan<'a>, type_id: &'a str) -> Vec<Job<'a>> {
    let works = plan.archives.iter().map(|entry| Work::Archive(&entry.id, entry.key()));
    works.map(|work| Job { plan, type_id, work }).collect()
}

/// Puts updates together that one request can make: it names the attributes that change for all of
/// its entries, so the files have to decide the same ones for each.
fn together<'a>(updates: &'a [Update<'a>]) -> Vec<Vec<&'a Update<'a>>> {
    let mut alike: BTreeMap<Vec<usize>, Vec<&Update<'_>>> = BTreeMap::new();
    for update in updates {
        alike.entry(update.decided().collect()).or_default().push(update);
    }
    alike.values().flat_map(|updates| updates.chunks(PAGE)).map(<[_]>::to_vec).collect()
}

impl Work<'_> {
    fn entries(&self) -> usize {
        match self {
            Self::Create(_) | Self::Archive(..) => 1,
            Self::Update(updates) => updates.len(),
        }
    }
}

/// Does `jobs`, with `threads` requests at once.
fn run(remote: &Remote, jobs: &[Job<'_>], what: &'static str, threads: usize) -> Vec<Failure> {
    if jobs.is_empty() {
        return Vec::new();
    }
    let bar = progress_bar(jobs.iter().map(|job| job.work.entries()).sum());
    bar.set_message(what);
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..threads.min(jobs.len()) {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    job.run(remote, &failures, &bar);
                }
            });
        }
    });
    bar.finish_and_clear();
    failures.into_inner().unwrap_or_default()
}

impl Job<'_> {
    fn run(&self, remote: &Remote, failures: &Mutex<Vec<Failure>>, bar: &ProgressBar) {
        let fail = |place: String, trouble: &Trouble| {
            let failure = Failure { place, message: trouble.to_string(), entries: 1 };
            failures.lock().expect("no one panics holding it").push(failure);
        };
        match &self.work {
            Work::Create(create) => {
                if let Err(trouble) = self.create(remote, create) {
                    fail(self.plan.wanted.place(create.wanted), &trouble);
                }
            }
            Work::Update(updates) => self.update(remote, updates, &fail),
            Work::Archive(id, key) => {
                if let Err(trouble) = remote.archive_entry(id) {
                    fail(format!("{} {key}", self.plan.wanted.name), &trouble);
                }
            }
        }
        bar.inc(self.work.entries() as u64);
    }

    fn create(&self, remote: &Remote, create: &Create<'_>) -> Result<(), Trouble> {
        remote.create_entry(&NewEntry {
            catalog_type_id: self.type_id,
            name: &create.wanted.name,
            external_id: &create.wanted.external_id,
            aliases: create.wanted.aliases.as_deref().unwrap_or_default(),
            rank: create.wanted.rank.unwrap_or(0),
            attribute_values: bindings(&self.plan.attributes, &create.values, |_| true),
        })
    }

    /// Changes entries in one request; where it is refused, in two of one half each, and so on, until
    /// only those are left that are to blame.
    fn update(&self, remote: &Remote, updates: &[&Update<'_>], fail: &impl Fn(String, &Trouble)) {
        let Err(trouble) = remote.update_entries(&self.changes(updates)) else { return };
        match updates {
            [one] => fail(self.plan.wanted.place(one.wanted), &trouble),
            _ if trouble.status == Some(422) => {
                let (some, others) = updates.split_at(updates.len() / 2);
                self.update(remote, some, fail);
                self.update(remote, others, fail);
            }
            all => all.iter().for_each(|one| fail(self.plan.wanted.place(one.wanted), &trouble)),
        }
    }

    fn changes<'a>(&'a self, updates: &[&'a Update<'a>]) -> Changes<'a> {
        let attributes = &self.plan.attributes;
        let changed: BTreeSet<usize> = updates.iter().flat_map(|update| update.changed.iter().copied()).collect();
        let patch = |update: &&'a Update<'a>| Patch {
            entry_id: &update.known.id,
            name: &update.wanted.name,
            external_id: Some(update.wanted.external_id.as_str()).filter(|id| *id != update.known.id),
            aliases: update.wanted.aliases.as_deref(),
            rank: update.wanted.rank.unwrap_or(update.known.rank),
            attribute_values: bindings(attributes, &update.values, |place| changed.contains(&place)),
        };
        Changes {
            catalog_type_id: self.type_id,
            entries: updates.iter().map(patch).collect(),
            update_attributes: changed.iter().map(|place| attributes[*place].id.as_str()).collect(),
        }
    }
}

/// Those of `values` that are picked, as they are sent; what is absent has no value.
fn bindings<'a>(attributes: &'a [Attribute], values: &'a Values, pick: impl Fn(usize) -> bool) -> Bindings<'a> {
    let picked = values.iter().filter(|(place, texts)| pick(**place) && !texts.is_empty());
    picked
        .map(|(place, texts)| {
            let attribute = &attributes[*place];
            (attribute.id.as_str(), Binding { array: attribute.array, texts })
        })
        .collect()
}
