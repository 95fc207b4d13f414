import { describe, expect, it } from "vitest";
import type { Label } from "../jmap/types";
import { inOrder, labelsOf, wordsOf } from "./labels";

const label = (id: string, keyword: string, name: string | null, mayDelete: boolean): Label => ({
  id,
  keyword,
  name,
  color: "red",
  isHidden: false,
  mayDelete,
});

describe("labels", () => {
  const all = [
    label("L2", "zeta", "Zeta", true),
    label("T1", "$label1", null, false),
    label("L3", "alpha", "Alpha", true),
  ];
  it("stand in order: those of mail programs first, then by name", () => {
    expect(inOrder(all).map((each) => each.id)).toEqual(["T1", "L3", "L2"]);
  });
  it("are the keywords of an email, named or not, without those of programs", () => {
    const email = {
      keywords: { $seen: true, $label1: true, zeta: true, "red=20category": true, nonjunk: true } as const,
    };
    expect(labelsOf(email, all).map((each) => each.name ?? each.id)).toEqual(["Zeta", "T1", "red category"]);
  });
  it("have words that people read", () => {
    expect(wordsOf("gr=c3=bcn")).toBe("grün");
    expect(wordsOf("a=b")).toBe("a=b");
  });
});
