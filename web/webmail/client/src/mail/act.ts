/** What people do with mail: shown at once, sent to the server, taken back when that says no, or by Undo. */
import { t } from "i18next";
import { type Call, change } from "../jmap/client";
import type { Email, Mailbox } from "../jmap/types";
import { later } from "../later";
import { folderName } from "../names";
import { get, go, mailboxOf, set, toast, withRole } from "../store";
import { inLine, unreadIn } from "./conversation";
import { keepEmails, linesOf, refreshList } from "./lists";
import { loadMailboxes } from "./load";
import { moving, shownIn, takingOut } from "./places";

type Patch = Record<string, true | null | NonNullable<Email["snoozed"]>>;
const PERMANENT_SECONDS = 8;

/** The emails that are meant: those that are selected, or the one that is read or pointed at. */
export function meant(): string[] {
  const { selected, place, list, cursor } = get();
  if (selected.size) return [...selected];
  if (place.emailId) return [place.emailId];
  const at = list?.ids[cursor];
  return at ? [at] : [];
}

/** Emails, and in a list of conversations the others of each that are in the same folder. */
export async function whole(ids: string[]): Promise<Email[]> {
  const { emails, threads, list } = get();
  const found = known(ids);
  if (!list?.collapse) return found;
  const missing = found.flatMap((each) => threads[each.threadId] ?? []).filter((id) => !emails[id]);
  const accountId = list.place.accountId;
  if (missing.length && accountId) keepEmails(accountId, await linesOf(accountId, missing));
  const all = found.flatMap((each) => inLine(get(), get().emails[each.id] ?? each));
  return [...new Map(all.map((each) => [each.id, each])).values()];
}

function patched(email: Email, patch: Patch): Email {
  const next = { ...email, keywords: { ...email.keywords }, mailboxIds: { ...email.mailboxIds } };
  for (const [path, value] of Object.entries(patch)) {
    if (path === "snoozed") continue;
    const { all, name } = at(next, path);
    if (value === null) delete all[name];
    else all[name] = true;
  }
  return next;
}

/** The keywords or mailboxes that a path is about, and which of them. */
function at(email: Email, path: string): { all: Record<string, true>; name: string } {
  const [kind = "", name = ""] = path.split(/\/(.*)/);
  return { all: kind === "keywords" ? email.keywords : email.mailboxIds, name };
}

/** Shows emails as they will be. */
function show(before: Email[], after: Email[]): void {
  const { emails, full, list } = get();
  const nextEmails = { ...emails };
  const nextFull = { ...full };
  for (const each of after) {
    if (nextEmails[each.id]) nextEmails[each.id] = { ...nextEmails[each.id], ...each };
    const known = nextFull[each.id];
    if (known) nextFull[each.id] = { ...known, keywords: each.keywords, mailboxIds: each.mailboxIds };
  }
  set({ emails: nextEmails, full: nextFull });
  count(before, after);
  const here = list?.place.mailboxId;
  const gone = new Set(after.filter((each) => here && !each.mailboxIds[here]).map((each) => each.id));
  if (gone.size) takeOff(gone);
}

/** Takes lines off the list, and goes on to what stands there then. */
export function takeOff(gone: ReadonlySet<string>): void {
  const { list, place, cursor } = get();
  if (!list) return;
  const ids: (string | undefined)[] = [];
  for (let at = 0; at < list.ids.length; at += 1) {
    const id = list.ids[at];
    if (id === undefined || !gone.has(id)) ids.push(id);
  }
  const lost = list.ids.length - ids.length;
  const total = list.total === null ? null : list.total - lost;
  set({ list: { ...list, ids, total }, selected: new Set(), cursor: Math.min(cursor, Math.max(ids.length - 1, 0)) });
  if (place.emailId && gone.has(place.emailId)) go({ emailId: null }, true);
}

function count(before: Email[], after: Email[]): void {
  const mailboxes = { ...get().mailboxes };
  const add = (email: Email, by: number) => {
    const all = mailboxes[email.accountId];
    if (!all) return;
    mailboxes[email.accountId] = all.map((each) =>
      email.mailboxIds[each.id]
        ? {
            ...each,
            totalEmails: each.totalEmails + by,
            unreadEmails: each.unreadEmails + (email.keywords.$seen ? 0 : by),
          }
        : each,
    );
  };
  for (const each of before) add(each, -1);
  for (const each of after) add(each, 1);
  set({ mailboxes });
}

const IN_SET = 500;

/** Emails of one account each, as many as one call takes. */
function pieces(emails: Email[]): [string, Email[]][] {
  return [...Map.groupBy(emails, (each) => each.accountId)].flatMap(([accountId, all]) =>
    Array.from({ length: Math.ceil(all.length / IN_SET) }, (_, at): [string, Email[]] => [
      accountId,
      all.slice(at * IN_SET, (at + 1) * IN_SET),
    ]),
  );
}

function updates(emails: Email[], patchOf: (each: Email) => Patch): Call[] {
  return pieces(emails).map(([accountId, some]) => [
    "Email/set",
    { accountId, update: Object.fromEntries(some.map((each) => [each.id, patchOf(each)])) },
  ]);
}

async function send(before: Email[], after: Email[], patchOf: (each: Email) => Patch): Promise<boolean> {
  const { list } = get();
  show(before, after);
  try {
    for (const each of updates(before, patchOf)) await change([each]);
    return true;
  } catch (error) {
    show(after, before);
    if (list && get().list?.place === list.place) set({ list });
    toast((error as Error).message, { error: true });
    await refreshList();
    return false;
  }
}

