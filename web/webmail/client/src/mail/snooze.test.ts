import { describe, expect, it } from "vitest";
import { proposals } from "./snooze";

const keys = (now: Date) => proposals(now).map((each) => each.key);

describe("moments until which a message waits", () => {
  it("are in the future, in order", () => {
    const now = new Date(2026, 4, 20, 9, 30); // a Wednesday
    const all = proposals(now);
    expect(all.map((each) => each.key)).toEqual(["later", "evening", "tomorrow", "weekend", "week"]);
    expect(all[0]?.moment).toEqual(new Date(2026, 4, 20, 12, 0));
    expect(all.at(-1)?.moment).toEqual(new Date(2026, 4, 25, 8, 0));
    for (const [at, each] of all.slice(1).entries()) expect(each.moment > (all[at]?.moment as Date)).toBe(true);
  });
  it("leave out what would be tomorrow", () => {
    expect(keys(new Date(2026, 4, 20, 21, 30))).toEqual(["tomorrow", "weekend", "week"]);
  });
  it("leave out the evening when it is near, and the weekend when that is tomorrow", () => {
    expect(keys(new Date(2026, 4, 22, 16, 0))).toEqual(["later", "tomorrow", "week"]);
  });
});
