"""Prints the events of the calendar on standard input; exits with 77 where there is nothing to read it with."""

import sys

try:
    import icalendar
except ImportError:
    sys.exit(77)

calendar = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
for event in calendar.walk("VEVENT"):
    start, end = (int(event[name].dt.timestamp()) for name in ("DTSTART", "DTEND"))
    print(event["UID"], start, end, str(event["SUMMARY"]).encode().hex())
