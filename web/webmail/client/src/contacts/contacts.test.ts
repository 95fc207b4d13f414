import { expect, it } from "vitest";
import { dayOf, dayText, duplicatesIn, filledFrom, membersOf, nameOf, recipientsOf, sortKey } from "./card";
import { cardsOfCsv, csvOf, rowsOf } from "./csv";
import { faultOf, formOf, patchOf } from "./form";
import type { Card } from "./types";

const CARD: Card = {
  id: "C1",
  accountId: "A1",
  addressBookIds: { F1: true },
  uid: "u1",
  name: {
    full: "Dr Ann Berg",
    components: [
      { kind: "title", value: "Dr" },
      { kind: "given", value: "Ann" },
      { kind: "surname", value: "Berg" },
    ],
  },
  emails: { e1: { address: "ann@x.test", contexts: { work: true }, pref: 1 }, e2: { address: "a@y.test" } },
  phones: { p1: { number: "+49 1", features: { mobile: true, text: true } } },
  addresses: {
    a1: {
      components: [
        { kind: "name", value: "Main" },
        { kind: "number", value: "7" },
        { kind: "locality", value: "Bonn" },
      ],
    },
  },
  anniversaries: { b: { kind: "birth", date: { month: 2, day: 3 } }, w: { kind: "wedding", date: { year: 2000 } } },
  keywords: { friends: true },
};
const other = (more: Partial<Card>): Card => ({ ...CARD, id: "C2", uid: "u2", ...more });

it("changes nothing that was not changed", () => {
  expect(patchOf(formOf(CARD), CARD)).toEqual({});
});

it("changes what was changed, and keeps what it does not know", () => {
  const form = formOf(CARD);
  form.surname = "Born";
  form.emails = [
    { ...form.emails[0], use: "private" } as (typeof form.emails)[0],
    { key: "", value: "new@z.test", use: "" },
  ];
  form.phones = [{ ...form.phones[0], value: "+49 2" } as (typeof form.phones)[0]];
  form.birthday = "1990-02-03";
  form.note = "tall";
  expect(patchOf(form, CARD)).toEqual({
    name: {
      full: "Dr Ann Born",
      components: [
        { kind: "title", value: "Dr" },
        { kind: "given", value: "Ann" },
        { kind: "surname", value: "Born" },
      ],
    },
    emails: { e1: { address: "ann@x.test", pref: 1, contexts: { private: true } }, k1: { address: "new@z.test" } },
    phones: { p1: { number: "+49 2", features: { mobile: true, text: true } } },
    anniversaries: {
      ...CARD.anniversaries,
      b: { kind: "birth", date: { "@type": "PartialDate", year: 1990, month: 2, day: 3 } },
    },
    notes: { k1: { note: "tall" } },
  });
});

it("says what is wrong with a form", () => {
  expect(faultOf(formOf({}))).toBe("noName");
  expect(faultOf({ ...formOf({}), given: "A", birthday: "soon" })).toBe("noDay");
  expect(faultOf({ ...formOf({}), emails: [{ key: "", value: "a b@x", use: "" }] })).toBe("noEmail");
  expect(faultOf(formOf(CARD))).toBeNull();
});

it.each(["1990-01-31", "--02-29"])("reads the day %s and writes it again", (text) => {
  expect(dayText(dayOf(text) ?? undefined)).toBe(text);
});

it("finds who is there twice, by name or by address", () => {
  const byAddress = other({ name: { full: "A. Berg" }, emails: { x: { address: "ANN@x.test" } } });
  const stranger = other({ id: "C3", name: { full: "Bob" }, emails: {} });
  const byName = other({ id: "C4", name: { full: "a.  berg" }, emails: { x: { address: "q@q.test" } } });
  expect(duplicatesIn([CARD, stranger, byAddress, byName]).map((set) => set.map((each) => each.id))).toEqual([
    ["C1", "C2", "C4"],
  ]);
  expect(duplicatesIn([byName, CARD, byAddress])[0]).toHaveLength(3);
});

it("fills up a contact from another, and replaces nothing", () => {
  const more = other({
    emails: { z: { address: "Ann@X.test" }, y: { address: "third@x.test" } },
    phones: { p1: { number: "+491" } },
  });
  expect(filledFrom(CARD, more)).toEqual({ emails: { ...CARD.emails, k1: { address: "third@x.test" } } });
});

it("knows names, orders and the members of groups", () => {
  expect([nameOf(CARD), sortKey(CARD)]).toEqual(["Dr Ann Berg", "berg ann"]);
  const group = other({ kind: "group", members: { u1: true }, name: { full: "Team" } });
  expect(membersOf(group, [CARD, group])).toEqual([CARD]);
  expect(recipientsOf(group, [CARD, group])).toEqual([{ name: "Dr Ann Berg", email: "ann@x.test" }]);
});

it("reads CSV with quotes, line ends in cells, and semicolons", () => {
  expect(rowsOf('\ufeffa;b\r\n"x;""y""\nz";2\r\n\r\n')).toEqual([
    ["a", "b"],
    ['x;"y"\nz', "2"],
  ]);
});

it("reads what it has written", () => {
  const [card] = cardsOfCsv(csvOf([CARD]));
  expect(card).toMatchObject({
    name: { full: "Dr Ann Berg" },
    emails: { k1: { address: "ann@x.test" }, k2: { address: "a@y.test" } },
    phones: { k1: { number: "+49 1" } },
    keywords: { friends: true },
    anniversaries: { k1: { kind: "birth", date: { month: 2, day: 3 } } },
  });
});

it("reads the headings of other programs", () => {
  const [card] = cardsOfCsv(
    "Name,Given Name,Family Name,E-mail 1 - Value,Mobile Phone,Business City,Birthday\nAnn Berg,Ann,Berg,ann@x.test,123,Bonn,31.01.1990\n",
  );
  expect(card).toMatchObject({
    name: { full: "Ann Berg" },
    emails: { k1: { address: "ann@x.test" } },
    phones: { k1: { number: "123", features: { mobile: true } } },
    addresses: { k1: { components: [{ kind: "locality", value: "Bonn" }], contexts: { work: true } } },
    anniversaries: { k1: { date: { year: 1990, month: 1, day: 31 } } },
  });
});

it("gives a spreadsheet no formula", () => {
  expect(csvOf([other({ name: { full: "=1+1" } })])).toContain("'=1+1");
});
