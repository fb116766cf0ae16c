//! The weeks to come as a drawing: days as columns, layers as rows, a letter for every person.
//!
//! A day is as many characters wide as fit, each of which stands for as many hours. A shift shows its
//! letter where it begins and at the first character of every day, so that every handover is seen.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use connect::schedules::{Place, Schedule, Shift, User};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::when::time;

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// In ASCII, without colour.
    Plain,
    /// With a colour for every person.
    Coloured,
}

/// The weeks to draw.
pub struct Chart<'s> {
    schedule: &'s Schedule,
    zone: TimeZone,
    at: Timestamp,
    today: Date,
    days: Vec<Date>,
    style: Style,
}

/// What can't be drawn: days outside of the calendar.
type Drawn<T> = Result<T, jiff::Error>;

/// The widths that a day may have, so that a character is a whole number of hours.
const DAY_WIDTHS: [usize; 5] = [24, 12, 8, 6, 4];
/// How narrow a day may get, so that more than one week stands side by side.
const COMFORTABLE: usize = 6;
/// The longest label.
const LABEL: usize = 24;

/// How weeks stand on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    label: usize,
    weeks: usize,
    day: usize,
}

impl Layout {
    /// As many of `weeks` side by side as there is room for, and their days as wide as there is.
    fn fit(width: usize, labels: usize, weeks: usize) -> Self {
        let label = labels.min(LABEL).min(width / 4);
        let room = width.saturating_sub(label + 1);
        let fits = |weeks: usize, day: usize| weeks * 7 * (day + 1) - 1 <= room;
        let weeks = (1..=weeks).rev().find(|weeks| fits(*weeks, COMFORTABLE)).unwrap_or(1);
        let narrowest = DAY_WIDTHS[DAY_WIDTHS.len() - 1];
        let day = DAY_WIDTHS.into_iter().find(|day| fits(weeks, *day)).unwrap_or(narrowest);
        Self { label, weeks, day }
    }
}

/// What one character shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark<'c> {
    /// Who is on call, if anybody.
    shift: Option<&'c Shift>,
    /// Whether their letter stands there.
    shows_letter: bool,
}