function standing(email: Email, path: string): Patch[string] {
  if (path === "snoozed") return email.snoozed ?? null;
  const { all, name } = at(email, path);
  return all[name] ? true : null;
}

function known(ids: string[]): Email[] {
  return ids.map((id) => get().emails[id]).filter((each): each is Email => each !== undefined);
}

/** Changes emails, with the rest of their lines; the toast takes it back. */
export async function apply(ids: string[], patchOf: (each: Email) => Patch, said: string | null): Promise<void> {
  if (known(ids).length) await applyTo(await whole(ids), patchOf, said);
}

async function applyTo(before: Email[], given: (each: Email) => Patch, said: string | null): Promise<void> {
  const patches = new Map(before.map((each) => [each.id, given(each)])); // where it leaves is where it is looked at now
  const patchOf = (each: Email) => patches.get(each.id) ?? {};
  const after = before.map((each) => patched(each, patchOf(each)));
  const reverse = (each: Email): Patch => {
    const was = before.find((other) => other.id === each.id) ?? each;
    return Object.fromEntries(Object.keys(patchOf(was)).map((path) => [path, standing(was, path)]));
  };
  const undo = async () => {
    await done;
    if (await send(after, before, reverse)) await refreshList();
  };
  const done = send(before, after, patchOf);
  if (said) toast(said, { undo: () => void undo() });
  await done;
}

export function mark(ids: string[], keyword: string, on: boolean): Promise<void> {
  return apply(ids, () => ({ [`keywords/${keyword}`]: on ? true : null }), null);
}

/** Marks as read what has unread in it, else as unread. */
export function toggleSeen(ids: string[]): Promise<void> {
  const unread = known(ids).some((each) => unreadIn(get(), each).length);
  return unread ? markRead(ids) : mark(ids, "$seen", false);
}

/** What has been read is nothing new any more. */
function asRead(email: Email): Patch {
  return { "keywords/$seen": true, ...(email.keywords.$new ? { "keywords/$new": null } : {}) };
}

export function markRead(ids: string[]): Promise<void> {
  return apply(ids, asRead, null);
}

/** The one that is looked at, and of its conversation nothing else. */
export function markSeen(email: Email): Promise<void> {
  return applyTo([email], asRead, null);
}

export function toggleFlag(ids: string[]): Promise<void> {
  const plain = ids.some((id) => !get().emails[id]?.keywords.$flagged);
  return mark(ids, "$flagged", plain);
}

/** The folder of that role in an account; it is made where it is missing. */
export async function roleFor(accountId: string, role: string, name: string): Promise<Mailbox | undefined> {
  const there = withRole(accountId, role) ?? mailboxOf(accountId, (each) => each.name === name && !each.parentId);
  if (there) return there;
  const create = { made: { name, parentId: null, role } };
  await change([["Mailbox/set", { accountId, create }]]);
  await loadMailboxes(accountId);
  return withRole(accountId, role);
}

/** The accounts that emails are in: a search finds them in several. */
export function accountsOf(ids: string[]): string[] {
  const { emails } = get();
  return [...new Set(ids.map((id) => emails[id]?.accountId).filter((each): each is string => each !== undefined))];
}

async function moveToRole(ids: string[], role: string, name: string): Promise<void> {
  try {
    const to: Record<string, Mailbox> = {};
    for (const accountId of accountsOf(ids)) {
      const found = await roleFor(accountId, role, name);
      if (found) to[accountId] = found;
    }
    const there = ids.filter((id) => to[get().emails[id]?.accountId ?? ""]);
    const first = Object.values(to)[0];
    if (!first) return;
    const said = t("toast.moved", { count: there.length, folder: folderName(first) });
    await apply(there, (each) => moving(each, to[each.accountId]?.id ?? ""), said);
  } catch (error) {
    toast((error as Error).message, { error: true });
  }
}

export const archive = (ids: string[]) => moveToRole(ids, "archive", "Archive");
export const junk = (ids: string[]) => moveToRole(ids, "junk", "Junk");

/** From Junk, back to where mail comes in. */
export const notJunk = (ids: string[]) => moveToRole(ids, "inbox", "Inbox");

async function takeOut(emails: Email[]): Promise<void> {
  for (const [accountId, some] of pieces(emails)) {
    const trash = withRole(accountId, "trash");
    if (trash) await change([["Email/set", { accountId, ...takingOut(some, trash.id) }]]);
  }
}

/** Into Trash; from there, when nobody has taken it back after some seconds, for good where it is nowhere else. */
export async function remove(ids: string[]): Promise<void> {
  const { emails } = get();
  const inTrash = (id: string) => {
    const email = emails[id];
    return email !== undefined && withRole(email.accountId, "trash")?.id === shownIn(email);
  };
  if (!ids.every(inTrash)) return moveToRole(ids, "trash", "Trash");
  const before = await whole(ids);
  takeOff(new Set(ids));
  const keep = later(PERMANENT_SECONDS, () =>
    takeOut(before).catch((error: Error) => {
      toast(error.message, { error: true });
      void refreshList();
    }),
  );
  const undo = () => {
    keep();
    void refreshList();
  };
  toast(t("toast.deleted", { count: ids.length }), { undo, seconds: PERMANENT_SECONDS });
}
