/** The list that is shown: a folder, of which windows are asked for, or what is found in all accounts. */
import { t } from "i18next";
import { type Call, each, request } from "../jmap/client";
import { Refused } from "../jmap/errors";
import { type Email, LIST_PROPERTIES, type Mailbox } from "../jmap/types";
import { recalledList } from "../offline";
import type { Place } from "../place";
import { get, type List, mailboxOf, type Only, set, toast } from "../store";
import { extended, MOST_AT_ONCE, merged, type Source, sourceOf, totalOf, WINDOW } from "./found";
import { keywordCalled } from "./labels";
import { all, type Operators, operators } from "./search";

/** Above so many emails a folder is shown without conversations: each list would look at all of them. */
const MOST_COLLAPSED = 20_000;
/** What is pinned, then what has come back and is not read yet, then the newest. */
const ORDER = [
  { property: "hasKeyword", keyword: "$pinned", isAscending: false },
  { property: "hasKeyword", keyword: "$new", isAscending: false },
  { property: "receivedAt", isAscending: false },
];
const FILTERS: Record<Only, Record<string, unknown>> = {
  unread: { notKeyword: "$seen" },
  flagged: { hasKeyword: "$flagged" },
  attachment: { hasAttachment: true },
};
const asked = new Set<string>();

function collapses(place: Place): boolean {
  const folder = mailboxOf(place.accountId, (each) => each.id === place.mailboxId);
  const role = folder?.role;
  if (role === "drafts" || role === "sent") return false;
  return get().conversations && place.search === null && (folder?.totalEmails ?? 0) <= MOST_COLLAPSED;
}

/** Begins with the list of a place. */
export function openList(place: Place, only: Only | null = null): void {
  asked.clear();
  const sources = place.search === null ? null : sourcesOf(place.search);
  const collapse = only === null && collapses(place);
  const list: List = { place, collapse, only, total: null, ids: [], failed: null, sources };
  set({ list, selected: new Set(), cursor: 0 });
  if (get().online) void loadWindow(0);
  else set({ list: recalledList(list) });
}

// --- what is sought, and where

function pathOf(folder: Mailbox): string {
  const parent = mailboxOf(folder.accountId, (each) => each.id === folder.parentId);
  return parent ? `${pathOf(parent)}/${folder.name}` : folder.name;
}

/** The folders of an account that are called so: by name, by what they are for, or with what they lie in. */
function foldersCalled(accountId: string, name: string): Mailbox[] {
  const said = name.toLowerCase();
  const all = get().mailboxes[accountId] ?? [];
  return all.filter((each) => [each.name, each.role, pathOf(each)].some((one) => one?.toLowerCase() === said));
}

/** Where a search looks: every account with mail; says what of it is not looked for. */
function sourcesOf(search: string): Source[] {
  const found = operators(search, keywordCalled);
  const accounts = get().accounts.filter((each) => get().mailboxes[each.id]?.length);
  const sources = accounts.flatMap(({ id }) => {
    const filter = filterIn(id, found);
    return filter ? [sourceOf(id, filter)] : [];
  });
  const words = found.folder && !sources.length ? [...found.wrong, `in:${found.folder}`] : found.wrong;
  if (words.length) toast(t("search.wrong", { words: words.join(" ") }), { error: true });
  return sources;
}

/** null: there is no such folder. */
function filterIn(accountId: string, { filter, folder, without }: Operators): Record<string, unknown> | null {
  const conditions = Object.keys(filter).length ? [filter] : [];
  if (folder !== null) {
    const inside = foldersCalled(accountId, folder).map((each) => ({ inMailbox: each.id }));
    if (!inside.length) return null;
    conditions.push(inside.length > 1 ? { operator: "OR", conditions: inside } : (inside[0] ?? {}));
  }
  const others = without.flatMap((name) => foldersCalled(accountId, name)).map((each) => each.id);
  if (others.length) conditions.push({ inMailboxOtherThan: others });
  return all(conditions);
}

// --- windows

/** Gets the lines around a position, unless they are there or under way. */
export async function loadWindow(position: number, again = false): Promise<void> {
  const list = get().list;
  if (!list?.place.accountId || !get().online) return;
  const start = Math.floor(position / WINDOW) * WINDOW;
  const key = `${start}`;
  if (asked.has(key) && !again) return;
  asked.add(key);
  try {
    await (list.sources ? loadFound(list, list.sources, start) : loadFolder(list, start));
  } catch (error) {
    asked.delete(key);
    const now = get().list;
    if (now && now.place === list.place && now.total === null)
      set({ list: { ...now, failed: (error as Error).message } });
  }
}

