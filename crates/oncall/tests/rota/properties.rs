//! What holds for any schedule.

use std::collections::HashSet;
use std::time::Duration;

use base::{AnyId, Time};
use oncall::rota::{Entries, Handover, Reason, Schedule, SchedulingMode, Shift, Version, entries, on_call_at};
use proptest::prelude::*;

use crate::model::{Duty, Model, works};
use crate::random::{Case, cases, config, versions};
use crate::{id, moment, rotation, the_zone};

const TICK: Duration = Duration::from_micros(1);

type Checked = Result<(), TestCaseError>;

/// What the model knows of a shift.
fn duty(shift: &Shift) -> Duty {
    Duty { rotation: shift.rotation, layer: shift.layer, user: shift.user, reason: shift.reason, turn: None }
}

fn sorted(duties: impl IntoIterator<Item = Duty>) -> Vec<Duty> {
    let mut duties: Vec<Duty> = duties.into_iter().map(|duty| Duty { turn: None, ..duty }).collect();
    duties.sort_by_key(|duty| (duty.rotation, duty.layer));
    duties
}

fn running(shifts: &[Shift], time: Time) -> Vec<Duty> {
    sorted(shifts.iter().filter(|shift| shift.start_at <= time && time < shift.end_at).map(duty))
}

/// What the layer of `shift` does at `time`, according to `duties`.
fn of_layer(shift: &Shift, duties: &[Duty]) -> Option<Duty> {
    duties.iter().find(|duty| duty.rotation == shift.rotation && duty.layer == shift.layer).copied()
}

/// That `shift` is one whole duty: neither more nor less.
fn is_one_duty(shift: &Shift, at: impl Fn(Time) -> Vec<Duty>) -> Checked {
    let middle = shift.start_at + shift.end_at.since(shift.start_at) / 2;
    let first = of_layer(shift, &at(shift.start_at));
    prop_assert_eq!(first.map(|first| Duty { turn: None, ..first }), Some(duty(shift)));
    prop_assert_eq!(first, of_layer(shift, &at(middle)), "the middle of {:?}", shift);
    prop_assert_eq!(first, of_layer(shift, &at(shift.end_at - TICK)), "the end of {:?}", shift);
    prop_assert_ne!(first, of_layer(shift, &at(shift.end_at)), "after {:?}", shift);
    prop_assert_ne!(first, of_layer(shift, &at(shift.start_at - TICK)), "before {:?}", shift);
    Ok(())
}

