/** Whom the address books know, for completing what is typed; asked for when somebody begins to write. */
import type { Address } from "../jmap/types";

const AGAIN_AFTER = 120_000;
let found: Address[] = [];
let asked = 0;

export function fromBooks(): Address[] {
  return found;
}

/** Fetches them, unless that was just done; without a connection there are those of before. */
export async function learn(): Promise<void> {
  if (Date.now() - asked < AGAIN_AFTER) return;
  asked = Date.now();
  try {
    const [{ known, loadContacts }, { emailsOf, nameOf }] = await Promise.all([
      import("../contacts/load"),
      import("../contacts/card"),
    ]);
    await loadContacts();
    found = Object.values(known().cards).flatMap((card) =>
      emailsOf(card).map(({ address }) => ({ name: nameOf(card) || null, email: address })),
    );
  } catch {
    asked = 0;
  }
}
