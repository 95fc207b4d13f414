/** A contact as a form has it, and the patch that comes of it: what the form does not know stays. */
import { dayOf, dayText, freeKey, nameOf, part } from "./card";
import type { Card, Component, Postal } from "./types";

export type Use = "" | "work" | "private" | "mobile" | "fax";

export interface Row {
  /** The key in the card; "": it is new. */
  key: string;
  value: string;
  use: Use;
}

export interface PostalRow {
  key: string;
  street: string;
  postcode: string;
  locality: string;
  region: string;
  country: string;
  use: Use;
}

export interface Form {
  title: string;
  given: string;
  given2: string;
  surname: string;
  generation: string;
  nickname: string;
  organization: string;
  position: string;
  emails: Row[];
  phones: Row[];
  addresses: PostalRow[];
  links: Row[];
  birthday: string;
  note: string;
  keywords: string;
}

export const NAMES = ["title", "given", "given2", "surname", "generation"] as const;
export const PLACES = ["street", "postcode", "locality", "region", "country"] as const;
const KIND_OF = { street: "name", postcode: "postcode", locality: "locality", region: "region", country: "country" };

function usageOf(entry: { contexts?: Record<string, true>; features?: Record<string, true> }): Use {
  if (entry.features?.fax) return "fax";
  if (entry.features?.mobile) return "mobile";
  if (entry.contexts?.work) return "work";
  return entry.contexts?.private ? "private" : "";
}

const first = <T>(all: Record<string, T> | undefined): [string, T] | undefined => Object.entries(all ?? {})[0];

function streetOf(address: Postal): string {
  const number = part(address.components, "number");
  const name = part(address.components, "name");
  if (!address.components?.length && address.full) return address.full.replaceAll("\n", ", ");
  return [name, number].filter(Boolean).join(" ");
}

export function formOf(card: Partial<Card>): Form {
  const components = card.name?.components;
  const names = Object.fromEntries(NAMES.map((kind) => [kind, part(components, kind)])) as Record<
    (typeof NAMES)[number],
    string
  >;
  const split = !components?.length && card.name?.full ? splitName(card.name.full) : {};
  const birth = Object.values(card.anniversaries ?? {}).find((each) => each.kind === "birth");
  return {
    ...names,
    ...split,
    nickname: first(card.nicknames)?.[1].name ?? "",
    organization: first(card.organizations)?.[1].name ?? "",
    position: first(card.titles)?.[1].name ?? "",
    emails: Object.entries(card.emails ?? {}).map(([key, each]) => ({ key, value: each.address, use: usageOf(each) })),
    phones: Object.entries(card.phones ?? {}).map(([key, each]) => ({ key, value: each.number, use: usageOf(each) })),
    links: Object.entries(card.links ?? {}).map(([key, each]) => ({ key, value: each.uri, use: usageOf(each) })),
    addresses: Object.entries(card.addresses ?? {}).map(([key, each]) => ({
      key,
      street: streetOf(each),
      postcode: part(each.components, "postcode"),
      locality: part(each.components, "locality"),
      region: part(each.components, "region"),
      country: part(each.components, "country"),
      use: usageOf(each),
    })),
    birthday: dayText(birth?.date),
    note: first(card.notes)?.[1].note ?? "",
    keywords: Object.keys(card.keywords ?? {}).join(", "),
  };
}

function splitName(full: string): { given: string; surname: string } {
  const words = full.trim().split(/\s+/);
  return { given: words.slice(0, -1).join(" "), surname: words.at(-1) ?? "" };
}

interface Entry {
  contexts?: Record<string, true>;
  features?: Record<string, true>;
}

/** An entry with another use; what else is said of it stays. */
function used<T extends Entry>(entry: T, use: Use): T {
  if (usageOf(entry) === use) return entry;
  const { contexts = {}, features = {}, ...rest } = entry;
  const { work: _work, private: _private, ...otherContexts } = contexts;
  const { mobile: _mobile, fax: _fax, ...otherFeatures } = features;
  if (use === "work" || use === "private") otherContexts[use] = true;
  if (use === "mobile" || use === "fax") otherFeatures[use] = true;
  const made: Entry = { ...rest };
  if (Object.keys(otherContexts).length) made.contexts = otherContexts;
  if (Object.keys(otherFeatures).length) made.features = otherFeatures;
  return made as T;
}

function rowsInto<T extends Entry>(
  rows: Row[],
  there: Record<string, T> | undefined,
  name: keyof T,
): Record<string, T> {
  const made: Record<string, T> = {};
  for (const { key, value, use } of rows) {
    if (!value.trim()) continue;
    const before = there?.[key] ?? ({} as T);
    made[key || freeKey({ ...there, ...made })] = used({ ...before, [name]: value.trim() }, use);
  }
  return made;
}

