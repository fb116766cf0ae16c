//! How fast requests may follow each other, by what the server tells of its limits.
//!
//! The server's buckets are mirrored: a request is sent when one is left by what the last answers said, less
//! what is on its way, plus what has been refilled since. After a 429 nobody sends anything for as long as it
//! says, and then one request goes ahead of the others, which wait for what becomes of it.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::{Time, World};

/// What an answer tells of limits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Told {
    /// How many requests the binding limit allows in its window.
    pub limit: Option<f64>,
    /// The window, in seconds.
    pub window: f64,
    /// How many are left.
    pub remaining: Option<f64>,
    /// After a 429: for how long nothing should be sent.
    pub retry_after: Option<Duration>,
}

/// The window of a limit whose answer tells none.
const WINDOW: f64 = 60.0;
/// How long nothing is sent after a 429 that doesn't say.
const UNSAID: Duration = Duration::from_secs(5);
/// How long one waits for what has been sent ahead before looking again.
const GLIMPSE: Duration = Duration::from_millis(20);

/// The pace of everybody who asks one server with one key.
#[derive(Debug, Default)]
pub struct Pace {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    buckets: HashMap<String, Bucket>,
    /// Until when nothing is sent at all.
    quiet_until: Option<Time>,
    /// Whether one request goes ahead of the others, and which one it is once it is on its way.
    ahead: Option<Option<Ticket>>,
    /// How many have gone.
    gone: u64,
}

/// A request that has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

#[derive(Debug)]
struct Bucket {
    left: f64,
    limit: f64,
    /// Refilled per second.
    rate: f64,
    /// When `left` was true.
    at: Time,
    on_the_way: f64,
}

impl Bucket {
    fn refill(&mut self, now: Time) {
        self.left = (self.left + now.since(self.at).as_secs_f64() * self.rate).min(self.limit);
        self.at = now;
    }
}

/// What is to be done before a request goes.
#[derive(Debug, PartialEq)]
enum Turn {
    Go(Ticket),
    Wait(Duration),
    /// Until what has been sent ahead is back.
    WaitForOther,
}

impl State {
    fn turn(&mut self, bucket: &str, now: Time) -> Turn {
        if let Some(until) = self.quiet_until.filter(|until| *until > now) {
            return Turn::Wait(until.since(now));
        }
        if let Some(Some(_)) = self.ahead {
            return Turn::WaitForOther;
        }
        if let Some(bucket) = self.buckets.get_mut(bucket) {
            bucket.refill(now);
            let free = bucket.left - bucket.on_the_way;
            if free < 1.0 && self.ahead.is_none() {
                return Turn::Wait(Duration::from_secs_f64(((1.0 - free) / bucket.rate).min(WINDOW)));
            }
            bucket.on_the_way += 1.0;
        }
        self.gone += 1;
        let ticket = Ticket(self.gone);
        self.ahead = self.ahead.map(|_| Some(ticket));
        Turn::Go(ticket)
    }

    fn learn(&mut self, key: &str, ticket: Ticket, told: Option<&Told>, now: Time) {
        let was_ahead = self.ahead == Some(Some(ticket));
        match told.map(|told| told.retry_after) {
            Some(Some(wait)) => {
                self.quiet_until = self.quiet_until.max(Some(now + wait));
                self.ahead = Some(None);
            }
            // What went before the others were stopped says nothing of how it is now.
            Some(None) if was_ahead => self.ahead = None,
            // The one ahead was lost: the next one goes ahead.
            None if was_ahead => self.ahead = Some(None),
            _ => {}
        }
        let known = self.buckets.get_mut(key);
        if let Some(bucket) = known {
            bucket.on_the_way = (bucket.on_the_way - 1.0).max(0.0);
        }
        let Some(told) = told else { return };
        let (Some(limit), Some(remaining)) = (told.limit, told.remaining) else { return };
        let bucket = self.buckets.entry(key.to_owned()).or_insert(Bucket {
            left: remaining,
            limit,
            rate: 1.0,
            at: now,
            on_the_way: 0.0,
        });
        bucket.refill(now);
        (bucket.limit, bucket.rate) = (limit.max(1.0), limit.max(1.0) / told.window.max(1.0));
        // Answers overtake each other: the least that any of them says holds, until it is refilled.
        bucket.left = bucket.left.min(remaining);
        if told.retry_after.is_some() {
            bucket.left = 0.0;
        }
    }
}

impl Pace {
    /// Waits until a request to `bucket` may go. `None` when that would be later than `deadline`.
    pub fn await_turn(&self, bucket: &str, world: &World, deadline: Time) -> Option<Ticket> {
        loop {
            let mut state = self.state();
            match state.turn(bucket, world.now()) {
                Turn::Go(ticket) => return Some(ticket),
                Turn::Wait(wait) if world.now() + wait > deadline => return None,
                Turn::Wait(wait) => {
                    drop(state);
                    world.sleep(wait);
                }
                Turn::WaitForOther => {
                    drop(self.changed.wait_timeout(state, GLIMPSE).unwrap_or_else(PoisonError::into_inner));
                    if world.now() > deadline {
                        return None;
                    }
                }
            }
        }
    }

