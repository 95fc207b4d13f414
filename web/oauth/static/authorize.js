// Consenting to what a program asks for. Whatever comes from outside is put in as text, never as markup.

import { signIn } from "/signin.js";

const $ = (id) => document.getElementById(id);
const query = location.search.slice(1);
let proof = "";

async function ask(method, path, body) {
  const headers = method === "GET" ? {} : { "x-csrf-token": proof };
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Error("The server does not answer.");
  }
  if (answer.status === 204) return {};
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(told.error || `The server answers ${answer.status}.`), { told });
  return told;
}

const say = (text) => ($("said").textContent = text);

async function doing(button, work) {
  button.disabled = true;
  say("");
  try {
    await work();
  } catch (error) {
    say(error.message);
  } finally {
    button.disabled = false;
  }
}

async function begin() {
  const wish = await ask("GET", `/oauth/wish?${query}`);
  if (wish.error) return refuse(wish);
  $("program").textContent = wish.name;
  $("returns").textContent = wish.returns;
  $("scopes").replaceChildren(...wish.scopes.map((each) => {
    const line = document.createElement("li");
    line.textContent = each.text;
    return line;
  }));
  return visit();
}

function refuse(wish) {
  for (const [id, text] of [["asker", wish.name], ["error", wish.error], ["place", wish.returns]]) $(id).textContent = text;
  $("back").addEventListener("click", () => location.replace(wish.goes));
  $("wrong").hidden = false;
}

async function visit() {
  const there = await ask("GET", "/signin/session");
  proof = there.csrf;
  $("who").textContent = there.name || "";
  $("consent").hidden = !there.name;
  $("signin").hidden = Boolean(there.name);
  (there.name ? $("yes") : $("signin").elements.name).focus();
}

async function decide(consent) {
  location.assign((await ask("POST", "/oauth/authorize", { query, consent })).goes);
}

$("signin").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = $("signin");
  doing(form.querySelector("button"), async () => {
    const body = { name: form.elements.name.value, password: form.elements.password.value };
    if (!$("code").hidden && form.elements.code.value) body.code = form.elements.code.value.trim();
    await signIn(ask, body, () => {
      $("code").hidden = false;
      form.elements.code.focus();
    });
    form.reset();
    await visit();
  });
});
$("yes").addEventListener("click", () => doing($("yes"), () => decide(true)));
$("no").addEventListener("click", () => doing($("no"), () => decide(false)));
$("other").addEventListener("click", () => doing($("other"), async () => {
  await ask("DELETE", "/signin/session");
  await visit();
}));
begin().catch((error) => say(error.message));
