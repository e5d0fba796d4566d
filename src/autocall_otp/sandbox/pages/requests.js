// The requests that the service got: what a program did wrong is seen here.

import { byId, change, make, setChildren, setText } from "./dom.js";
import { calls, requests, timeOfDay } from "./feed.js";
import { n, t } from "./words.js";

const MOST = 200;
const MOST_WHEN_EMPTY = 3;
const items = new WeakMap();
let pointed = false;

function itemOf(request) {
  let item = items.get(request);
  if (!item) {
    const status = request.status === null ? t("no answer") : String(request.status);
    item = make("li", { class: request.ok ? "ok" : "bad" },
      make("span", { class: "status" }, status),
      make("span", { class: "what mono" }, make("b", {}, request.method), " ", request.path),
      make("time", {}, timeOfDay(request.at)),
      // The reasons are written in English.
      make("span", { class: "reason", lang: "en" }, request.reason));
    items.set(request, item);
  }
  return item;
}

export function draw() {
  const failed = requests.filter((request) => !request.ok);
  setText(byId("failed-count"), failed.length ? n(failed.length, "{n} failed", "{n} failed") : "");
  drawEmpty(failed);
  if (pointed) {
    return;
  }
  const wanted = byId("failed-only").checked ? failed : requests;
  setChildren(byId("requests"), wanted.slice(-MOST).reverse().map(itemOf));
  const count = n(wanted.length, "{n} request", "{n} requests");
  setText(byId("requests-count"), wanted.length > MOST ? t("newest {n} of {all}", { n: MOST, all: wanted.length }) : count);
  byId("no-requests").hidden = wanted.length > 0;
  setText(byId("no-requests"), requests.length ? t("No request has failed.") : t("No request has come yet."));
}

/** Before the first call: what has arrived all the same. */
function drawEmpty(failed) {
  if (calls.size) {
    return;
  }
  const words = requests.length
    ? n(requests.length, "{n} request has arrived, {failed} failed.", "{n} requests have arrived, {failed} failed.", { failed: failed.length })
    : t("No request has arrived yet.");
  setText(byId("arrived"), words);
  const latest = failed.slice(-MOST_WHEN_EMPTY).reverse();
  byId("arrived-failed").hidden = latest.length === 0;
  // The same request may be in both lists, so each has elements of its own.
  setChildren(byId("arrived-failed"), latest.map((request) => itemOf(request).cloneNode(true)));
}

export function start() {
  byId("failed-only").addEventListener("change", draw);
  byId("requests").addEventListener("pointerenter", (event) => { pointed = event.pointerType !== "touch"; });
  byId("requests").addEventListener("pointerleave", () => { pointed = false; draw(); });
  byId("clear-requests").addEventListener("click", async () => {
    if (await change("DELETE", "/sandbox/requests")) {
      requests.length = 0;
      draw();
    }
  });
}
