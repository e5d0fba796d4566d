"use strict";

// Everything that came from a request is set as text, never as markup.

const MOST_CARDS = 100;
const LONG_CODE = 12;
const LABELS = {
  queued: "Queued",
  ringing: "Ringing",
  answered: "Talking",
  ended: "Ended",
  busy: "Busy",
  "no-answered": "Not answered",
  "not-available": "Not available",
  "invalid-number": "Invalid number",
  "phone-block": "Blocked",
  congestion: "Congestion",
  voicemail: "Voicemail",
  failed: "Failed",
};
const LIVE = new Set(["queued", "ringing", "answered"]);

const byId = (id) => document.getElementById(id);
const calls = new Map();
const cards = new Map();
const clock = { at: null, read: 0, speed: 1 };
let connected = false;
let retryAfter = 500;

// --- the sandbox's clock, as the last event told it ---

function setClock(now, speed) {
  Object.assign(clock, { at: Date.parse(now), read: performance.now(), speed });
  byId("speed").textContent = speed === 1 ? "" : speed === 0 ? "stands still" : `runs at ${speed} ×`;
}

function sandboxTime() {
  return clock.at + (connected ? (performance.now() - clock.read) * clock.speed : 0);
}

function seconds(from, to) {
  return Math.max(0, Math.floor((to - Date.parse(from)) / 1000));
}

function timeOfDay(moment) {
  return new Date(moment).toLocaleTimeString("en-GB", { timeZone: "Asia/Ho_Chi_Minh" });
}

// --- one card for each call; it is changed in place, so that focus and open records stay ---

function stateSeconds(call) {
  if (LIVE.has(call.status)) {
    return `${seconds(call.since, sandboxTime())} s`;
  }
  if (call.answered_at) {
    return `talked ${seconds(call.answered_at, Date.parse(call.ended_at))} s`;
  }
  return `after ${seconds(call.placed_at, Date.parse(call.ended_at))} s`;
}

function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

function newCard(call) {
  const card = byId("card").content.firstElementChild.cloneNode(true);
  const part = (name) => card.querySelector(name);
  part(".number").textContent = call.phone_number;
  part(".code").textContent = call.code_otp;
  part(".code").classList.toggle("long", call.code_otp.length > LONG_CODE);
  part(".template").textContent = call.template;
  part(".reference").textContent = call.ref_id;
  part(".placed").textContent = timeOfDay(call.placed_at);
  part(".copy").setAttribute("aria-label", `Copy code of call ${call.id}`);
  part(".copy").addEventListener("click", (event) => copy(call.code_otp, event.currentTarget));
  part(".actions").setAttribute("aria-label", `Call ${call.id} to ${call.phone_number}`);
  for (const button of card.querySelectorAll("[data-action]")) {
    button.addEventListener("click", () => act(call.id, button.dataset.action));
  }
  cards.set(call.id, card);
  return card;
}

function showCard(call) {
  const card = cards.get(call.id) ?? newCard(call);
  const part = (name) => card.querySelector(name);
  const failed = !LIVE.has(call.status) && call.status !== "ended";
  card.className = `call ${failed ? "failed" : call.status}`;
  card.dataset.status = call.status;
  setText(part(".badge"), LABELS[call.status] ?? call.status);
  setText(part(".seconds"), stateSeconds(call));
  part(".twice").hidden = call.rings < 2;
  setText(part(".twice"), `Dialled ${call.rings} times with this reference`);

  const actions = part(".actions");
  if (!call.can_be_answered && actions.contains(document.activeElement)) {
    card.focus();
  }
  actions.hidden = !call.can_be_answered;
  for (const button of actions.children) {
    button.disabled = !connected;
  }
  part(".record").hidden = !call.record;
  if (call.record) {
    setText(part(".record pre"), JSON.stringify(call.record, null, 2));
  }
  return card;
}

// --- the list ---

function digits(text) {
  return text.replace(/[\s().-]/g, "").replace(/^(\+84|0084|84(?=\d{9}$))0?/, "0");
}

function render() {
  const wanted = digits(byId("search").value);
  const found = [...calls.values()]
    .filter((call) => digits(call.phone_number).includes(wanted))
    .sort((left, right) => right.id - left.id);
  const list = byId("calls");
  const shown = found.slice(0, MOST_CARDS).map(showCard);
  for (const card of [...list.children].filter((each) => !shown.includes(each))) {
    card.remove();
  }
  shown.forEach((card, place) => {
    if (list.children[place] !== card) {
      list.insertBefore(card, list.children[place] ?? null);
    }
  });
  const known = clock.at !== null;
  byId("empty").hidden = !known || calls.size > 0;
  byId("nothing").hidden = calls.size === 0 || found.length > 0;
  setText(byId("nothing"), `No call to a number with ${byId("search").value}`);
  setText(byId("count"), countText(found.length));
  byId("clear").disabled = !connected || calls.size === 0;
  byId("skip").disabled = !connected;
}

