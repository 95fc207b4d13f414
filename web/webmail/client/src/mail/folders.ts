/** What people do with folders, and with all that is in one. */
import { t } from "i18next";
import { change, request } from "../jmap/client";
import type { Mailbox } from "../jmap/types";
import { toast, withRole } from "../store";
import { refreshList } from "./lists";
import { loadMailboxes } from "./load";

export async function createFolder(accountId: string, name: string, parentId: string | null): Promise<void> {
  await change([["Mailbox/set", { accountId, create: { made: { name, parentId } } }]]);
  await loadMailboxes(accountId);
}

export async function changeFolder(folder: Mailbox, patch: { name?: string; parentId?: string | null }): Promise<void> {
  await change([["Mailbox/set", { accountId: folder.accountId, update: { [folder.id]: patch } }]]);
  await loadMailboxes(folder.accountId);
}

/** Takes a folder away whose mail goes to Trash before; a folder with mail that cannot go there stays. */
export async function deleteFolder(folder: Mailbox): Promise<void> {
  const { accountId, id } = folder;
  const trash = withRole(accountId, "trash");
  if (trash) await throughout(folder, {}, (ids) => updating(accountId, ids, { mailboxIds: { [trash.id]: true } }));
  await change([["Mailbox/set", { accountId, destroy: [id] }]]);
  await loadMailboxes(accountId);
}

/** Deletes for good all that is in a folder. */
export async function emptyFolder(folder: Mailbox): Promise<void> {
  const { accountId } = folder;
  await throughout(folder, {}, (destroy) => change([["Email/set", { accountId, destroy }]]));
  await Promise.all([loadMailboxes(accountId), refreshList()]);
}

/** Marks as read all that is in a folder; the toast takes it back. */
export async function readFolder(folder: Mailbox): Promise<void> {
  const { accountId } = folder;
  const marked: string[] = [];
  const settle = () => Promise.all([loadMailboxes(accountId), refreshList()]);
  await throughout(folder, { notKeyword: "$seen" }, async (ids) => {
    await updating(accountId, ids, { "keywords/$seen": true });
    marked.push(...ids);
  });
  await settle();
  const undo = async () => {
    for (let at = 0; at < marked.length; at += AT_ONCE)
      await updating(accountId, marked.slice(at, at + AT_ONCE), { "keywords/$seen": null });
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
  act: (ids: string[]) => Promise<unknown>,
): Promise<void> {
  const { accountId, id } = folder;
  for (;;) {
    const given = { accountId, filter: { inMailbox: id, ...filter }, limit: AT_ONCE };
    const [found] = await request([["Email/query", given]]);
    if (!found.ids.length) return;
    await act(found.ids);
  }
}

function updating(accountId: string, ids: string[], patch: Record<string, unknown>): Promise<unknown> {
  const update = Object.fromEntries(ids.map((each) => [each, patch]));
  return change([["Email/set", { accountId, update }]]);
}
