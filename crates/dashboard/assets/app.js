// What makes the pages smoother; they all work without it.
(() => {
  "use strict";
  const find = (selector, within = document) => within.querySelector(selector);

  // Where the reader is, so that times are told by their clock. Asked once more only where cookies are kept.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const cookie = "wardroom_zone=" + encodeURIComponent(zone);
  if (zone && !document.cookie.split("; ").includes(cookie)) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = cookie + "; Path=/; Max-Age=31536000; SameSite=Lax" + secure;
    if (document.cookie.split("; ").includes(cookie) && find("time")) location.reload();
  }

  // Requests that no form makes prove, too, that they come from here.
  document.addEventListener("htmx:configRequest", (event) => {
    const token = find("input[name=csrf]");
    if (token) event.detail.headers["X-CSRF-Token"] = token.value;
  });

  const initially = (select) => Math.max(0, [...select.options].findIndex((option) => option.defaultSelected));
  const isEdited = (form) => [...form.elements].some((field) =>
    field.type !== "hidden" && (field.matches("textarea, input") && field.value !== field.defaultValue ||
      field.matches("select") && field.selectedIndex !== initially(field)));
  const isBusy = () => [...document.querySelectorAll("main form")].some(isEdited) ||
    find("main :is(input, textarea, select):focus") || find("dialog[open]");

  // Pages that follow what they show.
  let stream = null, followed = "";
  const again = () => htmx.ajax("GET", location.href, { target: "main", select: "main", swap: "outerHTML" });
  const offer = () => {
    if (find(".pill")) return;
    const pill = document.createElement("button");
    pill.className = "button primary pill";
    pill.textContent = "Something has changed: show it";
    pill.onclick = () => { pill.remove(); again(); };
    document.body.append(pill);
  };
  const follow = () => {
    const path = find("main[data-live]")?.dataset.live ?? "";
    if (path === followed) return;
    stream?.close();
    followed = path;
    stream = path ? new EventSource(path) : null;
    if (stream) stream.onmessage = () => isBusy() ? offer() : again();
  };
  // Times go on while somebody looks.
  setInterval(() => { if (followed && !document.hidden && !isBusy()) again(); }, 60000);

  const arrive = () => {
    if (navigator.clipboard) document.querySelectorAll("[data-copy][hidden]").forEach((button) => { button.hidden = false; });
    const toast = find(".toast");
    if (toast) setTimeout(() => toast.remove(), 8000);
    find(".navigation [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }); // it is a row on phones
    document.querySelectorAll("[data-needs-scripts]").forEach((part) => { part.hidden = false; });
    follow();
  };
  document.addEventListener("htmx:afterSettle", () => { find(".pill")?.remove(); arrive(); });
  document.addEventListener("DOMContentLoaded", arrive);
  window.addEventListener("pagehide", () => { stream?.close(); followed = ""; });
  window.addEventListener("pageshow", arrive);

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const text = button.lastChild, before = text.textContent;
    text.textContent = "Copied";
    setTimeout(() => { text.textContent = before; }, 2000);
  });

  // A file that is chosen stands in the field that it could have been pasted into.
  document.addEventListener("change", async (event) => {
    const field = find("#" + (event.target.dataset.fill || "none"));
    if (field && event.target.files[0]) field.value = await event.target.files[0].text();
  });

  // What can't be undone is asked for twice.
  let sure = null;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.confirm || sure === form) { sure = null; return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    const dialog = find("#confirm");
    find("#confirm-text").textContent = form.dataset.confirm;
    dialog.returnValue = "";
    dialog.onclose = () => {
      if (dialog.returnValue === "yes") { sure = form; form.requestSubmit(); }
    };
    dialog.showModal();
  }, true);

  // Keys do what the help says, until somebody turns them off there.
  const OFF = "wardroom_keys_off";
  const stored = (work) => { try { return work(localStorage); } catch { return null; } };
  const help = () => {
    find("#keys-on").checked = !stored((storage) => storage.getItem(OFF));
    find("#help").showModal();
  };
  document.addEventListener("change", (event) => {
    if (event.target.id !== "keys-on") return;
    stored((storage) => event.target.checked ? storage.removeItem(OFF) : storage.setItem(OFF, "yes"));
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-help]")) help(); });
  const go = (path) => { (find(`a[href="${path}"]`) ?? Object.assign(document.createElement("a"), { href: path })).click(); };
  const act = (does) => {
    const [what, where] = does.split(" ");
    if (what === "go") go(where);
    if (what === "search") find("[data-search]")?.focus();
    if (what === "help") help();
  };
  let before = "";
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelectorAll("details[open].menu").forEach((menu) => { menu.open = false; });
    if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Shift") return;
    if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    if (stored((storage) => storage.getItem(OFF))) return;
    const keys = before + event.key;
    const all = [...document.querySelectorAll("#help [data-keys]")];
    const chosen = all.find((shortcut) => shortcut.dataset.keys === keys);
    before = all.some((shortcut) => shortcut.dataset.keys.startsWith(keys + " ")) ? keys + " " : "";
    if (before) setTimeout(() => { before = ""; }, 1500);
    if (!chosen) return;
    act(chosen.dataset.does);
    event.preventDefault();
  });
})();