impl<'s> Chart<'s> {
    /// So many weeks from the Monday before `at` on.
    pub fn new(schedule: &'s Schedule, zone: TimeZone, at: Timestamp, weeks: u16, style: Style) -> Drawn<Self> {
        let today = at.to_zoned(zone.clone()).date();
        let monday = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days())?;
        let days = (0..=i64::from(weeks) * 7).map(|day| monday.checked_add(day.days())).collect::<Drawn<_>>()?;
        Ok(Self { schedule, zone, at, today, days, style })
    }

    /// From when till when it is.
    pub fn window(&self) -> Drawn<Range<Timestamp>> {
        let (first, end) = (self.days[0], self.days[self.days.len() - 1]);
        Ok(self.moment(first, 0, 1)?..self.moment(end, 0, 1)?)
    }

    /// The drawing, in so many columns, of these shifts.
    pub fn draw(&self, shifts: &[Shift], width: usize) -> Drawn<String> {
        let mut text = self.title();
        let places = self.schedule.places(self.at, shifts);
        if places.is_empty() {
            return Ok(text + "\nNobody is on call: the schedule has no rotation.\n");
        }
        let letters = Letters::of(shifts);
        let labels = places.iter().map(|place| length(&place.label)).max().unwrap_or(0);
        let layout = Layout::fit(width, labels, self.days.len() / 7);
        let days = &self.days[..self.days.len() - 1];
        for block in days.chunks(layout.weeks * 7) {
            text += &self.block(block, &places, shifts, &letters, layout)?;
        }
        text += &self.legend(&letters, layout.day, shifts);
        text += &self.overrides(shifts, &places);
        Ok(text)
    }

    fn title(&self) -> String {
        let (first, last) = (self.days[0], self.days[self.days.len() - 2]);
        let (first, last) = (first.strftime("%-d %b %Y"), last.strftime("%-d %b %Y"));
        format!("{}, {first} to {last}, {}\n", self.schedule.name, self.schedule.timezone)
    }

    /// Weeks that stand side by side.
    fn block(
        &self,
        days: &[Date],
        places: &[Place],
        shifts: &[Shift],
        letters: &Letters,
        layout: Layout,
    ) -> Drawn<String> {
        let mut text = String::from("\n");
        for form in ["%a", if layout.day >= COMFORTABLE { "%-d %b" } else { "%-d" }] {
            let cells = days.iter().map(|day| self.heading(*day, form, layout.day));
            push_line(&mut text, &padded("", layout.label), cells);
        }
        for place in places {
            let there: Vec<_> = shifts.iter().filter(|shift| place.has(shift)).collect();
            let cells = days.iter().map(|day| Ok(self.painted(&self.marks(*day, &there, layout.day)?, letters)));
            let cells: Vec<_> = cells.collect::<Drawn<_>>()?;
            push_line(&mut text, &padded(&place.label, layout.label), cells.into_iter());
        }
        Ok(text)
    }

    fn heading(&self, day: Date, form: &str, width: usize) -> String {
        let is_marked = day == self.today && form == "%a";
        let text = padded(&format!("{}{}", day.strftime(form), if is_marked { "*" } else { "" }), width);
        if is_marked && self.style == Style::Coloured { coloured(&text, "7") } else { text }
    }

    /// What the characters of a day show, given the shifts of one place.
    fn marks<'c>(&self, day: Date, shifts: &[&'c Shift], width: usize) -> Drawn<Vec<Mark<'c>>> {
        let mark = |index| {
            let (start, end) = (self.moment(day, index, width)?, self.moment(day, index + 1, width)?);
            Ok(mark(shifts, start..end, index == 0))
        };
        (0..width).map(mark).collect()
    }

    /// When the character at `index` of a day of this width begins, by the clock.
    fn moment(&self, day: Date, index: usize, width: usize) -> Drawn<Timestamp> {
        let hours = index * 24 / width;
        let day = day.checked_add(i64::from(hours == 24).days())?;
        let hour = i8::try_from(hours % 24).unwrap_or_default();
        self.zone.to_timestamp(day.at(hour, 0, 0, 0))
    }

    fn painted(&self, marks: &[Mark<'_>], letters: &Letters) -> String {
        match self.style {
            Style::Plain => marks.iter().map(|mark| letters.glyph(mark, ['.', '-', '='])).collect(),
            Style::Coloured => marks
                .chunk_by(|one, other| one.shift == other.shift)
                .map(|run| {
                    let text: String = run.iter().map(|mark| letters.glyph(mark, ['·', '─', '═'])).collect();
                    run[0].shift.map_or_else(|| coloured(&text, "2"), |shift| coloured(&text, &letters.colour(shift)))
                })
                .collect(),
        }
    }

    /// Who the letters are, and what the other characters mean.
    fn legend(&self, letters: &Letters, day: usize, shifts: &[Shift]) -> String {
        let mut text = String::from("\n");
        for (user, (letter, colour)) in &letters.0 {
            let letter = letter.to_string();
            let letter = if self.style == Style::Coloured { coloured(&letter, colour) } else { letter };
            let email = user.email.as_ref().map_or_else(String::new, |email| format!(" <{email}>"));
            text += &format!("{letter}  {}{email}\n", user.name);
        }
        if let Some(gone) = shifts.iter().find(|shift| shift.user.is_none()) {
            text += &format!("?  {}\n", gone.name());
        }
        let [nobody, turn, over] = if self.style == Style::Coloured { ['·', '─', '═'] } else { ['.', '-', '='] };
        let over =
            if shifts.iter().any(|shift| shift.is_override) { format!("  {over} override") } else { String::new() };
        text + &format!("{turn} {} h on call{over}  {nobody} nobody  * today\n", 24 / day)
    }

    /// The overrides to the minute.
    fn overrides(&self, shifts: &[Shift], places: &[Place]) -> String {
        let mut text = String::new();
        for shift in shifts.iter().filter(|shift| shift.is_override) {
            let label = places.iter().find(|place| place.has(shift)).map_or("", |place| &place.label);
            let (start, end) = (self.time(shift.start_at), self.time(shift.end_at));
            text += &format!("  {label}: {}, {start} to {end}\n", shift.name());
        }
        if text.is_empty() { text } else { format!("\nOverrides\n{text}") }
    }

    fn time(&self, moment: Timestamp) -> String {
        time(moment, self.at, &self.zone)
    }
}

/// What is shown of shifts of one place for a stretch of time: what begins in it, an override before
/// anything else and the last before the others; otherwise what goes on at its start.
fn mark<'c>(shifts: &[&'c Shift], stretch: Range<Timestamp>, begins_day: bool) -> Mark<'c> {
    let begin = || shifts.iter().filter(|shift| stretch.contains(&shift.start_at));
    let beginning = begin().rfind(|shift| shift.is_override).or_else(|| begin().next_back());
    let going_on = shifts.iter().find(|shift| shift.covers(stretch.start));
    Mark { shift: beginning.or(going_on).copied(), shows_letter: beginning.is_some() || begins_day }
}

