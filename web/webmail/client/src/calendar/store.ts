/** What the calendar knows: calendars, the events of the time that is looked at, and how one wants to see them. */
import { addDays, addMonths, addYears, endOfMonth, startOfDay, startOfMonth, startOfWeek, startOfYear } from "date-fns";
import { create } from "zustand";
import { visitPlace } from "../mail/load";
import { NOWHERE } from "../place";
import { choosePref, zone as chosenZone, weekStart } from "../prefs";
import { get as app, keep, kept } from "../store";
import type { Form } from "./form";
import type { Proposal } from "./meetings";
import type { Source } from "./sources";
import { dayText, HERE, isZone, localOf, shownIn } from "./time";
import type { Calendar, CalendarEvent } from "./types";

export const VIEWS = ["day", "workweek", "week", "month", "year", "agenda"] as const;
export type View = (typeof VIEWS)[number];
/** What of a series is meant. */
export type Scope = "one" | "following" | "all";
export type WeekStart = 0 | 1 | 6;

export interface Preferences {
  weekStart: WeekStart;
  /** Minutes since midnight. */
  workFrom: number;
  workTo: number;
  workDays: number[];
  /** Null: that of the browser. */
  zone: string | null;
  /** Minutes before the start; null: none. */
  reminder: number | null;
  desktop: boolean;
}

/** What is shown of an event: its times as a clock in the zone of the view has them. */
export interface Shown {
  id: string;
  event: CalendarEvent;
  calendar: Calendar;
  start: Date;
  end: Date;
  allDay: boolean;
}

/** What the dialog begins with: a new event, or one that is there. */
export interface Edited {
  event: Partial<CalendarEvent> | null;
  start: Date;
  end: Date;
  allDay: boolean;
  title?: string;
  /** All fields at once. */
  full?: boolean;
  /** What was typed already, and was not stored. */
  form?: Form;
  /** Called once it is stored. */
  done?: () => void;
}

export interface State {
  calendars: Calendar[];
  /** Where those of one's own are filled from that are. */
  sources: Source[];
  /** Null: not asked for yet. */
  events: CalendarEvent[] | null;
  /** What is going to be deleted, and shown no more. */
  hidden: ReadonlySet<string>;
  range: { from: string; to: string } | null;
  failed: string | null;
  prefs: Preferences;
  open: Shown | null;
  /** What is to be done once somebody has said which of a series is meant. */
  asked: { scopes: Scope[]; act: (scope: Scope) => void } | null;
  prefsShown: boolean;
  edited: Edited | null;
  /** Other times for one's own meetings. */
  proposals: Proposal[];
}

const DEFAULTS: Preferences = {
  weekStart: 1,
  workFrom: 8 * 60,
  workTo: 18 * 60,
  workDays: [1, 2, 3, 4, 5],
  zone: null,
  reminder: 15,
  desktop: false,
};

/** What was chosen here, and of all rooms in the settings: where weeks begin, and the zone. */
function chosen(): Preferences {
  const own = kept<Partial<Preferences>>("calendar", {});
  return { ...DEFAULTS, ...own, weekStart: weekStart() ?? DEFAULTS.weekStart, zone: chosenZone() || null };
}

export const useCalendar = create<State>(() => ({
  calendars: [],
  sources: [],
  events: null,
  hidden: new Set(),
  range: null,
  failed: null,
  prefs: chosen(),
  open: null,
  asked: null,
  prefsShown: false,
  edited: null,
  proposals: [],
}));

export const get = useCalendar.getState;
export const set = useCalendar.setState;

export function prefer(more: Partial<Preferences>): void {
  const prefs = { ...get().prefs, ...more };
  if (more.weekStart !== undefined) choosePref("weekStart", more.weekStart);
  if (more.zone !== undefined) choosePref("zone", more.zone ?? "");
  const { weekStart: _first, zone: _zone, ...own } = prefs;
  keep("calendar", own);
  set({ prefs });
}

/** What another room has changed meanwhile is seen. */
export function rejoin(): void {
  set({ prefs: chosen() });
}

/** The zone of the view. */
export function zone(): string {
  const { prefs } = get();
  return isZone(prefs.zone) ? prefs.zone : HERE;
}

/** Now, as a clock in the zone of the view shows it. */
export function now(): Date {
  return shownIn(zone(), new Date());
}

// --- where one is

export interface Where {
  view: View;
  date: Date;
}

const VIEW_KEPT = "calendar.view";

export function whereIn(path: string[]): Where {
  const [view, day] = path;
  const found = VIEWS.find((each) => each === view) ?? firstView();
  const date = /^\d{4}-\d{2}-\d{2}$/.test(day ?? "") ? localOf(day as string) : startOfDay(now());
  return { view: found, date: Number.isNaN(date.getTime()) ? startOfDay(now()) : date };
}

function firstView(): View {
  const known = kept<View | null>(VIEW_KEPT, null);
  if (known && VIEWS.includes(known)) return known;
  return matchMedia("(max-width: 680px)").matches ? "day" : "week";
}

export function where(): Where {
  return whereIn(app().place.path);
}

export function visit(to: Partial<Where>, replace = false): void {
  const { view, date } = { ...where(), ...to };
  if (to.view) keep(VIEW_KEPT, view);
  void visitPlace({ ...NOWHERE, room: "calendar", path: [view, dayText(date)] }, replace);
}

/** The days of a view, the last one not included. */
export function daysOf({ view, date }: Where, prefs: Preferences): { from: Date; to: Date; count: number } {
  const week = startOfWeek(date, { weekStartsOn: prefs.weekStart });
  if (view === "day") return { from: date, to: addDays(date, 1), count: 1 };
  if (view === "week" || view === "workweek") return { from: week, to: addDays(week, 7), count: 7 };
  if (view === "year") return { from: startOfYear(date), to: addYears(startOfYear(date), 1), count: 366 };
  if (view === "agenda") return { from: date, to: addDays(date, 30), count: 30 };
  const from = startOfWeek(startOfMonth(date), { weekStartsOn: prefs.weekStart });
  const to = addDays(startOfWeek(endOfMonth(date), { weekStartsOn: prefs.weekStart }), 7);
  return { from, to, count: Math.round((to.getTime() - from.getTime()) / 86_400_000) };
}

/** The same view, one further or one before. */
export function stepped({ view, date }: Where, by: number): Date {
  if (view === "day") return addDays(date, by);
  if (view === "month") return addMonths(startOfMonth(date), by);
  if (view === "year") return addYears(startOfYear(date), by);
  if (view === "agenda") return addDays(date, 30 * by);
  return addDays(date, 7 * by);
}
