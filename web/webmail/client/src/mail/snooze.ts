/** What waits until a moment, and what is kept on top. Decision 309. */
import {
  addDays,
  addHours,
  isSameDay,
  isSaturday,
  nextMonday,
  nextSaturday,
  startOfHour,
  set as timed,
} from "date-fns";
import { t } from "i18next";
import type { Email } from "../jmap/types";
import { get, set, toast, withRole } from "../store";
import { apply, mark, roleFor } from "./act";
import { fromTo, moving, shownIn } from "./places";
import { long } from "./when";

const MORNING = { hours: 8, minutes: 0, seconds: 0, milliseconds: 0 };
const EVENING = { ...MORNING, hours: 18 };

export interface Proposal {
  /** Of its words. */
  key: "later" | "evening" | "tomorrow" | "weekend" | "week";
  moment: Date;
}

/** The moments that one is likely to want. */
export function proposals(now: Date): Proposal[] {
  const evening = timed(now, EVENING);
  const all: Proposal[] = [
    { key: "later", moment: startOfHour(addHours(now, 3)) },
    { key: "evening", moment: evening },
    { key: "tomorrow", moment: timed(addDays(now, 1), MORNING) },
    { key: "weekend", moment: timed(nextSaturday(now), MORNING) },
    { key: "week", moment: timed(nextMonday(now), MORNING) },
  ];
  return all.filter(({ key, moment }) => {
    if (key === "later") return isSameDay(moment, now);
    if (key === "evening") return evening.getTime() - now.getTime() > 3 * 3600_000;
    return key !== "weekend" || !isSaturday(addDays(now, 1));
  });
}

/** Whether these can wait: they are all in one's own account. */
export function maySnooze(ids: string[]): boolean {
  const own = get().accounts.find((each) => each.own)?.id;
  return ids.length > 0 && ids.every((id) => get().emails[id]?.accountId === own);
}

/** Asks until when they wait; where they cannot, says why. */
export function askSnooze(ids: string[]): void {
  if (maySnooze(ids)) set({ asking: { what: "snooze", ids } });
  else if (ids.length) toast(t("snooze.notHere"));
}

/** They leave where they are, and come back there at that moment. */
export async function snooze(ids: string[], until: string): Promise<void> {
  const accountId = get().accounts.find((each) => each.own)?.id ?? "";
  try {
    const at = await roleFor(accountId, "snoozed", "Snoozed");
    if (!at) return;
    const said = t("snooze.done", { count: ids.length, when: long(until) });
    const patch = (each: Email) => ({
      ...moving(each, at.id),
      snoozed: {
        until,
        moveToMailboxId: each.mailboxIds[at.id] ? (each.snoozed?.moveToMailboxId ?? null) : shownIn(each) || null,
      },
    });
    await apply(ids, patch, said);
  } catch (error) {
    toast((error as Error).message, { error: true });
  }
}

/** Whether they all wait. */
export function allWait(ids: string[]): boolean {
  const { emails } = get();
  return ids.every((id) => {
    const at = withRole(emails[id]?.accountId ?? null, "snoozed");
    return at !== undefined && emails[id]?.mailboxIds[at.id] === true;
  });
}

/** Those that wait come back now. */
export async function bringBack(ids: string[]): Promise<void> {
  const own = get().accounts.find((each) => each.own)?.id ?? null;
  const [inbox, at] = [withRole(own, "inbox"), withRole(own, "snoozed")];
  if (!inbox || !at) return;
  const back = (each: Email) => ({ ...fromTo(at.id, each.snoozed?.moveToMailboxId ?? inbox.id), snoozed: null });
  await apply(ids, back, t("snooze.back", { count: ids.length }));
}

/** Keeps them on top of their list, or does no longer. */
export function togglePin(ids: string[]): Promise<void> {
  const plain = ids.some((id) => !get().emails[id]?.keywords.$pinned);
  return mark(ids, "$pinned", plain);
}
