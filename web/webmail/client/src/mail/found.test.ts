import { describe, expect, it } from "vitest";
import { merged, type Source } from "./found";

const source = (accountId: string, total: number, ...lines: [string, string][]): Source => ({
  accountId,
  filter: {},
  ids: lines.map(([id]) => id),
  moments: lines.map(([, moment]) => moment),
  total,
});

describe("what several accounts have found", () => {
  it("is one list, the newest first", () => {
    const own = source("A1", 2, ["M1", "2026-05-03"], ["M2", "2026-05-01"]);
    const other = source("A2", 1, ["M3", "2026-05-02"]);
    expect(merged([own, other])).toEqual(["M1", "M3", "M2"]);
  });
  it("ends where the next of one account is not known yet", () => {
    const own = source("A1", 3, ["M1", "2026-05-03"], ["M2", "2026-05-01"]);
    const more = source("A2", 9, ["M3", "2026-05-02"]);
    expect(merged([own, more])).toEqual(["M1", "M3"]);
    expect(merged([own, { ...more, ids: [], moments: [], total: null }])).toEqual([]);
  });
});
