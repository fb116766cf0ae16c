//! How often a caller may call.
//!
//! Each limit is a token bucket: it holds as many requests as its limit says, a request takes one,
//! and it refills evenly over a minute. Where several nodes share a database they share the buckets
//! too: a node takes a few tokens at a time out of the shared bucket and spends them by itself, so
//! that all nodes together never spend more than one bucket holds, and most requests ask nobody.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base::{Error, Quota, Result, Time};
use store::{Cx, Store, Who};
use tokio::sync::Mutex as AsyncMutex;

/// The window over which a bucket refills, in seconds.
const WINDOW: f64 = 60.0;
/// A node takes this part of a shared bucket at a time.
const SHARE: f64 = 1.0 / 20.0;

/// The limits in force.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Requests a minute for one API key.
    pub per_key: u64,
    /// Operations whose own limit differs from the route table's, by name; 0 for no limit.
    pub operations: HashMap<String, u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_key: 1_200, operations: HashMap::new() }
    }
}

/// Counts requests.
pub(crate) struct Limiter {
    limits: Option<Limits>,
    buckets: Mutex<HashMap<String, Arc<AsyncMutex<Bucket>>>>,
}

/// One bucket as this node knows it.
#[derive(Debug)]
struct Bucket {
    limit: f64,
    /// What this node may spend.
    own: f64,
    /// What the shared bucket held when this node last took from it.
    shared: f64,
    refilled: Time,
}

/// What is left of the limit that binds a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowance {
    /// Every limit that applied; the binding one is `binding`.
    limits: Vec<u64>,
    binding: u64,
    remaining: u64,
    /// Unix seconds at which the binding limit will be full again.
    reset: i64,
}

impl Limiter {
    /// A limiter; without `limits` it lets everything pass.
    pub fn new(limits: Option<Limits>) -> Self {
        Self { limits, buckets: Mutex::default() }
    }

    /// Counts one request of `account` (called `name`) to `operation`. The allowance is what is left
    /// after it, and the error, if any, why it is refused.
    pub async fn count(
        &self,
        store: &Store,
        (account, name): (&str, &str),
        (operation, own_limit): (&str, Option<u64>),
    ) -> Result<(Option<Allowance>, Option<Error>)> {
        let Some(limits) = &self.limits else { return Ok((None, None)) };
        let own_limit = limits.operations.get(operation).copied().or(own_limit).filter(|limit| *limit > 0);
        let mut applying = vec![(account.to_owned(), limits.per_key)];
        applying.extend(own_limit.map(|limit| (format!("{account}/{operation}"), limit)));

        let now = store.world().now();
        let mut allowance = Allowance::default();
        let mut wait = 0.0_f64;
        let mut held = Vec::new();
        for (key, limit) in &applying {
            let bucket = self.bucket(key, *limit, now);
            let mut bucket = bucket.lock_owned().await;
            bucket.refill(store, key, now).await?;
            wait = wait.max(bucket.wait());
            held.push(bucket);
        }
        let passes = wait == 0.0;
        for bucket in &mut held {
            bucket.own -= if passes { 1.0 } else { 0.0 };
            allowance.note(bucket, now);
        }
        let refusal = (!passes).then(|| {
            let retry_after = (wait.ceil() as u64).max(1);
            Error::too_many(Quota { name: name.into(), limit: allowance.binding, retry_after })
        });
        Ok((Some(allowance), refusal))
    }

    fn bucket(&self, key: &str, limit: u64, now: Time) -> Arc<AsyncMutex<Bucket>> {
        let mut buckets = self.buckets.lock().expect("no one panics holding the buckets");
        if let Some(bucket) = buckets.get(key) {
            return Arc::clone(bucket);
        }
        let bucket = Bucket { limit: limit as f64, own: 0.0, shared: limit as f64, refilled: now };
        Arc::clone(buckets.entry(key.into()).or_insert_with(|| Arc::new(AsyncMutex::new(bucket))))
    }
}

impl Bucket {
    /// Tokens a second.
    fn rate(&self) -> f64 {
        self.limit / WINDOW
    }

    /// Seconds until one request passes; 0 when it does now.
    fn wait(&self) -> f64 {
        if self.own >= 1.0 { 0.0 } else { (1.0 - self.own - self.shared).max(0.001) / self.rate() }
    }

    /// Makes sure that there is a token to spend, if there is one anywhere.
    async fn refill(&mut self, store: &Store, key: &str, now: Time) -> Result<()> {
        let grown = now.since(self.refilled).as_secs_f64() * self.rate();
        self.shared = (self.shared + grown).min(self.limit - self.own.max(0.0));
        self.refilled = now;
        if self.own >= 1.0 || self.own + self.shared < 1.0 {
            return Ok(());
        }
        let wanted = if store.location().is_shared() { (self.limit * SHARE).ceil() } else { self.shared };
        let (granted, left) = if store.location().is_shared() {
            let (key, limit, rate) = (key.to_owned(), self.limit, self.rate());
            store.write(Who::system(), move |cx| take_shared(cx, &key, limit, rate, wanted)).await?
        } else {
            (wanted, 0.0)
        };
        self.own += granted;
        self.shared = left;
        Ok(())
    }
}

/// Takes up to `wanted` whole tokens out of the bucket that all nodes share: how many it gave, and
/// how many are left.
fn take_shared(cx: &mut Cx<'_>, key: &str, limit: f64, rate: f64, wanted: f64) -> Result<(f64, f64)> {
    let now = cx.now();
    cx.run(
        "insert into rate_limit_buckets (name, tokens, refilled_at) values ($1, $2, $3) on conflict (name) do nothing",
        &store::values![key, limit, now],
    )?;
    let row = cx
        .locked_row("select tokens, refilled_at from rate_limit_buckets where name = $1", &store::values![key])?
        .ok_or_else(|| Error::internal("a bucket that was just made is there"))?;
    let (tokens, refilled): (f64, Time) = (row.get(0)?, row.get(1)?);
    let tokens = (tokens + now.since(refilled).as_secs_f64() * rate).min(limit);
    let granted = wanted.min(tokens.floor());
    cx.run(
        "update rate_limit_buckets set tokens = $2, refilled_at = $3 where name = $1",
        &store::values![key, tokens - granted, now.max(refilled)],
    )?;
    Ok((granted, tokens - granted))
}

impl Allowance {
    fn note(&mut self, bucket: &Bucket, now: Time) {
        let left = (bucket.own.max(0.0) + bucket.shared).min(bucket.limit);
        let remaining = left.floor() as u64;
        if self.limits.is_empty() || remaining < self.remaining {
            self.binding = bucket.limit as u64;
            self.remaining = remaining;
            self.reset = now.seconds() + ((bucket.limit - left) / bucket.rate()).ceil() as i64;
        }
        self.limits.push(bucket.limit as u64);
    }

    /// The headers that tell a caller of it.
    pub fn headers(&self) -> [(&'static str, String); 4] {
        let all: String = self.limits.iter().map(|limit| format!(", {limit};window={WINDOW}")).collect();
        [
            ("x-ratelimit-limit", format!("{}{all}", self.binding)),
            ("x-ratelimit-remaining", self.remaining.to_string()),
            ("x-ratelimit-used", (self.binding - self.remaining.min(self.binding)).to_string()),
            ("x-ratelimit-reset", self.reset.to_string()),
        ]
    }
}