/// The letter and the colour of every person, in the order of their names.
struct Letters(BTreeMap<User, (char, String)>);

impl Letters {
    /// The first letter of the name that is free; where there is none, any that is.
    fn of(shifts: &[Shift]) -> Self {
        let mut letters = BTreeMap::<User, (char, String)>::new();
        let users: BTreeSet<_> = shifts.iter().filter_map(|shift| shift.user.as_ref()).collect();
        for (index, user) in users.into_iter().enumerate() {
            let own = user.name.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_uppercase());
            let any = ('A'..='Z').chain('a'..='z').chain('0'..='9');
            let letter = own.chain(any).find(|letter| letters.values().all(|(taken, _)| taken != letter));
            // Black on green, yellow, blue, magenta, cyan, red.
            let colour = format!("30;4{}", [2, 3, 4, 5, 6, 1][index % 6]);
            letters.insert(user.clone(), (letter.unwrap_or('?'), colour));
        }
        Self(letters)
    }

    /// The character for a mark: its letter, or what stands for nobody, a turn, or an override.
    fn glyph(&self, mark: &Mark<'_>, [nobody, turn, over]: [char; 3]) -> char {
        match mark.shift {
            None => nobody,
            Some(shift) if mark.shows_letter => {
                shift.user.as_ref().and_then(|user| self.0.get(user)).map_or('?', |(letter, _)| *letter)
            }
            Some(shift) if shift.is_override => over,
            Some(_) => turn,
        }
    }

    fn colour(&self, shift: &Shift) -> String {
        let colour = shift.user.as_ref().and_then(|user| self.0.get(user)).map_or("7", |(_, colour)| colour);
        if shift.is_override { format!("1;{colour}") } else { colour.to_owned() }
    }
}

fn coloured(text: &str, code: &str) -> String {
    format!("\x1b[{code}m{text}\x1b[0m")
}

