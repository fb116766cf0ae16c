// Prints the events of the calendar on standard input; exits with 77 where there is nothing to read it with.

let ical;
try {
  const found = require("ical.js");
  ical = found.default ?? found;
} catch {
  process.exit(77);
}

const calendar = new ical.Component(ical.parse(require("node:fs").readFileSync(0, "utf8")));
for (const zone of calendar.getAllSubcomponents("vtimezone")) {
  ical.TimezoneService.register(zone);
}
for (const component of calendar.getAllSubcomponents("vevent")) {
  const event = new ical.Event(component);
  const summary = Buffer.from(event.summary, "utf8").toString("hex");
  console.log(event.uid, event.startDate.toUnixTime(), event.endDate.toUnixTime(), summary);
}
