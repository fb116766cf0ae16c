//! Who is on call at a moment, in words.

use connect::schedules::{Place, Schedule, Shift};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::when::{how_long, time};

/// How far away the end of a shift is that has none, as far as people care.
const FOREVER: SignedDuration = SignedDuration::from_hours(5 * 365 * 24);

/// How things stand at one place of a schedule at a moment.
#[derive(Clone, Debug)]
pub struct Duty {
    schedule_id: String,
    schedule: String,
    zone: TimeZone,
    /// The place; none on a schedule that has no rotations.
    place: Option<Place>,
    at: Timestamp,
    /// Who is on call.
    current: Option<Shift>,
    /// Whose shift begins next, as far as was looked.
    next: Option<Shift>,
}

/// How things stand on `schedule` at `at`, by the shifts from then on; in the order of its rotations.
pub fn duties(schedule: &Schedule, zone: &TimeZone, at: Timestamp, shifts: &[Shift]) -> Vec<Duty> {
    let current: Vec<Shift> = shifts.iter().filter(|shift| shift.covers(at)).cloned().collect();
    let duty = |place: Option<Place>| {
        let is_there = |shift: &&Shift| place.as_ref().is_some_and(|place| place.has(shift));
        Duty {
            schedule_id: schedule.id.clone(),
            schedule: schedule.name.clone(),
            zone: zone.clone(),
            at,
            current: current.iter().find(is_there).cloned(),
            next: shifts.iter().filter(is_there).find(|shift| shift.start_at > at).cloned(),
            place,
        }
    };
    let places = schedule.places(at, &current);
    if places.is_empty() { vec![duty(None)] } else { places.into_iter().map(|place| duty(Some(place))).collect() }
}

impl Duty {
    /// Whether it is known who is next, if there can be anybody.
    pub fn knows_next(&self) -> bool {
        self.next.is_some() || self.place.is_none()
    }

    /// The moment, by the clock of the schedule.
    pub fn moment(&self) -> jiff::Zoned {
        self.at.to_zoned(self.zone.clone())
    }

    /// Whether the same person is on call at the same place as in `other`, for the same kind of reason.
    pub fn is_as_in(&self, other: &Self) -> bool {
        let who = |duty: &Self| duty.current.as_ref().map(|shift| (shift.user.clone(), shift.is_override));
        self.is_where(other) && who(self) == who(other)
    }

    fn is_where(&self, other: &Self) -> bool {
        let place = |duty: &Self| duty.place.as_ref().map(|place| (place.rotation.clone(), place.layer.clone()));
        self.schedule_id == other.schedule_id && place(self) == place(other)
    }

    /// What is to be said: `Payments, Primary: Ada Okafor <ada@acme.example> until …; next: Bob Li`.
    pub fn sentence(&self) -> String {
        let what = match (&self.current, &self.place) {
            (Some(current), _) => self.somebody(current),
            (None, Some(_)) => self.nobody(),
            (None, None) => "nobody is on call: it has no rotation".into(),
        };
        let place = self.place.as_ref().map_or_else(String::new, |place| format!(", {}", place.label));
        format!("{}{place}: {what}", self.schedule)
    }

    fn somebody(&self, shift: &Shift) -> String {
        let email = shift.user.as_ref().and_then(|user| user.email.as_ref());
        let email = email.map_or_else(String::new, |email| format!(" <{email}>"));
        let until = match shift.end_at.duration_since(self.at) {
            long if long > FOREVER => "until further notice".into(),
            long => format!("until {} (in {})", self.time(shift.end_at), how_long(long)),
        };
        let next = match &self.next {
            Some(next) if next.start_at > shift.end_at => format!("; next: {}", self.from(next)),
            Some(next) if next.user == shift.user => format!("; next: {} again", named(next)),
            Some(next) => format!("; next: {}", named(next)),
            None => String::new(),
        };
        format!("{}{email}{} {until}{next}", shift.name(), mark(shift))
    }

    fn nobody(&self) -> String {
        match &self.next {
            Some(next) => format!("nobody is on call; next: {}", self.from(next)),
            None => "nobody is on call, nor in the three months to come".into(),
        }
    }

    fn from(&self, shift: &Shift) -> String {
        let wait = how_long(shift.start_at.duration_since(self.at));
        format!("{} from {} (in {wait})", named(shift), self.time(shift.start_at))
    }

    fn time(&self, moment: Timestamp) -> String {
        time(moment, self.at, &self.zone)
    }
}

fn named(shift: &Shift) -> String {
    format!("{}{}", shift.name(), mark(shift))
}

fn mark(shift: &Shift) -> &'static str {
    if shift.is_override { " (override)" } else { "" }
}

