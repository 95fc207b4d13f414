/** Contacts as CSV (RFC 4180), with the headings that other programs write and read. */
import { dayOf, dayText, emailsOf, organizationOf, part, phonesOf } from "./card";
import { type Form, formOf, patchOf } from "./form";
import type { Card } from "./types";

const HEADINGS: Record<string, keyof Form | "name" | `email${number}` | `phone${number}`> = {
  "first name": "given",
  "given name": "given",
  vorname: "given",
  "middle name": "given2",
  "additional name": "given2",
  "last name": "surname",
  "family name": "surname",
  surname: "surname",
  nachname: "surname",
  title: "title",
  "name prefix": "title",
  suffix: "generation",
  "name suffix": "generation",
  name: "name",
  "display name": "name",
  "full name": "name",
  nickname: "nickname",
  company: "organization",
  organization: "organization",
  "organization name": "organization",
  "organization 1 - name": "organization",
  firma: "organization",
  "job title": "position",
  "organization title": "position",
  "organization 1 - title": "position",
  position: "position",
  birthday: "birthday",
  geburtstag: "birthday",
  notes: "note",
  note: "note",
  notizen: "note",
  categories: "keywords",
  labels: "keywords",
  "group membership": "keywords",
};
const EMAIL = /^(?:e-?mail(?: address)?|primary email|secondary email)(?: ?\d)?(?: (?:- value|address))?$/;
const PHONE = /phone|mobile|telefon|handy|pager|fax/;
const STREET =
  /^(?:home|business|other|address \d -|work)? ?(?:address )?(street|city|postal code|zip|state|region|country)(?:\/region)?$/;
const PLACE: Record<string, "street" | "locality" | "postcode" | "region" | "country"> = {
  street: "street",
  city: "locality",
  "postal code": "postcode",
  zip: "postcode",
  state: "region",
  region: "region",
  country: "country",
};

/** The rows of a file; the sign between columns is found out. */
export function rowsOf(text: string): string[][] {
  const clean = text.replace(/^\ufeff/, "");
  const firstLine = clean.split(/\r?\n/, 1)[0] ?? "";
  const sign =
    [",", ";", "\t"].sort((one, other) => firstLine.split(other).length - firstLine.split(one).length)[0] ?? ",";
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < clean.length; at += 1) {
    const each = clean[at] as string;
    if (quoted) {
      if (each === '"' && clean[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else if (each === '"') quoted = false;
      else cell += each;
    } else if (each === '"' && !cell) quoted = true;
    else if (each === sign) {
      row.push(cell);
      cell = "";
    } else if (each === "\n") {
      row.push(cell.replace(/\r$/, ""));
      rows.push(row);
      row = [];
      cell = "";
    } else cell += each;
  }
  if (cell || row.length) rows.push([...row, cell.replace(/\r$/, "")]);
  return rows.filter((each) => each.some((one) => one.trim()));
}

function birthday(text: string): string {
  const found = /^(\d{1,2})[./](\d{1,2})[./](\d{4})$/.exec(text.trim());
  if (!found) return dayOf(text) ? text.trim() : "";
  const [, one, two, year] = found;
  const [day, month] = text.includes(".") ? [one, two] : [two, one];
  const made = `${year}-${month?.padStart(2, "0")}-${day?.padStart(2, "0")}`;
  return dayOf(made) ? made : "";
}

function put(form: Form, heading: string, value: string): void {
  const name = heading.trim().toLowerCase();
  const known = HEADINGS[name];
  if (known === "name") {
    const words = value.split(/\s+/);
    if (!form.given && !form.surname)
      Object.assign(form, { given: words.slice(0, -1).join(" "), surname: words.at(-1) });
  } else if (known === "birthday") form.birthday = birthday(value);
  else if (known === "keywords") form.keywords = value.replaceAll(/\s*(?::::|;)\s*/g, ", ").replaceAll("* ", "");
  else if (known) (form as unknown as Record<string, string>)[known] = value;
  else if (EMAIL.test(name) && value.includes("@")) form.emails.push({ key: "", value, use: "" });
  else if (PHONE.test(name) && /\d/.test(value)) {
    const use = /fax/.test(name)
      ? "fax"
      : /mobile|handy/.test(name)
        ? "mobile"
        : /business|work/.test(name)
          ? "work"
          : "";
    form.phones.push({ key: "", value, use });
  } else {
    const place = PLACE[STREET.exec(name)?.[1] ?? ""];
    if (!place) return;
    const use = /business|work/.test(name) ? "work" : "private";
    const there = form.addresses.find((each) => each.use === use);
    const row = there ?? { key: "", street: "", postcode: "", locality: "", region: "", country: "", use };
    row[place] = value;
    if (!there) form.addresses.push(row);
  }
}

/** The contacts of a file, as JSContact; rows without a name or an address are left out. */
export function cardsOfCsv(text: string): Record<string, unknown>[] {
  const [headings, ...rows] = rowsOf(text);
  if (!headings) return [];
  return rows.flatMap((row) => {
    const form = formOf({});
    row.forEach((value, at) => {
      if (value.trim()) put(form, headings[at] ?? "", value.trim());
    });
    const card = patchOf(form, {});
    return card.name ? [card] : [];
  });
}

const cellOf = (text: string) => (/[",\r\n;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
/** A spreadsheet takes a cell that begins so for a formula; what people are called is none. */
const harmless = (text: string) => (/^[=@\t\r]|^[+-](?![0-9]|-[0-9]{2}-)/.test(text) ? `'${text}` : text);

const COLUMNS: [string, (card: Card) => string][] = [
  [
    "First Name",
    (card) => part(card.name?.components, "given") || (card.name?.components?.length ? "" : (card.name?.full ?? "")),
  ],
  ["Middle Name", (card) => part(card.name?.components, "given2")],
  ["Last Name", (card) => part(card.name?.components, "surname")],
  ["Title", (card) => part(card.name?.components, "title")],
  ["Nickname", (card) => Object.values(card.nicknames ?? {})[0]?.name ?? ""],
  ["Company", (card) => organizationOf(card) ?? ""],
  ["Job Title", (card) => Object.values(card.titles ?? {})[0]?.name ?? ""],
  ...[0, 1, 2].map((at): [string, (card: Card) => string] => [
    at ? `E-mail ${at + 1} Address` : "E-mail Address",
    (card) => emailsOf(card)[at]?.address ?? "",
  ]),
  ...[0, 1, 2].map((at): [string, (card: Card) => string] => [
    at ? `Phone ${at + 1}` : "Phone",
    (card) => phonesOf(card)[at]?.number ?? "",
  ]),
  ...(["street", "city", "postal code", "state", "country"] as const).map((name): [string, (card: Card) => string] => [
    `Home ${name.replace(/\b./g, (sign) => sign.toUpperCase())}`,
    (card) => formOf(card).addresses[0]?.[PLACE[name] ?? "street"] ?? "",
  ]),
  ["Birthday", (card) => dayText(Object.values(card.anniversaries ?? {}).find((each) => each.kind === "birth")?.date)],
  ["Notes", (card) => Object.values(card.notes ?? {})[0]?.note ?? ""],
  ["Categories", (card) => Object.keys(card.keywords ?? {}).join(";")],
];

export function csvOf(cards: Card[]): string {
  const rows = [COLUMNS.map(([name]) => name), ...cards.map((card) => COLUMNS.map(([, of]) => harmless(of(card))))];
  return `\ufeff${rows.map((row) => row.map(cellOf).join(",")).join("\r\n")}\r\n`;
}
