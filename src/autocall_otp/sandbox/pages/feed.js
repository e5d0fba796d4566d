// What the sandbox tells: its clock, its calls, the requests that it got. The rest of the page reads it from here.

export const LIVE = new Set(["queued", "ringing", "answered"]);

/** By id; a call that is gone while it is being looked at stays, marked so, until the list may move. */
export const calls = new Map();
export const requests = [];
export const state = { connected: false, known: false, chaos: false, at: 0, read: 0, speed: 1 };

const KEPT_REQUESTS = 1000;
const SHORTEST_PAUSE = 500;
const LONGEST_PAUSE = 5000;

export function sandboxTime() {
  return state.at + (state.connected ? (performance.now() - state.read) * state.speed : 0);
}

export function seconds(from, to) {
  return Math.max(0, Math.floor((to - Date.parse(from)) / 1000));
}

const TIMES = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: "Asia/Ho_Chi_Minh" });

export function timeOfDay(moment) {
  return TIMES.format(moment === undefined ? sandboxTime() : Date.parse(moment));
}

function take(data, isSnapshot) {
  Object.assign(state, { at: Date.parse(data.now), read: performance.now(), speed: data.speed, chaos: data.chaos, known: true });
  const gone = new Set(data.gone);
  if (isSnapshot) {
    const kept = new Set(data.calls.map((call) => call.id));
    [...calls.keys()].filter((id) => !kept.has(id)).forEach((id) => gone.add(id));
    requests.length = 0;
  }
  for (const id of gone) {
    const call = calls.get(id);
    if (call) {
      calls.set(id, { ...call, gone: true, can_be_answered: false, can_be_hung_up: false });
    }
  }
  const fresh = [];
  for (const call of data.calls) {
    const before = calls.get(call.id);
    if (!before || before.gone) {
      fresh.push(call);
    }
    calls.set(call.id, call);
  }
  requests.push(...data.requests);
  requests.splice(0, requests.length - KEPT_REQUESTS);
  return { fresh, changed: data.calls, isSnapshot };
}

/** Follows the sandbox for ever; calls back with each batch of news, and when the connection comes or goes. */
export function follow(onNews, onLink) {
  let pause = SHORTEST_PAUSE;
  const connect = () => {
    const source = new EventSource("/sandbox/events");
    source.addEventListener("snapshot", (event) => {
      pause = SHORTEST_PAUSE;
      state.connected = true;
      const news = take(JSON.parse(event.data), true);
      onLink();
      onNews(news);
    });
    source.addEventListener("change", (event) => onNews(take(JSON.parse(event.data), false)));
    source.addEventListener("error", () => {
      // A new source each time: the browser's own retries stop for good after some errors.
      source.close();
      Object.assign(state, { at: sandboxTime(), read: performance.now(), connected: false });
      onLink();
      setTimeout(connect, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    });
  };
  connect();
}
