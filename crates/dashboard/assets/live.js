// Pages that follow what they show: the server says when something has changed, and the page is asked for again, unless
// somebody writes on it. Only a page that is looked at does, since browsers keep few connections to a server.
(() => {
  "use strict";
  const find = (selector) => document.querySelector(selector);
  const forms = () => [...document.querySelectorAll("main form")];

  const initially = (select) => Math.max(0, [...select.options].findIndex((option) => option.defaultSelected));
  const isEdited = (field) => field.type !== "hidden" && (
    field.matches("select") ? field.selectedIndex !== initially(field)
      : field.matches("[type=checkbox], [type=radio]") ? field.checked !== field.defaultChecked
        : field.matches("textarea, input") && field.value !== field.defaultValue);
  const edited = () => forms().flatMap((form) => [...form.elements].filter(isEdited).map((field) => ({ form, field })));
  const isBusy = () => edited().length > 0 || find("main :is(input, textarea, select):focus") || find("dialog[open]");

  // Asking for the page again, by a request that is known from others.
  const LIVE = { "X-Live": "yes" };
  const isLive = (event) => event.detail.requestConfig?.headers["X-Live"];
  const again = () => htmx.ajax("GET", location.href, { target: "main", select: "main", swap: "outerHTML", headers: LIVE });
  const look = () => isBusy() ? offer() : again();

  // What is written meanwhile stays, and goes along to the new page when somebody wants to see it.
  let drafts = [], isWanted = false;
  const offer = () => {
    if (find(".pill")) return;
    const pill = document.createElement("button");
    pill.className = "button primary pill";
    pill.textContent = "Something has changed: show it";
    pill.onclick = () => { pill.remove(); isWanted = true; again(); };
    document.body.append(pill);
  };
  const keep = () => {
    drafts = edited().map(({ form, field: { name, value, checked } }) => ({ action: form.getAttribute("action"), name, value, checked }));
  };
  const bring = () => {
    for (const { action, name, value, checked } of drafts) {
      const fields = forms().filter((form) => form.getAttribute("action") === action).flatMap((form) => [...form.elements]);
      const field = fields.find((field) => field.name === name && (field.type !== "checkbox" || field.value === value));
      if (field) Object.assign(field, field.type === "checkbox" ? { checked } : { value });
    }
    drafts = [];
  };

  // Whoever goes by the keyboard stays where they were.
  let place = "";
  const placeOf = (element) => element?.id ? `#${CSS.escape(element.id)}`
    : element?.matches("a[href]") ? `main a[href="${CSS.escape(element.getAttribute("href"))}"]` : "";

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!isLive(event)) return;
    if (isBusy() && !isWanted) { event.detail.shouldSwap = false; offer(); return; }
    keep();
    isWanted = false;
    place = placeOf(document.activeElement);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    find(".pill")?.remove();
    if (isLive(event)) { bring(); if (place) find(place)?.focus({ preventScroll: true }); }
    follow();
  });

  let stream = null, followed = "";
  const follow = () => {
    const path = document.hidden ? "" : find("main[data-live]")?.dataset.live ?? "";
    if (path === followed) return;
    stream?.close();
    followed = path;
    stream = path ? new EventSource(path) : null;
    if (!stream) return;
    stream.onmessage = look;
    stream.onerror = () => wardroom.tell("There is no connection: this page may be out of date. It goes on by itself.");
    stream.onopen = () => wardroom.tell("");
  };
  const stop = () => { stream?.close(); stream = null; followed = ""; };
  document.addEventListener("DOMContentLoaded", follow);
  window.addEventListener("pageshow", follow);
  window.addEventListener("pagehide", stop);
  document.addEventListener("visibilitychange", () => { follow(); if (followed && !isBusy()) again(); });
  // Times go on while somebody looks.
  setInterval(() => { if (followed && !isBusy()) again(); }, 60000);
})();
