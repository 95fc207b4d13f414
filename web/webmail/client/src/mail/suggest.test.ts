import { describe, expect, it } from "vitest";
import { type Choice, suggest } from "./suggest";

const CHOICE: Choice = {
  people: [
    { name: "Anna Arendt", email: "anna@far.test" },
    { name: "Bob Brandt", email: "bob@far.test" },
  ],
  folders: ["inbox", "Garden plans"],
  labels: ["Work"],
  recent: ["from:bob invoice", "beds"],
  today: new Date(2026, 4, 20),
};
const texts = (typed: string) => suggest(typed, CHOICE).map((each) => each.text);

describe("what the search field proposes", () => {
  it("begins with what was sought before, then the operators", () => {
    expect(texts("").slice(0, 3)).toEqual(["from:bob invoice", "beds", "from:"]);
  });
  it("completes operators and people of the word that is typed, and keeps what stands before", () => {
    expect(texts("beds an")).toEqual(["beds from:anna@far.test "]);
    expect(texts("beds -su")).toEqual(["beds -subject:"]);
  });
  it("has people for those who send and get, and folders in quotes where they have spaces", () => {
    expect(texts("to:bra")).toEqual(["to:bob@far.test "]);
    expect(texts("in:gard")).toEqual(['in:"Garden plans" ']);
    expect(texts('in:"Garden p')).toEqual(['in:"Garden plans" ']);
  });
  it("has values of others, and days", () => {
    expect(texts("is:un")).toEqual(["is:unread "]);
    expect(texts("label:")).toEqual(["label:Work "]);
    expect(texts("after:")).toContain("after:2026-05-13 ");
  });
});
