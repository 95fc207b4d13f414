/** How events recur: what the dialog offers, what a rule says, and a series that is cut in two. */
import { addDays, addMonths, addSeconds, addYears, differenceInCalendarDays, getDate, getDay } from "date-fns";
import { localOf, localText } from "./time";
import type { EventObject, Rule } from "./types";

export const DAYS = ["su", "mo", "tu", "we", "th", "fr", "sa"];
export type Frequency = "daily" | "weekly" | "monthly" | "yearly";

export interface Repeat {
  frequency: Frequency | "";
  interval: number;
  /** Of a week. */
  days: string[];
  /** Monthly: on the same day of the month, or on the same weekday of it. */
  monthly: "date" | "weekday";
  ends: "never" | "until" | "count";
  until: string;
  count: number;
  /** A rule that the dialog has no fields for; it stays as it is. */
  other: Rule[] | null;
}

export const ONCE: Repeat = {
  frequency: "",
  interval: 1,
  days: [],
  monthly: "date",
  ends: "never",
  until: "",
  count: 10,
  other: null,
};

const PLAIN = new Set(["@type", "frequency", "interval", "byDay", "byMonthDay", "byMonth", "count", "until"]);
const FREQUENCIES = ["daily", "weekly", "monthly", "yearly"];

/** Which weekday of the month a day is: 1 to 4, or -1 for a fifth. */
export function nthOf(day: Date): number {
  const nth = Math.ceil(getDate(day) / 7);
  return nth > 4 ? -1 : nth;
}

/** What the dialog shows of rules. */
export function repeatOf(rules: Rule[] | undefined, start: Date): Repeat {
  const rule = rules?.[0];
  if (!rule) return ONCE;
  const base: Repeat = {
    ...ONCE,
    frequency: rule.frequency as Frequency,
    interval: rule.interval ?? 1,
    ends: rule.until ? "until" : rule.count ? "count" : "never",
    until: rule.until?.slice(0, 10) ?? "",
    count: rule.count ?? 10,
  };
  return rules.length === 1 && offered(rule, base, start) ? base : { ...base, other: rules };
}

/** Whether the fields can say the rule; sets those that only some have. */
function offered(rule: Rule, base: Repeat, start: Date): boolean {
  if (!FREQUENCIES.includes(rule.frequency) || Object.keys(rule).some((each) => !PLAIN.has(each))) return false;
  const days = rule.byDay ?? [];
  if (rule.byMonth?.length && !(rule.frequency === "yearly" && Number(rule.byMonth[0]) === start.getMonth() + 1))
    return false;
  if (rule.byMonthDay?.length && !(rule.byMonthDay.length === 1 && rule.byMonthDay[0] === getDate(start))) return false;
  if (!days.length) return true;
  if (rule.frequency === "weekly" && days.every((each) => !each.nthOfPeriod)) {
    base.days = days.map((each) => each.day);
    return true;
  }
  const one = days[0];
  if (rule.frequency !== "monthly" || days.length > 1 || !one?.nthOfPeriod) return false;
  base.monthly = "weekday";
  return one.day === DAYS[getDay(start)] && one.nthOfPeriod === nthOf(start);
}

/** The rules that the dialog says. */
export function rulesOf(repeat: Repeat, start: Date, wholeDay: boolean): Rule[] | null {
  if (repeat.other) return repeat.other;
  if (!repeat.frequency) return null;
  const rule: Rule = { "@type": "RecurrenceRule", frequency: repeat.frequency };
  const today = DAYS[getDay(start)] as string;
  if (repeat.interval > 1) rule.interval = repeat.interval;
  if (repeat.frequency === "weekly" && repeat.days.length && repeat.days.join() !== today)
    rule.byDay = [...new Set([...repeat.days, today])].map((day) => ({ "@type": "NDay", day }));
  if (repeat.frequency === "monthly" && repeat.monthly === "weekday")
    rule.byDay = [{ "@type": "NDay", day: today, nthOfPeriod: nthOf(start) }];
  if (repeat.ends === "until" && repeat.until) rule.until = `${repeat.until}T${wholeDay ? "00:00:00" : "23:59:59"}`;
  if (repeat.ends === "count") rule.count = Math.max(1, repeat.count);
  return [rule];
}

