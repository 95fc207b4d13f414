/** Emails into another folder, be it of the same account or of somebody else's. */
import { t } from "i18next";
import { change, request } from "../jmap/client";
import { refused, type Told } from "../jmap/errors";
import type { Email, Mailbox } from "../jmap/types";
import { folderName } from "../names";
import { get, mailboxOf, toast } from "../store";
import { apply, takeOff, whole } from "./act";
import { refreshList } from "./lists";
import { loadMailboxes } from "./load";
import { moving, shownIn, takingOut } from "./places";

export async function move(ids: string[], to: Mailbox): Promise<void> {
  const here = ids.filter((id) => get().emails[id]?.accountId === to.accountId);
  const said = t("toast.moved", { count: here.length, folder: folderName(to) });
  if (here.length) await apply(here, (each) => moving(each, to.id), said);
  const others = await whole(ids.filter((id) => !here.includes(id)));
  for (const some of Map.groupBy(others, (each) => each.accountId).values()) await carry(some, to);
}

/** Those of one account into a folder of another: a copy is made there, and what may be taken away here goes. */
async function carry(emails: Email[], to: Mailbox): Promise<void> {
  const leave = emails.every((each) => folderOf(each)?.myRights.mayRemoveItems);
  const left = new Map(emails.map((each) => [each.id, shownIn(each)]));
  const where = new Map(emails.map((each) => [each.id, to.id]));
  if (leave) takeOff(new Set(where.keys()));
  try {
    const copies = await copied(emails, to.accountId, where, leave ? left : null);
    const undo = () => {
      const back = new Map(emails.map((each) => [copies.get(each.id) ?? "", left.get(each.id) ?? ""]));
      const there = emails.map((each) => copyOf(each, copies.get(each.id) ?? "", to));
      const from = emails[0]?.accountId ?? "";
      copied(there, from, back, new Map(there.map(({ id }) => [id, to.id]))).then(
        () => settle(from, to.accountId),
        wrong,
      );
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
  const at = shownIn(email);
  return mailboxOf(email.accountId, (each) => each.id === at);
}

function copyOf(email: Email, id: string, at: Mailbox): Email {
  return { ...email, id, accountId: at.accountId, mailboxIds: { [at.id]: true } };
}

const AT_ONCE = 100;

/** Copies emails of one account into folders of another; gives the ids that they have there. RFC 8621 §4.7.
 *  `left`: the mailbox that each leaves; what is elsewhere as well stays there. */
async function copied(
  emails: Email[],
  accountId: string,
  where: ReadonlyMap<string, string>,
  left: ReadonlyMap<string, string> | null,
): Promise<Map<string, string>> {
  const made = new Map<string, string>();
  for (let at = 0; at < emails.length; at += AT_ONCE) {
    const some = emails.slice(at, at + AT_ONCE);
    const create = Object.fromEntries(some.map(({ id }) => [id, { id, mailboxIds: { [where.get(id) ?? ""]: true } }]));
    const fromAccountId = some[0]?.accountId;
    const [answer] = await request([["Email/copy", { fromAccountId, accountId, create }]]);
    for (const [id, each] of Object.entries(answer.created ?? {})) made.set(id, (each as Email).id);
    const gone = some.filter(({ id }) => left && made.has(id));
    for (const [from, all] of Map.groupBy(gone, ({ id }) => left?.get(id) ?? ""))
      await change([["Email/set", { accountId: fromAccountId, ...takingOut(all, from) }]]);
    const [no] = Object.values(answer.notCreated ?? {}) as Told[];
    if (no) throw refused(no);
  }
  return made;
}

async function settle(...accounts: string[]): Promise<void> {
  await Promise.all([...accounts.map(loadMailboxes), refreshList()]).catch(() => undefined);
}
