// The list of calls: compact rows, newest first. Nothing moves while somebody points at it or has the focus in it.

import { announce, byId, make, setChildren, setText } from "./dom.js";
import { LIVE, calls, sandboxTime, seconds, timeOfDay } from "./feed.js";
import { filter } from "./filter.js";
import { kind, label, n, t } from "./words.js";

const STEP = 100;
const LONG_CODE = 12;

const rows = new Map();
/** New calls that wait to be let in. */
const waiting = new Set();
let limit = STEP;
let matching = [];
let pointed = false;
let touched = false;
/** The call that is open; `chosen` says whether somebody chose it. */
export const open = { id: null, chosen: false };
const listeners = [];

/** Calls back when another call is open, or the list has changed. */
export function onChange(listener) {
  listeners.push(listener);
}

export function shown() {
  return matching;
}

export function openCall() {
  return open.id === null ? undefined : calls.get(open.id);
}

export function held() {
  const focused = document.hasFocus() && byId("panes").contains(document.activeElement);
  return calls.size > waiting.size && (pointed || touched || focused);
}

export function select(id, chosen) {
  open.id = id;
  open.chosen = chosen;
  for (const [each, row] of rows) {
    mark(row, each === id);
  }
  listeners.forEach((listener) => listener());
}

function mark(row, isOpen) {
  row.firstElementChild.setAttribute("aria-current", isOpen ? "true" : "false");
  row.firstElementChild.tabIndex = isOpen ? 0 : -1;
}

export function stateText(call) {
  if (call.gone) {
    return t("Deleted");
  }
  if (LIVE.has(call.status)) {
    return t("{n} s", { n: seconds(call.since, sandboxTime()) });
  }
  if (call.answered_at) {
    return t("talked {n} s", { n: seconds(call.answered_at, Date.parse(call.ended_at)) });
  }
  return t("after {n} s", { n: seconds(call.placed_at, Date.parse(call.ended_at)) });
}

function newRow(call) {
  const button = make("button", { type: "button", class: "row" },
    make("span", { class: "number" }, call.phone_number),
    make("span", { class: "code" }, call.code_otp),
    make("span", { class: "state" }, make("b", {}), " ", make("span", { class: "seconds" })),
    make("time", {}, timeOfDay(call.placed_at)));
  button.addEventListener("click", () => {
    select(call.id, true);
    byId("detail").scrollIntoView({ block: "nearest" });
  });
  const row = make("li", {}, button);
  rows.set(call.id, row);
  mark(row, call.id === open.id);
  return row;
}

function rowOf(call) {
  const row = rows.get(call.id) ?? newRow(call);
  row.className = kind(call);
  setText(row.querySelector("b"), label(call.status));
  setText(row.querySelector(".seconds"), stateText(call));
  return row;
}

/** Draws what the filter lets through. */
export function draw() {
  const fits = filter(byId("search").value, byId("status").value);
  matching = [...calls.values()].filter((call) => !waiting.has(call.id) && fits(call)).sort((a, b) => b.id - a.id);
  setChildren(byId("calls"), matching.slice(0, limit).map(rowOf));
  const all = calls.size - waiting.size;
  const count = matching.length === all ? n(all, "{n} call", "{n} calls") : t("{n} of {all} calls", { n: matching.length, all });
  setText(byId("count"), count);
  byId("nothing").hidden = matching.length > 0;
  setText(byId("nothing"), t("No call fits the filter."));
  byId("older").hidden = matching.length <= limit;
  setText(byId("older"), t("Show older calls ({n})", { n: matching.length - limit }));
  if (open.id !== null && !rows.get(open.id)?.isConnected && byId("calls").firstElementChild) {
    // The open call is not in the list; the keyboard still has to reach it.
    byId("calls").firstElementChild.firstElementChild.tabIndex = 0;
  }
}

/** After the filter was changed: from the top again. */
export function refilter() {
  limit = STEP;
  draw();
}

export function tick() {
  for (const call of matching.slice(0, limit)) {
    if (LIVE.has(call.status)) {
      setText(rows.get(call.id).querySelector(".seconds"), stateText(call));
    }
  }
}

/** Takes news in, or holds new calls back. */
export function update({ fresh, changed, isSnapshot }) {
  if (!isSnapshot) {
    tell(fresh);
  }
  if (held()) {
    fresh.forEach((call) => waiting.add(call.id));
    matching = matching.map((call) => calls.get(call.id) ?? call);
    changed.filter((call) => rows.has(call.id)).forEach(rowOf);
    matching.filter((call) => call.gone).forEach(rowOf);
    showWaiting();
    listeners.forEach((listener) => listener());
    return;
  }
  letIn();
}

function tell(fresh) {
  if (fresh.length === 1) {
    const code = [...fresh[0].code_otp].slice(0, LONG_CODE).join(" ");
    announce(t("New call {id} to {number}. Code {code}", { id: fresh[0].id, number: fresh[0].phone_number, code }));
  } else if (fresh.length > 1) {
    announce(n(fresh.length, "{n} new call", "{n} new calls"));
  }
}

function showWaiting() {
  byId("let-in").hidden = waiting.size === 0;
  setText(byId("let-in"), n(waiting.size, "{n} new call", "{n} new calls"));
}

/** Lets the waiting calls in and drops those that are gone. */
export function letIn() {
  waiting.clear();
  showWaiting();
  for (const [id, call] of [...calls]) {
    if (call.gone) {
      calls.delete(id);
      rows.get(id)?.remove();
      rows.delete(id);
    }
  }
  draw();
  follow();
}

/** Opens the newest call, unless somebody chose another one, or the open one still goes on. */
function follow() {
  const current = openCall();
  const newest = matching[0];
  const busy = current && (open.chosen || LIVE.has(current.status));
  const id = busy ? open.id : newest?.id ?? null;
  select(id, busy ? open.chosen : false);
}

/** Opens the next (1) or the previous (-1) call of the list, and puts the focus on it. */
export function step(by) {
  const buttons = [...byId("calls").querySelectorAll(".row")];
  const at = buttons.findIndex((button) => button === document.activeElement || button.ariaCurrent === "true");
  const button = buttons[Math.min(Math.max(at + by, 0), buttons.length - 1)];
  button?.click();
  button?.focus();
}

export function start() {
  const zone = byId("panes");
  const release = () => queueMicrotask(() => {
    if (!held() && (waiting.size || [...calls.values()].some((call) => call.gone))) {
      letIn();
    }
  });
  zone.addEventListener("pointerenter", (event) => { pointed = event.pointerType !== "touch"; });
  zone.addEventListener("pointerleave", () => { pointed = false; release(); });
  zone.addEventListener("pointerdown", () => { touched = true; });
  for (const name of ["pointerup", "pointercancel"]) {
    addEventListener(name, () => setTimeout(() => { touched = false; release(); }));
  }
  zone.addEventListener("focusout", release);
  addEventListener("blur", release);
  byId("let-in").addEventListener("click", () => { letIn(); byId("calls").querySelector(".row")?.focus(); });
  byId("older").addEventListener("click", () => {
    const first = limit;
    limit += STEP;
    draw();
    byId("calls").children[first]?.firstElementChild.focus();
  });
  byId("search").addEventListener("input", refilter);
  byId("status").addEventListener("change", refilter);
  byId("calls").addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      event.preventDefault();
      step(by);
    }
  });
}
