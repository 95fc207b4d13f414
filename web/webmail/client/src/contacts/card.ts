/** What people see of a contact, and what they change of it. */
import { getDefaultOptions } from "date-fns";
import type { Address } from "../jmap/types";
import type { Card, Component, Day, Email, Phone, Postal } from "./types";

export function part(components: Component[] | undefined, kind: string): string {
  return (components ?? [])
    .filter((each) => each.kind === kind)
    .map((each) => each.value)
    .join(" ");
}

const SPOKEN = ["title", "given", "given2", "surname", "surname2", "generation", "credential"];

/** What people call it; "" for a contact without any name. */
export function nameOf(card: Card): string {
  const { full, components } = card.name ?? {};
  if (full?.trim()) return full.trim();
  const spoken = SPOKEN.map((kind) => part(components, kind)).filter(Boolean);
  if (spoken.length) return spoken.join(" ");
  const nickname = Object.values(card.nicknames ?? {})[0]?.name;
  return nickname ?? organizationOf(card) ?? emailsOf(card)[0]?.address ?? phonesOf(card)[0]?.number ?? "";
}

/** By what the list is in order: the surname first, where it is known. */
export function sortKey(card: Card): string {
  const components = card.name?.components;
  const surname = part(components, "surname");
  return (surname ? `${surname} ${part(components, "given")}` : nameOf(card)).toLocaleLowerCase();
}

export function organizationOf(card: Card): string | undefined {
  const first = Object.values(card.organizations ?? {})[0];
  if (!first) return undefined;
  return [first.name, ...(first.units ?? []).map((each) => each.name)].filter(Boolean).join(", ");
}

const preferred = <T extends { pref?: number }>(all: Record<string, T> | undefined): T[] =>
  Object.values(all ?? {}).sort((one, other) => (one.pref ?? 101) - (other.pref ?? 101));

export const emailsOf = (card: Card): Email[] => preferred(card.emails);
export const phonesOf = (card: Card): Phone[] => preferred(card.phones);

export function photoOf(card: Card): string | null {
  const found = Object.values(card.media ?? {}).find((each) => each.kind === "photo");
  return found?.uri?.startsWith("data:image/") ? found.uri : null;
}

/** Everything that a search looks at, in small letters. */
export function wordsOf(card: Card): string {
  const texts = [
    nameOf(card),
    ...(card.name?.components ?? []).map((each) => each.value),
    ...Object.values(card.nicknames ?? {}).map((each) => each.name),
    organizationOf(card) ?? "",
    ...emailsOf(card).map((each) => each.address),
    ...phonesOf(card).map((each) => each.number),
    ...phonesOf(card).map((each) => each.number.replace(/[^+0-9]/g, "")),
    ...Object.keys(card.keywords ?? {}),
  ];
  return texts.join("\n").toLocaleLowerCase();
}

const LINES = [
  ["apartment", "floor", "building"],
  ["number", "name"],
  ["postcode", "locality"],
  ["region"],
  ["country"],
];

/** A postal address as lines. */
export function linesOf(address: Postal): string[] {
  if (address.full?.trim()) return address.full.split("\n");
  return LINES.map((kinds) =>
    kinds
      .map((kind) => part(address.components, kind))
      .filter(Boolean)
      .join(" "),
  ).filter(Boolean);
}

/** `1990-01-31`, `--01-31` or "". */
export function dayText(day: Day | undefined): string {
  if (!day) return "";
  if (day.utc) return day.utc.slice(0, 10);
  if (!day.month || !day.day) return day.year ? String(day.year) : "";
  const two = (number: number) => String(number).padStart(2, "0");
  return `${day.year ? String(day.year).padStart(4, "0") : "-"}-${two(day.month)}-${two(day.day)}`;
}

export function dayInWords(day: Day | undefined): string {
  if (!day?.month || !day.day) return dayText(day);
  const format = { day: "numeric", month: "long", timeZone: "UTC", ...(day.year ? { year: "numeric" as const } : {}) };
  const moment = new Date(Date.UTC(day.year ?? 2000, day.month - 1, day.day));
  const language = getDefaultOptions().locale?.code ?? "en-US";
  return new Intl.DateTimeFormat(language, format as Intl.DateTimeFormatOptions).format(moment);
}

