import { expect, it } from "vitest";
import { type Filters, faultOf, filtersOf, NEW_TEST, NO_FILTERS, type Rule, sieveOf } from "./model";

const RULE: Rule = {
  name: 'Bills "2026"',
  on: true,
  any: true,
  tests: [
    { ...NEW_TEST, value: 'a"b\\c' },
    { ...NEW_TEST, field: "subject", op: "starts", value: "Bill*", not: true },
    { ...NEW_TEST, field: "size", op: "over", value: "500" },
  ],
  actions: [
    { kind: "move", value: "F7", name: "Money" },
    { kind: "read", value: "", name: "" },
  ],
};
const FILTERS: Filters = {
  rules: [RULE, { ...RULE, name: "off", on: false }],
  forward: { on: true, to: ["x@far.test"], keep: false },
  blocked: ["spam@far.test"],
};

it("writes what it reads again", () => {
  expect(filtersOf(sieveOf(FILTERS))).toEqual(FILTERS);
  expect(filtersOf(sieveOf(NO_FILTERS))).toEqual(NO_FILTERS);
});

it("quotes what people type, and files behind the flags", () => {
  const lines = sieveOf(FILTERS).split("\r\n");
  expect(lines).toContain(
    'if anyof (address :contains "from" "a\\"b\\\\c", not header :matches "subject" "Bill\\\\**", size :over 500K) {',
  );
  const [flag, file] = ['    addflag "\\\\Seen";', '    fileinto :mailboxid "F7" "Money";'];
  expect(lines.indexOf(flag)).toBeGreaterThan(0);
  expect(lines.indexOf(flag)).toBeLessThan(lines.indexOf(file));
  expect(lines[1]).toBe('require ["copy", "fileinto", "imap4flags", "mailboxid", "special-use"];');
  expect(lines).not.toContain("# off");
});

it("takes no script for its own that somebody else changed", () => {
  const script = sieveOf(FILTERS);
  expect(filtersOf(`${script}keep;\r\n`)).toBeNull();
  expect(filtersOf("keep;")).toBeNull();
  expect(filtersOf("# postroom rules 1 ???\r\n")).toBeNull();
});

it.each([
  [{ actions: [] }, "noAction"],
  [{ tests: [{ ...NEW_TEST }] }, "noValue"],
  [{ tests: [{ ...NEW_TEST, field: "header", header: "no good:", value: "x" }] }, "noHeader"],
  [{ tests: [{ ...NEW_TEST, field: "size", value: "-3" }] }, "noSize"],
  [{ actions: [{ kind: "move", value: "", name: "" }] }, "noFolder"],
  [{ actions: [{ kind: "forward", value: "x", name: "" }] }, "noAddress"],
  [{ actions: [{ kind: "label", value: "a b", name: "" }] }, "noLabel"],
  [{ actions: [{ kind: "reject", value: " ", name: "" }] }, "noText"],
  [{}, null],
] as [Partial<Rule>, string | null][])("finds what is wrong with a rule: %o", (more, fault) => {
  expect(faultOf({ ...RULE, ...more })).toBe(fault);
});
