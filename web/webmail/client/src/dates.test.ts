import { setDefaultOptions } from "date-fns";
import { de } from "date-fns/locale/de";
import { enGB } from "date-fns/locale/en-GB";
import { expect, it } from "vitest";
import { dated } from "./dates";

it("writes days as the language does", () => {
  const day = new Date(2026, 10, 28);
  setDefaultOptions({ locale: enGB });
  expect(dated(day, "EEEE, d MMMM yyyy")).toBe("Saturday, 28 November 2026");
  setDefaultOptions({ locale: de });
  expect(dated(day, "EEEE, d MMMM yyyy")).toBe("Samstag, 28. November 2026");
  expect(dated(day, "d")).toBe("28");
});
