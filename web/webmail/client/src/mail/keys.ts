/** The keys of mail. */
import { forward, reply } from "../compose/answer";
import { begin } from "../compose/draft";
import { NOWHERE } from "../place";
import type { Key } from "../shell/keys";
import { get, go, set, withRole } from "../store";
import { archive, junk, meant, remove, toggleFlag, toggleSeen } from "./act";
import { loadFull, prefetch, visitPlace } from "./load";
import { askSnooze, togglePin } from "./snooze";

/** Goes up or down, and reads on where something is read. */
export function step(by: number): void {
  const { list, cursor, place } = get();
  if (!list?.total) return;
  // Where what is read is not in the list any more, what came after it stands in its place.
  const gone = place.emailId !== null && !list.ids.includes(place.emailId);
  const next = Math.min(Math.max(cursor + (gone && by > 0 ? by - 1 : by), 0), list.total - 1);
  set({ cursor: next });
  const id = list.ids[next];
  if (place.emailId && id) open(next);
}

/** Opens the line at a position of the list. */
export function open(position: number): void {
  const { list, place } = get();
  const id = list?.ids[position];
  if (!id || !list) return;
  set({ cursor: position });
  // What a search has found may be in any account.
  const accountId = get().emails[id]?.accountId ?? place.accountId;
  void visitPlace({ ...place, accountId, emailId: id }, place.emailId !== null);
  prefetch([list.ids[position + 1], list.ids[position - 1]]);
}

function toFolder(role: string): void {
  const own = get().accounts.find((each) => each.own)?.id ?? null;
  const folder = withRole(own, role);
  if (folder) void visitPlace({ ...NOWHERE, accountId: own, mailboxId: folder.id }, false);
}

async function answer(act: (email: NonNullable<ReturnType<typeof get>["full"][string]>) => void): Promise<void> {
  const id = meant()[0];
  const email = id ? get().emails[id] : undefined;
  if (!email) return;
  await loadFull(email.accountId, [email.id]);
  const full = get().full[email.id];
  if (full) act(full);
}

function select(): void {
  const { list, cursor, selected } = get();
  const id = list?.ids[cursor];
  if (!id) return;
  const next = new Set(selected);
  if (!next.delete(id)) next.add(id);
  set({ selected: next });
}

function back(): void {
  const { selected, place } = get();
  if (selected.size) set({ selected: new Set() });
  else if (place.emailId) go({ emailId: null });
}

export const MAIL_KEYS: Key[] = [
  { keys: "j", says: "keys.next", act: () => step(1) },
  { keys: "k", says: "keys.previous", act: () => step(-1) },
  { keys: "Enter", says: "keys.open", act: () => open(get().cursor) },
  { keys: "u", says: "keys.back", act: back },
  { keys: "x", says: "keys.select", act: select },
  { keys: "c", says: "act.compose", act: () => begin() },
  { keys: "r", says: "act.reply", act: () => void answer((email) => reply(email, false)) },
  { keys: "a", says: "act.replyAll", act: () => void answer((email) => reply(email, true)) },
  { keys: "f", says: "act.forward", act: () => void answer(forward) },
  { keys: "e", says: "act.archive", act: () => void archive(meant()) },
  { keys: "#", says: "act.delete", act: () => void remove(meant()) },
  { keys: "!", says: "act.junk", act: () => void junk(meant()) },
  { keys: "s", says: "act.flag", act: () => void toggleFlag(meant()) },
  { keys: "l", says: "label.action", act: () => meant().length && set({ asking: { what: "labels", ids: meant() } }) },
  {
    keys: "b",
    says: "snooze.action",
    act: () => askSnooze(meant()),
  },
  { keys: "p", says: "act.pin", act: () => void togglePin(meant()) },
  { keys: "m", says: "keys.toggleRead", act: () => void toggleSeen(meant()) },
  { keys: "/", says: "keys.search", act: () => document.querySelector<HTMLInputElement>("#search")?.focus() },
  { keys: "g i", says: "keys.inbox", act: () => toFolder("inbox") },
  { keys: "g t", says: "keys.sent", act: () => toFolder("sent") },
  { keys: "g d", says: "keys.drafts", act: () => toFolder("drafts") },
];