async function loadFolder(list: List, start: number): Promise<void> {
  const accountId = list.place.accountId as string;
  const [query, found, threads, all] = await each(windowOf(list, start));
  const wrong = [query, found, threads].find((answer) => answer instanceof Refused);
  if (wrong) throw wrong;
  const long = all instanceof Refused; // more than one answer takes: the newest are shown first
  const emails: Email[] = long ? await linesOf(accountId, query.ids) : (all ?? found).list;
  const now = get().list;
  if (!now || now.place !== list.place) return;
  keepEmails(accountId, emails, threads?.list);
  const ids = now.total === query.total ? now.ids.slice() : now.ids.slice(0, query.total);
  query.ids.forEach((id: string, index: number) => {
    ids[start + index] = id;
  });
  set({ list: { ...now, total: query.total, ids, failed: null } });
  if (long) {
    const older = (threads.list as { emailIds: string[] }[]).flatMap((thread) => thread.emailIds);
    const missing = older.filter((id) => !get().emails[id]);
    keepEmails(accountId, await linesOf(accountId, missing));
  }
}

/** What lines show of emails, in as many requests as that takes. */
export async function linesOf(accountId: string, ids: string[]): Promise<Email[]> {
  const found: Email[] = [];
  for (let at = 0; at < ids.length; at += MOST_AT_ONCE) {
    const given = { accountId, ids: ids.slice(at, at + MOST_AT_ONCE), properties: LIST_PROPERTIES };
    const [answer] = await request([["Email/get", given]]);
    found.push(...answer.list);
  }
  return found;
}

/** Asks for the lines around a position: emails, or conversations with all that is in them. */
function windowOf(list: List, position: number): Call[] {
  const accountId = list.place.accountId;
  const from = (resultOf: string, name: string, path: string) => ({ resultOf, name, path });
  const query = {
    accountId,
    filter: { inMailbox: list.place.mailboxId, ...(list.only && FILTERS[list.only]) },
    sort: ORDER,
    collapseThreads: list.collapse,
    position,
    limit: WINDOW,
    calculateTotal: true,
  };
  const found = from("q", "Email/query", "/ids");
  const properties = list.collapse ? ["threadId"] : LIST_PROPERTIES;
  const calls: Call[] = [
    ["Email/query", query, "q"],
    ["Email/get", { accountId, "#ids": found, properties }, "e"],
  ];
  if (list.collapse) {
    const all = from("t", "Thread/get", "/list/*/emailIds");
    calls.push(["Thread/get", { accountId, "#ids": from("e", "Email/get", "/list/*/threadId") }, "t"]);
    calls.push(["Email/get", { accountId, "#ids": all, properties: LIST_PROPERTIES }, "a"]);
  }
  return calls;
}

async function loadFound(list: List, sources: Source[], start: number): Promise<void> {
  const more = await extended(sources, start + WINDOW);
  const now = get().list;
  if (!now || now.place !== list.place) return;
  for (const [accountId, some] of Map.groupBy(more.emails, (each) => each.accountId)) keepEmails(accountId, some);
  const known = merged(more.sources);
  const total = totalOf(more.sources);
  if (more.wrong.length === more.sources.length && more.wrong[0]) throw new Error(more.wrong[0]);
  for (const said of more.wrong) toast(said, { error: true });
  set({ list: { ...now, sources: more.sources, ids: known, total, failed: null } });
  await loadLines(more.sources, known.slice(start, start + WINDOW));
}

/** What lines show of those of which no more is known than where they are. */
async function loadLines(sources: Source[], ids: string[]): Promise<void> {
  const missing = new Set(ids.filter((id) => !get().emails[id]));
  const calls: Call[] = sources
    .map(({ accountId, ids: there }) => [accountId, there.filter((id) => missing.has(id))] as const)
    .filter(([, some]) => some.length)
    .map(([accountId, some]) => ["Email/get", { accountId, ids: some, properties: LIST_PROPERTIES }]);
  if (calls.length) for (const answer of await request(calls)) keepEmails(answer.accountId, answer.list);
}

export function keepEmails(accountId: string, found: Email[], threads?: { id: string; emailIds: string[] }[]): void {
  const emails = { ...get().emails };
  const known = { ...get().threads };
  for (const each of threads ?? []) known[each.id] = each.emailIds;
  for (const each of found) {
    const threadSize = known[each.threadId]?.length ?? 1;
    emails[each.id] = { ...each, accountId, threadSize };
  }
  set({ emails, threads: known });
}

/** The list as it is now, where it is looked at; what is further away is asked for when it is seen. */
export async function refreshList(): Promise<void> {
  const list = get().list;
  if (!list) return;
  const at = get().cursor;
  asked.clear();
  if (list.sources) {
    const fresh = list.sources.map((each) => sourceOf(each.accountId, each.filter));
    await loadFound(list, fresh, Math.floor(at / WINDOW) * WINDOW).catch(() => undefined);
    return;
  }
  await loadWindow(0, true);
  if (at >= WINDOW) await loadWindow(at, true);
}
