/** What happened to meetings, and other times that are proposed for them: the server's `urn:postroom:jmap:meetings`. */
import { format } from "date-fns";
import { t } from "i18next";
import { change, request } from "../jmap/client";
import type { Refused } from "../jmap/errors";
import { whenChanged } from "../mail/load";
import { get as app, toast } from "../store";
import { wrong } from "./act";
import { refresh } from "./load";
import { now, set, visit, zone } from "./store";
import { localOf, shownIn } from "./time";
import type { EventObject } from "./types";

/** One line of the history of an event. */
export interface Happening {
  what: string;
  text: string;
  at: string;
  /** An address. */
  by: string;
  client: string;
}

/** Another time that somebody proposes for one's own meeting. */
export interface Proposal {
  id: string;
  uid: string;
  eventId: string | null;
  title: string;
  by: string;
  comment: string;
  start: string | null;
  duration: string | null;
  timeZone: string | null;
  showWithoutTime: boolean;
  recurrenceId: string | null;
  place: string | null;
}

/** Where an event is, or in one's own account its UID. */
export type Named = { id: string } | { uid: string };

function own(): string {
  return app().accounts.find((each) => each.own)?.id ?? "";
}

export async function timelineOf(accountId: string, named: Named): Promise<Happening[]> {
  const [answer] = await request([["CalendarEvent/timeline", { accountId, ...named }]]);
  return answer.list;
}

const MESSAGE = /^([A-Z]+) to ([^:]+?)(?:: (.+))?$/;
const METHODS = ["REQUEST", "CANCEL", "ADD", "REPLY", "REFRESH", "COUNTER", "DECLINECOUNTER"];

const PROPOSED = / proposes another time(?: at (\d{8}(?:T\d{6}Z?)?))?(?:: ([\s\S]*))?$/;

/** A time of iCalendar, as a clock of the view shows it; one without a zone as it stands. */
function proposedFor(value: string): string {
  const [, year, month, day, , hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(T(\d\d)(\d\d)(\d\d))?/.exec(value) ?? [];
  const text = `${year}-${month}-${day}T${hour ?? "00"}:${minute ?? "00"}:${second ?? "00"}`;
  const shown = value.endsWith("Z") ? shownIn(zone(), new Date(`${text}Z`)) : localOf(text);
  return format(shown, hour ? "PP p" : "PP");
}

/** A line in words: what happened, and what there is to say of it beside that. */
export function inWords({ what, text }: Pick<Happening, "what" | "text">): { said: string; more: string } {
  const sent = MESSAGE.exec(text);
  if (what === "sent" && sent && METHODS.includes(sent[1] as string))
    return { said: t(`calendar.history.sent.${sent[1]}`, { to: sent[2] }), more: sent[3] ?? "" };
  if (what === "not sent" && sent) return { said: t("calendar.history.notSent", { to: sent[2] }), more: sent[3] ?? "" };
  const proposed = what === "counter" ? PROPOSED.exec(text) : null;
  if (proposed) {
    const more = [proposed[1] && proposedFor(proposed[1]), proposed[2]].filter(Boolean).join(" · ");
    return { said: t("calendar.history.counter"), more };
  }
  const known = t(`calendar.history.${what}`, { defaultValue: "" });
  return known ? { said: known, more: text } : { said: what, more: text };
}

/** Asks the organizer for another time; nothing changes until that one agrees. */
export async function propose(id: string, times: Partial<EventObject>, comment: string): Promise<boolean> {
  const { start, duration, timeZone } = times;
  try {
    await change([["CalendarEvent/propose", { accountId: own(), id, start, duration, timeZone, comment }]]);
    toast(t("calendar.proposed"));
    return true;
  } catch (error) {
    wrong(error);
    return false;
  }
}

/** Those that wait for oneself. */
export async function loadProposals(): Promise<Proposal[]> {
  const [answer] = await request([["MeetingProposal/get", { accountId: own() }]]);
  set({ proposals: answer.list });
  return answer.list;
}

export async function answerProposal(one: Proposal, accept: boolean, comment = ""): Promise<void> {
  try {
    await change([["MeetingProposal/answer", { accountId: own(), id: one.id, accept, comment }]]);
    toast(t(accept ? "calendar.proposalTaken" : "calendar.proposalDeclined", { title: one.title }));
  } catch (error) {
    if ((error as Refused).kind !== "notFound") wrong(error);
  }
  await Promise.all([loadProposals(), refresh()]).catch(wrong);
}

const SAID_SECONDS = 60;
let begun = false;

function say(one: Proposal): void {
  const date = one.start ? localOf(one.start) : now();
  const action = { label: t("calendar.open"), act: () => visit({ view: "day", date }) };
  toast(t("calendar.proposedToYou", { name: one.by, title: one.title }), { seconds: SAID_SECONDS, action });
}

/** Keeps what is known of them as it is, from now on, and says which have come. */
export function followProposals(): void {
  if (begun) return;
  begun = true;
  let known: Set<string> | null = null;
  const load = async () => {
    if (!app().me || app().signedOut) return;
    const all = await loadProposals();
    const before = known;
    if (before) for (const each of all) if (!before.has(each.id)) say(each);
    known = new Set(all.map((each) => each.id));
  };
  const soon = () => void load().catch(() => undefined);
  whenChanged((told) => {
    if (Object.values(told).some((each) => each.MeetingProposal)) soon();
  });
  soon();
}
