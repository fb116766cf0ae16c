//! Pages that follow what they show: a stream of events says when something has changed, and the page asks for itself
//! again.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use base::{Result, Secret};
use people::sign_in::sessions;
use web::{Call, Content, View};

use crate::page::{Page, SESSION};

/// Events for as long as the visitor is signed in: one each time that what these operations answer has changed. Each is
/// an operation with the ID in its path and its query.
pub fn follow(page: &Page, operations: &[(&'static str, String, String)]) -> Result<View> {
    let (desk, who) = (Arc::clone(&page.desk), page.visitor()?.who.clone());
    let token = page.kept(SESSION).map(Secret::from);
    let operations = operations.to_vec();
    let mut seen = None;
    let look = move || {
        let is_in = token.as_ref().is_some_and(|token| matches!(sessions::find(&desk.store, token), Ok(Some(_))));
        let mut hasher = DefaultHasher::new();
        for (operation, segment, query) in &operations {
            let segment = (!segment.is_empty()).then_some(segment.as_str());
            let call = Call { operation, segments: segment.as_slice(), query, body: serde_json::Value::Null };
            // What can't be asked any more has changed, too.
            let answer = if is_in { desk.call(who.clone(), call).ok() } else { None };
            answer.map(|answer| answer.to_string()).hash(&mut hasher);
        }
        let now = Some(hasher.finish());
        let before = std::mem::replace(&mut seen, now);
        (before.is_some() && before != now).then(|| "changed".to_owned())
    };
    Ok(View { status: 200, headers: Vec::new(), content: Content::Events(Box::new(look)) })
}
