import { describe, expect, it } from "vitest";
import type { Mailbox } from "../jmap/types";
import { lines, visible } from "./tree";

const folder = (id: string, parentId: string | null, unreadEmails = 0, role: string | null = null) =>
  ({ id, parentId, name: id, role, sortOrder: 0, unreadEmails }) as unknown as Mailbox;
const all = [
  folder("Old", "Garden", 2),
  folder("Garden", null, 1),
  folder("Bin", "Old", 4, "trash"),
  folder("Inbox", null, 0, "inbox"),
  folder("Lost", "not there"),
];
const shown = (folded: string[], here: string | null = null) =>
  visible(all, new Set(folded), here).map((each) => `${" ".repeat(each.depth)}${each.folder.id} ${each.unread}`);

describe("the tree of folders", () => {
  it("has what lies in a folder below it, the inbox first, and nothing is lost", () => {
    expect(lines(all).map(([each, depth]) => [each.id, depth])).toEqual([
      ["Inbox", 0],
      ["Garden", 0],
      ["Old", 1],
      ["Bin", 2],
      ["Lost", 0],
    ]);
  });
  it("does not show what is folded away, but counts what is unread there, without the trash", () => {
    expect(shown(["Garden"])).toEqual(["Inbox 0", "Garden 3", "Lost 0"]);
  });
  it("stays open on the way to where one is", () => {
    expect(shown(["Garden", "Old"], "Old")).toEqual(["Inbox 0", "Garden 1", " Old 2", "Lost 0"]);
  });
  it("says which folders can be folded", () => {
    const open = Object.fromEntries(visible(all, new Set(["Garden"]), null).map((each) => [each.folder.id, each.open]));
    expect(open).toEqual({ Inbox: null, Garden: false, Lost: null });
  });
});