function postalInto(rows: PostalRow[], there: Card["addresses"]): NonNullable<Card["addresses"]> {
  const made: NonNullable<Card["addresses"]> = {};
  for (const row of rows) {
    if (!PLACES.some((each) => row[each].trim())) continue;
    const before = there?.[row.key];
    const same = before && PLACES.every((each) => row[each] === (formPlace(before)[each] ?? ""));
    const mine = new Set(["number", ...Object.values(KIND_OF)]);
    const kept = (before?.components ?? []).filter((each) => !mine.has(each.kind));
    const components: Component[] = PLACES.filter((each) => row[each].trim()).map((each) => ({
      kind: KIND_OF[each],
      value: row[each].trim(),
    }));
    const { full: _full, ...rest } = before ?? {};
    const next: Postal = same ? before : { ...rest, components: [...kept, ...components] };
    made[row.key || freeKey({ ...there, ...made })] = used(next, row.use);
  }
  return made;
}

function formPlace(address: Postal): Record<(typeof PLACES)[number], string> {
  return {
    street: streetOf(address),
    postcode: part(address.components, "postcode"),
    locality: part(address.components, "locality"),
    region: part(address.components, "region"),
    country: part(address.components, "country"),
  };
}

/** The first of some entries with another text, or without it. */
function firstInto<T>(text: string, there: Record<string, T> | undefined, name: keyof T): Record<string, T> {
  const [key, before] = first(there) ?? ["k1", {} as T];
  const { [key]: _gone, ...rest } = there ?? {};
  return text.trim() ? { [key]: { ...before, [name]: text.trim() } as T, ...rest } : (rest as Record<string, T>);
}

function nameInto(form: Form, card: Partial<Card>): Card["name"] | undefined {
  const known = NAMES.filter((kind) => form[kind].trim());
  const kept = (card.name?.components ?? []).filter((each) => !NAMES.includes(each.kind as (typeof NAMES)[number]));
  const separators = kept.filter((each) => each.kind !== "separator");
  const components = [...known.map((kind) => ({ kind, value: form[kind].trim() })), ...separators];
  const full =
    known.map((kind) => form[kind].trim()).join(" ") ||
    form.nickname.trim() ||
    form.organization.trim() ||
    form.emails.find((each) => each.value.trim())?.value.trim();
  if (!full) return undefined;
  return components.length ? { full, components } : { full };
}

function birthInto(text: string, card: Partial<Card>): NonNullable<Card["anniversaries"]> {
  const all = { ...card.anniversaries };
  const key = Object.keys(all).find((each) => all[each]?.kind === "birth");
  const date = dayOf(text);
  if (key) delete all[key];
  if (date) all[key ?? freeKey(all)] = { ...(key ? card.anniversaries?.[key] : {}), kind: "birth", date };
  return all;
}

/** What of a form is wrong, as the name of words; null: nothing. */
export function faultOf(form: Form): string | null {
  if (!nameInto(form, {})) return "noName";
  if (form.birthday.trim() && !dayOf(form.birthday)) return "noDay";
  if (form.emails.some((each) => each.value.trim() && !/^[^\s@]+@[^\s@]+$/.test(each.value.trim()))) return "noEmail";
  return null;
}

/** What the form changes of a card, or says of a new one. */
export function patchOf(form: Form, card: Partial<Card>): Record<string, unknown> {
  const before = formOf(card);
  const patch: Record<string, unknown> = {};
  const put = (name: keyof Card, value: object | undefined) => {
    const now = value && Object.keys(value).length ? value : null;
    if (JSON.stringify(now) !== JSON.stringify(card[name] ?? null)) patch[name] = now;
  };
  if (NAMES.some((kind) => form[kind] !== before[kind]) || !card.name || !nameOf(card as Card))
    put("name", nameInto(form, card));
  put("emails", rowsInto(form.emails, card.emails, "address"));
  put("phones", rowsInto(form.phones, card.phones, "number"));
  put("links", rowsInto(form.links, card.links, "uri"));
  put("addresses", postalInto(form.addresses, card.addresses));
  if (form.nickname !== before.nickname) put("nicknames", firstInto(form.nickname, card.nicknames, "name"));
  if (form.organization !== before.organization)
    put("organizations", firstInto(form.organization, card.organizations, "name"));
  if (form.position !== before.position) put("titles", firstInto(form.position, card.titles, "name"));
  if (form.note !== before.note) put("notes", firstInto(form.note, card.notes, "note"));
  if (form.birthday !== before.birthday) put("anniversaries", birthInto(form.birthday, card));
  if (form.keywords !== before.keywords) {
    const words = form.keywords
      .split(",")
      .map((each) => each.trim())
      .filter(Boolean);
    put("keywords", Object.fromEntries(words.map((each) => [each, true as const])));
  }
  return patch;
}
