/** Emails into another folder, be it of the same account or of somebody else's. */
import { t } from "i18next";
import { request } from "../jmap/client";
import { refused, type Told } from "../jmap/errors";
import type { Email, Mailbox } from "../jmap/types";
import { folderName } from "../names";
import { get, mailboxOf, toast } from "../store";
import { apply, takeOff, whole } from "./act";
import { refreshList } from "./lists";
import { loadMailboxes } from "./load";

export async function move(ids: string[], to: Mailbox): Promise<void> {
  const here = ids.filter((id) => get().emails[id]?.accountId === to.accountId);
  const said = t("toast.moved", { count: here.length, folder: folderName(to) });
  if (here.length) await apply(here, () => ({ mailboxIds: { [to.id]: true } }), said);
  const others = await whole(ids.filter((id) => !here.includes(id)));
  for (const some of Map.groupBy(others, (each) => each.accountId).values()) await carry(some, to);
}

/** Those of one account into a folder of another: a copy is made there, and what may be taken away here goes. */
async function carry(emails: Email[], to: Mailbox): Promise<void> {
  const leave = emails.every((each) => folderOf(each)?.myRights.mayRemoveItems);
  const where = new Map(emails.map((each) => [each.id, to.id]));
  if (leave) takeOff(new Set(where.keys()));
  try {
    const copies = await copied(emails, to.accountId, where, leave);
    const undo = () => {
      const back = new Map(emails.map((each) => [copies.get(each.id) ?? "", Object.keys(each.mailboxIds)[0] ?? ""]));
      const there = emails.map((each) => ({ ...each, id: copies.get(each.id) ?? "", accountId: to.accountId }));
      const from = emails[0]?.accountId ?? "";
      copied(there, from, back, true).then(() => settle(from, to.accountId), wrong);
    };
    const said = leave ? "toast.moved" : "toast.copied";
    toast(t(said, { count: emails.length, folder: folderName(to) }), leave ? { undo } : {});
  } catch (error) {
    wrong(error as Error);
  }
  await settle(emails[0]?.accountId ?? "", to.accountId);
}

const wrong = (error: Error) => toast(error.message, { error: true });

function folderOf(email: Email): Mailbox | undefined {
  return mailboxOf(email.accountId, (each) => email.mailboxIds[each.id] === true);
}

const AT_ONCE = 100;

/** Copies emails of one account into folders of another; gives the ids that they have there. RFC 8621 §4.7. */
async function copied(
  emails: Email[],
  accountId: string,
  where: ReadonlyMap<string, string>,
  leave: boolean,
): Promise<Map<string, string>> {
  const made = new Map<string, string>();
  for (let at = 0; at < emails.length; at += AT_ONCE) {
    const some = emails.slice(at, at + AT_ONCE);
    const create = Object.fromEntries(some.map(({ id }) => [id, { id, mailboxIds: { [where.get(id) ?? ""]: true } }]));
    const given = { fromAccountId: some[0]?.accountId, accountId, create, onSuccessDestroyOriginal: leave };
    const [answer] = await request([["Email/copy", given]]);
    for (const [id, each] of Object.entries(answer.created ?? {})) made.set(id, (each as Email).id);
    const [no] = Object.values(answer.notCreated ?? {}) as Told[];
    if (no) throw refused(no);
  }
  return made;
}

async function settle(...accounts: string[]): Promise<void> {
  await Promise.all([...accounts.map(loadMailboxes), refreshList()]).catch(() => undefined);
}
