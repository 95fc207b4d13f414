/** What people do with events: shown at once, sent to the server, taken back when that says no, or by Undo. */
import { t } from "i18next";
import { change, request } from "../jmap/client";
import { later } from "../later";
import { toast } from "../store";
import { guests, invited, myself } from "./events";
import { refresh, wholeOf } from "./load";
import { cutAt, movedKeys, movedRules } from "./recur";
import { get, type Scope, type Shown, set, zone } from "./store";
import { between, dayText, durationOf, localOf, localText, minutesBetween, minutesOf, momentIn, utcText } from "./time";
import type { Calendar, CalendarEvent, EventObject, Status } from "./types";

export type Patch = Record<string, unknown>;
const DELETED_AFTER = 8;

export function wrong(error: unknown): void {
  toast((error as Error).message, { error: true });
}

/** The members that say when something takes place; in the zone of the event, where it has one. */
export function timesOf(start: Date, end: Date, allDay: boolean, inZone: string | null = null): Partial<EventObject> {
  if (allDay) {
    const minutes = Math.max(1, Math.round(minutesBetween(start, end) / 1440)) * 1440;
    return {
      start: `${dayText(start)}T00:00:00`,
      duration: durationOf(minutes, true),
      timeZone: null,
      showWithoutTime: true,
    };
  }
  const own = inZone ?? zone();
  const minutes = minutesBetween(momentIn(zone(), start), momentIn(zone(), end));
  return {
    start: localText(between(zone(), own, start)),
    duration: durationOf(Math.max(0, minutes)),
    timeZone: own,
    showWithoutTime: false,
  };
}

function show(event: CalendarEvent): void {
  const { events } = get();
  set({ events: (events ?? []).map((each) => (each.id === event.id ? event : each)) });
}

/** The event as the patch makes it, with its times for the view. */
export function patched(event: CalendarEvent, patch: Patch): CalendarEvent {
  const next = structuredClone(event) as CalendarEvent & Record<string, unknown>;
  for (const [path, value] of Object.entries(patch)) {
    const way = path.split("/");
    let at = next as Record<string, unknown>;
    for (const each of way.slice(0, -1)) {
      at[each] ??= {};
      at = at[each] as Record<string, unknown>;
    }
    const last = way.at(-1) as string;
    if (value === null) delete at[last];
    else at[last] = value;
  }
  if ("start" in patch && !next.showWithoutTime) {
    const from = momentIn(next.timeZone ?? zone(), localOf(next.start));
    next.utcStart = utcText(from);
    next.utcEnd = utcText(new Date(from.getTime() + minutesOf(next.duration) * 60_000));
  }
  return next;
}

/** The members of an event that a patch touches, as they are. */
function reverseOf(event: EventObject, patch: Patch): Patch {
  const tops = new Set(Object.keys(patch).map((each) => each.split("/")[0] as string));
  return Object.fromEntries([...tops].map((each) => [each, event[each] ?? null]));
}

async function update(accountId: string, id: string, patch: Patch): Promise<void> {
  await change([["CalendarEvent/set", { accountId, update: { [id]: patch }, sendSchedulingMessages: true }]]);
}

export async function create(accountId: string, calendarId: string, event: Patch, tell = true): Promise<string> {
  const made = { "@type": "Event", ...event, calendarIds: { [calendarId]: true } };
  const given = { accountId, create: { made }, sendSchedulingMessages: tell };
  const [answer] = await change([["CalendarEvent/set", given]]);
  return answer.created.made.id;
}

/** Puts an event in; Undo takes it out again. */
export async function add(calendar: Calendar, event: Patch): Promise<boolean> {
  try {
    const id = await create(calendar.accountId, calendar.id, event);
    await refresh();
    const undo = () => {
      destroyNow(calendar.accountId, [id]).catch(wrong);
    };
    toast(t("calendar.saved"), { undo });
    return true;
  } catch (error) {
    wrong(error);
    return false;
  }
}

async function destroyNow(accountId: string, destroy: string[]): Promise<void> {
  await change([["CalendarEvent/set", { accountId, destroy, sendSchedulingMessages: true }]]);
  await refresh();
}

