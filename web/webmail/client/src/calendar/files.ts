/** Calendars as files: out to the device, and in from it; the server reads and writes them as they are. */
import { request, upload } from "../jmap/client";
import { save } from "../jmap/save";
import type { Imported } from "../shell/ImportForm";
import { refresh } from "./load";
import type { Calendar } from "./types";

export type Existing = "skip" | "replace";

export async function exportCalendar({ accountId, id, name }: Calendar): Promise<void> {
  const [answer] = await request([["CalendarEvent/export", { accountId, calendarId: id }]]);
  save(answer.iCalendar, "text/calendar;charset=utf-8", `${name}.ics`);
}

export async function importFile({ accountId, id }: Calendar, file: File, existing: Existing): Promise<Imported> {
  const { blobId } = await upload(accountId, file);
  const [answer] = await request([["CalendarEvent/import", { accountId, calendarId: id, blobId, existing }]]);
  await refresh();
  const { created: made, updated: changed, skipped, refused: failed } = answer;
  return { made, changed, skipped, failed };
}
