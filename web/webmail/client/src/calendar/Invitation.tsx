import { CalendarCheck2, CalendarDays, CalendarX2 } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { request } from "../jmap/client";
import { get as app } from "../store";
import { answer, create, wrong } from "./act";
import "./invitation.css";
import {
  addressOf,
  guests,
  mine,
  momentsOf,
  myStatus,
  myself,
  nameOf,
  organizer,
  placeNamed,
  shownOf,
  shownTimes,
  whenText,
} from "./events";
import { eventsBetween, loadCalendars, ofAccount } from "./load";
import { loadProposals } from "./meetings";
import { Answers, History } from "./Peek";
import { Proposals } from "./Proposals";
import { get, useCalendar, visit } from "./store";
import { localText } from "./time";
import type { CalendarEvent, Status } from "./types";

const ProposeDialog = lazy(() => import("./ProposeDialog"));

const MOST_CONFLICTS = 3;

interface Found {
  /** What the message says, with its method. */
  said: CalendarEvent;
  method: string;
  /** As it is in one's own calendar. */
  stored: CalendarEvent | null;
  /** What else there is at that time. */
  conflicts: string[];
}

function ownAccount(): string {
  return app().accounts.find((each) => each.own)?.id ?? "";
}

/** When an event takes place that is in no calendar yet. */
function placed(event: CalendarEvent, accountId: string): CalendarEvent {
  return { ...event, accountId, ...momentsOf(event), calendarIds: event.calendarIds ?? {} };
}

async function stored(uid: string): Promise<CalendarEvent | null> {
  const accountId = ownAccount();
  const ids = { resultOf: "q", name: "CalendarEvent/query", path: "/ids" };
  const [, got] = await request([
    ["CalendarEvent/query", { accountId, filter: { uid } }, "q"],
    ["CalendarEvent/get", { accountId, "#ids": ids }, "g"],
  ]);
  const found = ofAccount(accountId, got.list)[0];
  return found ? placed(found, accountId) : null;
}

async function conflictsOf(event: CalendarEvent): Promise<string[]> {
  const { start, end, allDay } = shownTimes(event);
  if (allDay) return [];
  const events = await eventsBetween(localText(start), localText(end));
  return shownOf({ ...get(), events })
    .filter((each) => each.event.uid !== event.uid && !each.allDay && each.event.freeBusyStatus !== "free")
    .map((each) => each.event.title ?? "")
    .filter(Boolean)
    .slice(0, MOST_CONFLICTS);
}

async function look(accountId: string, blobId: string): Promise<Found | null> {
  const [answer_] = await request([["CalendarEvent/parse", { accountId, blobIds: [blobId] }]]);
  const event = answer_.parsed?.[blobId]?.find((each: CalendarEvent) => each.start);
  if (!event) return null;
  if (!get().calendars.length) await loadCalendars();
  const said = placed(event, ownAccount());
  const there = said.uid ? await stored(said.uid) : null;
  const method = String(event.method ?? "");
  if (method === "counter") await loadProposals();
  const asks = method === "request" && !mine().has(addressOf(organizer(said) ?? {}));
  return { said, method, stored: there, conflicts: asks ? await conflictsOf(there ?? said) : [] };
}

/** Puts what a message says into one's own calendar; nobody is told. */
async function keep(said: CalendarEvent): Promise<CalendarEvent | null> {
  const { method: _, utcStart: _s, utcEnd: _e, accountId, calendarIds: _c, ...event } = said;
  const calendar = get().calendars.find((each) => each.accountId === accountId && each.isDefault);
  if (!calendar) return null;
  await create(accountId, calendar.id, event, false);
  return stored(String(said.uid));
}

const KINDS: Record<string, string> = {
  request: "invitation",
  cancel: "cancel",
  reply: "reply",
  counter: "proposal",
};

/** What a message says about an event, with the answer to it. */
export default function Invitation({ accountId, blobId }: { accountId: string; blobId: string }) {
  const { t } = useTranslation();
  const [found, setFound] = useState<Found | null>(null);
  const [busy, setBusy] = useState(false);
  const [proposing, propose] = useState<CalendarEvent | null>(null);
  const proposals = useCalendar((state) => state.proposals);
  const load = useCallback(() => look(accountId, blobId).then(setFound, () => setFound(null)), [accountId, blobId]);
  useEffect(() => void load(), [load]);
  if (!found) return null;
  const { said, method, conflicts } = found;
  const event = found.stored ?? said;
  const owner = organizer(said);
  const own = Boolean(owner && mine().has(addressOf(owner)));
  const asked = method === "request" && !own && myself(said);
  const Icon = method === "cancel" ? CalendarX2 : found.stored ? CalendarCheck2 : CalendarDays;
  const times = shownTimes(method === "counter" ? said : event);

  async function act(what: () => Promise<unknown>) {
    setBusy(true);
    try {
      await what();
      await load();
    } catch (error) {
      wrong(error);
    } finally {
      setBusy(false);
    }
  }
  const say = (status: Status) =>
    act(async () => {
      const kept = found?.stored ?? (await keep(said));
      if (kept) await answer(kept, status);
    });

  const instead = () =>
    act(async () => {
      propose(found?.stored ?? (await keep(said)));
    });

  return (
    <section className="invitation" aria-label={t(`calendar.${KINDS[method] ?? "event"}`)} aria-busy={busy}>
      <Icon aria-hidden="true" />
      <div>
        <small>{t(`calendar.${KINDS[method] ?? "event"}`)}</small>
        <strong>{said.title || t("calendar.noTitle")}</strong>
        <p>{whenText(times, t)}</p>
        {placeNamed(said) && <p>{placeNamed(said)}</p>}
        {method === "reply" &&
          guests(said).map(([id, person]) => (
            <p key={id}>
              {t("calendar.repliedWith", {
                name: nameOf(person),
                status: t(`calendar.status.${person.participationStatus ?? "needs-action"}`),
              })}
            </p>
          ))}
        {asked && owner && <p className="quiet">{t("calendar.answersGoTo", { name: nameOf(owner) })}</p>}
        {conflicts.length > 0 && <p className="clash">{t("calendar.conflicts", { titles: conflicts.join(", ") })}</p>}
        {method === "counter" && <Proposals all={proposals.filter((each) => each.uid === said.uid)} />}
        <footer>
          {asked && (
            <Answers
              status={found.stored ? myStatus(found.stored) : null}
              onAnswer={(to) => void say(to)}
              onPropose={() => void instead()}
            />
          )}
          {!asked && !found.stored && !["cancel", "reply", "counter"].includes(method) && (
            <button type="button" className="main" disabled={busy} onClick={() => void act(() => keep(said))}>
              {t("calendar.addToCalendar")}
            </button>
          )}
          {found.stored && (
            <button
              type="button"
              className="text"
              onClick={() => visit({ view: "day", date: shownTimes(event).start })}
            >
              {t("calendar.openIt")}
            </button>
          )}
        </footer>
        {said.uid && (asked || ["cancel", "reply", "counter"].includes(method)) && (
          <History accountId={ownAccount()} named={{ uid: said.uid }} at={String(event.updated ?? "")} />
        )}
        <Suspense>
          {proposing && <ProposeDialog event={proposing} {...shownTimes(proposing)} onClose={() => propose(null)} />}
        </Suspense>
      </div>
    </section>
  );
}
