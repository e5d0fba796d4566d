// The testing API as a page to read, made of its own document.

import { byId, copy, make, read } from "./dom.js";
import { t, translate } from "./words.js";

translate(document);
const document_ = await read("/sandbox/openapi.json");

function resolved(item) {
  return item?.$ref ? item.$ref.slice(2).split("/").reduce((at, step) => at[step], document_) : item;
}

/** A description, with the code in it marked as such. */
function prose(text) {
  return (text ?? "").split("`").map((part, place) => (place % 2 ? make("code", {}, part) : part));
}

function typeOf(schema) {
  if (schema.enum) {
    return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  }
  const type = [schema.type].flat().join(" | ");
  return schema.default === undefined ? type : `${type} = ${JSON.stringify(schema.default)}`;
}

function rows(title, entries) {
  if (!entries.length) {
    return [];
  }
  const row = ([name, type, description]) => make("div", {}, make("dt", { class: "mono" }, name), make("dd", {}, make("span", { class: "mono soft" }, type), " ", ...prose(description)));
  return [make("h4", {}, title), make("dl", { class: "fields-of" }, ...entries.map(row))];
}

function example(method, path, body) {
  const place = path.replace("{id}", "1");
  const json = method === "get" || method === "delete" ? "" : ` -H 'Content-Type: application/json' -d '${body}'`;
  const header = method === "delete" ? " -H 'X-Autocall-Sandbox: 1'" : json;
  return `curl -s${method === "get" ? "" : ` -X ${method.toUpperCase()}`}${header} '${location.origin}${place}'`;
}

const BODIES = {
  placeCall: '{"phone_number": "0332665711", "code_otp": "4711", "template": "otp_script_01", '
    + '"campaign_uuid": "f77dfcf4-0759-4179-93cb-741f481a776e"}',
  setSettings: '{"repeated_ref_id": "replay"}',
  setClock: '{"advance": 30}',
  setChaos: '{"error_probability": 0.1, "seed": 1}',
};

function operation(path, method, item, common) {
  const parameters = [...common, ...(item.parameters ?? [])].map(resolved);
  const schema = resolved(item.requestBody?.content["application/json"].schema);
  const fields = Object.entries(schema?.properties ?? {}).map(([name, field]) => [name, typeOf(resolved(field)), resolved(field).description ?? ""]);
  const named = parameters.map((each) => [each.name, typeOf(each.schema) + (each.required ? `, ${t("required")}` : ""), each.description]);
  const answers = Object.entries(item.responses).map(([status, answer]) => [status, "", resolved(answer).description]);
  const line = example(method, path, BODIES[item.operationId] ?? "{}");
  const copier = make("button", { type: "button", "aria-label": `${t("Copy")}: ${item.summary}` }, t("Copy"));
  copier.addEventListener("click", () => copy(line, copier));
  const code = make("pre", { tabIndex: 0, role: "region", "aria-label": `curl: ${item.summary}` }, line);
  return make("section", { class: "operation", id: item.operationId },
    make("h3", {}, item.summary),
    make("p", { class: "mono" }, make("b", { class: "method" }, method.toUpperCase()), " ", path),
    make("p", {}, ...prose(item.description)),
    ...rows(t("Parameters"), named),
    ...rows(t("Body"), fields),
    ...rows(t("Answers"), answers),
    make("div", { class: "snippet" }, code, copier));
}

byId("about").replaceChildren(...prose(document_.info.description));
const METHODS = ["get", "post", "put", "patch", "delete"];
for (const tag of document_.tags) {
  const found = Object.entries(document_.paths).flatMap(([path, item]) => METHODS
    .filter((method) => item[method]?.tags.includes(tag.name))
    .map((method) => operation(path, method, item[method], item.parameters ?? [])));
  byId("operations").append(make("section", {}, make("h2", {}, tag.name), make("p", {}, ...prose(tag.description)), ...found));
}