fn agrees_with_the_model(case: &Case, moments: &[u64]) -> Checked {
    let Case { schedule, overrides, window } = case;
    let found = entries(schedule, overrides, window.clone());
    let last = found.scheduled.iter().map(|shift| shift.end_at).max().unwrap_or(window.end).max(window.end);
    let model = Model::new(schedule, overrides, last);
    for time in moments.iter().map(|parts| case.moment(*parts)) {
        prop_assert_eq!(running(&found.scheduled, time), sorted(model.scheduled(time)), "scheduled at {}", time);
        prop_assert_eq!(running(&found.r#final, time), sorted(model.on_call(time)), "on call at {}", time);
        let now = on_call_at(schedule, overrides, time);
        prop_assert_eq!(sorted(now.iter().map(duty)), sorted(model.on_call(time)), "asked at {}", time);
        prop_assert!(now.iter().all(|shift| found.r#final.contains(shift)));
    }
    for shift in every_few(&found.scheduled) {
        is_one_duty(shift, |time| model.scheduled(time))?;
    }
    for shift in every_few(&found.r#final) {
        is_one_duty(shift, |time| model.on_call(time))?;
    }
    Ok(())
}

fn every_few(shifts: &[Shift]) -> impl Iterator<Item = &Shift> {
    shifts.iter().step_by(shifts.len() / 3 + 1)
}

/// The shifts of each layer.
fn by_layer(shifts: &[Shift]) -> Vec<Vec<&Shift>> {
    let layers: HashSet<_> = shifts.iter().map(|shift| (shift.rotation, shift.layer)).collect();
    let of = |layer| shifts.iter().filter(move |shift| (shift.rotation, shift.layer) == layer).collect();
    layers.into_iter().map(of).collect()
}

fn apart(shifts: &[Shift]) -> Checked {
    for layer in by_layer(shifts) {
        prop_assert!(layer.iter().all(|shift| shift.start_at < shift.end_at));
        prop_assert!(layer.windows(2).all(|pair| pair[0].end_at <= pair[1].start_at), "{:?}", layer);
    }
    Ok(())
}

/// `first`, and what `second` adds.
fn concatenated(first: &[Shift], second: &[Shift]) -> Vec<Shift> {
    let new = second.iter().filter(|shift| !first.contains(shift));
    first.iter().chain(new).cloned().collect()
}

proptest! {
    #![proptest_config(config(10_000))]

    #[test]
    fn a_slow_model_agrees(case in cases(60), moments in prop::array::uniform3(0..1000_u64)) {
        agrees_with_the_model(&case, &moments)?;
    }
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn a_slow_model_agrees_years_after_the_anchor(case in cases(5000), moments in prop::array::uniform3(0..1000_u64)) {
        agrees_with_the_model(&case, &moments)?;
    }
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn the_answer_for_a_window_is_that_for_its_halves(case in cases(500), half in 0..=1000_u64) {
        let Case { schedule, overrides, window } = &case;
        let half = case.moment(half);
        let whole = entries(schedule, overrides, window.clone());
        let first = entries(schedule, overrides, window.start..half);
        let second = entries(schedule, overrides, half..window.end);
        let joined = Entries {
            scheduled: concatenated(&first.scheduled, &second.scheduled),
            overrides: concatenated(&first.overrides, &second.overrides),
            r#final: concatenated(&first.r#final, &second.r#final),
        };
        prop_assert_eq!(whole, joined);
    }

    #[test]
    fn nobody_shares_a_layer_and_a_fingerprint_is_one_shifts(case in cases(500)) {
        let found = entries(&case.schedule, &case.overrides, case.window.clone());
        apart(&found.scheduled)?;
        apart(&found.r#final)?;
        let fingerprints: HashSet<AnyId> = found.r#final.iter().map(Shift::fingerprint).collect();
        prop_assert_eq!(fingerprints.len(), found.r#final.len());
    }

    #[test]
    fn an_override_is_on_call_all_the_time_that_a_later_one_leaves_it(case in cases(500)) {
        let found = entries(&case.schedule, &case.overrides, case.window.clone());
        for (index, cover) in found.overrides.iter().enumerate() {
            let Reason::Override(id) = cover.reason else { panic!("{cover:?}") };
            let position = case.overrides.iter().position(|other| other.id == id).unwrap();
            let later = |time: Time| case.overrides[position + 1..].iter().any(|other| {
                (other.rotation, other.layer) == (cover.rotation, cover.layer)
                    && other.start_at <= time && time < other.end_at
            });
            for time in [cover.start_at, case.moment(index as u64 * 100), cover.end_at - TICK] {
                let within = cover.start_at <= time && time < cover.end_at;
                if within && case.window.contains(&time) && !later(time) {
                    prop_assert!(running(&found.r#final, time).contains(&duty(cover)));
                }
            }
        }
    }

    #[test]
    fn a_layer_is_on_call_without_gap_or_overlap_from_the_anchor_on_and_in_working_hours_only(
        version in versions(), zone in prop::sample::select(&crate::random::ZONES[..]), after in 0..100_u32,
    ) {
        let zone = the_zone(zone);
        let begin = version.handover_start_at + Duration::from_secs(86_400) * after;
        let window = version.handover_start_at.max(begin - Duration::from_secs(86_400))..begin + Duration::from_secs(86_400 * 3);
        let nobody = version.users.is_empty() || version.handovers.is_empty();
        let schedule = Schedule { zone: zone.clone(), rotations: vec![rotation(vec![version.clone()])] };
        let found = entries(&schedule, &[], window.clone()).scheduled;
        apart(&found)?;
        prop_assert!(!nobody || found.is_empty());
        for layer in by_layer(&found) {
            prop_assert!(layer.iter().all(|shift| shift.start_at >= version.handover_start_at));
            let gaps = [window.start].into_iter().chain(layer.iter().map(|shift| shift.end_at));
            for (end, start) in gaps.zip(layer.iter().map(|shift| shift.start_at).chain([window.end])) {
                // Every gap is outside of working hours, all of it.
                let mut time = end;
                while time < start {
                    prop_assert!(!works(&version.working_intervals, &zone, moment(time)), "nobody at {}", time);
                    time = time + Duration::from_secs(900);
                }
            }
            for shift in layer {
                prop_assert!(works(&version.working_intervals, &zone, moment(shift.start_at)));
                prop_assert!(works(&version.working_intervals, &zone, moment(shift.end_at - TICK)));
            }
        }
    }

    #[test]
    fn a_new_version_changes_nothing_before_it_takes_effect(case in cases(60), from in 0..1000_u64, part in 0..1000_u64) {
        let Case { schedule, overrides, window } = &case;
        let from = case.moment(from);
        let mut edited = schedule.clone();
        for rotation in &mut edited.rotations {
            let earlier = rotation.versions.partition_point(|version| version.effective_from.is_none_or(|other| other < from));
            let mut version = rotation.versions[earlier - 1].clone();
            version.users.insert(version.users.len() / 2, id(999));
            rotation.versions.insert(earlier, Version { effective_from: Some(from), ..version });
        }
        let before = entries(schedule, overrides, window.start..from);
        let after = entries(&edited, overrides, window.start..from);
        let ended = |shifts: &[Shift]| shifts.iter().filter(|shift| shift.end_at < from).cloned().collect::<Vec<_>>();
        prop_assert_eq!(ended(&before.scheduled), ended(&after.scheduled));
        prop_assert_eq!(ended(&before.r#final), ended(&after.r#final));
        let time = case.moment(part);
        if time < from {
            prop_assert_eq!(running(&before.r#final, time), running(&after.r#final, time));
        }
    }

    #[test]
    fn fair_rounds_give_everyone_every_length_equally_often(version in versions()) {
        let hourly = |handover: &Handover| oncall::rota::IntervalType::Hourly == handover.interval_type;
        prop_assume!(!version.users.is_empty() && !version.handovers.is_empty());
        prop_assume!(!version.handovers.iter().all(hourly));
        let turns = version.users.len() * version.handovers.len();
        let version = Version { scheduling_mode: SchedulingMode::Fair, working_intervals: Vec::new(), ..version };
        let end = version.handover_start_at + Duration::from_secs(86_400 * 7 * 2 * turns as u64);
        let (users, layer) = (version.users.clone(), version.layers[0]);
        let schedule = Schedule { zone: the_zone("UTC"), rotations: vec![rotation(vec![version.clone()])] };
        let mut shifts = entries(&schedule, &[], version.handover_start_at..end).scheduled;
        shifts.retain(|shift| shift.layer == layer);
        prop_assert!(shifts.len() >= turns);
        let mut lengths = vec![Vec::new(); users.len()];
        for shift in &shifts[..turns] {
            let place = users.iter().position(|user| *user == shift.user).unwrap();
            lengths[place].push(shift.end_at.since(shift.start_at));
        }
        for of_user in &mut lengths {
            of_user.sort();
        }
        prop_assert!(lengths.windows(2).all(|pair| pair[0] == pair[1]), "{:?}", lengths);
    }
}
