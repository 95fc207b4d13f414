/** When people and rooms are busy, as the server tells it of those of one's own domain. */
import { addDays, startOfDay } from "date-fns";
import { type Answer, type Call, each as eachOf } from "../jmap/client";
import { Refused } from "../jmap/errors";
import { type Principal, principalsLike } from "../jmap/principals";
import { get as app } from "../store";
import type { Taken } from "./layout";
import { zone } from "./store";
import { momentIn, shownIn, utcText } from "./time";
import type { Busy } from "./types";

const CALENDARS = "urn:ietf:params:jmap:calendars";
const AHEAD = 22;
const MOST = 6;
const MOST_ROOMS = 50;

/** A time as clocks of the view show it. */
export interface BusyTime extends Taken {
  status: Busy["busyStatus"];
}

function own(): string {
  return app().accounts.find((each) => each.own)?.id ?? "";
}

export function rooms(): Promise<Principal[]> {
  return principalsLike({ type: "resource" }, MOST_ROOMS);
}

const known = new Map<string, Promise<Principal | null>>();

function principalOf(address: string): Promise<Principal | null> {
  const there = known.get(address);
  if (there) return there;
  const asked = principalsLike({ email: address }, MOST).then(
    (all) => all.find((each) => each.email?.toLowerCase() === address) ?? null,
  );
  known.set(address, asked);
  asked.catch(() => known.delete(address));
  return asked;
}

/** When each is busy in three weeks from a day on; null: nobody here knows. */
export async function busyOf(addresses: string[], from: Date): Promise<Record<string, BusyTime[] | null>> {
  const people = await Promise.all(addresses.map(principalOf));
  const accountId = own();
  const start = momentIn(zone(), startOfDay(from));
  const range = { utcStart: utcText(start), utcEnd: utcText(momentIn(zone(), addDays(startOfDay(from), AHEAD))) };
  const asked = people.filter((each) => each?.capabilities?.[CALENDARS]?.mayGetAvailability);
  const calls = asked.map((each) => ["Principal/getAvailability", { accountId, id: each?.id, ...range }] as Call);
  const answers: Answer[] = [];
  for (let at = 0; at < calls.length; at += 30) answers.push(...(await eachOf(calls.slice(at, at + 30))));
  const found: Record<string, BusyTime[] | null> = {};
  addresses.forEach((address, at) => {
    const index = asked.indexOf(people[at] as Principal);
    const answer = people[at] && index >= 0 ? answers[index] : undefined;
    // Who may not ask is told no more than of somebody elsewhere.
    found[address] = answer && !(answer instanceof Refused) ? answer.list.map(shownBusy) : null;
  });
  return found;
}

function shownBusy({ utcStart, utcEnd, busyStatus }: Busy): BusyTime {
  const at = (moment: string) => shownIn(zone(), new Date(moment)).getTime();
  return { from: at(utcStart), to: at(utcEnd), status: busyStatus };
}
