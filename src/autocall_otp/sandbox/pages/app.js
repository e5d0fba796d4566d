// Puts the page together: news go to its parts, keys to what they stand for.

import * as detail from "./detail.js";
import * as dialogs from "./dialogs.js";
import { byId, make, save, saved, setText, showTrouble } from "./dom.js";
import { calls, follow, state, timeOfDay } from "./feed.js";
import * as list from "./list.js";
import * as requests from "./requests.js";
import { STATUSES, label, n, t, translate } from "./words.js";

const TITLE = "Autocall OTP sandbox";
const TICK = 250;

const KEYS = [
  ["/", "Filter", () => byId("search").focus()],
  ["j", "Next call", () => list.step(1)],
  ["k", "Previous call", () => list.step(-1)],
  ...detail.SHORTCUTS,
  ["c", "Copy code", detail.copyCode],
  ["d", "Delete", () => detail.remove()],
  ["n", "Let new calls in", () => list.letIn()],
  ["p", "Place a call", () => dialogs.openPlace()],
  ["s", "Settings", () => dialogs.openSettings()],
  ["x", "Skip 10 s", () => dialogs.skip(10)],
  ["e", "Export JSON", () => dialogs.exportShown()],
  ["1", "Calls", () => showTab("calls")],
  ["2", "Requests", () => showTab("requests")],
  ["?", "Keyboard shortcuts", () => byId("keys").showModal()],
];

function draw() {
  const ringing = [...calls.values()].filter((call) => call.status === "ringing" && !call.gone).length;
  document.title = ringing ? `(${ringing}) ${TITLE}` : TITLE;
  byId("empty").hidden = !state.known || calls.size > 0;
  byId("tools").hidden = byId("panes").hidden = calls.size === 0;
  setText(byId("calls-count"), calls.size ? String([...calls.values()].filter((call) => !call.gone).length) : "");
  for (const id of ["clear", "skip", "open-place", "open-settings", "empty-place", "clear-requests"]) {
    byId(id).disabled = !state.connected;
  }
  byId("chaos-on").hidden = !state.chaos;
  const speed = state.speed === 0 ? t("stands still") : t("runs at {n} ×", { n: state.speed });
  setText(byId("speed"), state.speed === 1 ? "" : speed);
  requests.draw();
  tick();
}

function tick() {
  if (state.known) {
    setText(byId("clock"), timeOfDay());
    list.tick();
    detail.tick();
  }
}

function showLink() {
  const link = byId("link");
  link.dataset.state = state.connected ? "live" : "lost";
  setText(link, state.connected ? t("Live") : t("Connection lost, trying again…"));
  if (state.connected) {
    showTrouble("");
    dialogs.describe().catch(() => {});
  }
  detail.draw();
  draw();
}

function showTab(name) {
  for (const each of ["calls", "requests"]) {
    const chosen = each === name;
    byId(`tab-${each}`).setAttribute("aria-selected", String(chosen));
    byId(`tab-${each}`).tabIndex = chosen ? 0 : -1;
    byId(`${each}-panel`).hidden = !chosen;
  }
}

function startTabs() {
  const tabs = [byId("tab-calls"), byId("tab-requests")];
  for (const [place, tab] of tabs.entries()) {
    tab.addEventListener("click", () => showTab(tab.id.slice(4)));
    tab.addEventListener("keydown", (event) => {
      if (["ArrowLeft", "ArrowRight"].includes(event.key)) {
        tabs[1 - place].click();
        tabs[1 - place].focus();
      }
    });
  }
}

function startKeys() {
  const on = byId("keys-on");
  on.checked = saved("keys", "on") === "on";
  on.addEventListener("change", () => save("keys", on.checked ? "on" : "off"));
  byId("open-keys").addEventListener("click", () => byId("keys").showModal());
  const describe = ([key, words]) => make("div", {}, make("dt", {}, make("kbd", {}, key)), make("dd", {}, t(words)));
  byId("key-list").replaceChildren(...KEYS.map(describe));
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, dialog");
    if (event.key === "Escape" && event.target === byId("search")) {
      event.target.blur();
    }
    const known = KEYS.find(([key]) => key === event.key);
    if (known && on.checked && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      known[2]();
    }
  });
}

function startStatuses() {
  const choices = [["", t("Any status")], ["live", t("Going on")], ...STATUSES.map((status) => [status, label(status)])];
  byId("status").replaceChildren(...choices.map(([value, words]) => make("option", { value }, words)));
}

/** One above the other, the open call comes first, for the eye and for the keyboard. */
function startPanes() {
  const narrow = matchMedia("(max-width: 52rem)");
  const arrange = () => (narrow.matches ? byId("panes").prepend(byId("detail")) : byId("panes").append(byId("detail")));
  narrow.addEventListener("change", arrange);
  arrange();
}

translate(document);
startPanes();
startStatuses();
startTabs();
startKeys();
list.start();
list.onChange(detail.draw);
list.onChange(draw);
requests.start();
dialogs.start();
byId("skip").addEventListener("click", () => dialogs.skip(10));
setInterval(tick, TICK);
follow((news) => {
  list.update(news);
  if (!news.isSnapshot) {
    dialogs.notify(news.fresh);
  }
  draw();
}, showLink);
