//! Moments as people type them: by the clock of a time zone, without saying so.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

/// The fields of whatever lasts for a while.
const FIELDS: [&str; 2] = ["start_at", "end_at"];

/// From when to when `lasting` is, as fields show it: `2026-03-02T09:00`.
pub fn typed(lasting: &Json, zone: &TimeZone) -> Json {
    let [start, end] = FIELDS.map(|name| shown(&lasting[name], zone));
    json!({"start_at": start, "end_at": end})
}

/// Puts the moments that were meant into `body`, in the place of what was typed. One that stands as it was shown stays
/// as it was `before`: fields know nothing of seconds. What is no time stays, for the operation to say so.
pub fn understand(body: &mut Json, before: &Json, zone: &TimeZone) {
    for name in FIELDS {
        let Some(moment) = body[name].as_str().and_then(|text| meant(text, zone)) else { continue };
        let meant = json!(moment.to_string());
        let is_as_shown = shown(&meant, zone) == shown(&before[name], zone);
        body[name] = if is_as_shown { before[name].clone() } else { meant };
    }
}

fn shown(moment: &Json, zone: &TimeZone) -> Option<String> {
    let moment: Timestamp = moment.as_str()?.parse().ok()?;
    Some(moment.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string())
}

fn meant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let local: DateTime = text.parse().ok()?;
    zone.to_ambiguous_timestamp(local).compatible().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn understood(body: Json, before: &Json) -> Json {
        let mut body = body;
        understand(&mut body, before, &berlin());
        body
    }

    #[test]
    fn what_is_typed_is_meant_by_the_clock_of_the_time_zone() {
        let body = json!({"start_at": "2026-07-01T09:00", "end_at": "2026-12-01T09:00"});
        let meant = json!({"start_at": "2026-07-01T07:00:00Z", "end_at": "2026-12-01T08:00:00Z"});
        assert_eq!(understood(body.clone(), &json!({})), meant);
        assert_eq!(typed(&meant, &berlin()), body);
        let skipped = understood(json!({"start_at": "2026-03-29T02:30", "end_at": ""}), &json!({}));
        assert_eq!(skipped["start_at"], "2026-03-29T01:30:00Z", "the clock goes from two to three that night");
    }

    #[test]
    fn what_is_no_time_is_left_for_the_operation_to_refuse() {
        let body = json!({"start_at": "soon", "end_at": "2026-02-30T09:00"});
        assert_eq!(understood(body.clone(), &json!({})), body);
    }

    #[test]
    fn seconds_that_a_field_does_not_show_are_kept() {
        let before = json!({"start_at": "2026-07-01T07:00:31.5Z", "end_at": "2026-07-01T08:00:00Z"});
        let mut body = typed(&before, &berlin());
        body["end_at"] = json!("2026-07-01T11:00");
        let kept = json!({"start_at": "2026-07-01T07:00:31.5Z", "end_at": "2026-07-01T09:00:00Z"});
        assert_eq!(understood(body, &before), kept);
    }
}
