// Dragging over a lane of the calendar leads to the form for an override, with its times filled in.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const QUARTER = 900;
  const calendar = document.querySelector(".calendar[data-form]:not([data-ready])");
  if (!calendar) return;
  calendar.dataset.ready = "";
  document.querySelector("[data-drag]").hidden = false;

  // Where on the drawing the pointer is, and which moment that is: seconds since 1970.
  const x = (week, event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(week.getScreenCTM().inverse());
    return Math.min(Math.max(point.x, 0), week.viewBox.baseVal.width);
  };
  const moment = (week, x) => {
    const edges = week.dataset.edges.split(" ").map(Number);
    const width = week.viewBox.baseVal.width / (edges.length - 1);
    const day = Math.min(Math.floor(x / width), edges.length - 2);
    const exact = edges[day] + (edges[day + 1] - edges[day]) * (x - day * width) / width;
    return Math.round(exact / QUARTER) * QUARTER;
  };
  const text = (seconds) => new Date(seconds * 1000).toISOString();
  const go = (place, from, to) => {
    location.href = calendar.dataset.form + "?" + new URLSearchParams({ place, from, to });
  };

  let drag = null;
  const stop = () => { drag?.mark.remove(); drag = null; };
  calendar.addEventListener("pointerdown", (event) => {
    const over = event.target.closest("[data-place]"), week = event.target.closest(".week");
    if (!over || event.button !== 0) return;
    const lane = [...week.querySelectorAll(".lane")].find((lane) => lane.dataset.place === over.dataset.place);
    const mark = document.createElementNS(SVG, "rect");
    mark.setAttribute("class", "mark");
    for (const name of ["y", "height"]) mark.setAttribute(name, lane.getAttribute(name));
    week.append(mark);
    drag = { over, week, mark, start: x(week, event), end: x(week, event) };
    calendar.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  calendar.addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.end = x(drag.week, event);
    drag.mark.setAttribute("x", Math.min(drag.start, drag.end));
    drag.mark.setAttribute("width", Math.abs(drag.end - drag.start));
  });
  calendar.addEventListener("pointerup", () => {
    if (!drag) return;
    const { over, week, start, end } = drag, { place, from, to } = over.dataset;
    const [first, last] = [start, end].sort((a, b) => a - b).map((at) => moment(week, at));
    stop();
    if (first < last) go(place, text(first), text(last));
    else if (from) go(place, from, to);
  });
  calendar.addEventListener("pointercancel", stop);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") stop(); });
})();