export function dayOf(text: string): Day | null {
  const found = /^(?:(\d{4})|-)-(\d{1,2})-(\d{1,2})$/.exec(text.trim());
  if (!found) return null;
  const year = found[1] ? { year: Number(found[1]) } : {};
  return { "@type": "PartialDate", ...year, month: Number(found[2]), day: Number(found[3]) };
}

/** Whom to write to: the members of a group, else whom the card is of. */
export function recipientsOf(card: Card, all: Card[]): Address[] {
  const cards = card.kind === "group" ? membersOf(card, all) : [card];
  return cards.flatMap((each) => {
    const email = emailsOf(each)[0]?.address;
    return email ? [{ name: nameOf(each) || null, email }] : [];
  });
}

export function membersOf(group: Card, all: Card[]): Card[] {
  const members = group.members ?? {};
  return all.filter(
    (each) => each.accountId === group.accountId && (members[each.uid] || members[`urn:uuid:${each.uid}`]),
  );
}

/** Of who shares a name with somebody or an address: sets of two and more, each contact in one of them. */
export function duplicatesIn(all: Card[]): Card[][] {
  const sets = new Map<string, Card[]>();
  const of = new Map<Card, Card[]>();
  for (const card of all) {
    if (card.kind === "group") continue;
    const name = nameOf(card).toLocaleLowerCase().replace(/\s+/g, " ");
    const keys = [...emailsOf(card).map((each) => `e${each.address.toLowerCase()}`), ...(name ? [`n${name}`] : [])];
    const known = keys.map((key) => sets.get(key)).filter((each): each is Card[] => each !== undefined);
    const set = known[0] ?? [];
    for (const other of new Set(known.slice(1)))
      if (other !== set) {
        set.push(...other);
        for (const each of other) of.set(each, set);
        for (const [key, value] of sets) if (value === other) sets.set(key, set);
      }
    set.push(card);
    of.set(card, set);
    for (const key of keys) sets.set(key, set);
  }
  return [...new Set(of.values())].filter((each) => each.length > 1);
}

type Entries = Record<string, Record<string, unknown>>;
const SAME: Record<string, (entry: Record<string, unknown>) => string> = {
  emails: (each) => String(each.address).toLowerCase(),
  phones: (each) => String(each.number).replace(/[^+0-9]/g, ""),
  links: (each) => String(each.uri),
  notes: (each) => String(each.note),
  organizations: (each) => String(each.name ?? "").toLowerCase(),
  titles: (each) => String(each.name).toLowerCase(),
  nicknames: (each) => String(each.name).toLowerCase(),
  addresses: (each) => JSON.stringify(each.components ?? each.full),
  anniversaries: (each) => String(each.kind),
  media: (each) => String(each.kind),
};

/** What of `from` is not in `into` yet, as a patch of `into`: nothing that is there is lost or replaced. */
export function filledFrom(into: Card, from: Card): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const [name, keyOf] of Object.entries(SAME)) {
    const there = ((into as unknown as Record<string, Entries>)[name] ?? {}) as Entries;
    const more = ((from as unknown as Record<string, Entries>)[name] ?? {}) as Entries;
    const known = new Set(Object.values(there).map(keyOf));
    const fresh = Object.values(more).filter((each) => !known.has(keyOf(each)));
    if (!fresh.length) continue;
    const merged: Entries = { ...there };
    for (const each of fresh) merged[freeKey(merged)] = each;
    patch[name] = merged;
  }
  if (!into.name?.full && !into.name?.components?.length && from.name) patch.name = from.name;
  if (from.keywords) patch.keywords = { ...into.keywords, ...from.keywords };
  if (patch.keywords && JSON.stringify(patch.keywords) === JSON.stringify(into.keywords)) delete patch.keywords;
  return patch;
}

export function freeKey(there: Record<string, unknown>): string {
  for (let number = 1; ; number += 1) if (!(`k${number}` in there)) return `k${number}`;
}
