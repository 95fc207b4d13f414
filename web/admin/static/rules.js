// The rules of SMTP, of the server or of a domain: in their order, written line by line, and tried. `kit` is of admin.js.

const lines = (text) => text.split("\n").map((each) => each.trim()).filter(Boolean);

// A rule as it is written: its fields, those of `rule` in them.
function editor(kit, events, rule) {
  const { el, field } = kit;
  const area = (text, name, value, hint) => el("label", {}, text,
    el("textarea", { name, rows: 3, placeholder: hint, spellcheck: "false" }, value.join("\n")));
  return [
    field("Name of the rule", "rule", { required: true, maxlength: "64", value: rule.name, ...(rule.name ? { readonly: "" } : {}) }),
    el("label", {}, "Asked at", el("select", { name: "at" },
      events.map((each) => el("option", { value: each, selected: each === rule.at }, each)))),
    area("All of these hold, one a line", "all", rule.all, "messageSize greater 3000000"),
    area("One of these holds", "any", rule.any, ""),
    area("Then", "then", rule.then, 'reject 552 5.3.4 "Messages up to 3 MB, please."'),
    field("What it is for", "note", { maxlength: "1000", value: rule.note }),
  ];
}

const NEW = { name: "", at: "rcpt", all: [], any: [], then: [], note: "" };

// The dry run: a message as it might come, and what would be done, event by event.
function trial(kit, query) {
  const { api, el, field, form, table } = kit;
  const told = el("div", { "aria-live": "polite" });
  const made = form("card tall wide", [
    field("Address of the client", "ip", { value: "192.0.2.1", required: true }),
    field("It calls itself", "helo", { value: "client.invalid", required: true }),
    field("Signed in as", "user", { maxlength: "320" }),
    field("From", "from", { maxlength: "320" }), field("To, several with spaces between", "to", { maxlength: "2000" }),
    el("label", {}, "The message", el("textarea", { name: "message", rows: 6, spellcheck: "false" })),
    field("Or one that is stored: whose folder", "owner", { maxlength: "320", placeholder: "alice@example.org" }),
    field("Its folder", "folder", { maxlength: "320", placeholder: "INBOX" }),
    field("Its UID", "uid", { type: "number", min: "1" }),
  ], "Try", async (data) => {
    const body = { ip: data.get("ip"), helo: data.get("helo"), user: data.get("user"), from: data.get("from"),
      to: data.get("to").split(/[\s,;]+/).filter(Boolean) };
    if (data.get("owner")) Object.assign(body, { owner: data.get("owner"), folder: data.get("folder"), uid: Number(data.get("uid")) });
    else body.message = data.get("message");
    const { steps } = await api("POST", `/rules/try${query}`, body);
    told.replaceChildren(table("What the rules would do; nothing was done", ["Event", "About", "Rules", "Does"],
      steps.map((each) => [each.event, each.about, each.rules.join(", "), each.does.join("; ") || "nothing"]), "No rule was asked."));
  });
  return [el("h2", {}, "Dry run"), made, told];
}

export const rules = (kit) => async ([domain], given) => {
  const { api, seg, el, form, table, link, button, confirmed, route, say } = kit;
  const query = domain ? `?domain=${seg(domain)}` : "";
  const base = domain ? `#/rules/${seg(domain)}` : "#/rules";
  const [{ rules: found }, { events, variables, operators, actions }] =
    await Promise.all([api("GET", `/rules${query}`), api("GET", "/rules/words")]);
  const put = (each, more) => api("PUT", `/rules/${seg(each.name)}${query}`,
    { at: each.at, enabled: each.enabled, note: each.note, all: each.all, any: each.any, then: each.then, ...more });
  const turn = (each, text, more, done) => button(text, async () => {
    await put(each, more);
    await route();
    say(done);
  }, "", each.name);
  const rows = found.map((each, at) => [
    link(each.name, `${base}?rule=${seg(each.name)}`), each.at,
    [...each.all, ...(each.any.length ? [`one of: ${each.any.join("; ")}`] : [])].map((one) => el("div", {}, one)),
    each.then.map((one) => el("div", {}, one)),
    [at ? turn(each, "Up", { before: found[at - 1].name }, `${each.name} is asked earlier.`) : null,
      turn(each, each.enabled ? "Disable" : "Enable", { enabled: !each.enabled }, `${each.name} ${each.enabled ? "is not asked any more" : "holds"}.`),
      button("Delete", async () => {
        if (!(await confirmed(`Delete the rule ${each.name}?`, "Delete"))) return;
        await api("DELETE", `/rules/${seg(each.name)}${query}`);
        await route();
        say(`${each.name} is gone.`);
      }, "bad", each.name)],
  ]);
  const edited = found.find((each) => each.name === given.get("rule"));
  const write = form("card tall wide", editor(kit, events, edited || NEW), edited ? "Save" : "Add", async (data) => {
    const rule = { name: data.get("rule").trim(), at: data.get("at"), enabled: edited ? edited.enabled : true, note: data.get("note") };
    for (const name of ["all", "any", "then"]) rule[name] = lines(data.get(name));
    await put(rule);
    if (edited) location.hash = base;
    else await route();
    say(`${rule.name} is saved.`);
  });
  const more = (text, heads, rest) => el("details", {}, el("summary", {}, text), table(text, heads, rest, ""));
  return [domain ? el("p", {}, link(domain, `#/domains/${seg(domain)}`)) : null,
    el("h1", {}, domain ? `Rules of ${domain}` : "Rules of the server"),
    table("Asked in this order", ["Rule", "Asked at", "When", "Then", ""], rows, "There are no rules."),
    el("h2", {}, edited ? `Rule ${edited.name}` : "New rule"), edited ? el("p", {}, link("A new one instead", base)) : null, write,
    more("What can be asked for", ["Name", "Kind", "Meaning"], variables.map((each) => [each.name, each.kind, each.meaning])),
    more("How it is compared", ["Word", "Meaning"], operators.map((each) => [each.name, each.meaning])),
    more("What can be done", ["Word", "Behind it", "Meaning"], actions.map((each) => [each.name, each.usage, each.meaning])),
    ...trial(kit, query)];
};
