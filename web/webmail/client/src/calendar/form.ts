/** What the dialog of an event has in its fields, and what becomes of them. */
import type { Address } from "../jmap/types";
import { get as app } from "../store";
import { type Patch, timesOf } from "./act";
import { defaultsOf, minutesIn, withMinutes } from "./alerts";
import { addressOf, guests, isRoom, placeNamed, shownTimes, webPlace } from "./events";
import { ONCE, type Repeat, repeatOf, rulesOf } from "./recur";
import { type Edited, get, zone } from "./store";
import { between, isZone } from "./time";
import type { Calendar, CalendarEvent, Participant } from "./types";

export interface Guest extends Address {
  room: boolean;
  optional: boolean;
  /** As it is stored, with its id. */
  stored: [string, Participant] | null;
}

export interface Form {
  title: string;
  place: string;
  web: string;
  allDay: boolean;
  /** As clocks in `zone` show them; of whole days the end is the last of them. */
  start: Date;
  end: Date;
  zone: string;
  calendar: Calendar;
  repeat: Repeat;
  guests: Guest[];
  /** Minutes before the start. */
  alerts: number[];
  /** The calendar says when one is reminded. */
  useDefault: boolean;
  privacy: "public" | "private" | "secret";
  free: boolean;
  description: string;
}

export function writable(calendars: Calendar[]): Calendar[] {
  return calendars.filter(({ myRights }) => myRights.mayWriteAll || myRights.mayWriteOwn);
}

/** The calendar that a new event goes to. */
export function firstCalendar(): Calendar | undefined {
  const own = app().accounts.find((each) => each.own)?.id;
  const may = writable(get().calendars);
  return may.find((each) => each.isDefault && each.accountId === own) ?? may[0];
}

/** Null: there is no calendar that one may write into. */
export function formOf({ event, start, end, allDay, title }: Edited): Form | null {
  const { calendars, prefs } = get();
  const calendar = calendars.find((each) => event?.calendarIds?.[each.id] && each.accountId === event.accountId);
  const there = calendar ?? firstCalendar();
  if (!there) return null;
  const own = isZone(event?.timeZone) && !allDay ? event.timeZone : zone();
  const from = allDay ? start : between(zone(), own, start);
  const known = (event ?? {}) as CalendarEvent;
  return {
    title: known.title ?? title ?? "",
    place: placeNamed(known),
    web: webPlace(known) ?? "",
    allDay,
    start: from,
    end: allDay ? new Date(end.getTime() - 12 * 3_600_000) : between(zone(), own, end),
    zone: own,
    calendar: there,
    repeat: event ? repeatOf(known.recurrenceRules, from) : ONCE,
    guests: guests(known).map(([id, each]) => ({
      name: each.name ?? null,
      email: addressOf(each),
      room: isRoom(each),
      optional: Boolean(each.roles?.optional),
      stored: [id, each],
    })),
    alerts: event ? minutesIn(known.alerts) : prefs.reminder === null ? [] : [prefs.reminder],
    useDefault: event ? Boolean(known.useDefaultAlerts) : minutesIn(defaultsOf(there, allDay)).length > 0,
    privacy: known.privacy ?? "public",
    free: known.freeBusyStatus === "free",
    description: known.description ?? "",
  };
}

/** The times of the view that the fields say. */
export function timesIn(form: Form): { start: Date; end: Date } {
  if (form.allDay) {
    const day = (at: Date, more: number) => new Date(at.getFullYear(), at.getMonth(), at.getDate() + more);
    return { start: day(form.start, 0), end: day(form.end, 1) };
  }
  return { start: between(form.zone, zone(), form.start), end: between(form.zone, zone(), form.end) };
}

function participantsOf(
  form: Form,
  known: Record<string, Participant> | undefined,
): Record<string, Participant> | null {
  const kept = new Set(form.guests.flatMap((each) => (each.stored ? [each.stored[0]] : [])));
  const found: Record<string, Participant> = {};
  for (const [id, each] of Object.entries(known ?? {}))
    if (kept.has(id) || !Object.keys(each.roles ?? {}).some((role) => role !== "owner")) found[id] = each;
  form.guests.forEach((each, at) => {
    const roles: Record<string, boolean> = { attendee: true, ...(each.optional ? { optional: true } : {}) };
    if (each.stored) {
      const [id, stored] = each.stored;
      const was = { ...stored.roles };
      delete was.optional;
      found[id] = { ...stored, roles: { ...was, ...roles } };
      return;
    }
    found[`new${Date.now().toString(36)}${at}`] = {
      "@type": "Participant",
      ...(each.name ? { name: each.name } : {}),
      sendTo: { imip: `mailto:${each.email}` },
      kind: each.room ? "location" : "individual",
      roles,
      participationStatus: "needs-action",
      expectReply: true,
    };
  });
  return form.guests.length ? found : null;
}

function firstOf<T>(all: Record<string, T> | undefined): string {
  return Object.keys(all ?? {})[0] ?? "1";
}

/** All members that the fields say; null: there is none. */
function membersOf(form: Form, event: Partial<CalendarEvent> | null): Patch {
  const { start, end } = timesIn(form);
  const place = placeNamed((event ?? {}) as CalendarEvent);
  const web = webPlace((event ?? {}) as CalendarEvent) ?? "";
  const other = app().accounts.find((each) => each.id === form.calendar.accountId);
  const participants = participantsOf(form, event?.participants);
  const foreign = participants && !event?.replyTo && other && !other.own && other.name.includes("@");
  return {
    title: form.title.trim(),
    ...(form.place.trim() !== place
      ? { locations: form.place.trim() ? { [firstOf(event?.locations)]: { name: form.place.trim() } } : null }
      : {}),
    ...(form.web.trim() !== web
      ? { virtualLocations: form.web.trim() ? { [firstOf(event?.virtualLocations)]: { uri: form.web.trim() } } : null }
      : {}),
    ...timesOf(start, end, form.allDay, form.allDay ? null : form.zone),
    recurrenceRules: rulesOf(form.repeat, form.start, form.allDay),
    participants,
    ...(foreign ? { replyTo: { imip: `mailto:${other.name}` } } : {}),
    alerts: form.useDefault ? (event?.alerts ?? null) : withMinutes(event?.alerts, form.alerts),
    useDefaultAlerts: form.useDefault || null,
    privacy: form.privacy === "public" ? null : form.privacy,
    freeBusyStatus: form.free ? "free" : null,
    description: form.description || null,
  };
}

/** A new event. */
export function newOf(form: Form): Patch {
  return Object.fromEntries(Object.entries(membersOf(form, null)).filter(([, value]) => value !== null));
}

/** What the fields change of an event; empty when that is nothing. */
export function patchOf(form: Form, event: CalendarEvent): Patch {
  const asItIs = formOf({ event, ...shownTimes(event) });
  const before = asItIs ? membersOf(asItIs, event) : {};
  const patch: Patch = {};
  for (const [name, value] of Object.entries(membersOf(form, event)))
    if (JSON.stringify(value) !== JSON.stringify(before[name] ?? null) || name in before === false) patch[name] = value;
  if ("showWithoutTime" in patch || "timeZone" in patch) patch.start ??= membersOf(form, event).start;
  if (!event.calendarIds[form.calendar.id]) patch.calendarIds = { [form.calendar.id]: true };
  return patch;
}
