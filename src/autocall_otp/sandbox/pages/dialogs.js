// The drawer of settings, placing a call, and the questions before something is lost.

import { announce, byId, change, confirmed, copy, make, read, save, saved, setText } from "./dom.js";
import { LIVE, calls } from "./feed.js";
import { letIn, shown } from "./list.js";
import { happens, n, t } from "./words.js";

const CAMPAIGN = "f77dfcf4-0759-4179-93cb-741f481a776e";
const AT_ONCE = 1000;
let token = "sandbox";

/** Reads what seldom changes: the token and the special numbers. */
export async function describe() {
  const info = await read("/sandbox/info");
  token = info.token;
  const names = { AUTOCALL_API_HOST: location.origin, AUTOCALL_TOKEN: token, AUTOCALL_CAMPAIGN_UUID: CAMPAIGN, AUTOCALL_TEMPLATE: "otp_script_01" };
  setText(byId("setup"), Object.entries(names).map(([name, value]) => `export ${name}=${value}`).join("\n"));
  const { numbers } = await read("/sandbox/numbers");
  byId("numbers").replaceChildren(...numbers.map(numberRow));
  byId("special").replaceChildren(...numbers.map((each) => make("option", { value: each.phone_number, label: happens(each) })));
}

function numberRow(number) {
  const call = make("button", { type: "button", class: "quiet mono", title: t("Place a call to {number}", { number: number.phone_number }) }, number.phone_number);
  call.addEventListener("click", () => {
    byId("settings").close();
    openPlace(number.phone_number);
  });
  return make("tr", {}, make("td", {}, call), make("td", {}, happens(number)));
}

// --- settings ---

export async function openSettings() {
  if (byId("settings").open) {
    return;
  }
  byId("settings").showModal();
  const [info, chaos] = await Promise.all([read("/sandbox/info"), read("/sandbox/chaos")]);
  byId("set-speed").value = info.speed;
  byId("set-auto-answer").checked = info.auto_answer;
  byId("set-repeated").value = info.repeated_ref_id;
  byId("set-notify").checked = notifies();
  for (const input of byId("chaos-form").querySelectorAll("input")) {
    const value = chaos[input.name];
    input.value = input.name.endsWith("probability") ? value * 100 : Array.isArray(value) ? value.join(", ") : value ?? "";
  }
}

async function setSpeed(speed) {
  byId("set-speed").value = speed;
  if (byId("set-speed").reportValidity()) {
    await change("POST", "/sandbox/clock", { speed: Number(speed) });
  }
}

export function skip(seconds) {
  return change("POST", "/sandbox/clock", { advance: seconds });
}

function startSettings() {
  byId("set-speed").addEventListener("change", (event) => setSpeed(event.target.value));
  byId("speeds").addEventListener("click", (event) => event.target.dataset.speed && setSpeed(event.target.dataset.speed));
  byId("skips").addEventListener("click", (event) => event.target.dataset.skip && skip(Number(event.target.dataset.skip)));
  byId("set-auto-answer").addEventListener("change", (event) => change("PATCH", "/sandbox/settings", { auto_answer: event.target.checked }));
  byId("set-repeated").addEventListener("change", (event) => change("PATCH", "/sandbox/settings", { repeated_ref_id: event.target.value }));
  byId("chaos-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.target));
    const body = { latency_seconds: Number(fields.latency_seconds), error_statuses: fields.error_statuses.split(/[, ]+/).map(Number) };
    for (const name of ["latency_probability", "reset_probability", "error_probability"]) {
      body[name] = Number(fields[name]) / 100;
    }
    if (fields.seed !== "") {
      body.seed = Number(fields.seed);
    }
    if (await change("PUT", "/sandbox/chaos", body)) {
      announce(t("Chaos is set"));
    }
  });
  byId("chaos-end").addEventListener("click", async () => {
    byId("chaos-form").reset();
    if (await change("PUT", "/sandbox/chaos")) {
      announce(t("Chaos has ended"));
    }
  });
  byId("set-notify").addEventListener("change", async (event) => {
    const wanted = event.target.checked && await Notification.requestPermission() === "granted";
    event.target.checked = wanted;
    save("notify", wanted ? "yes" : "no");
  });
  byId("reset").addEventListener("click", async () => {
    byId("settings").close();
    const text = t("All calls and requests are forgotten, chaos ends, the settings are those of the start.");
    if (await confirmed(t("Start afresh?"), text, t("Start afresh")) && await change("POST", "/sandbox/reset")) {
      letIn();
      announce(t("Started afresh"));
    }
  });
}

