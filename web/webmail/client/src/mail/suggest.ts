/** What the search field proposes while one types: operators, their values, people, and what was sought before. */
import type { Address } from "../jmap/types";
import { keep, kept } from "../store";

export interface Suggestion {
  kind: "operator" | "value" | "person" | "recent";
  /** What stands in the field when it is taken. */
  text: string;
  /** What is shown; of an operator and a value, its words are those of `search.about.WORD`. */
  label: string;
  about: string;
  /** Whether it is looked for at once. */
  whole: boolean;
}

/** What is known to choose from. */
export interface Choice {
  people: Address[];
  folders: string[];
  labels: string[];
  recent: string[];
  today: Date;
}

export const OPERATORS = ["from", "to", "subject", "has", "is", "in", "label", "after", "before", "larger"];
const VALUES: Record<string, string[]> = {
  has: ["attachment"],
  is: ["unread", "flagged", "pinned", "answered", "read"],
  larger: ["1m", "5m", "10m"],
  smaller: ["100k", "1m"],
};
const DAYS: Record<string, number> = { today: 0, week: 7, month: 30, year: 365 };
const WITH_PEOPLE = new Set(["from", "to", "cc", "bcc"]);
const LAST = /(?:^|\s)(-?)(?:(\w+):)?("[^"]*|\S*)$/;
const MOST = 8;
const MOST_PEOPLE = 5;
const MOST_RECENT = 10;

export function suggest(typed: string, choice: Choice): Suggestion[] {
  const [, not = "", key, part = ""] = LAST.exec(typed) ?? [];
  const word = part.replace(/^"/, "").toLowerCase();
  const ending = `${not}${key === undefined ? "" : `${key}:`}${part}`;
  const before = typed.slice(0, typed.length - ending.length);
  const put = (kind: Suggestion["kind"], operator: string, value: string, label: string, about: string) => {
    const text = `${before}${not}${operator}:${quoted(value)}`;
    return { kind, text: value ? `${text} ` : text, label, about, whole: false };
  };
  if (key !== undefined) return valuesOf(key.toLowerCase(), word, choice, put).slice(0, MOST);
  const fits = choice.recent.filter((each) => each.toLowerCase().startsWith(typed.trim().toLowerCase()));
  const recent = fits.map((text) => ({ kind: "recent" as const, text, label: text, about: "", whole: true }));
  const names = OPERATORS.filter((each) => each.startsWith(word));
  const written = names.map((each) => put("operator", each, "", `${not}${each}:`, each));
  const people = word.length > 1 ? peopleOf(word, choice.people) : [];
  const found = people.map((each) => put("person", "from", each.email, each.name || each.email, each.email));
  return [...recent.slice(0, word ? 3 : 5), ...found, ...written].filter((each) => each.text !== typed).slice(0, 15);
}

type Put = (kind: Suggestion["kind"], operator: string, value: string, label: string, about: string) => Suggestion;

function valuesOf(key: string, word: string, choice: Choice, put: Put): Suggestion[] {
  if (WITH_PEOPLE.has(key))
    return peopleOf(word, choice.people).map((each) =>
      put("person", key, each.email, each.name || each.email, each.email),
    );
  const named = { in: choice.folders, label: choice.labels }[key];
  if (named)
    return named
      .filter((each) => each.toLowerCase().includes(word))
      .map((each) => put("value", key, each, `${key}:${each}`, ""));
  if (key === "before" || key === "after" || key === "since")
    return Object.entries(DAYS)
      .map(([name, days]) => [name, dayBefore(choice.today, days)] as const)
      .filter(([, day]) => day.startsWith(word))
      .map(([name, day]) => put("value", key, day, `${key}:${day}`, `day_${name}`));
  return (VALUES[key] ?? [])
    .filter((each) => each.startsWith(word) && each !== word)
    .map((each) => put("value", key, each, `${key}:${each}`, `${key}_${each}`));
}

function quoted(value: string): string {
  return /\s/.test(value) ? `"${value}"` : value;
}

function dayBefore(today: Date, days: number): string {
  const day = new Date(today.getFullYear(), today.getMonth(), today.getDate() - days);
  const two = (number: number) => `${number}`.padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** Those of whom an address or a part of the name begins so. */
export function peopleOf(word: string, all: Address[]): Address[] {
  const parts = (each: Address) => [each.email, ...(each.name ?? "").split(/\s+/)];
  const fit = all.filter((each) => parts(each).some((part) => part.toLowerCase().startsWith(word)));
  return [...new Map(fit.map((each) => [each.email.toLowerCase(), each])).values()].slice(0, MOST_PEOPLE);
}

export const recentSearches = (): string[] => kept("searches", []);

export function rememberSearch(typed: string): void {
  keep("searches", [typed, ...recentSearches().filter((each) => each !== typed)].slice(0, MOST_RECENT));
}
