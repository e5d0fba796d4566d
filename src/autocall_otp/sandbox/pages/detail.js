// The call that is open: its code, what can be done with it, what became of it.

import { announce, byId, change, copy, make, setText } from "./dom.js";
import { calls, state, timeOfDay } from "./feed.js";
import { letIn, open, openCall, select, shown, stateText } from "./list.js";
import { kind, label, t } from "./words.js";

const LONG_CODE = 12;
const ACTIONS = [
  ["answer", "Answer", "a", (call) => call.can_be_answered],
  ["reject", "Reject", "r", (call) => call.can_be_answered],
  ["leave-unanswered", "Leave unanswered", "l", (call) => call.can_be_answered],
  ["hang-up", "Hang up", "h", (call) => call.can_be_hung_up],
];
const DONE = {
  answer: "Call {id} answered",
  reject: "Call {id} rejected",
  "leave-unanswered": "Call {id} left unanswered",
  "hang-up": "Call {id} hung up",
};
let drawn = null;
let parts = {};

/** Whether the action is there for the open call. */
function possible(action) {
  const call = openCall();
  return Boolean(call && state.connected && ACTIONS.find(([name]) => name === action)[3](call));
}

export async function act(action) {
  const id = open.id;
  if (possible(action) && await change("POST", `/sandbox/calls/${id}/${action}`)) {
    announce(t(DONE[action], { id }));
  }
}

export async function remove() {
  const call = openCall();
  if (!call || !state.connected) {
    return;
  }
  const list = shown();
  const at = list.findIndex((each) => each.id === call.id);
  const next = list[at + 1] ?? list[at - 1];
  if (call.gone || await change("DELETE", `/sandbox/calls/${call.id}`)) {
    calls.set(call.id, { ...call, gone: true });
    select(next?.id ?? null, Boolean(next));
    letIn();
    announce(t("Call {id} deleted", { id: call.id }));
    (next ? byId("detail") : byId("search")).focus();
  }
}

export function copyCode() {
  parts.copy?.click();
}

/** Draws the open call; in place where it is the same one, so that focus, selection and open parts stay. */
export function draw() {
  const call = openCall();
  const detail = byId("detail");
  detail.hidden = !call;
  if (!call) {
    drawn = null;
    return;
  }
  if (drawn !== call.id) {
    drawn = call.id;
    detail.replaceChildren(...build(call));
    detail.scrollTop = 0;
  }
  detail.className = `detail ${kind(call)}`;
  setText(parts.label, label(call.status));
  setText(parts.seconds, stateText(call));
  parts.twice.hidden = call.rings < 2;
  setText(parts.twice, t("Dialled {n} times with this reference", { n: call.rings }));
  for (const [name, , , can] of ACTIONS) {
    parts[name]?.setAttribute("aria-disabled", String(!state.connected || !can(call)));
  }
  for (const [name, at] of Object.entries({ rang: call.ringing_at, answered: call.answered_at, ended: call.ended_at })) {
    setText(parts[name], at ? timeOfDay(at) : "–");
  }
  parts.record.hidden = !call.record;
  if (call.record) {
    setText(parts.json, JSON.stringify(call.record, null, 2));
  }
}

export function tick() {
  const call = openCall();
  if (call && drawn === call.id) {
    setText(parts.seconds, stateText(call));
  }
}

function build(call) {
  parts = {
    label: make("b", {}),
    seconds: make("span", { class: "seconds" }),
    twice: make("p", { class: "twice" }),
    json: make("pre", { tabIndex: 0, role: "region", "aria-label": t("Record as JSON") }),
    rang: make("dd", {}),
    answered: make("dd", {}),
    ended: make("dd", {}),
  };
  const live = call.can_be_answered || call.can_be_hung_up || !call.ended_at;
  const code = make("p", { class: call.code_otp.length > LONG_CODE ? "code long" : "code" }, call.code_otp);
  parts.copy = copier(t("Copy code"), call.code_otp);
  parts.record = make("div", {}, parts.json, copier(t("Copy record"), () => parts.json.textContent));
  return [
    make("div", { class: "bar" },
      make("h2", { id: "detail-title" }, call.phone_number),
      button(t("Delete"), () => remove(), "quiet")),
    make("p", { class: "state" }, parts.label, " ", parts.seconds),
    make("div", { class: "said" }, code, parts.copy),
    // A call that had ended when it was opened needs no buttons; else they stay where they are.
    ...(live ? [actions(call)] : []),
    parts.twice,
    make("dl", { class: "facts" },
      ...fact(t("Template"), make("dd", {}, call.template)),
      ...fact(t("Reference"), make("dd", { class: "mono reference" }, call.ref_id))),
    make("dl", { class: "times" },
      ...fact(t("Placed at"), make("dd", {}, timeOfDay(call.placed_at))),
      ...fact(t("Rang at"), parts.rang),
      ...fact(t("Answered at"), parts.answered),
      ...fact(t("Ended at"), parts.ended)),
    make("details", { class: "record" },
      make("summary", {}, t("Record and identifiers")),
      make("dl", { class: "facts" },
        ...fact(t("Campaign"), make("dd", { class: "mono" }, call.campaign_uuid)),
        ...fact(t("Call ID"), make("dd", { class: "mono" }, call.call_id))),
      parts.record),
  ];
}

function actions(call) {
  const group = make("div", { class: "actions", role: "group", "aria-label": t("Call {id} to {number}", { id: call.id, number: call.phone_number }) });
  for (const [name, words] of ACTIONS) {
    parts[name] = button(t(words), () => act(name), name === "answer" ? "primary" : "");
    parts[name].dataset.action = name;
    group.append(parts[name]);
  }
  return group;
}

function fact(name, value) {
  return [make("div", {}, make("dt", {}, name), value)];
}

function button(text, onclick, style) {
  return make("button", { type: "button", class: style, onclick }, text);
}

function copier(text, value) {
  const found = button(text, () => copy(typeof value === "string" ? value : value(), found), "quiet");
  return found;
}

export const SHORTCUTS = ACTIONS.map(([name, words, key]) => [key, words, () => act(name)]);
