/** Labels: keywords of emails that have a name and a colour. Decision 308. */
import { t } from "i18next";
import { change, request } from "../jmap/client";
import type { Email, Label } from "../jmap/types";
import { get, set } from "../store";
import { mark } from "./act";

export const COLORS = ["red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown", "grey"];
/** What programs set for themselves. */
const SILENT = new Set(["nonjunk", "notjunk", "junk", "forwarded", "redirected", "old", "recent"]);
const CODED = /(?:=[0-9a-f]{2})+/gi;
const own = () => get().accounts.find((each) => each.own)?.id ?? "";

export async function loadLabels(): Promise<void> {
  const [answer] = await request([["Label/get", { accountId: own() }]]);
  set({ labels: inOrder(answer.list) });
}

/** Those of mail programs first, then by name. */
export function inOrder(all: Label[]): Label[] {
  const rank = (each: Label) => (each.mayDelete ? 1 : 0);
  const two = (one: Label, other: Label) =>
    rank(one) - rank(other) ||
    (rank(one) ? labelName(one).localeCompare(labelName(other)) : one.id < other.id ? -1 : 1);
  return [...all].sort(two);
}

export function labelName(label: Label): string {
  return label.name ?? t(`label.${label.id}`, { defaultValue: wordsOf(label.keyword) });
}

/** What people read of a keyword: an odd sign is written in it as `=` and the octets of its UTF-8 in hexadecimal. */
export function wordsOf(keyword: string): string {
  return keyword.replace(CODED, (found) => {
    const octets = found
      .slice(1)
      .split("=")
      .map((each) => Number.parseInt(each, 16));
    return new TextDecoder().decode(new Uint8Array(octets));
  });
}

/** The labels of an email; a keyword without a name is one too, in grey. */
export function labelsOf(email: Pick<Email, "keywords">, labels: Label[]): Label[] {
  const there = labels.filter((each) => email.keywords[each.keyword]);
  const named = new Set(labels.map((each) => each.keyword));
  const others = Object.keys(email.keywords).filter(
    (each) => !/^[$\\]/.test(each) && !named.has(each) && !SILENT.has(each),
  );
  return [...there, ...others.map(unnamed)];
}

function unnamed(keyword: string): Label {
  return { id: keyword, keyword, name: wordsOf(keyword), color: "grey", isHidden: false, mayDelete: false };
}

/** The keyword of a label that is called so, or of its own. */
export function keywordCalled(name: string): string | null {
  const said = name.toLowerCase();
  const found = get().labels.find((each) => labelName(each).toLowerCase() === said || each.keyword === said);
  return found?.keyword ?? null;
}

/** Gives emails a label, or takes it from them. */
export function setLabel(ids: string[], label: Label, on: boolean): Promise<void> {
  return mark(ids, label.keyword, on);
}

/** The colour that fewest labels have. */
export function freshColor(labels: Label[]): string {
  const count = (color: string) => labels.filter((each) => each.color === color).length;
  return COLORS.slice(0, -1).reduce((best, each) => (count(each) < count(best) ? each : best));
}

export async function makeLabel(name: string, color: string): Promise<Label | undefined> {
  const [answer] = await change([["Label/set", { accountId: own(), create: { made: { name, color } } }]]);
  await loadLabels();
  return get().labels.find((each) => each.id === answer.created?.made?.id);
}

export async function changeLabel(label: Label, patch: Partial<Label>): Promise<void> {
  await change([["Label/set", { accountId: own(), update: { [label.id]: patch } }]]);
  await loadLabels();
}

const AT_ONCE = 500;

/** Takes a label away, and its keyword from the emails of one's own account. */
export async function deleteLabel(label: Label): Promise<void> {
  const accountId = own();
  for (;;) {
    const filter = { hasKeyword: label.keyword };
    const [found] = await request([["Email/query", { accountId, filter, limit: AT_ONCE }]]);
    if (!found.ids.length) break;
    const patch = { [`keywords/${label.keyword}`]: null };
    await change([
      ["Email/set", { accountId, update: Object.fromEntries(found.ids.map((id: string) => [id, patch])) }],
    ]);
  }
  await change([["Label/set", { accountId, destroy: [label.id] }]]);
  await loadLabels();
}
