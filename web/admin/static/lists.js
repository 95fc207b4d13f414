// Mail lists of a domain: who is on them, what waits for a moderator. `kit` has the pieces of a page that admin.js makes.

export const lists = (kit) => async ([domain], given) => {
  const { api, seg, el, field, form, table, link, button, confirmed, route, say, search, pager, listed } = kit;
  const base = `#/lists/${seg(domain)}`;
  const found = await listed(`/domains/${seg(domain)}/lists`, given);
  const rows = found.lists.map((each) => [
    link(each.address, `#/list/${seg(each.address)}`), each.name, `${each.active} of ${each.members}`, String(each.waiting),
    each.enabled ? "enabled" : "disabled",
    button("Delete", async () => {
      if (!(await confirmed(`Delete the list ${each.address} with its archive, and who is on it?`, "Delete"))) return;
      await api("DELETE", `/lists/${seg(each.address)}`);
      await route();
      say(`${each.address} is gone.`);
    }, "bad", each.address),
  ]);
  const add = form("card", [
    field("New mail list", "local", { required: true, maxlength: "64", placeholder: "news", autocomplete: "off" }),
    field("Name", "name", { maxlength: "320", autocomplete: "off" }),
    field("Run by (address)", "owner", { type: "email", maxlength: "320", autocomplete: "off" }),
  ], "Add", async (data) => {
    const owner = data.get("owner").trim();
    const made = await api("POST", `/domains/${seg(domain)}/lists`,
      { local: data.get("local"), name: data.get("name"), ...(owner ? { owners: [owner] } : {}) });
    await route();
    say(`${made.address} is there.`);
  });
  return [el("p", {}, link(domain, `#/domains/${seg(domain)}`)), el("h1", {}, `Mail lists of ${domain}`),
    search(base, given, "Name or address"), add,
    table(`${found.total} mail lists found`, ["Address", "Name", "Get its mail", "Wait", "State", ""], rows, "There is no such list."),
    pager(base, given, found.next)];
};

// What waits for a moderator, with what can be done about it; a word where one may not look into it.
const waiting = async ({ api, el, table, button, route, say }, at, moderates) => {
  if (!moderates) return [el("p", { class: "soft" }, "What waits is for the moderators of this list.")];
  const found = await api("GET", `${at}/waiting`);
  const turn = (each, verdict, text, done) => button(text, async () => {
    await api("POST", `${at}/waiting`, { verdict, uids: [String(each.uid)] });
    await route();
    say(done);
  }, verdict === "reject" ? "bad" : "", each.subject);
  return [table("Messages that wait for a moderator", ["From", "Subject", "Since", ""], found.messages.map((each) => [
    each.from, each.subject, new Date(each.since).toLocaleString(),
    [turn(each, "approve", "Send on", "It is sent on."), turn(each, "reject", "Refuse", "It is refused.")]]), "No message waits.")];
};

export const list = (kit) => async ([address], given) => {
  const { api, seg, el, field, form, table, link, button, route, say, search, pager, listed } = kit;
  const found = await api("GET", `/lists/${seg(address)}`);
  const at = `/lists/${seg(found.address)}`;
  const base = `#/list/${seg(found.address)}`;
  const domain = found.address.slice(found.address.lastIndexOf("@") + 1);
  const done = async (text) => {
    await route();
    say(text);
  };
  const on = await listed(`${at}/members`, given);
  const rename = form("", [field("Name", "name", { value: found.name, maxlength: "320" })], "Save", async (data) => {
    await api("PATCH", at, { name: data.get("name") });
    await done("The name is saved.");
  });
  const enable = button(found.enabled ? "Disable" : "Enable", async () => {
    await api("PATCH", at, { enabled: !found.enabled });
    await done(found.enabled ? "It takes no mail." : "It takes mail.");
  });
  const ways = [["mail", "every message"], ["digest", "the digest"], ["none", "nothing"]];
  const add = form("card", [
    field("New member", "member", { required: true, maxlength: "320", type: "email", autocomplete: "off" }),
    field("Name of the member", "name", { maxlength: "320", autocomplete: "off" }),
    el("label", {}, "Gets", el("select", { name: "delivery" }, ways.map(([value, text]) => el("option", { value }, text)))),
  ], "Add", async (data) => {
    const member = data.get("member").trim();
    const name = data.get("name").trim();
    await api("PUT", `${at}/members/${seg(member)}`, { delivery: data.get("delivery"), ...(name ? { name } : {}) });
    await done(`${member} is on it.`);
  });
  const rows = on.members.map((each) => [each.address, each.name,
    `${each.state}, ${each.delivery}${each.moderated ? ", moderated" : ""}`,
    [each.state === "active" ? null : button("Resume", async () => {
      await api("PUT", `${at}/members/${seg(each.address)}`, {});
      await done(`${each.address} gets its mail.`);
    }, "", each.address), button("Remove", async () => {
      await api("DELETE", `${at}/members/${seg(each.address)}`);
      await done(`${each.address} is not on it any more.`);
    }, "bad", each.address)]]);
  const moderator = form("", [field("New moderator", "who", { required: true, maxlength: "320", type: "email", autocomplete: "off" })],
    "Add", async (data) => {
      const who = data.get("who").trim();
      await api("PUT", `${at}/moderators/${seg(who)}`);
      await done(`${who} moderates it.`);
    });
  const moderators = table("Moderators", ["Address", ""], found.moderators.map((each) => [each, button("Remove", async () => {
    await api("DELETE", `${at}/moderators/${seg(each)}`);
    await done(`${each} does not moderate it any more.`);
  }, "bad", each)]), "It has no moderators besides who runs it.");
  return [el("p", {}, link(`Mail lists of ${domain}`, `#/lists/${seg(domain)}`)), el("h1", {}, found.address),
    el("p", {}, link("Settings", `#/settings/list/${seg(found.address)}`)), rename, el("p", {}, enable),
    el("h2", {}, "Members"), add, search(base, given, "Name or address"),
    table(`${on.total} members found`, ["Address", "Name", "State", ""], rows, "Nobody of that name is on it."),
    pager(base, given, on.next), el("h2", {}, "Moderation"), ...(await waiting(kit, at, found.moderates)), moderators, moderator];
};