    /// Takes in what an answer said; `None` where there was none.
    pub fn learn(&self, bucket: &str, ticket: Ticket, told: Option<&Told>, now: Time) {
        self.state().learn(bucket, ticket, told, now);
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    /// What the headers and, after a 429, the body tell.
    pub fn read<'h>(status: u16, header: impl Fn(&str) -> Option<&'h str>, body: &[u8], now: Time) -> Self {
        let limit = header("x-ratelimit-limit");
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let window = limit.and_then(|limit| limit.split("window=").nth(1)?.split([',', ';']).next());
        Self {
            limit: limit.and_then(|limit| number(limit.split([',', ';']).next()?)),
            window: window.and_then(number).unwrap_or(WINDOW),
            remaining: header("x-ratelimit-remaining").and_then(number),
            retry_after: (status == 429)
                .then(|| header("retry-after").and_then(|text| wait(text, now)).or_else(|| body_wait(body, now)))
                .map(|wait| wait.unwrap_or(UNSAID).max(Duration::from_millis(100))),
        }
    }
}

/// What `Retry-After` means: seconds, or a moment (RFC 9110, 10.2.3).
fn wait(text: &str, now: Time) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    let moment = Time::from_microseconds(i64::try_from(moment.as_micros()).ok()?)?;
    Some(moment.since(now))
}

/// What the body of a 429 says: `{"rate_limit": {"retry_after": moment}}`.
fn body_wait(body: &[u8], now: Time) -> Option<Duration> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let moment = body.pointer("/rate_limit/retry_after")?.as_str()?;
    moment.parse().map(|moment: Time| moment.since(now)).ok().or_else(|| wait(moment, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_microseconds(1_772_442_000_000_000 + seconds * 1_000_000).unwrap()
    }

    fn left(limit: f64, remaining: f64) -> Told {
        Told { limit: Some(limit), window: 60.0, remaining: Some(remaining), retry_after: None }
    }

    #[track_caller]
    fn go(state: &mut State, bucket: &str, now: Time) -> Ticket {
        match state.turn(bucket, now) {
            Turn::Go(ticket) => ticket,
            turn => panic!("{turn:?}"),
        }
    }

    #[test]
    fn requests_go_until_none_is_left_and_then_as_they_are_refilled() {
        let mut state = State::default();
        let first = go(&mut state, "x", at(0)); // nothing is known yet
        state.learn("x", first, Some(&left(60.0, 2.0)), at(0));
        let [second, third] = [(); 2].map(|()| go(&mut state, "x", at(0)));
        assert_eq!(state.turn("x", at(0)), Turn::Wait(Duration::from_secs(1)), "both are on their way");
        go(&mut state, "y", at(0)); // another operation has a limit of its own
        state.learn("x", third, Some(&left(60.0, 0.0)), at(0));
        state.learn("x", second, Some(&left(60.0, 1.0)), at(0));
        assert_eq!(state.turn("x", at(0)), Turn::Wait(Duration::from_secs(1)), "answers overtake each other");
        go(&mut state, "x", at(1));
    }

    #[test]
    fn after_a_429_one_goes_ahead_and_the_others_wait_for_it() {
        let mut state = State::default();
        let limited = Told { retry_after: Some(Duration::from_secs(7)), ..left(60.0, 0.0) };
        let [refused, late] = [(); 2].map(|()| go(&mut state, "x", at(0)));
        state.learn("x", refused, Some(&limited), at(0));
        for bucket in ["x", "y"] {
            assert_eq!(state.turn(bucket, at(0)), Turn::Wait(Duration::from_secs(7)));
        }
        // What went before the refusal is answered well: that changes nothing.
        state.learn("x", late, Some(&Told::default()), at(1));
        let ahead = go(&mut state, "x", at(7));
        assert_eq!(state.turn("x", at(7)), Turn::WaitForOther);
        state.learn("x", ahead, None, at(8));
        let again = go(&mut state, "x", at(8));
        assert_eq!(state.turn("y", at(8)), Turn::WaitForOther, "the one ahead was lost, and another goes ahead");
        state.learn("x", again, Some(&left(60.0, 5.0)), at(8));
        go(&mut state, "x", at(8));
        go(&mut state, "y", at(8));
    }

    #[test]
    fn how_long_to_wait_is_understood_in_each_form() {
        let told = |header: Option<&'static str>, body: &str| {
            Told::read(429, |name| header.filter(|_| name == "retry-after"), body.as_bytes(), at(0)).retry_after
        };
        assert_eq!(told(Some("12"), ""), Some(Duration::from_secs(12)));
        assert_eq!(told(Some("Mon, 02 Mar 2026 09:00:30 GMT"), ""), Some(Duration::from_secs(30)));
        let body = r#"{"rate_limit": {"retry_after": "2026-03-02T09:00:20Z"}}"#;
        assert_eq!(told(None, body), Some(Duration::from_secs(20)));
        let body = r#"{"rate_limit": {"retry_after": "Mon, 02 Mar 2026 09:00:20 GMT"}}"#;
        assert_eq!(told(Some("soon"), body), Some(Duration::from_secs(20)));
        assert_eq!(told(None, "<html>"), Some(UNSAID));
        assert_eq!(told(Some("0"), ""), Some(Duration::from_millis(100)), "at once would be too early again");
    }

    #[test]
    fn the_binding_limit_is_read_from_the_headers() {
        let header = |name: &str| match name {
            "x-ratelimit-limit" => Some("60, 1200;window=60, 60;window=60"),
            "x-ratelimit-remaining" => Some("17"),
            _ => None,
        };
        assert_eq!(Told::read(200, header, b"", at(0)), left(60.0, 17.0));
        assert_eq!(Told::read(200, |_| None, b"", at(0)).limit, None);
    }
}
