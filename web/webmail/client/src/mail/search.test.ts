import { describe, expect, it } from "vitest";
import { operators } from "./search";

describe("the search field", () => {
  it("takes words for the whole text", () => {
    expect(operators("garden").filter).toEqual({ text: "garden" });
    expect(operators('"two words"').filter).toEqual({ text: '"two words"' });
  });
  it("reads operators, together", () => {
    expect(operators('from:anna subject:"the garden" has:attachment').filter).toEqual({
      operator: "AND",
      conditions: [{ from: "anna" }, { subject: '"the garden"' }, { hasAttachment: true }],
    });
  });
  it("reads days and sizes", () => {
    expect(operators("larger:2m").filter).toEqual({ minSize: 2 * 1024 * 1024 });
    expect(operators("before:2026-05-01").filter).toHaveProperty("before");
    expect(operators("since:2026-05-01").filter).toHaveProperty("after");
  });
  it("turns a minus into NOT", () => {
    expect(operators("-is:unread").filter).toEqual({ operator: "NOT", conditions: [{ notKeyword: "$seen" }] });
  });
  it("says which folder is meant, and what it cannot read", () => {
    expect(operators("in:archive -in:trash is:purple before:soon x")).toEqual({
      filter: { text: "x" },
      folder: "archive",
      without: ["trash"],
      wrong: ["is:purple", "before:soon"],
    });
  });
  it("takes what only looks like an operator for words", () => {
    expect(operators("https://far.test/x").filter).toEqual({ text: "https://far.test/x" });
  });
  it("has no filter for nothing", () => {
    expect(operators("  ").filter).toEqual({});
  });
});
