// Settings of a domain, an account or a mail list: what holds, where it comes from, and setting it.

const control = ({ el }, each) => {
  const about = { name: "value", "aria-label": each.name };
  if (typeof each.value === "boolean") {
    return el("select", about, ["true", "false"].map((one) =>
      el("option", { value: one, selected: one === String(each.value) }, one === "true" ? "yes" : "no")));
  }
  if (typeof each.value === "number") return el("input", { ...about, type: "number", required: true, value: String(each.value) });
  return el("input", { ...about, value: each.value, maxlength: "10000" });
};

const read = (kind, text) => (kind === "boolean" ? text === "true" : kind === "number" ? Number(text) : text);

export const settings = (kit) => async ([what, name], given) => {
  const { api, seg, el, form, table, link, button, route, say, search } = kit;
  const plural = `${what}s`;
  const at = `/${plural}/${seg(name)}/settings`;
  const wanted = (given.get("search") || "").toLowerCase();
  const every = (await api("GET", at)).settings;
  const found = every.filter((each) => `${each.name} ${each.about}`.toLowerCase().includes(wanted));
  const rows = found.map((each) => {
    const set = form("", [control(kit, each)], "Set", async (data) => {
      await api("PUT", `${at}/${seg(each.name)}`, { value: read(typeof each.value, data.get("value")) });
      await route();
      say(`${each.name} is set.`);
    });
    set.querySelector("button").setAttribute("aria-label", `Set ${each.name}`);
    const back = each.explicit ? button("Inherit", async () => {
      await api("DELETE", `${at}/${seg(each.name)}`);
      await route();
      say(`${each.name} is inherited again.`);
    }, "", each.name) : null;
    return [[el("strong", {}, each.name), el("div", { class: "soft" }, each.about)],
      each.explicit ? "set here" : `from ${each.origin}`, [set, back]];
  });
  const base = `#/settings/${what}/${seg(name)}`;
  return [el("p", {}, link(name, `#/${what === "list" ? what : plural}/${seg(name)}`)), el("h1", {}, `Settings of ${name}`),
    search(base, given, "Name or words"),
    table(`${found.length} of ${every.length} settings`, ["Setting", "Where it comes from", ""], rows, "There is no such setting.")];
};
