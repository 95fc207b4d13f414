/** Getting what is shown: accounts, folders, conversations; and what has changed, as the server tells. */
import { coalesced } from "../coalesce";
import { type Call, listen, MAIL, request, session, visit } from "../jmap/client";
import { Offline } from "../jmap/errors";
import { type Email, FULL_PROPERTIES, type FullEmail, LIST_PROPERTIES, type Mailbox } from "../jmap/types";
import { keepSeen, recall } from "../offline";
import { MAIL_ROOM, NOWHERE, type Place, placeOf, sameList } from "../place";
import { get, go, mailboxOf, set, toast, withRole } from "../store";
import { inOrder, loadLabels } from "./labels";
import { keepEmails, openList, refreshList } from "./lists";

let stop: () => void = () => {};

/** Everything from the start; who is not signed in sees the sign-in, who is without a connection what was kept. */
export async function boot(): Promise<void> {
  try {
    const found = await visit();
    set({ me: found.name, signedOut: !found.name, mayStay: found.mayStay, online: true });
    if (!found.name) return;
    await loadAccounts();
    follow();
    keepSeen();
  } catch (error) {
    const found = error instanceof Offline ? await recall() : null;
    if (!found) throw error;
    set({ ...found, online: false });
  }
  set({ ready: true, list: null });
  const place = placeOf(location.pathname);
  await visitPlace(known(place) ? place : home());
}

/** Goes on where the connection was lost. */
export async function reconnect(): Promise<void> {
  set({ online: true });
  if (!get().ready) return boot();
  const found = await visit();
  if (!found.name) set({ signedOut: true });
  else await comeBack();
}

function follow(): void {
  stop();
  stop = listen(changed, () => void lookAgain().catch(() => undefined));
}

/** All of it, where nobody can say what has changed meanwhile. */
async function lookAgain(): Promise<void> {
  await loadAccounts();
  await refreshList();
  for (const act of others) act(ANYTHING);
}

/** Goes on where the session had ended. */
export async function comeBack(): Promise<void> {
  set({ signedOut: false });
  follow();
  await lookAgain();
}

const TYPES =
  "Calendar CalendarEvent MeetingProposal AddressBook ContactCard TaskList Task Notebook Note Journal JournalEntry AccessRequest";
const ANYTHING: Told = { "": Object.fromEntries(TYPES.split(" ").map((each) => [each, "?"])) };

function known(place: Place): boolean {
  const { room, accountId, mailboxId, search } = place;
  if (room !== MAIL_ROOM) return true;
  return search !== null || mailboxOf(accountId, (each) => each.id === mailboxId) !== undefined;
}

function home(): Place {
  const own = get().accounts.find((each) => each.own)?.id ?? null;
  return { ...NOWHERE, accountId: own, mailboxId: withRole(own, "inbox")?.id ?? null };
}

/** Goes there, and gets what is to be seen. */
export async function visitPlace(place: Place, replace = true): Promise<void> {
  go(place, replace);
  if (place.room !== MAIL_ROOM) return;
  const list = get().list;
  if (!list || !sameList(list.place, place)) openList(place);
  if (place.accountId && place.emailId) await openEmail(place.accountId, place.emailId);
}

/** Goes into a room, to where one was in it; that of mail begins with the inbox. */
export function visitRoom(key: string): void {
  const there = get().before[key] ?? (key === MAIL_ROOM ? home() : { ...NOWHERE, room: key });
  void visitPlace(there, false);
}

const DIRECTORY = "Directory";

async function loadAccounts(): Promise<void> {
  const found = await session();
  const primary = found.primaryAccounts[MAIL];
  const accounts = Object.entries(found.accounts)
    .filter(([id]) => id !== DIRECTORY) // who there is has a page of its own, which finds as one types
    .map(([id, each]) => ({ id, name: each.name, own: id === primary }))
    .sort((one, other) => Number(other.own) - Number(one.own) || one.name.localeCompare(other.name));
  const calls: Call[] = accounts.map(({ id }) => ["Mailbox/get", { accountId: id, properties: FOLDER }]);
  const [identities, labels, ...answers] = await request([
    ["Identity/get", { accountId: primary }],
    ["Label/get", { accountId: primary }],
    ...calls,
  ]);
  const mailboxes: Record<string, Mailbox[]> = {};
  for (const answer of answers) mailboxes[answer.accountId] = foldersOf(answer);
  const mostAttached = found.capabilities["urn:ietf:params:jmap:core"].maxSizeUpload;
  set({ accounts, mailboxes, identities: identities.list, labels: inOrder(labels.list), mostAttached });
}

