import { beforeEach, describe, expect, it } from "vitest";
import type { Mailbox } from "../jmap/types";
import { NOWHERE } from "../place";
import { set } from "../store";
import { moving, placesOf, shownIn, takingOut } from "./places";

const mailbox = (id: string) => ({ id, accountId: "A1", name: id }) as Mailbox;
const email = (...ids: string[]) => ({
  id: ids.join(""),
  accountId: "A1",
  mailboxIds: Object.fromEntries(ids.map((id) => [id, true as const])),
});
const looking = (mailboxId: string | null) =>
  set({ list: { place: { ...NOWHERE, accountId: "A1", mailboxId } } as never });

describe("an email in several mailboxes", () => {
  beforeEach(() => set({ mailboxes: { A1: ["F1", "F2", "F3"].map(mailbox) } }));

  it("is looked at in the mailbox of the list", () => {
    looking("F3");
    expect(shownIn(email("F1", "F3"))).toBe("F3");
    expect(shownIn(email("F2"))).toBe("F2");
  });
  it("is looked at in the first one where it was sought", () => {
    looking(null);
    expect(shownIn(email("F3", "F2"))).toBe("F2");
    expect(placesOf(email("F3", "F2")).map((each) => each.id)).toEqual(["F2", "F3"]);
  });
  it("leaves the one where it is looked at, and no other", () => {
    looking("F3");
    expect(moving(email("F1", "F3"), "F2")).toEqual({ "mailboxIds/F3": null, "mailboxIds/F2": true });
    expect(moving(email("F1", "F3"), "F3")).toEqual({ "mailboxIds/F3": true });
  });
  it("goes for good only where it is nowhere else", () => {
    expect(takingOut([email("F1"), email("F1", "F2")], "F1")).toEqual({
      update: { F1F2: { "mailboxIds/F1": null } },
      destroy: ["F1"],
    });
    expect(takingOut([email("F1")], "F1")).toEqual({ destroy: ["F1"] });
  });
});
