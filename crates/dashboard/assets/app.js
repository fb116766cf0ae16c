// What makes the pages smoother; they all work without it.
(() => {
  "use strict";
  const find = (selector) => document.querySelector(selector);

  /** Says what somebody has to know as long as it is so; nothing, once it isn't. */
  const tell = (text) => {
    find(".outage")?.remove();
    if (text) document.body.append(Object.assign(document.createElement("p"), { className: "outage", role: "alert", textContent: text }));
  };
  window.wardroom = { tell };

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

  // Without a connection nothing is sent, and nothing that was typed is lost.
  document.addEventListener("htmx:sendError", () => tell("There is no connection: nothing was sent, and what you typed is still here. Try again."));
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.xhr.status > 0) tell(""); });

  const arrive = () => {
    if (navigator.clipboard) document.querySelectorAll("[data-copy][hidden]").forEach((button) => { button.hidden = false; });
    const toast = find(".toast");
    if (toast) setTimeout(() => toast.remove(), 8000);
    find(".navigation [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }); // it is a row on phones
    document.querySelectorAll("[data-needs-scripts]").forEach((part) => { part.hidden = false; });
  };
  document.addEventListener("htmx:afterSettle", arrive);
  document.addEventListener("DOMContentLoaded", arrive);
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
