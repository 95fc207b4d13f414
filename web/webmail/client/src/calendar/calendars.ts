/** What people do with calendars. */
import { change } from "../jmap/client";
import { type Patch, wrong } from "./act";
import { loadCalendars, refresh } from "./load";
import { get, set } from "./store";
import type { Calendar } from "./types";

export async function changeCalendar(calendar: Calendar, patch: Patch): Promise<void> {
  const { calendars } = get();
  set({ calendars: calendars.map((each) => (each.id === calendar.id ? { ...each, ...patch } : each)) });
  try {
    await change([["Calendar/set", { accountId: calendar.accountId, update: { [calendar.id]: patch } }]]);
  } catch (error) {
    set({ calendars });
    wrong(error);
  }
}

export async function createCalendar(accountId: string, name: string, color: string): Promise<void> {
  await change([["Calendar/set", { accountId, create: { made: { name, color } } }]]);
  await loadCalendars();
  await refresh();
}

export async function deleteCalendar(calendar: Calendar): Promise<void> {
  const given = { accountId: calendar.accountId, destroy: [calendar.id], onDestroyRemoveEvents: true };
  await change([["Calendar/set", given]]);
  await loadCalendars();
  await refresh();
}
