//! `wardroom oncall`: who is on call, as a person asks for it.

mod calendar;
mod support;
mod validate;
mod who;
