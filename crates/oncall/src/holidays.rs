//! Public holidays, by country: shown beside shifts, never deciding who is on call.
//!
//! The data is a file in the program: what the Python package `holidays`
//! (<https://pypi.org/project/holidays/>) knows of every country for the years it was made for, without what
//! only parts of a country have. `data/make_holidays.py` makes it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use jiff::civil::Date;

/// Lines of a country, a name, and its dates, in the order of countries.
const DATA: &str = include_str!("../data/holidays.txt");

/// The lines of each country.
static COUNTRIES: LazyLock<BTreeMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let mut countries = BTreeMap::<_, Vec<_>>::new();
    for (country, holiday) in DATA.lines().filter_map(|line| line.split_once('\t')) {
        countries.entry(country).or_default().push(holiday);
    }
    countries
});

/// A day that is a holiday in a country.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holiday {
    /// The day, by the country's clock.
    pub date: Date,
    /// The country: ISO 3166-1 alpha-2.
    pub country: &'static str,
    /// What it is called in English.
    pub name: &'static str,
}

/// The holidays of `countries` on `days`, by day. A country that nothing is known of has none.
pub fn on<'c>(countries: impl IntoIterator<Item = &'c str>, days: &RangeInclusive<Date>) -> Vec<Holiday> {
    let known = countries.into_iter().filter_map(|country| COUNTRIES.get_key_value(country));
    let all = known.flat_map(|(country, lines)| lines.iter().flat_map(|line| holidays(country, line)));
    let mut found: Vec<_> = all.filter(|holiday| days.contains(&holiday.date)).collect();
    found.sort();
    found
}

/// Those of a line: a name and its dates.
fn holidays(country: &'static str, line: &'static str) -> impl Iterator<Item = Holiday> {
    let (name, dates) = line.split_once('\t').unwrap_or_default();
    let dates = dates.split(' ').filter_map(|date| Date::strptime("%Y%m%d", date).ok());
    dates.map(move |date| Holiday { date, country, name })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn holidays_are_found_by_country_and_day() {
        let found = |countries: &[&str], from, to| {
            let found = on(countries.iter().copied(), &(from..=to));
            found
                .iter()
                .map(|holiday| format!("{} {} {}", holiday.date, holiday.country, holiday.name))
                .collect::<Vec<_>>()
        };
        let easter = ["2026-04-03 DE Good Friday", "2026-04-03 GB Good Friday", "2026-04-06 DE Easter Monday"];
        assert_eq!(found(&["GB", "DE", "XX"], date(2026, 4, 1), date(2026, 4, 30)), easter);
        assert_eq!(found(&["GB"], date(2026, 4, 4), date(2026, 5, 3)), [] as [&str; 0]);
    }

    #[test]
    fn every_line_of_the_data_is_sound() {
        let mut count = 0;
        for (country, lines) in COUNTRIES.iter() {
            assert!(country.len() == 2 && country.bytes().all(|letter| letter.is_ascii_uppercase()), "{country}");
            for line in lines {
                let (name, dates) = line.split_once('\t').unwrap();
                assert!(!name.is_empty() && holidays(country, line).count() == dates.split(' ').count(), "{line}");
                count += 1;
            }
        }
        assert!(COUNTRIES.len() > 200 && count == DATA.lines().count());
    }
}