/// Those of `after` that were otherwise, or not at all, in `before`.
pub fn changes<'d>(before: &[Duty], after: &'d [Duty]) -> Vec<&'d Duty> {
    after.iter().filter(|duty| !before.iter().any(|known| duty.is_as_in(known))).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::super::zone;
    use super::*;

    /// Payments, in London: Primary, and Backup with two layers.
    pub fn payments() -> Schedule {
        let rotations = json!([
            {"id": "R1", "name": "Primary", "layers": [{"id": "L1", "name": "Layer 1"}]},
            {"id": "R2", "name": "Backup", "layers": [{"id": "L1", "name": "First"}, {"id": "L2", "name": "Second"}]},
        ]);
        let schedule = json!({
            "id": "S1", "name": "Payments", "timezone": "Europe/London", "config": {"rotations": rotations},
        });
        serde_json::from_value(schedule).unwrap()
    }

    /// A shift of Ada, Bob or Cy at a place such as `R1 L1`.
    pub fn shift(place: &str, name: &str, start: &str, end: &str) -> Shift {
        let (rotation, layer) = place.split_once(' ').unwrap();
        let email = format!("{}@acme.example", name.to_lowercase());
        let shift = json!({
            "rotation_id": rotation, "layer_id": layer, "start_at": format!("{start}:00Z"), "end_at": format!("{end}:00Z"),
            "user": {"id": name, "name": name, "email": email},
        });
        serde_json::from_value(shift).unwrap()
    }

    pub fn overriding(shift: Shift) -> Shift {
        Shift { is_override: true, ..shift }
    }

    fn sentences(schedule: &Schedule, at: &str, shifts: &[Shift]) -> Vec<String> {
        duties(schedule, &zone(schedule).unwrap(), at.parse().unwrap(), shifts).iter().map(Duty::sentence).collect()
    }

    const AT: &str = "2026-11-30T05:40:00Z";

    #[test]
    fn who_is_on_call_is_told_with_how_to_reach_them_until_when_and_who_is_next() {
        let shifts = [
            shift("R1 L1", "Ada", "2026-11-23T09:00", "2026-11-30T09:00"),
            overriding(shift("R2 L1", "Cy", "2026-11-30T05:00", "2026-11-30T06:00")),
            shift("R1 L1", "Bob", "2026-11-30T09:00", "2026-12-07T09:00"),
            shift("R2 L1", "Cy", "2026-11-30T06:00", "2026-12-07T09:00"),
            overriding(shift("R2 L2", "Ada", "2026-12-02T08:00", "2026-12-02T09:00")),
        ];
        let expected = [
            "Payments, Primary: Ada <ada@acme.example> until Mon 30 Nov 09:00 GMT (in 3 h 20 min); next: Bob",
            "Payments, Backup, First: Cy <cy@acme.example> (override) until Mon 30 Nov 06:00 GMT (in 20 min); next: Cy again",
            "Payments, Backup, Second: nobody is on call; next: Ada (override) from Wed 2 Dec 08:00 GMT (in 2 days 2 h)",
        ];
        assert_eq!(sentences(&payments(), AT, &shifts), expected);
    }

    #[test]
    fn a_gap_after_a_shift_is_told() {
        let shifts = [
            shift("R1 L1", "Ada", "2026-11-23T09:00", "2026-11-30T06:00"),
            shift("R1 L1", "Ada", "2027-01-04T09:00", "2027-01-05T09:00"),
        ];
        let told = "Payments, Primary: Ada <ada@acme.example> until Mon 30 Nov 06:00 GMT (in 20 min); \
            next: Ada from Mon 4 Jan 2027 09:00 GMT (in 35 days)";
        assert_eq!(sentences(&payments(), AT, &shifts)[0], told);
    }

    #[test]
    fn that_nobody_is_on_call_is_told() {
        let told = "Payments, Primary: nobody is on call, nor in the three months to come";
        assert_eq!(sentences(&payments(), AT, &[])[0], told);
        let empty = Schedule { config: Default::default(), ..payments() };
        assert_eq!(sentences(&empty, AT, &[]), ["Payments: nobody is on call: it has no rotation"]);
    }

    #[test]
    fn what_is_gone_or_endless_is_told_all_the_same() {
        let gone = Shift { user: None, ..shift("R9 L1", "Ada", "2026-11-23T09:00", "9998-11-30T09:00") };
        let told = "Payments, a former rotation: a user who is gone until further notice";
        assert_eq!(sentences(&payments(), AT, &[gone])[3], told);
    }

    #[test]
    fn a_later_version_of_a_rotation_shows_once_it_applies() {
        let mut schedule = payments();
        let later = json!({
            "id": "R1", "name": "First line", "effective_from": "2026-12-01T00:00:00Z", "layers": [{"id": "L1", "name": "x"}],
        });
        schedule.config.rotations.push(serde_json::from_value(later).unwrap());
        assert!(sentences(&schedule, AT, &[])[0].starts_with("Payments, Primary: "));
        assert!(sentences(&schedule, "2026-12-01T00:00:00Z", &[])[0].starts_with("Payments, First line: "));
    }

    #[test]
    fn a_change_is_another_person_or_an_override_and_not_the_passing_of_time() {
        let zone = zone(&payments()).unwrap();
        let ada = shift("R1 L1", "Ada", "2026-11-23T09:00", "2026-11-30T09:00");
        let bob = shift("R1 L1", "Bob", "2026-11-30T09:00", "2026-12-07T09:00");
        let at = |at: &str, shifts: &[Shift]| duties(&payments(), &zone, at.parse().unwrap(), shifts);
        let before = at(AT, &[ada.clone(), bob.clone()]);
        assert!(changes(&before, &at("2026-11-30T08:59:00Z", &[ada.clone(), bob.clone()])).is_empty());
        let after = at("2026-11-30T09:00:00Z", &[ada.clone(), bob]);
        let told: Vec<_> = changes(&before, &after).into_iter().map(Duty::sentence).collect();
        assert_eq!(told, ["Payments, Primary: Bob <bob@acme.example> until Mon 7 Dec 09:00 GMT (in 7 days)"]);
        assert_eq!(changes(&before, &at(AT, &[overriding(ada)])).len(), 1);
        assert_eq!(changes(&before, &at(AT, &[])).len(), 1);
    }
}
