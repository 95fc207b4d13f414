// The console: pages made of what /api/v1 says. Whatever comes from the server is put in as text, never as markup.

import { signIn } from "/signin.js";
import { group, groups } from "/static/groups.js";
import { list, lists } from "/static/lists.js";
import { rules } from "/static/rules.js";
import { settings } from "/static/settings.js";

const API = "/api/v1";
const main = document.querySelector("main");
const said = document.querySelector("#said");
const nav = document.querySelector("nav");
const whoBar = document.querySelector(".who");
const PAGE = 50;
let proof = "";
let me = null; // what /overview says; null: nobody is signed in
let afterwards = ""; // what the next page says
let turn = 0; // which page was asked for last: an older one that comes late is not shown

class Failed extends Error {
  constructor(status, told) {
    super(told.error || `The server answers ${status}.`);
    this.status = status;
    this.told = told;
  }
}

async function ask(method, path, body) {
  const headers = method === "GET" ? {} : { "x-csrf-token": proof };
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Failed(0, { error: "The server does not answer." });
  }
  if (answer.status === 204) return null;
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Failed(answer.status, told);
  return told;
}

const api = (method, path, body) => ask(method, API + path, body);
const seg = encodeURIComponent;

// --- pieces of a page

function el(tag, about = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(about)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && typeof value !== "string") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...inside.flat().filter((each) => each !== null && each !== undefined));
  return made;
}

function say(text, bad = false) {
  said.textContent = text;
  said.classList.toggle("bad", bad);
}

async function doing(button, work) {
  button.disabled = true;
  say("");
  try {
    await work();
  } catch (error) {
    if (error.status === 401 && me) {
      me = null;
      await enter();
    }
    say(error.message, true);
  } finally {
    button.disabled = false;
  }
}

// `about`: what it is about, for those who hear a list of buttons.
const button = (text, work, kind = "", about = "") => {
  const made = el("button", { type: "button", class: kind, ...(about ? { "aria-label": `${text} ${about}` } : {}) }, text);
  made.addEventListener("click", () => doing(made, work));
  return made;
};

function form(kind, fields, text, work) {
  const send = el("button", { class: "main" }, text);
  const made = el("form", { class: kind }, fields, send);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    doing(send, () => work(new FormData(made), made));
  });
  return made;
}

const field = (text, name, about = {}) => el("label", {}, text, el("input", { name, ...about }));

function table(caption, heads, rows, none) {
  if (!rows.length) return el("p", { class: "soft" }, none);
  const line = (cells) =>
    el("tr", {}, cells.map((cell, at) =>
      el("td", { class: heads[at] ? "" : "acts", ...(heads[at] ? { "data-head": heads[at] } : {}) }, cell)));
  const head = heads.map((each) => el("th", { scope: "col" }, each || el("span", { class: "soft" }, "Actions")));
  return el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows.map(line)));
}

function confirmed(text, yes) {
  return new Promise((done) => {
    const box = el("dialog", { "aria-label": "Confirm" },
      el("p", {}, text),
      el("form", { method: "dialog" },
        el("button", { value: "no", autofocus: true }, "Cancel"), el("button", { value: "yes", class: "bad" }, yes)));
    box.addEventListener("close", () => {
      box.remove();
      done(box.returnValue === "yes");
    });
    document.body.append(box);
    box.showModal();
  });
}

const when = (text) => (text ? new Date(text).toLocaleString() : "");
const size = (octets) => {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let at = 0;
  for (; octets >= 1024 && at < units.length - 1; at += 1) octets /= 1024;
  return `${at ? octets.toFixed(1) : octets} ${units[at]}`;
};
const go = (hash) => (location.hash === hash ? route() : (location.hash = hash));
const link = (text, hash) => el("a", { href: hash }, text);

// What lists share: what is searched for, and the pages before, are in the address.
function pager(base, given, following) {
  const to = (after) => `${base}?${new URLSearchParams({ search: given.get("search") || "", after })}`;
  const links = [given.get("after") ? link("First page", to("")) : null, following ? link("Next page", to(following)) : null];
  return el("p", {}, links.flatMap((each) => (each ? [each, " "] : [])));
}

function search(base, given, text) {
  const value = given.get("search") || "";
  return form("", [field(text, "search", { type: "search", value, maxlength: "320" })], "Search", (data) =>
    go(`${base}?${new URLSearchParams({ search: data.get("search") })}`));
}

