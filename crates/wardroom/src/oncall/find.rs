//! Which schedule a person means.

use connect::schedules::Schedule;

/// The schedule with this ID, or of this name, or the only one whose name begins so. Case does not matter.
pub fn find<'s>(schedules: &'s [Schedule], wanted: &str) -> Result<&'s Schedule, String> {
    if let Some(found) = schedules.iter().find(|schedule| schedule.id == wanted) {
        return Ok(found);
    }
    let wanted_name = wanted.trim().to_lowercase();
    let of_name = |fits: &dyn Fn(&str) -> bool| -> Vec<&Schedule> {
        schedules.iter().filter(|schedule| fits(&schedule.name.to_lowercase())).collect()
    };
    let mut found = of_name(&|name| name == wanted_name);
    if found.is_empty() {
        found = of_name(&|name| name.starts_with(&wanted_name));
    }
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(format!("there is no schedule {wanted:?}; there are:\n{}", list(schedules))),
        several => Err(format!("{wanted:?} may be any of these schedules:\n{}", list(several.iter().copied()))),
    }
}

fn list<'s>(schedules: impl IntoIterator<Item = &'s Schedule>) -> String {
    let line = |schedule: &Schedule| format!("  {} ({})", schedule.name, schedule.id);
    schedules.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedules() -> Vec<Schedule> {
        let names = [("1", "Payments"), ("2", "Payments EU"), ("3", "Platform"), ("4", "Support"), ("5", "support")];
        let make = |(id, name): (&str, &str)| {
            let (id, name) = (id.into(), name.into());
            Schedule { id, name, timezone: "UTC".into(), config: Default::default() }
        };
        names.map(make).into()
    }

    #[test]
    fn a_schedule_is_found_by_id_name_or_unique_prefix() {
        for (wanted, id) in [("2", "2"), ("PAYMENTS", "1"), ("payments e", "2"), ("pl", "3")] {
            assert_eq!(find(&schedules(), wanted).map(|found| found.id.clone()), Ok(id.to_owned()), "{wanted}");
        }
    }

    #[test]
    fn an_ambiguous_or_unknown_one_lists_what_it_could_be() {
        let told = |wanted: &str| find(&schedules(), wanted).unwrap_err();
        assert_eq!(told("SUPPORT"), "\"SUPPORT\" may be any of these schedules:\n  Support (4)\n  support (5)");
        assert!(told("pay").ends_with(":\n  Payments (1)\n  Payments EU (2)"));
        assert!(told("night").starts_with("there is no schedule \"night\"; there are:\n  Payments (1)\n"));
    }
}
