import { expect, it } from "vitest";
import { minutesIn, withMinutes } from "./alerts";
import { minutesOf, offsetBefore } from "./time";
import type { Alert } from "./types";

const alert = (offset: string, relativeTo?: "start" | "end"): Alert => ({
  "@type": "Alert",
  trigger: { "@type": "OffsetTrigger", offset, ...(relativeTo ? { relativeTo } : {}) },
  action: "display",
});

it("writes offsets before and after the beginning, and reads them back", () => {
  for (const [minutes, text] of [
    [15, "-PT15M"],
    [1440, "-P1D"],
    [900, "-PT15H"],
    [0, "PT0S"],
    [-540, "PT9H"],
  ] as const) {
    expect(offsetBefore(minutes)).toBe(text);
    expect(-minutesOf(text) + 0).toBe(minutes);
  }
});

it("changes those before the beginning, and leaves the others as they are", () => {
  const known = { a: alert("-PT15M"), b: alert("-PT5M", "end"), c: { ...alert("-PT1H"), acknowledged: "now" } };
  expect(minutesIn(known)).toEqual([15, 60]);
  const next = withMinutes(known, [60, 30]);
  expect(next).toEqual({ b: known.b, c: known.c, before30: alert("-PT30M") });
  expect(withMinutes({ a: known.a }, [])).toBeNull();
});