const listed = (path, given) => {
  const query = new URLSearchParams({ limit: PAGE });
  for (const name of ["search", "after", "state"]) if (given.get(name)) query.set(name, given.get(name));
  return api("GET", `${path}?${query}`);
};

// --- pages

async function overview() {
  me = await api("GET", "/overview");
  const facts = [["Server", me.host], ["Version", me.version], ["Domains", String(me.domains)]];
  if (me.queue) facts.push(["In the queue", `${me.queue.messages} messages, ${size(me.queue.octets)}, ${me.queue.deferred} put off`]);
  const page = [el("h1", {}, "Overview"),
    el("section", { class: "card" }, el("dl", {}, facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])))];
  if (!me.services) return page;
  const turnOf = (name, verb, done) => button(verb, async () => {
    const asked = `Stop ${name}? Its sessions end, and nobody reaches it until it is started.`;
    if (verb === "Stop" && !(await confirmed(asked, "Stop"))) return;
    await api("POST", `/services/${seg(name)}/${verb.toLowerCase()}`);
    await route();
    say(`${name} ${done}.`);
  }, verb === "Stop" ? "bad" : "", name);
  const acts = (each) => {
    if (each.state === "not installed" || each.name === "webadmin") return [];
    if (each.state === "running") return [turnOf(each.name, "Stop", "has stopped"), turnOf(each.name, "Restart", "runs")];
    return [turnOf(each.name, "Start", "runs")];
  };
  page.push(el("h2", {}, "Services"), table("WebAdmin itself is stopped by the command line.",
    ["Service", "State", "Listens at", ""],
    me.services.map((each) => [each.name, each.state, each.listeners.join(", "), acts(each)]), "There are no services."));
  page.push(el("h2", {}, "Counters"), table("Of the process that answers, since it began.", ["What", "How many"],
    Object.entries(me.counters).map(([name, value]) => [name.replaceAll("_", " "), String(value)]), ""));
  return page;
}

async function domains(words, given) {
  const found = await listed("/domains", given);
  const rows = found.domains.map((each) => [
    link(each.name, `#/domains/${seg(each.name)}`), each.aliases.join(", "), each.enabled ? "enabled" : "disabled",
    me.administersServer ? [
      button(each.enabled ? "Disable" : "Enable", async () => {
        if (each.enabled && !(await confirmed(`Disable ${each.name}? It takes neither mail nor logins then.`, "Disable"))) return;
        await api("PATCH", `/domains/${seg(each.name)}`, { enabled: !each.enabled });
        await route();
        say(`${each.name} is ${each.enabled ? "disabled" : "enabled"}.`);
      }, "", each.name),
      button("Delete", async () => {
        if (!(await confirmed(`Delete the domain ${each.name}?`, "Delete"))) return;
        await api("DELETE", `/domains/${seg(each.name)}`);
        await route();
        say(`${each.name} is gone.`);
      }, "bad", each.name),
    ] : [],
  ]);
  const add = form("card", [field("New domain", "name", { required: true, maxlength: "253", placeholder: "example.org" })], "Add",
    async (data) => {
      const made = await api("POST", "/domains", { name: data.get("name") });
      await route();
      say(`${made.name} is there, with its postmaster.`);
    });
  return [el("h1", {}, "Domains"), search("#/domains", given, "Name"), me.administersServer ? add : null,
    table(`${found.total} found`, ["Domain", "Other names", "State", ...(me.administersServer ? [""] : [])],
      me.administersServer ? rows : rows.map((each) => each.slice(0, 3)), "There is no such domain."),
    pager("#/domains", given, found.next)];
}

async function accounts([domain], given) {
  const base = `#/domains/${seg(domain)}`;
  const found = await listed(`/domains/${seg(domain)}/accounts`, given);
  const rows = found.accounts.map((each) => [
    link(each.address, `#/accounts/${seg(each.address)}`), each.name, each.enabled ? "enabled" : "disabled", size(each.octets)]);
  const add = form("card", [
    field("New account", "local", { required: true, maxlength: "64", placeholder: "alice", autocomplete: "off" }),
    field("Name", "name", { maxlength: "320", autocomplete: "off" }),
    field("Password", "password", { type: "password", maxlength: "1024", autocomplete: "new-password" }),
  ], "Add", async (data) => {
    const given = { local: data.get("local"), name: data.get("name") };
    if (data.get("password")) given.password = data.get("password");
    const made = await api("POST", `/domains/${seg(domain)}/accounts`, given);
    await route();
    say(`${made.address} is there${made.password ? "" : "; nobody can sign in to it before it has a password"}.`);
  });
  const more = el("p", {}, link("Groups", `#/groups/${seg(domain)}`), " ", link("Mail lists", `#/lists/${seg(domain)}`), " ",
    link("Rules", `#/rules/${seg(domain)}`), " ", link("Settings", `#/settings/domain/${seg(domain)}`));
  return [el("h1", {}, domain), more, search(base, given, "Name or address"), add,
    table(`${found.total} accounts found`, ["Address", "Name", "State", "Used"], rows, "There is no such account."),
    pager(base, given, found.next)];
}

