// Small helpers. Everything that came from a request is set as text, never as markup.

import { t } from "./words.js";

export const byId = (id) => document.getElementById(id);

/** An element with properties and children; `class`, `data-…` and `aria-…` are set as attributes. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class" || name.includes("-")) {
      element.setAttribute(name, value);
    } else {
      element[name] = value;
    }
  }
  element.append(...children);
  return element;
}

export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Makes the children those in `wanted`, touching only what differs, so that the focus stays. */
export function setChildren(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) {
    if (!keep.has(child)) {
      child.remove();
    }
  }
  wanted.forEach((child, place) => {
    if (parent.children[place] !== child) {
      parent.insertBefore(child, parent.children[place] ?? null);
    }
  });
}

export function announce(text) {
  setText(byId("news"), text);
}

export function showTrouble(text) {
  byId("trouble").hidden = text === "";
  setText(byId("trouble"), text);
}

/** Changes something through the testing API; the answer, or false where it did not work. */
export async function change(method, path, body = {}) {
  try {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(path, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) {
      showTrouble(t("That did not work: {words}", { words: JSON.stringify((await answer.json()).error) }));
      return false;
    }
    showTrouble("");
    return answer;
  } catch {
    showTrouble(t("That did not work: the sandbox cannot be reached."));
    return false;
  }
}

export async function read(path) {
  return (await fetch(path)).json();
}

export async function copy(text, button) {
  button.dataset.label ??= button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = t("Copied");
    announce(t("Copied"));
  } catch {
    button.textContent = t("Select and copy by hand");
  }
  setTimeout(() => { button.textContent = button.dataset.label; }, 1500);
}

/** Asks in a dialog; resolves to whether the answer was yes. */
export function confirmed(title, text, yes) {
  const dialog = byId("confirm");
  setText(byId("confirm-title"), title);
  setText(byId("confirm-text"), text);
  setText(byId("confirm-yes"), yes);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

export function saved(name, fallback) {
  try {
    return localStorage.getItem(name) ?? fallback;
  } catch {
    return fallback;
  }
}

export function save(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // A browser that keeps nothing keeps the page working.
  }
}
