import { describe, expect, it } from "vitest";
import type { Email } from "../jmap/types";
import type { List } from "../store";
import { inLine, unreadIn } from "./conversation";

const email = (id: string, day: number, seen: boolean, folder = "F1") =>
  ({
    id,
    threadId: "T1",
    mailboxIds: { [folder]: true },
    keywords: seen ? { $seen: true } : {},
    receivedAt: `2026-05-0${day}T08:00:00Z`,
  }) as unknown as Email;
const newest = email("M3", 3, true);
const emails = { M1: email("M1", 1, false), M2: email("M2", 2, false, "F2"), M3: newest };
const threads = { T1: ["M1", "M2", "M3", "M4"] };
const list = (collapse: boolean) => ({ collapse, place: { mailboxId: "F1" } }) as unknown as List;
const ids = (found: Email[]) => found.map((each) => each.id);

describe("a line of a list of conversations", () => {
  const known = { emails, threads, list: list(true) };
  it("stands for what of the conversation is in the folder, the oldest first", () => {
    expect(ids(inLine(known, newest))).toEqual(["M1", "M3"]);
  });
  it("is unread when an older one is", () => {
    expect(ids(unreadIn(known, newest))).toEqual(["M1"]);
  });
  it("stands for itself alone where there are no conversations", () => {
    expect(ids(inLine({ emails, threads, list: list(false) }, newest))).toEqual(["M3"]);
  });
  it("stands for itself alone when it is in another folder than the list", () => {
    const elsewhere = emails.M2 as Email;
    expect(ids(inLine(known, elsewhere))).toEqual(["M2"]);
  });
});
