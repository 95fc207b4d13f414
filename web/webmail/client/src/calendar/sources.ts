/** Calendars that are filled from elsewhere: where from, and what people do with them. */
import { type TFunction, t } from "i18next";
import { change, request } from "../jmap/client";
import { type Fetched, refused, troubleOf } from "../jmap/errors";
import { short } from "../mail/when";
import { folderName } from "../names";
import { get as app, toast } from "../store";
import { wrong } from "./act";
import { loadCalendars, refresh } from "./load";
import { get, set } from "./store";
import type { Calendar } from "./types";

export interface Source extends Fetched {
  id: string;
  url: string;
  /** Between two fetches; null: as the calendar says itself. */
  minutes: number | null;
  keepAlarms: boolean;
  isEnabled: boolean;
  isFetching: boolean;
  lastFetched: string | null;
  nextFetch: string | null;
  failures: number;
  leftOut: string | null;
}

/** What is chosen of one in a dialog. */
export type Wish = Partial<Pick<Source, "url" | "minutes" | "keepAlarms" | "isEnabled">>;

const LOOK_AGAIN = 1500;
const UNDO_SECONDS = 12;

export function ownAccount(): string {
  return app().accounts.find((each) => each.own)?.id ?? "";
}

const ASKED = "subscribe";

/** The calendar that a link elsewhere is about, `/mail/calendar?subscribe=webcal://...`; told once. */
export function linkedTo(): string | null {
  const url = new URLSearchParams(location.search).get(ASKED);
  if (url !== null) history.replaceState(null, "", location.pathname);
  return url;
}

/** Asks the browser to open links of calendars here; undefined where it has no such way. */
export const openLinks =
  "registerProtocolHandler" in navigator
    ? () => navigator.registerProtocolHandler("webcal", `${location.origin}/mail/calendar?${ASKED}=%s`)
    : undefined;

export async function loadSources(): Promise<void> {
  const [answer] = await request([["CalendarSource/get", { accountId: ownAccount() }]]);
  const before = get().sources;
  const sources = answer.list as Source[];
  set({ sources });
  const ended = before.some((old) => old.isFetching && !sources.find((each) => each.id === old.id)?.isFetching);
  if (ended) await loadCalendars().then(refresh);
}

/** Looks how those go that are being fetched, until what is given back is called. */
export function watchFetching(): () => void {
  const timer = setInterval(() => void loadSources().catch(() => undefined), LOOK_AGAIN);
  return () => clearInterval(timer);
}

async function again(): Promise<void> {
  await loadCalendars();
  await loadSources();
  await refresh();
}

export async function subscribe(wish: Wish & { name?: string; color?: string }): Promise<void> {
  await change([["CalendarSource/set", { accountId: ownAccount(), create: { made: wish } }]]);
  await again();
}

export async function changeSource(source: Source, wish: Wish): Promise<void> {
  await change([["CalendarSource/set", { accountId: ownAccount(), update: { [source.id]: wish } }]]);
  await again();
}

export async function fetchNow(source: Source): Promise<void> {
  const accountId = ownAccount();
  const [answer] = await request([["CalendarSource/fetch", { accountId, ids: [source.id] }]]);
  const refusal = answer.notFetching?.[source.id];
  if (refusal) throw refused(refusal);
  const inSeconds = (Date.parse(answer.fetching[source.id]) - Date.now()) / 1000;
  toast(inSeconds > 5 ? t("calendar.subscribed.soon") : t("calendar.subscribed.asked"));
  setTimeout(() => void loadSources().catch(() => undefined), LOOK_AGAIN);
}

/** Taken away with what is in it here, which comes again when that is taken back. */
export async function unsubscribe(calendar: Calendar, source: Source): Promise<void> {
  const accountId = ownAccount();
  await change([["CalendarSource/set", { accountId, destroy: [source.id] }]]);
  toast(t("calendar.subscribed.gone", { name: folderName(calendar) }), {
    seconds: UNDO_SECONDS,
    undo: () => void resubscribe(calendar, source).catch(wrong),
  });
  await again();
}

async function resubscribe(calendar: Calendar, source: Source): Promise<void> {
  const accountId = ownAccount();
  const { url, minutes, keepAlarms, isEnabled } = source;
  const { name, color, includeInAvailability, shareWith } = calendar;
  const made = { url, minutes, keepAlarms, isEnabled, name, includeInAvailability, ...(color ? { color } : {}) };
  const [answer] = await change([["CalendarSource/set", { accountId, create: { made } }]]);
  if (shareWith && Object.keys(shareWith).length) {
    await change([["Calendar/set", { accountId, update: { [answer.created.made.id]: { shareWith } } }]]);
  }
  await again();
}

/** How fetching goes, in words. */
export function saidOf(t: TFunction, source: Source): string {
  if (source.isFetching) return t("calendar.subscribed.fetching");
  const last = source.lastFetched
    ? t("calendar.subscribed.last", { when: short(source.lastFetched) })
    : t("calendar.subscribed.never");
  if (!source.error) return last;
  const after = source.isEnabled ? "" : ` ${t("calendar.subscribed.off")}`;
  return `${t("calendar.subscribed.failed", { why: troubleOf(source) })} ${last}.${after}`;
}
