/** Conversations, which a list shows in one line: what of them is not read yet. */
import type { Email } from "../jmap/types";
import type { State } from "../store";

type Known = Pick<State, "emails" | "threads" | "list">;

/** What a line stands for: the email, and in a list of conversations the others that are in the same folder. */
export function inLine({ emails, threads, list }: Known, email: Email): Email[] {
  const here = list?.place.mailboxId ?? "";
  if (!list?.collapse || !email.mailboxIds[here]) return [email];
  const all = (threads[email.threadId] ?? []).map((id) => emails[id]);
  const others = all.filter((each): each is Email => each?.mailboxIds[here] === true && each.id !== email.id);
  return [...others, email].sort((one, other) => one.receivedAt.localeCompare(other.receivedAt));
}

/** What of a line is not read yet, the oldest first. */
export function unreadIn(known: Known, email: Email): Email[] {
  return inLine(known, email).filter((each) => !each.keywords.$seen);
}