/** The rules after the whole series has been moved by days: the days that they name go along. */
export function movedRules(rules: Rule[] | undefined, before: string, after: string): Rule[] | undefined {
  const by = differenceInCalendarDays(localOf(after), localOf(before));
  if (!rules || !by) return rules;
  const start = localOf(after);
  return rules.map((rule) => {
    const moved = { ...rule };
    if (rule.byDay)
      moved.byDay = rule.byDay.map((each) =>
        each.nthOfPeriod
          ? { ...each, day: DAYS[getDay(start)] as string, nthOfPeriod: nthOf(start) }
          : { ...each, day: DAYS[(((DAYS.indexOf(each.day) + by) % 7) + 7) % 7] as string },
      );
    if (rule.byMonthDay?.length === 1) moved.byMonthDay = [getDate(start)];
    if (rule.byMonth?.length === 1) moved.byMonth = [`${start.getMonth() + 1}`];
    return moved;
  });
}

/** The exceptions after the whole series has been moved: the times that they are for go along. */
export function movedKeys<T>(overrides: Record<string, T>, before: string, after: string): Record<string, T> {
  const by = Date.parse(`${after}Z`) - Date.parse(`${before}Z`);
  const moved = (key: string) => new Date(Date.parse(`${key}Z`) + by).toISOString().slice(0, 19);
  return Object.fromEntries(Object.entries(overrides).map(([key, each]) => [moved(key), each]));
}

/** When a task is due after that: null for a rule that is over, or that has no fields here. */
export function nextAfter(rules: Rule[] | undefined, due: string): string | null {
  const rule = rules?.[0];
  const start = localOf(due);
  if (!rule || rules.length > 1 || repeatOf(rules, start).other || rule.count === 1) return null;
  const every = rule.interval ?? 1;
  const next = localText(stepped(rule, start, every));
  return rule.until && next > rule.until ? null : next;
}

function stepped(rule: Rule, start: Date, every: number): Date {
  const { frequency, byDay } = rule;
  if (frequency === "daily") return addDays(start, every);
  if (frequency === "yearly") return addYears(start, every);
  if (frequency === "weekly") {
    const days = new Set(byDay?.map((each) => DAYS.indexOf(each.day)) ?? [getDay(start)]);
    for (let by = 1; by <= 7; by += 1) {
      const day = addDays(start, by);
      // Weeks begin on Monday, as RFC 8984 has it.
      if (days.has(getDay(day))) return getDay(day) === 1 || differs(start, day) ? addDays(day, 7 * (every - 1)) : day;
    }
  }
  const nth = byDay?.[0]?.nthOfPeriod;
  if (!nth) return addMonths(start, every);
  const month = addMonths(
    new Date(start.getFullYear(), start.getMonth(), 1, start.getHours(), start.getMinutes()),
    every,
  );
  const all = Array.from({ length: 31 }, (_, at) => addDays(month, at)).filter(
    (day) => day.getMonth() === month.getMonth() && getDay(day) === getDay(start),
  );
  return (nth > 0 ? all[nth - 1] : all.at(-1)) ?? month;
}

/** Whether a day is in another week than one before it. */
function differs(one: Date, other: Date): boolean {
  return (getDay(other) + 6) % 7 <= (getDay(one) + 6) % 7;
}

export interface Cut {
  /** What is changed of the series that ends. */
  patch: { recurrenceRules: Rule[]; recurrenceOverrides: EventObject["recurrenceOverrides"] | null };
  /** The rules and exceptions of the one that begins. */
  rules: Rule[];
  overrides: NonNullable<EventObject["recurrenceOverrides"]>;
}

/** A series that ends before an occurrence, and what goes on from there; `passed`: occurrences before it. */
export function cutAt(event: EventObject, key: string, passed: number): Cut {
  const until = localText(addSeconds(localOf(key), event.showWithoutTime ? -86_400 : -1));
  const rules = event.recurrenceRules ?? [];
  const all = Object.entries(event.recurrenceOverrides ?? {});
  const before = Object.fromEntries(all.filter(([each]) => each < key));
  return {
    patch: {
      recurrenceRules: rules.map(({ count: _, ...rule }) => ({ ...rule, until })),
      recurrenceOverrides: Object.keys(before).length ? before : null,
    },
    rules: rules.map((rule) => (rule.count ? { ...rule, count: Math.max(1, rule.count - passed) } : rule)),
    overrides: Object.fromEntries(all.filter(([each]) => each > key)),
  };
}