fn push_line(text: &mut String, label: &str, cells: impl Iterator<Item = String>) {
    let cells: Vec<_> = cells.collect();
    text.push_str(format!("{label} {}", cells.join(" ")).trim_end());
    text.push('\n');
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// `text` in exactly so many columns.
fn padded(text: &str, width: usize) -> String {
    if length(text) <= width {
        return format!("{text:<width$}");
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}~")
}

#[cfg(test)]
mod tests {
    use super::super::duty::tests::{overriding, payments, shift};
    use super::super::zone;
    use super::*;

    fn drawn(shifts: &[Shift], at: &str, weeks: u16, width: usize, style: Style) -> String {
        let schedule = payments();
        let chart = Chart::new(&schedule, zone(&schedule).unwrap(), at.parse().unwrap(), weeks, style).unwrap();
        chart.draw(shifts, width).unwrap()
    }

    fn shifts() -> Vec<Shift> {
        vec![
            shift("R1 L1", "Ada", "2026-11-16T09:00", "2026-11-25T09:00"),
            overriding(shift("R1 L1", "Cy", "2026-11-25T09:00", "2026-11-25T17:00")),
            shift("R1 L1", "Bob", "2026-11-25T17:00", "2026-11-30T09:00"),
            shift("R2 L1", "Bob", "2026-11-23T09:00", "2026-11-27T18:00"),
            shift("R1 L1", "Ada", "2026-11-30T09:00", "2026-12-07T09:00"),
        ]
    }

    #[test]
    fn weeks_stand_below_each_other_where_there_is_no_room_beside() {
        let expected = "\
Payments, 23 Nov 2026 to 6 Dec 2026, Europe/London

               Mon      Tue      Wed*     Thu      Fri      Sat      Sun
               23 Nov   24 Nov   25 Nov   26 Nov   27 Nov   28 Nov   29 Nov
Primary        A------- A------- A--C=B-- B------- B------- B------- B-------
Backup, First  ...B---- B------- B------- B------- B-----.. ........ ........
Backup, Second ........ ........ ........ ........ ........ ........ ........

               Mon      Tue      Wed      Thu      Fri      Sat      Sun
               30 Nov   1 Dec    2 Dec    3 Dec    4 Dec    5 Dec    6 Dec
Primary        B--A---- A------- A------- A------- A------- A------- A-------
Backup, First  ........ ........ ........ ........ ........ ........ ........
Backup, Second ........ ........ ........ ........ ........ ........ ........

A  Ada <ada@acme.example>
B  Bob <bob@acme.example>
C  Cy <cy@acme.example>
- 3 h on call  = override  . nobody  * today

Overrides
  Primary: Cy, Wed 25 Nov 09:00 GMT to Wed 25 Nov 17:00 GMT
";
        assert_eq!(drawn(&shifts(), "2026-11-25T12:00:00Z", 2, 80, Style::Plain), expected);
    }

    #[test]
    fn in_a_wide_terminal_weeks_stand_side_by_side() {
        let layout = |width, labels, weeks| Layout::fit(width, labels, weeks);
        assert_eq!(layout(80, 15, 4), Layout { label: 15, weeks: 1, day: 8 });
        assert_eq!(layout(80, 40, 4), Layout { label: 20, weeks: 1, day: 6 });
        assert_eq!(layout(120, 15, 4), Layout { label: 15, weeks: 2, day: 6 });
        assert_eq!(layout(250, 15, 4), Layout { label: 15, weeks: 4, day: 6 });
        assert_eq!(layout(250, 15, 1), Layout { label: 15, weeks: 1, day: 24 });
        assert_eq!(layout(30, 15, 4), Layout { label: 7, weeks: 1, day: 4 });
    }

    #[test]
    fn no_line_is_longer_than_the_terminal_is_wide() {
        for width in [60, 80, 100, 132, 200, 300] {
            let drawing = drawn(&shifts(), "2026-11-25T12:00:00Z", 4, width, Style::Plain);
            assert!(drawing.lines().all(|line| length(line) <= width), "{width}\n{drawing}");
            assert!(drawing.is_ascii(), "{drawing}");
        }
    }

    #[test]
    fn in_colour_everybody_has_one() {
        let drawing = drawn(&shifts(), "2026-11-25T12:00:00Z", 1, 80, Style::Coloured);
        let lines: Vec<_> = drawing.lines().collect();
        assert!(lines[2].contains("\x1b[7mWed*    \x1b[0m"), "{drawing}");
        let wednesday = "\x1b[30;42mA──\x1b[0m\x1b[1;30;44mC═\x1b[0m\x1b[30;43mB──\x1b[0m";
        assert!(lines[4].contains(wednesday), "{drawing}");
        assert!(drawing.contains("\x1b[30;42mA\x1b[0m  Ada"), "{drawing}");
    }

    #[test]
    fn a_day_of_23_or_25_hours_is_as_wide_as_others() {
        let night = [shift("R1 L1", "Ada", "2026-10-25T02:00", "2026-10-25T05:00")];
        let drawing = drawn(&night, "2026-10-25T12:00:00Z", 1, 250, Style::Plain);
        let sunday = drawing.lines().find(|line| line.starts_with("Primary ")).unwrap();
        assert!(sunday.ends_with(" ..A--..................."), "{drawing}");
        let night = [shift("R1 L1", "Ada", "2026-03-29T00:00", "2026-03-29T03:00")];
        let drawing = drawn(&night, "2026-03-29T12:00:00Z", 1, 250, Style::Plain);
        let sunday = drawing.lines().find(|line| line.starts_with("Primary ")).unwrap();
        assert!(sunday.ends_with(" A---...................."), "{drawing}");
    }

    #[test]
    fn everybody_has_a_letter_of_their_own() {
        let names = ["Ada", "Alan", "Aa", "Zoë"];
        let shifts = names.map(|name| shift("R1 L1", name, "2026-11-23T00:00", "2026-11-24T00:00"));
        let letters: Vec<_> =
            Letters::of(&shifts).0.into_iter().map(|(user, (letter, _))| (user.name, letter)).collect();
        let expected = [("Aa", 'A'), ("Ada", 'D'), ("Alan", 'L'), ("Zoë", 'Z')];
        assert_eq!(letters, expected.map(|(name, letter)| (name.to_owned(), letter)));
    }

    #[test]
    fn a_schedule_without_rotations_is_told() {
        let schedule = Schedule { config: Default::default(), ..payments() };
        let at = "2026-11-25T12:00:00Z".parse().unwrap();
        let chart = Chart::new(&schedule, zone(&schedule).unwrap(), at, 1, Style::Plain).unwrap();
        assert!(chart.draw(&[], 80).unwrap().ends_with("\nNobody is on call: the schedule has no rotation.\n"));
    }
}
