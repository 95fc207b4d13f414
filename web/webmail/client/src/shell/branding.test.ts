import { expect, test } from "vitest";
import { contrast, shadesOf } from "./branding";

test("whatever colour is chosen, it can be read on paper, and words on it", () => {
  for (const colour of ["#ffff00", "#000000", "#ffffff", "#0b6b5d", "#ff0066", "#123456"])
    for (const [dark, paper] of [
      [false, "#ffffff"],
      [true, "#1b2023"],
    ] as const) {
      const { accent, ink } = shadesOf(colour, dark);
      expect(contrast(accent, paper)).toBeGreaterThan(4.5);
      expect(contrast(accent, ink)).toBeGreaterThan(4.5);
    }
  expect(shadesOf("#0b6b5d", false).accent).toBe("#0b6b5d");
});
