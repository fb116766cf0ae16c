//! `wardroom catalog`: what importing and exporting files promise.

mod exporting;
mod files;
mod importing;
mod support;