async function account([address]) {
  const found = await api("GET", `/accounts/${seg(address)}`);
  const at = `/accounts/${seg(found.address)}`;
  const home = `#/domains/${seg(found.domain)}`;
  const facts = [["State", found.enabled ? "enabled" : "disabled"], ["Used", `${size(found.octets)} in ${found.items} items`],
    ["Made", when(found.created)], ["Password", found.password ? "set" : "none: nobody can sign in"],
    ["Second factors", String(found.factors)], ["App passwords", String(found.appPasswords)]];
  const change = async (body, text) => {
    await api("PATCH", at, body);
    await route();
    say(text);
  };
  const rename = form("", [field("Name", "name", { value: found.name, maxlength: "320" })], "Save",
    (data) => change({ name: data.get("name") }, "The name is saved."));
  const password = form("", [
    el("input", { type: "text", value: found.address, autocomplete: "username", hidden: true, "aria-label": "Address" }),
    field("New password", "password", { type: "password", required: true, maxlength: "1024", autocomplete: "new-password" }),
  ], "Set", async (data, made) => {
    const told = await api("PUT", `${at}/password`, { password: data.get("password") });
    if (found.address === me.name) return await enter("Your password is set: sign in again.");
    await route();
    say(["The password is set.", ...told.weak].join(" "));
  });
  const alias = form("", [field("Another address", "alias", { required: true, maxlength: "320", type: "email" })], "Add",
    async (data) => {
      await api("POST", `${at}/aliases`, { alias: data.get("alias") });
      await route();
      say("The address is there.");
    });
  const aliases = table("Other addresses", ["Address", ""], found.aliases.map((each) => [each, button("Remove", async () => {
    if (!(await confirmed(`Remove ${each}? Mail to it finds nobody then.`, "Remove"))) return;
    await api("DELETE", `${at}/aliases/${seg(each)}`);
    await route();
    say(`${each} is gone.`);
  }, "bad", each)]), "It has no other address.");
  const enable = button(found.enabled ? "Disable" : "Enable", async () => {
    if (found.enabled && !(await confirmed(`Disable ${found.address}? It cannot log in then.`, "Disable"))) return;
    await change({ enabled: !found.enabled }, found.enabled ? "It is disabled." : "It is enabled.");
  });
  const remove = button("Delete", async () => {
    if (!(await confirmed(`Delete ${found.address} with its ${found.items} items? This cannot be undone.`, "Delete"))) return;
    await api("DELETE", at);
    afterwards = `${found.address} is gone.`;
    go(home);
  }, "bad");
  return [el("p", {}, link(found.domain, home)), el("h1", {}, found.address),
    el("p", {}, link("Settings", `#/settings/account/${seg(found.address)}`)),
    el("section", { class: "card" }, el("dl", {}, facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]))),
    rename, password, alias, aliases,
    ...(found.address === me.name ? [] : [el("h2", {}, "Account"), el("p", {}, enable, " ", remove)])];
}

