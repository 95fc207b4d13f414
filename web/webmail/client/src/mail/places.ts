/** Where an email is, and how it leaves one mailbox and stays in the others. Decision 387. */
import type { Email, Mailbox } from "../jmap/types";
import { get } from "../store";

type Placed = Pick<Email, "accountId" | "mailboxIds">;
type Moved = Record<string, true | null>;

/** The mailboxes that it is in, in their order. */
export function placesOf(email: Placed): Mailbox[] {
  return (get().mailboxes[email.accountId] ?? []).filter((each) => email.mailboxIds[each.id]);
}

/** The mailbox where it is looked at: that of the list, or else the first one. */
export function shownIn(email: Placed): string {
  const here = get().list?.place.mailboxId;
  if (here && email.mailboxIds[here]) return here;
  return placesOf(email)[0]?.id ?? Object.keys(email.mailboxIds)[0] ?? "";
}

/** What moves it from there into another mailbox. */
export function moving(email: Placed, to: string): Moved {
  return fromTo(shownIn(email), to);
}

/** What moves an email from one mailbox into another. */
export function fromTo(from: string, to: string): Moved {
  const moved: Moved = { [`mailboxIds/${to}`]: true };
  return from && from !== to ? { [`mailboxIds/${from}`]: null, ...moved } : moved;
}

/** Whether it is in other mailboxes as well. */
export function elsewhere(email: Pick<Email, "mailboxIds">, mailboxId: string): boolean {
  return Object.keys(email.mailboxIds).some((each) => each !== mailboxId);
}

/** Arguments of Email/set that take emails out of a mailbox: for good, where they are nowhere else. */
export function takingOut(emails: Pick<Email, "id" | "mailboxIds">[], mailboxId: string) {
  const [stay, go] = [true, false].map((on) => emails.filter((each) => elsewhere(each, mailboxId) === on));
  return {
    ...(stay?.length
      ? { update: Object.fromEntries(stay.map(({ id }) => [id, { [`mailboxIds/${mailboxId}`]: null }])) }
      : {}),
    ...(go?.length ? { destroy: go.map(({ id }) => id) } : {}),
  };
}
