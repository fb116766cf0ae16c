//! When an event comes again, by its rule of recurrence (RFC 5545, 3.3.10 and 3.8.5.3).

use std::cell::Cell;
use std::iter;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::Offset;
use rrule::RRuleSet;

use super::values::{Moment, basic};

/// What may still be spent on the rules of a text: one for each start that is looked at, and what
/// looking for days that never come may cost, up to two hundredths of a second, for each rule. So a text
/// has at most 300 rules, and takes some seconds if all of them are of that kind.
pub struct Effort(Cell<u32>);

impl Effort {
    const ALL: u32 = 3_000_000;
    const RULE: u32 = 10_000;

    pub fn new() -> Self {
        Self(Cell::new(Self::ALL))
    }

    fn spend(&self, effort: u32) -> Result<(), String> {
        let left = self.0.get().checked_sub(effort).ok_or("the calendar repeats too often to be read")?;
        self.0.set(left);
        Ok(())
    }
}

/// When what first starts at `first` starts by `rule`, until the clock shows `end`. The first start is
/// always one of them, and the first that COUNT counts (RFC 5545, 3.8.5.3). Days and hours are those
/// of the clock, across its changes.
pub fn starts<'a>(first: &Moment<'a>, rule: &str, end: DateTime, effort: &Effort) -> Result<Vec<Moment<'a>>, String> {
    effort.spend(Effort::RULE)?;
    let rule = Rule::of(rule, first)?;
    let again = rule.set.into_iter().map_while(|start| shown(start.timestamp()));
    let all = iter::once(first.shown).chain(again.filter(|start| *start != first.shown)).take(rule.count);
    let mut starts: Vec<Moment<'a>> = Vec::new();
    for start in all.take_while(|start| *start < end) {
        effort.spend(1)?;
        let start = if first.all_day { start.date().to_datetime(Time::midnight()) } else { start };
        let start = first.at(start);
        if rule.until.as_ref().is_some_and(|until| !start.is_until(until)) {
            break;
        }
        starts.push(start);
    }
    starts.dedup_by_key(|start| start.shown);
    Ok(starts)
}

/// A rule, told by the clock of the event's zone as if that were UTC; its bounds apart.
struct Rule<'a> {
    set: RRuleSet,
    until: Option<Moment<'a>>,
    count: usize,
}

impl<'a> Rule<'a> {
    fn of(text: &str, first: &Moment<'a>) -> Result<Self, String> {
        let text = text.trim().to_ascii_uppercase();
        let unusable = || format!("its RRULE is not a rule of recurrence: {}", super::lines::shortened(&text));
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"=;,+-".contains(&byte)) {
            return Err(unusable());
        }
        let part =
            |name: &str| text.split(';').filter_map(|part| part.split_once('=')).find(|(known, _)| *known == name);
        if let Some((_, often @ ("SECONDLY" | "MINUTELY"))) = part("FREQ") {
            return Err(format!("it repeats {}: more than once an hour is too often", often.to_ascii_lowercase()));
        }
        let until = part("UNTIL").map(|(_, until)| first.sibling(until).ok_or_else(unusable)).transpose()?;
        let count = part("COUNT").map(|(_, count)| count.parse().map_err(|_| unusable())).transpose()?;
        let kept: Vec<&str> = text.split(';').filter(|part| !part.is_empty() && !part.starts_with("UNTIL=")).collect();
        let told = format!("DTSTART:{}Z\nRRULE:{}", basic(first.shown), kept.join(";"));
        let set = told.parse::<RRuleSet>().map_err(|_| unusable())?;
        Ok(Self { set: set.limit(), until, count: count.unwrap_or(usize::MAX) })
    }
}

fn shown(seconds: i64) -> Option<DateTime> {
    Timestamp::from_second(seconds).ok().map(|time| Offset::UTC.to_datetime(time))
}