/** Changes one event, or one occurrence alone. */
async function changeOne(event: CalendarEvent, patch: Patch, said: string): Promise<boolean> {
  const before = event;
  show(patched(event, patch));
  try {
    await update(event.accountId, event.id, patch);
  } catch (error) {
    show(before);
    wrong(error);
    await refresh();
    return false;
  }
  const reverse = reverseOf(before, patch);
  const undo = () => {
    show(before);
    update(event.accountId, event.id, reverse).then(refresh).catch(wrong);
  };
  toast(said, { undo });
  void refresh();
  return true;
}

/** A patch of an occurrence, as one of the whole series: it goes along as far as the occurrence is moved. */
function ofSeries(base: CalendarEvent, one: CalendarEvent, patch: Patch): Patch {
  const { start, ...rest } = patch as Patch & { start?: string };
  if (start === undefined) return rest;
  const days = localOf(start.slice(0, 10)).getTime() - localOf(one.start.slice(0, 10)).getTime();
  const to = new Date(localOf(base.start.slice(0, 10)).getTime() + days + 12 * 3_600_000);
  const moved = `${dayText(to)}T${start.slice(11)}`;
  const found: Patch = { ...rest, start: moved };
  if (!("recurrenceRules" in rest)) {
    const rules = movedRules(base.recurrenceRules, base.start, moved);
    if (rules) found.recurrenceRules = rules;
  }
  if (moved !== base.start && base.recurrenceOverrides)
    found.recurrenceOverrides = movedKeys(base.recurrenceOverrides, base.start, moved);
  return found;
}

/** The event of an occurrence, and how many occurrences there are before it. */
async function seriesOf(event: CalendarEvent): Promise<CalendarEvent> {
  const base = await wholeOf(event.accountId, event.baseEventId ?? event.id);
  if (!base) throw new Error(t("calendar.gone"));
  return base;
}

const CHUNK = 700 * 86_400_000;

async function passedBefore(base: CalendarEvent, key: string): Promise<number> {
  if (!base.recurrenceRules?.some((each) => each.count)) return 0;
  const timeZone = base.timeZone ?? zone();
  let passed = 0;
  let from = localOf(base.start);
  const end = localOf(key);
  while (from < end) {
    const to = new Date(Math.min(from.getTime() + CHUNK, end.getTime()));
    const filter = { uid: base.uid, after: localText(from), before: localText(to) };
    const given = { accountId: base.accountId, filter, expandRecurrences: true, timeZone };
    const [answer] = await request([["CalendarEvent/query", given]]);
    passed += answer.ids.length;
    from = to;
  }
  return passed;
}

/** From an occurrence on: the series ends before it, and another one begins. */
async function changeFollowing(event: CalendarEvent, patch: Patch): Promise<() => Promise<void>> {
  const base = await seriesOf(event);
  const key = event.recurrenceId ?? base.start;
  if (key === base.start) {
    const whole = ofSeries(base, event, patch);
    await update(base.accountId, base.id, whole);
    return () => update(base.accountId, base.id, reverseOf(base, whole));
  }
  const cut = cutAt(base, key, await passedBefore(base, key));
  const { id: _, baseEventId: _b, uid: _u, utcStart: _s, utcEnd: _e, accountId, isOrigin: _o, ...rest } = base;
  const { calendarIds, created: _c, updated: _up, sequence: _q, isDraft: _d, ...plain } = rest;
  for (const name of ["mayInviteSelf", "mayInviteOthers", "hideAttendees"]) delete plain[name];
  const moved = "start" in patch && patch.start !== key;
  const there = moved ? movedKeys(cut.overrides, key, String(patch.start)) : cut.overrides;
  const overrides = Object.keys(there).length ? there : undefined;
  const rules = moved && !patch.recurrenceRules ? movedRules(cut.rules, key, String(patch.start)) : cut.rules;
  const next: Patch = { ...plain, start: key, recurrenceRules: rules, recurrenceOverrides: overrides };
  for (const [path, value] of Object.entries(patch)) if (!path.includes("/")) next[path] = value;
  for (const [name, value] of Object.entries(next)) if (value === null || value === undefined) delete next[name];
  if (event.showWithoutTime || next.showWithoutTime) next.timeZone = null;
  const calendarId = Object.keys((patch.calendarIds as object | undefined) ?? calendarIds)[0] as string;
  await update(accountId, base.id, cut.patch);
  let made = "";
  try {
    made = await create(accountId, calendarId, next);
  } catch (error) {
    await update(accountId, base.id, reverseOf(base, cut.patch));
    throw error;
  }
  return async () => {
    await change([["CalendarEvent/set", { accountId, destroy: [made], sendSchedulingMessages: true }]]);
    await update(accountId, base.id, reverseOf(base, cut.patch));
  };
}

