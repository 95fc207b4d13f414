import { beforeEach, describe, expect, it } from "vitest";
import type { FullEmail } from "../jmap/types";
import { choosePref } from "../prefs";
import { set } from "../store";
import { askedBy, onOpen } from "./receipts";

const email = (more: Partial<FullEmail>) =>
  ({
    id: "M1",
    accountId: "A1",
    keywords: {},
    from: [{ name: "Anna", email: "anna@far.test" }],
    "header:Disposition-Notification-To:asAddresses": [{ name: null, email: "anna@far.test" }],
    "header:Return-Path": " <anna@far.test>",
    ...more,
  }) as FullEmail;

describe("receipts that others ask for", () => {
  beforeEach(() => {
    set({
      accounts: [{ id: "A1", name: "me", own: true }],
      identities: [{ id: "D1", name: "", email: "me@far.test", textSignature: "", htmlSignature: "" }],
    });
    choosePref("receipts", "ask");
  });
  it("are asked about, until they are answered", () => {
    expect(onOpen(email({}))).toBe("ask");
    expect(onOpen(email({ keywords: { $mdnsent: true } }))).toBe("nothing");
    expect(onOpen(email({ keywords: { $mdnrefused: true } }))).toBe("nothing");
    expect(askedBy(email({ from: [{ name: null, email: "me@far.test" }] }))).toEqual([]);
    expect(askedBy(email({ accountId: "A2" }))).toEqual([]);
  });
  it("go out unasked only to where the message came from", () => {
    choosePref("receipts", "always");
    expect(onOpen(email({}))).toBe("send");
    expect(onOpen(email({ "header:Return-Path": " <other@far.test>" }))).toBe("ask");
    expect(onOpen(email({ "header:Return-Path": null }))).toBe("ask");
    choosePref("receipts", "never");
    expect(onOpen(email({}))).toBe("nothing");
  });
});
