//! Pages that follow what they show: a stream of events says when something has changed, and the page asks for itself
//! again.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use base::{AnyId, Result, Secret};
use people::sign_in::sessions;
use store::audit::{self, Filter};
use store::{Cx, Who};
use web::{Call, Content, View};

use crate::desk::Desk;
use crate::page::{Page, SESSION};

/// After how many looks people's pages are asked for although nobody has changed anything: who is on call changes by
/// the clock.
const ROUNDS: usize = 15;

/// Who changes what is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// People and programs, all of whose changes stand in the audit log: that is looked at first, since it costs little.
    ByPeople,
    /// A job, which notes nothing there while it is at work.
    ByJob,
}

/// What somebody follows, and what of it they have seen.
struct Followed {
    desk: Arc<Desk>,
    who: Who,
    token: Option<Secret>,
    moved: Moved,
    operations: Vec<(&'static str, String, String)>,
    /// The last thing that anybody has done.
    latest: Option<AnyId>,
    /// What the operations answered, and how many looks ago.
    seen: Option<(u64, usize)>,
}

/// Events for as long as the visitor is signed in: one each time that what these operations answer has changed. Each is
/// an operation with the ID in its path and its query.
pub fn follow(page: &Page, moved: Moved, operations: &[(&'static str, String, String)]) -> Result<View> {
    let mut followed = Followed {
        desk: Arc::clone(&page.desk),
        who: page.visitor()?.who.clone(),
        token: page.kept(SESSION).map(Secret::from),
        moved,
        operations: operations.to_vec(),
        latest: None,
        seen: None,
    };
    let look = move || followed.has_changed().then(|| "changed".to_owned());
    Ok(View { status: 200, headers: Vec::new(), content: Content::Events(Box::new(look)) })
}

impl Followed {
    fn has_changed(&mut self) -> bool {
        let is_in =
            self.token.as_ref().is_some_and(|token| matches!(sessions::find(&self.desk.store, token), Ok(Some(_))));
        let is_quiet = is_in && self.moved == Moved::ByPeople && !self.has_happened();
        if let Some((_, rounds)) = self.seen.as_mut().filter(|(_, rounds)| is_quiet && *rounds < ROUNDS) {
            *rounds += 1;
            return false;
        }
        let now = self.digest(is_in);
        self.seen.replace((now, 0)).is_some_and(|(before, _)| before != now)
    }

    /// Whether anybody has done anything since the last look.
    fn has_happened(&mut self) -> bool {
        let look = |cx: &mut Cx<'_>| Ok(audit::latest(cx, &Filter::default(), None, 1)?.first().map(|entry| entry.id));
        let latest = self.desk.store.read(Who::system(), look).wait().ok().flatten();
        std::mem::replace(&mut self.latest, latest) != latest
    }

    /// What the operations answer now. What can't be asked any more has changed, too.
    fn digest(&self, is_in: bool) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (operation, segment, query) in &self.operations {
            let segment = (!segment.is_empty()).then_some(segment.as_str());
            let call = Call { operation, segments: segment.as_slice(), query, body: serde_json::Value::Null };
            let answer = if is_in { self.desk.call(self.who.clone(), call).ok() } else { None };
            answer.map(|answer| answer.to_string()).hash(&mut hasher);
        }
        hasher.finish()
    }
}
