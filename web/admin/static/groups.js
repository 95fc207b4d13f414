// Groups of a domain, and who is in them. `kit` has the pieces of a page that admin.js makes.

export const groups = (kit) => async ([domain], given) => {
  const { api, seg, el, field, form, table, link, button, confirmed, route, say, search, pager, listed } = kit;
  const base = `#/groups/${seg(domain)}`;
  const found = await listed(`/domains/${seg(domain)}/groups`, given);
  const rows = found.groups.map((each) => [
    link(each.address, `#/group/${seg(each.address)}`), each.name,
    button("Delete", async () => {
      if (!(await confirmed(`Delete the group ${each.address}? Its members stay; what it was granted is gone.`, "Delete"))) return;
      await api("DELETE", `/groups/${seg(each.address)}`);
      await route();
      say(`${each.address} is gone.`);
    }, "bad", each.address),
  ]);
  const add = form("card", [
    field("New group", "local", { required: true, maxlength: "64", placeholder: "sales", autocomplete: "off" }),
    field("Name", "name", { maxlength: "320", autocomplete: "off" }),
  ], "Add", async (data) => {
    const made = await api("POST", `/domains/${seg(domain)}/groups`, { local: data.get("local"), name: data.get("name") });
    await route();
    say(`${made.address} is there.`);
  });
  return [el("p", {}, link(domain, `#/domains/${seg(domain)}`)), el("h1", {}, `Groups of ${domain}`),
    search(base, given, "Name or address"), add,
    table(`${found.total} groups found`, ["Address", "Name", ""], rows, "There is no such group."), pager(base, given, found.next)];
};

export const group = (kit) => async ([address]) => {
  const { api, seg, el, field, form, table, link, button, route, say } = kit;
  const found = await api("GET", `/groups/${seg(address)}`);
  const at = `/groups/${seg(found.address)}/members`;
  const domain = found.address.slice(found.address.lastIndexOf("@") + 1);
  const add = form("card", [field("Address of an account or a group", "member", { required: true, maxlength: "320", type: "email" })],
    "Add", async (data) => {
      await api("PUT", `${at}/${seg(data.get("member").trim())}`);
      await route();
      say(`${data.get("member").trim()} is in it.`);
    });
  const rows = found.members.map((each) => [each, button("Remove", async () => {
    await api("DELETE", `${at}/${seg(each)}`);
    await route();
    say(`${each} is not in it any more.`);
  }, "bad", each)]);
  return [el("p", {}, link(`Groups of ${domain}`, `#/groups/${seg(domain)}`)), el("h1", {}, found.address),
    found.name ? el("p", {}, found.name) : null, add,
    table("Members", ["Address", ""], rows, "Nobody is in it.")];
};