/** Changes an event, or of a series what is meant. */
export async function alter(event: CalendarEvent, patch: Patch, scope: Scope = "one"): Promise<boolean> {
  const said = t("calendar.changed");
  if (!event.baseEventId || scope === "one") {
    const { recurrenceRules: _, ...alone } = patch;
    return changeOne(event, event.baseEventId ? alone : patch, said);
  }
  show(patched(event, patch));
  try {
    let undo: () => Promise<void>;
    if (scope === "following") undo = await changeFollowing(event, patch);
    else {
      const base = await seriesOf(event);
      const whole = ofSeries(base, event, patch);
      await update(base.accountId, base.id, whole);
      undo = () => update(base.accountId, base.id, reverseOf(base, whole));
    }
    toast(said, { undo: () => void undo().then(refresh).catch(wrong) });
    return true;
  } catch (error) {
    wrong(error);
    return false;
  } finally {
    await refresh();
  }
}

/** Moves an event to another time of the view. */
export async function reschedule(each: Shown, start: Date, end: Date, allDay: boolean, scope: Scope): Promise<boolean> {
  const patch: Patch = { ...timesOf(start, end, allDay, each.allDay ? null : (each.event.timeZone ?? null)) };
  if (allDay === each.allDay) {
    delete patch.showWithoutTime;
    delete patch.timeZone;
  }
  return alter(each.event, patch, scope);
}

/** How a series ends before an occurrence: in one request, for the page may go away meanwhile. */
async function cutLater(event: CalendarEvent): Promise<() => Promise<void>> {
  const base = await seriesOf(event);
  const key = event.recurrenceId ?? base.start;
  if (key === base.start) return () => destroyNow(event.accountId, [base.id]);
  return () => update(event.accountId, base.id, cutAt(base, key, 0).patch);
}

/** Deletes after some seconds in which it can be taken back: nobody is told before. */
export async function remove(event: CalendarEvent, scope: Scope = "one"): Promise<void> {
  const { accountId } = event;
  const gone = event.baseEventId && scope !== "one" ? event.baseEventId : event.id;
  const hide = new Set(get().hidden).add(gone);
  const following = Boolean(event.baseEventId) && scope === "following";
  if (following) {
    for (const each of get().events ?? [])
      if (each.baseEventId === event.baseEventId && (each.recurrenceId ?? "") >= (event.recurrenceId ?? ""))
        hide.add(each.id);
    hide.delete(gone);
  }
  set({ hidden: hide });
  const back = () => {
    const hidden = new Set(get().hidden);
    for (const id of hide) hidden.delete(id);
    set({ hidden });
  };
  const act = await (following ? cutLater(event) : Promise.resolve(() => destroyNow(accountId, [gone]))).catch(wrong);
  if (!act) return back();
  const keep = later(DELETED_AFTER, () => act().catch(wrong).then(refresh).finally(back));
  const undo = () => {
    keep();
    back();
  };
  const tells = guests(event).length > 0 && !invited(event);
  toast(t(tells ? "calendar.deletedMeeting" : "calendar.deleted"), { undo, seconds: DELETED_AFTER });
}

/** Says whether one comes; the organizer is told. */
export async function answer(event: CalendarEvent, status: Status, scope: Scope = "one"): Promise<boolean> {
  const found = myself(event);
  if (!found) return false;
  const id = event.baseEventId && scope === "all" ? event.baseEventId : event.id;
  const patch = {
    [`participants/${found[0]}/participationStatus`]: status,
    [`participants/${found[0]}/expectReply`]: false,
  };
  show(patched(event, patch));
  try {
    await update(event.accountId, id, patch);
    toast(t(`calendar.answered.${status}`));
    return true;
  } catch (error) {
    wrong(error);
    return false;
  } finally {
    await refresh();
  }
}

/** Does what is meant with an event; of a series somebody is asked which first. */
export function scoped(
  event: CalendarEvent,
  act: (scope: Scope) => void,
  scopes: Scope[] = ["one", "following", "all"],
): void {
  if (event.baseEventId) set({ asked: { scopes, act } });
  else act("one");
}
