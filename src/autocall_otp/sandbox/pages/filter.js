// Which calls the filter lets through.

import { LIVE } from "./feed.js";
import { label } from "./words.js";

const NOT_IN_NUMBERS = /[\p{Cf}\p{Pd}\p{Ps}\p{Pe}\p{Z}\s.]/gu;
const texts = new WeakMap();

/** What has been typed of a number, in the form that `normalized_number` has; empty where it is none. */
export function numberPart(typed) {
  const bare = typed.normalize("NFKC").replace(NOT_IN_NUMBERS, "").replace(/^00/, "+");
  if (!/^\+?[0-9]+$/.test(bare)) {
    return "";
  }
  return bare.replace(/^(\+84|84(?=[0-9]{2}))0?/, "0");
}

function textOf(call) {
  let text = texts.get(call);
  if (text === undefined) {
    const parts = [call.phone_number, call.normalized_number, call.code_otp, call.ref_id, call.template, call.call_id];
    text = [...parts, call.campaign_uuid, call.status, label(call.status)].join("\n").toLowerCase();
    texts.set(call, text);
  }
  return text;
}

/** A function that says whether a call is let through. */
export function filter(typed, status) {
  const words = typed.toLowerCase().split(/\s+/).filter((word) => word);
  const number = numberPart(typed);
  return (call) => fitsStatus(call, status)
    && ((number && call.normalized_number.includes(number)) || words.every((word) => textOf(call).includes(word)));
}

function fitsStatus(call, status) {
  if (status === "") {
    return true;
  }
  return status === "live" ? LIVE.has(call.status) : call.status === status;
}
