/** Calendars as files: out to the device, and in from it; the server reads and writes them as they are. */
import { request, upload } from "../jmap/client";
import { save } from "../jmap/save";
import { folderName } from "../names";
import type { Imported } from "../shell/ImportForm";
import { refresh } from "./load";
import type { Calendar } from "./types";

export type Existing = "skip" | "replace";

export async function exportCalendar(calendar: Calendar): Promise<void> {
  const given = { accountId: calendar.accountId, calendarId: calendar.id };
  const [answer] = await request([["CalendarEvent/export", given]]);
  save(answer.iCalendar, "text/calendar;charset=utf-8", `${folderName(calendar)}.ics`);
}

export async function importFile({ accountId, id }: Calendar, file: File, existing: Existing): Promise<Imported> {
  const { blobId } = await upload(accountId, file);
  const [answer] = await request([["CalendarEvent/import", { accountId, calendarId: id, blobId, existing }]]);
  await refresh();
  const { created: made, updated: changed, skipped, refused: failed } = answer;
  return { made, changed, skipped, failed };
}
