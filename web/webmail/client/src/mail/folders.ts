/** What people do with folders, and with all that is in one. */
import { t } from "i18next";
import { change, request } from "../jmap/client";
import type { Email, Mailbox } from "../jmap/types";
import { toast, withRole } from "../store";
import { refreshList } from "./lists";
import { loadMailboxes } from "./load";
import { elsewhere, fromTo, takingOut } from "./places";

type Placed = Pick<Email, "id" | "mailboxIds">;

export async function createFolder(accountId: string, name: string, parentId: string | null): Promise<void> {
  await change([["Mailbox/set", { accountId, create: { made: { name, parentId } } }]]);
  await loadMailboxes(accountId);
}

export async function changeFolder(folder: Mailbox, patch: { name?: string; parentId?: string | null }): Promise<void> {
  await change([["Mailbox/set", { accountId: folder.accountId, update: { [folder.id]: patch } }]]);
  await loadMailboxes(folder.accountId);
}

/** Takes a folder away whose mail goes to Trash before, where it is nowhere else; one with mail that cannot go stays. */
export async function deleteFolder(folder: Mailbox): Promise<void> {
  const { accountId, id } = folder;
  const trash = withRole(accountId, "trash");
  const leave = (each: Placed) => (elsewhere(each, id) ? { [`mailboxIds/${id}`]: null } : fromTo(id, trash?.id ?? ""));
  if (trash) await throughout(folder, {}, (some) => updating(accountId, some, leave));
  await change([["Mailbox/set", { accountId, destroy: [id] }]]);
  await loadMailboxes(accountId);
}

/** Deletes all that is in a folder: for good, where it is nowhere else. */
export async function emptyFolder(folder: Mailbox): Promise<void> {
  const { accountId } = folder;
  await throughout(folder, {}, (some) => change([["Email/set", { accountId, ...takingOut(some, folder.id) }]]));
  await Promise.all([loadMailboxes(accountId), refreshList()]);
}

/** Marks as read all that is in a folder; the toast takes it back. */
export async function readFolder(folder: Mailbox): Promise<void> {
  const { accountId } = folder;
  const marked: Placed[] = [];
  const settle = () => Promise.all([loadMailboxes(accountId), refreshList()]);
  await throughout(folder, { notKeyword: "$seen" }, async (some) => {
    await updating(accountId, some, () => ({ "keywords/$seen": true }));
    marked.push(...some);
  });
  await settle();
  const undo = async () => {
    for (let at = 0; at < marked.length; at += AT_ONCE)
      await updating(accountId, marked.slice(at, at + AT_ONCE), () => ({ "keywords/$seen": null }));
    await settle();
  };
  const back = () => void undo().catch((error: Error) => toast(error.message, { error: true }));
  toast(t("toast.read", { count: marked.length }), { undo: back });
}

const AT_ONCE = 200;

/** Acts upon all emails of a folder that a filter lets through, some at a time; each time they go from what it finds. */
async function throughout(
  folder: Mailbox,
  filter: Record<string, unknown>,
  act: (some: Placed[]) => Promise<unknown>,
): Promise<void> {
  const { accountId, id } = folder;
  for (;;) {
    const given = { accountId, filter: { inMailbox: id, ...filter }, limit: AT_ONCE };
    const ids = { resultOf: "c0", name: "Email/query", path: "/ids" };
    const [found, told] = await request([
      ["Email/query", given],
      ["Email/get", { accountId, "#ids": ids, properties: ["mailboxIds"] }],
    ]);
    if (!found.ids.length) return;
    await act(told.list);
  }
}

function updating(
  accountId: string,
  some: Placed[],
  patchOf: (each: Placed) => Record<string, true | null>,
): Promise<unknown> {
  const update = Object.fromEntries(some.map((each) => [each.id, patchOf(each)]));
  return change([["Email/set", { accountId, update }]]);
}