const FOLDER = ["id", "name", "parentId", "role", "sortOrder", "totalEmails", "unreadEmails", "myRights"];

function foldersOf(answer: { accountId: string; list: Omit<Mailbox, "accountId">[] }): Mailbox[] {
  return answer.list.map((each) => ({ ...each, accountId: answer.accountId }));
}

export async function loadMailboxes(accountId: string): Promise<void> {
  const [answer] = await request([["Mailbox/get", { accountId, properties: FOLDER }]]);
  set({ mailboxes: { ...get().mailboxes, [accountId]: foldersOf(answer) } });
}

// --- reading

/** An email with its conversation. */
export async function openEmail(accountId: string, id: string): Promise<void> {
  if (!get().online) return;
  const from = (resultOf: string, name: string, path: string) => ({ resultOf, name, path });
  try {
    const [full, threads, others] = await request([
      ["Email/get", { accountId, ids: [id], properties: FULL_PROPERTIES, ...VALUES }, "f"],
      ["Thread/get", { accountId, "#ids": from("f", "Email/get", "/list/*/threadId") }, "t"],
      [
        "Email/get",
        { accountId, "#ids": from("t", "Thread/get", "/list/*/emailIds"), properties: LIST_PROPERTIES },
        "o",
      ],
    ]);
    keepEmails(accountId, others.list, threads.list);
    keepFull(accountId, full.list);
    if (!full.list.length) go({ emailId: null }, true);
  } catch (error) {
    toast((error as Error).message, { error: true });
  }
}

const VALUES = { fetchTextBodyValues: true, maxBodyValueBytes: 400_000 };

export async function loadFull(accountId: string, ids: string[]): Promise<void> {
  const missing = ids.filter((id) => !get().full[id]);
  if (!missing.length || !get().online) return;
  const given = { accountId, ids: missing, properties: FULL_PROPERTIES, ...VALUES };
  const [answer] = await request([["Email/get", given]]);
  keepFull(accountId, answer.list);
}

function keepFull(accountId: string, found: FullEmail[]): void {
  const full = { ...get().full };
  for (const each of found) full[each.id] = { ...each, accountId };
  set({ full });
}

/** Gets what is likely to be read next. */
export function prefetch(ids: (string | undefined)[]): void {
  const wanted = ids.map((id) => get().emails[id ?? ""]).filter((each) => each && !get().full[each.id]) as Email[];
  for (const [accountId, some] of Map.groupBy(wanted, (each) => each.accountId)) {
    const missing = some.map((each) => each.id);
    void loadFull(accountId, missing).catch(() => undefined);
  }
}

// --- what others have changed

const moved = new Set<string>();

/** The states that are others now: of each account, by type. */
export type Told = Record<string, Record<string, string>>;
const others = new Set<(told: Told) => void>();

/** Calls `act` with each push, until what is given back is called. */
export function whenChanged(act: (told: Told) => void): () => void {
  others.add(act);
  return () => others.delete(act);
}

function changed(told: Told): void {
  for (const act of others) act(told);
  for (const [account, types] of Object.entries(told)) if (types.Mailbox || types.Email) moved.add(account);
  if (Object.values(told).some((types) => types.Label)) void loadLabels().catch(() => undefined);
  if (moved.size) follows();
}

const follows = coalesced(() => {
  const accounts = [...moved];
  moved.clear();
  return catchUp(accounts);
});

async function catchUp(accounts: string[]): Promise<void> {
  const { list, place } = get();
  const shows = list?.sources?.map((each) => each.accountId) ?? [list?.place.accountId];
  const listed = shows.some((each) => each && accounts.includes(each));
  const folders = accounts.filter((each) => get().mailboxes[each]).map(loadMailboxes);
  await Promise.all([...folders, listed && refreshList()]);
  if (!listed) return;
  const shown = place.emailId ? get().emails[place.emailId] : undefined;
  if (shown && accounts.includes(shown.accountId)) await openEmail(shown.accountId, shown.id);
}