// --- notifications ---

function notifies() {
  return saved("notify", "no") === "yes" && "Notification" in window && Notification.permission === "granted";
}

export function notify(fresh) {
  if (!fresh.length || document.hasFocus() || !notifies()) {
    return;
  }
  const [call] = fresh;
  const title = fresh.length === 1 ? t("New call to {number}", { number: call.phone_number }) : n(fresh.length, "{n} new call", "{n} new calls");
  const note = new Notification(title, { body: fresh.length === 1 ? call.code_otp : "", tag: "autocall-sandbox" });
  note.addEventListener("click", () => window.focus());
}

// --- placing a call ---

function requestBody() {
  const fields = Object.fromEntries(new FormData(byId("place-form")));
  return { campaign_uuid: CAMPAIGN, ...fields, ref_id: fields.ref_id || crypto.randomUUID() };
}

function showCurl() {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = [
    `curl -X POST ${location.origin}/v3/autocall/otp`,
    `-H ${quoted(`Authorization: Bearer ${token}`)}`,
    `-H ${quoted("Content-Type: application/json")}`,
    `-d ${quoted(JSON.stringify(requestBody()))}`,
  ];
  setText(byId("curl"), lines.join(" \\\n  "));
}

export function openPlace(number) {
  if (byId("place").open) {
    return;
  }
  const form = byId("place-form");
  form.elements.code_otp.value = String(crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000).padStart(6, "0");
  form.elements.phone_number.value = number ?? (form.elements.phone_number.value || "0332665711");
  form.elements.ref_id.value = "";
  setText(byId("place-result"), "");
  showCurl();
  byId("place").showModal();
}

async function place(event) {
  event.preventDefault();
  const result = byId("place-result");
  setText(result, t("Waiting for the answer…"));
  // The sandbox sends it: a browser sends a request whose answer was lost again, and the phone would ring anew.
  const answer = await change("POST", "/sandbox/calls", requestBody());
  if (!answer) {
    setText(result, "");
    return;
  }
  const { status, body } = await answer.json();
  setText(result, status === null ? t("No answer came. The phone may ring all the same.") : `${status} ${body}`);
  if (status === 200 && body.startsWith('{"call_id"') && body.endsWith("}")) {
    byId("place").close();
  }
}

// --- what loses something, and what keeps it ---

export async function clearShown() {
  const list = shown();
  if (!list.length) {
    return;
  }
  const live = list.filter((call) => LIVE.has(call.status)).length;
  const title = n(list.length, "Delete {n} call?", "Delete {n} calls?");
  const text = list.length === calls.size ? t("Those are all calls that there are.") : t("Those are the calls that the filter shows; the others stay.");
  const going = live ? ` ${n(live, "{n} of them still goes on.", "{n} of them still go on.")}` : "";
  if (!await confirmed(title, text + going, n(list.length, "Delete {n} call", "Delete {n} calls"))) {
    return;
  }
  const ids = list.map((call) => call.id);
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    if (!await change("DELETE", `/sandbox/calls?ids=${ids.slice(at, at + AT_ONCE).join(",")}`)) {
      return;
    }
  }
  ids.forEach((id) => calls.set(id, { ...calls.get(id), gone: true }));
  letIn();
  announce(n(ids.length, "{n} call deleted", "{n} calls deleted"));
}

export function exportShown() {
  const list = [...shown()].reverse();
  const url = URL.createObjectURL(new Blob([JSON.stringify({ calls: list }, null, 2)], { type: "application/json" }));
  make("a", { href: url, download: "autocall-calls.json" }).click();
  setTimeout(() => URL.revokeObjectURL(url), AT_ONCE);
  announce(n(list.length, "{n} call exported", "{n} calls exported"));
}

export function start() {
  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }
  byId("confirm-yes").addEventListener("click", () => byId("confirm").close("yes"));
  byId("open-settings").addEventListener("click", openSettings);
  byId("chaos-on").addEventListener("click", openSettings);
  byId("open-place").addEventListener("click", () => openPlace());
  byId("empty-place").addEventListener("click", () => openPlace());
  byId("place-form").addEventListener("submit", place);
  byId("place-form").addEventListener("input", showCurl);
  byId("clear").addEventListener("click", clearShown);
  byId("export").addEventListener("click", exportShown);
  byId("copy-setup").addEventListener("click", (event) => copy(byId("setup").textContent, event.currentTarget));
  startSettings();
}