async function queue(words, given) {
  const state = given.get("state") || "";
  const found = await listed("/queue", given);
  const turnOf = (each, verb, text) => button(text, async () => {
    const told = await api("POST", `/queue/${each.number}/${verb}`);
    await route();
    say(`Message ${each.number}: done for ${told.recipients} of its recipients.`);
  }, "", `message ${each.number}`);
  const rows = found.messages.map((each) => {
    const held = each.recipients.some((one) => one.state === "held");
    const open = each.recipients.some((one) => one.state !== "held");
    return [String(each.number), each.sender,
      each.recipients.map((one) => el("div", {}, `${one.address}: ${one.state}${one.text ? `, ${one.code} ${one.text}` : ""}`)),
      `${when(each.queued)}, ${size(each.size)}`,
      [open ? turnOf(each, "retry", "Try now") : null, open ? turnOf(each, "hold", "Hold") : null,
        held ? turnOf(each, "release", "Release") : null, button("Delete", async () => {
          if (!(await confirmed(`Take message ${each.number} out? Nobody is told.`, "Delete"))) return;
          await api("DELETE", `/queue/${each.number}`);
          await route();
          say(`Message ${each.number} is gone.`);
        }, "bad", `message ${each.number}`)]];
  });
  const states = ["", "ready", "waiting", "leased", "held", "deferred"];
  const choose = form("", [el("label", {}, "State", el("select", { name: "state" },
    states.map((each) => el("option", { value: each, selected: each === state }, each || "any"))))], "Show",
  (data) => go(`#/queue?${new URLSearchParams({ state: data.get("state") })}`));
  const following = found.next ? link("Next page", `#/queue?${new URLSearchParams({ state, after: found.next })}`) : null;
  return [el("h1", {}, "Queue"), choose,
    table("Mail that waits", ["Number", "From", "To", "Since", ""], rows, "Nothing waits."), el("p", {}, following)];
}

// --- signing in and out

async function enter(text = "") {
  me = null;
  turn += 1;
  nav.hidden = whoBar.hidden = true;
  const there = await ask("GET", "/signin/session");
  proof = there.csrf;
  if (there.name) return await welcome();
  const code = field("Code of your authenticator, or one from paper", "code", { autocomplete: "one-time-code", maxlength: "40" });
  code.hidden = true;
  const made = form("card tall", [
    el("h1", {}, "Sign in"),
    field("Address", "name", { required: true, autocomplete: "username", maxlength: "320" }),
    field("Password", "password", { type: "password", required: true, autocomplete: "current-password", maxlength: "2000" }),
    code,
  ], "Sign in", async (data) => {
    const body = { name: data.get("name"), password: data.get("password") };
    if (!code.hidden && data.get("code")) body.code = data.get("code").trim();
    proof = (await signIn(ask, body, () => {
      code.hidden = false;
      code.querySelector("input").focus();
    })).csrf;
    await welcome();
  });
  main.replaceChildren(made);
  made.querySelector("input").focus();
  if (text) say(text);
  return undefined;
}

async function welcome() {
  try {
    me = await api("GET", "/overview");
  } catch (error) {
    if (error.status !== 403) throw error;
    main.replaceChildren(el("h1", {}, "Not for this account"), el("p", {}, error.message),
      el("p", {}, button("Sign in as somebody else", leave)));
    return;
  }
  whoBar.querySelector("span").textContent = me.name;
  nav.hidden = whoBar.hidden = false;
  await route();
}

async function leave() {
  await ask("DELETE", "/signin/session");
  await enter();
}

// --- which page

const KIT = { api, seg, el, field, form, table, link, button, confirmed, route, say, search, pager, listed };
const PAGES = {
  "": overview, domains, accounts: account, queue,
  groups: groups(KIT), group: group(KIT), lists: lists(KIT), list: list(KIT), rules: rules(KIT), settings: settings(KIT),
};

async function route() {
  if (!me) return;
  const mine = (turn += 1);
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  let words = [""];
  try {
    words = path.split("/").map(decodeURIComponent);
  } catch { /* an address that nobody made here: the overview */ }
  const page = words[0] === "domains" && words[1] ? accounts : PAGES[words[0]] || overview;
  const sections = [["Overview", ""], ["Domains", "domains"], ...(me.administersServer ? [["Queue", "queue"], ["Rules", "rules"]] : [])];
  const current = ["accounts", "groups", "group", "lists", "list", "settings"].includes(words[0]) || (words[0] === "rules" && words[1]) ? "domains" : words[0];
  nav.replaceChildren(...sections.map(([text, name]) =>
    el("a", { href: `#/${name}`, ...(name === current ? { "aria-current": "page" } : {}) }, text)));
  const made = await page(words.slice(1), new URLSearchParams(query || ""));
  if (mine === turn) main.replaceChildren(...made.filter((each) => each !== null));
}

async function shown() {
  say(afterwards);
  afterwards = "";
  try {
    await route();
    main.focus();
  } catch (error) {
    if (error.status === 401) await enter();
    else main.replaceChildren(el("h1", {}, "That did not work"));
    say(error.message, true);
  }
}

const out = whoBar.querySelector("button");
out.addEventListener("click", () => doing(out, leave));
window.addEventListener("hashchange", shown);
enter().catch((error) => say(error.message, true));
