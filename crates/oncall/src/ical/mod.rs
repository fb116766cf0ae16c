//! Calendars in the iCalendar format (RFC 5545), written and read: pure functions of text and time.
//!
//! [`write`] makes the feed that calendar programs subscribe to; [`read`] finds in a calendar that
//! somebody brings along the events of a window. What they guarantee:
//!
//! - a written feed reads back as the same events, to the second, and says the same to a program that
//!   knows the time zone and to one that goes by the feed's own description of it;
//! - any text has an answer: its events, or a [`Problem`] that says what is wrong where. How much
//!   a text may repeat is limited, so that the answer comes in bounded time.
//!
//! The text is written and read by our own few lines of code. The crate `icalendar` stamps
//! the current time and a random UID on every component that has none, on the parts of a `VTIMEZONE`
//! too, where RFC 5545 (3.6.5) has no place for them and this module no clock; and its reader recurses
//! once for every `BEGIN`, which a hostile text turns into a stack overflow. Rules of recurrence are
//! expanded by the crate `rrule`, in what the clock on the wall shows; which instant that is, the zone
//! data of `jiff` decides, as everywhere in this program.
//!
//! | module   | what it is                                                           |
//! |----------|----------------------------------------------------------------------|
//! | `lines`  | content lines and components: folding, escaping, nesting              |
//! | `write`  | from a feed to its text                                              |
//! | `read`   | from a text to the events of a window                                |
//! | `values` | dates, times and durations                                           |
//! | `zones`  | `VTIMEZONE`s: written from the zone data, and read                    |
//! | `repeat` | `RRULE`: when an event comes again                                   |

mod lines;
mod read;
mod repeat;
mod values;
mod write;
mod zones;

use std::fmt;

use base::Time;

pub use read::read;
pub use write::write;

/// A calendar to subscribe to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// What calendar programs call it.
    pub name: String,
    /// The IANA name of the time zone that its times are told in; UTC, if there is no such zone.
    pub zone: String,
    /// What is in it, in the order in which it is written.
    pub events: Vec<Event>,
}

/// Something that goes on from one moment to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it is known by from one fetch of a feed to the next: globally unique (RFC 5545, 3.8.4.7).
    pub uid: String,
    /// Its title, in one line.
    pub summary: String,
    /// What else there is to say, in any number of lines; not written if it is empty.
    pub description: String,
    /// The first moment, written to the second before it.
    pub start: Time,
    /// The first moment after it, written to the second before it, but after the start.
    pub end: Time,
    /// Where to read more: an absolute URI.
    pub url: Option<String>,
}

/// An event that a calendar has in the window that was asked about, or one occurrence of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The event's UID, which all its occurrences share.
    pub uid: String,
    /// Its title; empty, if it has none.
    pub summary: String,
    /// The e-mail addresses of those invited to it, and then of who invited them, each once and in
    /// lower case.
    pub attendees: Vec<String>,
    /// The first moment.
    pub start: Time,
    /// The first moment after it.
    pub end: Time,
}

/// Why a text can't be read as a calendar: a sentence that names the event, or the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(String);

impl Problem {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}