function countText(found) {
  if (calls.size === 0) {
    return "";
  }
  if (found > MOST_CARDS) {
    return `newest ${MOST_CARDS} of ${found}`;
  }
  return found === 1 ? "1 call" : `${found} calls`;
}

function tick() {
  if (clock.at === null) {
    return;
  }
  setText(byId("clock"), timeOfDay(sandboxTime()));
  for (const [id, card] of cards) {
    const call = calls.get(id);
    if (call && LIVE.has(call.status)) {
      setText(card.querySelector(".seconds"), stateSeconds(call));
    }
  }
}

// --- what the sandbox tells ---

function take(data, isSnapshot) {
  setClock(data.now, data.speed);
  const fresh = data.calls.filter((call) => !calls.has(call.id));
  if (isSnapshot) {
    const kept = new Set(data.calls.map((call) => call.id));
    forget([...calls.keys()].filter((id) => !kept.has(id)));
  }
  forget(data.gone);
  for (const call of data.calls) {
    calls.set(call.id, call);
  }
  render();
  tick();
  if (!isSnapshot) {
    announce(fresh);
  }
}

function forget(ids) {
  for (const id of ids) {
    calls.delete(id);
    cards.get(id)?.remove();
    cards.delete(id);
  }
}

function announce(fresh) {
  if (fresh.length === 1) {
    const spelt = [...fresh[0].code_otp].slice(0, LONG_CODE).join(" ");
    setText(byId("news"), `New call ${fresh[0].id} to ${fresh[0].phone_number}. Code ${spelt}`);
  } else if (fresh.length > 1) {
    setText(byId("news"), `${fresh.length} new calls`);
  }
}

function setConnected(state) {
  connected = state === "live";
  const link = byId("link");
  link.dataset.state = state;
  setText(link, connected ? "Live" : "Connection lost, trying again…");
  document.body.classList.toggle("lost", !connected);
}

function connect() {
  const source = new EventSource("/sandbox/events");
  source.addEventListener("snapshot", (event) => {
    retryAfter = 500;
    setConnected("live");
    showTrouble("");
    take(JSON.parse(event.data), true);
    describe();
  });
  source.addEventListener("change", (event) => take(JSON.parse(event.data), false));
  source.addEventListener("error", () => {
    // A new source each time: the browser's own retries stop for good after some errors.
    source.close();
    if (clock.at !== null) {
      Object.assign(clock, { at: sandboxTime(), read: performance.now() });
    }
    setConnected("lost");
    render();
    setTimeout(connect, retryAfter);
    retryAfter = Math.min(retryAfter * 2, 5000);
  });
}

async function describe() {
  try {
    const info = await (await fetch("/sandbox/info")).json();
    const lines = [`export AUTOCALL_API_HOST=${location.origin}`, `export AUTOCALL_TOKEN=${info.token}`];
    setText(byId("setup"), lines.join("\n"));
    const { numbers } = await (await fetch("/sandbox/numbers")).json();
    byId("numbers").replaceChildren(...numbers.map(numberRow));
  } catch {
    // The stream tells of a lost connection; it also calls this again.
  }
}

function numberRow(number) {
  const row = document.createElement("tr");
  for (const text of [number.phone_number, number.happens.replaceAll("`", "")]) {
    row.append(Object.assign(document.createElement("td"), { textContent: text }));
  }
  return row;
}

// --- what the reader does ---

async function change(method, path, body = {}) {
  try {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(path, { method, headers, body: JSON.stringify(body) });
    showTrouble(answer.ok ? "" : `That did not work: ${JSON.stringify((await answer.json()).error)}`);
    return answer.ok;
  } catch {
    showTrouble("That did not work: the sandbox cannot be reached.");
    return false;
  }
}

async function act(id, action) {
  const done = { answer: "answered", reject: "rejected", "leave-unanswered": "left unanswered" };
  if (await change("POST", `/sandbox/calls/${id}/${action}`)) {
    setText(byId("news"), `Call ${id} ${done[action]}`);
  }
}

function showTrouble(text) {
  byId("trouble").hidden = text === "";
  setText(byId("trouble"), text);
}

async function copy(text, button) {
  button.dataset.label ??= button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select and copy by hand";
  }
  setTimeout(() => { button.textContent = button.dataset.label; }, 1500);
}

byId("search").addEventListener("input", render);
byId("clear").addEventListener("click", async () => {
  if (await change("DELETE", "/sandbox/calls")) {
    setText(byId("news"), "All calls are cleared");
    byId("search").focus();
  }
});
byId("skip").addEventListener("click", () => change("POST", "/sandbox/clock", { advance: 10 }));
byId("copy-setup").addEventListener("click", (event) => copy(byId("setup").textContent, event.currentTarget));
setInterval(tick, 200);
connect();
