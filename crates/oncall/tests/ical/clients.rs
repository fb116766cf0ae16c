//! Other programs that read calendars find in a feed what was written. They need Python with the package
//! `icalendar`, and Node.js with the package `ical.js`, and are skipped where these are not.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use oncall::ical::Event;

use crate::{ZONES, event, feed, nameless, seconds, time, written};

/// Shifts of nine and a half hours, one after another over two years, and so in all changes of the clock.
fn shifts() -> Vec<Event> {
    let (start, end) = (time("2023-06-01T00:15Z").seconds(), time("2025-06-01T00:00Z").seconds());
    let starts = (start..end).step_by(34_200);
    let shifts = starts.map(|start| Event {
        summary: "On call: Zoë, \\n; 漢字 🧭 ".repeat(4),
        start: seconds(start),
        end: seconds(start + 34_200),
        ..event(&start.to_string(), "2024-01-01T00:00Z", "2024-01-02T00:00Z")
    });
    shifts.collect()
}

/// The shifts as the clients print them: UID, start and end in seconds since 1970, and the summary in UTF-8.
fn expected(shifts: &[Event]) -> String {
    let lines = shifts.iter().map(|shift| {
        let summary: String = shift.summary.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("{} {} {} {summary}\n", shift.uid, shift.start.seconds(), shift.end.seconds())
    });
    lines.collect()
}

/// What `program` prints that runs a script of ours, if it has what the script needs.
fn printed(program: &str, script: &str, input: &str) -> Option<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ical/clients").join(script);
    let mut command = Command::new(program);
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut client = command.spawn().ok()?;
    // One that has nothing to read with does not listen, either: its exit says so.
    let _ = client.stdin.take()?.write_all(input.as_bytes());
    let output = client.wait_with_output().unwrap();
    if output.status.code() == Some(77) {
        return None;
    }
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn finds_the_same(program: &str, script: &str, needs: &str) {
    let shifts = shifts();
    for zone in ZONES {
        let text = written(&feed(zone, shifts.clone()));
        for text in [nameless(&text, zone), text] {
            let Some(found) = printed(program, script, &text) else {
                return eprintln!("SKIPPED reading feeds with {program}: it needs {needs}");
            };
            let differing = found
                .lines()
                .zip(expected(&shifts).lines())
                .find(|(found, expected)| found != expected)
                .map(|(found, expected)| format!("{found} is not {expected}"));
            assert_eq!(differing, None, "{program} in {zone}");
            assert_eq!(found.lines().count(), shifts.len(), "{program} in {zone}");
        }
    }
}

#[test]
fn python_finds_the_same_events() {
    finds_the_same("python3", "events.py", "Python with the package icalendar");
}

#[test]
fn ical_js_finds_the_same_events() {
    finds_the_same("node", "events.cjs", "Node.js with the package ical.js, where NODE_PATH says");
}
