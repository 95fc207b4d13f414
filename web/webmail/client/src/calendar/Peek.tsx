import {
  AlignLeft,
  Bell,
  Calendar as CalendarIcon,
  Clock,
  Lock,
  MapPin,
  Pencil,
  Repeat,
  Trash2,
  Video,
} from "lucide-react";
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { folderName } from "../names";
import { Dialog } from "../shell/Dialog";
import { useApp } from "../store";
import { OwnAlerts } from "./AlertFields";
import { answer, remove, scoped, wrong } from "./act";
import { alertsOf, inWords } from "./alerts";
import { beginChange } from "./begin";
import {
  addressOf,
  colourOf,
  guests,
  isRoom,
  mayChange,
  mayRemind,
  mine,
  myStatus,
  nameOf,
  organizer,
  placeNamed,
  recurs,
  webPlace,
  whenText,
} from "./events";
import { StatusSign } from "./Guests";
import { wholeOf } from "./load";
import type { Named } from "./meetings";
import { Proposals } from "./Proposals";
import { type Shown, set, useCalendar } from "./store";
import type { CalendarEvent, Status } from "./types";

const ProposeDialog = lazy(() => import("./ProposeDialog"));
const Timeline = lazy(() => import("./Timeline"));

/** An event, to read; and what can be done with it. */
export function Peek({ each }: { each: Shown }) {
  const { t } = useTranslation();
  const calendars = useCalendar((state) => state.calendars);
  const proposals = useCalendar((state) => state.proposals);
  const own = useApp((state) => state.accounts.find((one) => one.own)?.id);
  const [whole, setWhole] = useState<CalendarEvent | null>(null);
  const [proposing, propose] = useState(false);
  const { event, calendar } = each;
  const close = () => set({ open: null });
  useEffect(() => {
    wholeOf(event.accountId, event.id).then((found) => {
      if (found) setWhole({ ...found, utcStart: event.utcStart, utcEnd: event.utcEnd });
    }, wrong);
  }, [event]);
  const shown = whole ?? event;
  const status = myStatus(shown);
  const may = mayChange(event, calendar);
  const remind = whole && !may && mayRemind(event, calendar);
  return (
    <Dialog title={event.title || t("calendar.noTitle")} onClose={close}>
      <div className="peek">
        {event.status === "cancelled" && <p className="notice">{t("calendar.cancelled")}</p>}
        <Facts each={each} shown={shown} colour={event.color ?? colourOf(calendar, calendars)} reminders={!remind} />
        <Guests event={shown} />
        {event.accountId === own && <Proposals all={proposals.filter((one) => one.uid === event.uid)} />}
        {status && (
          <Answers
            status={status}
            onAnswer={(to) => scoped(event, (scope) => void answer(shown, to, scope), ["one", "all"])}
            onPropose={event.accountId === own && whole ? () => propose(true) : undefined}
          />
        )}
        {remind && <OwnAlerts event={whole} />}
        {guests(shown).length > 0 && (
          <History accountId={event.accountId} named={{ id: event.id }} at={String(shown.updated ?? "")} />
        )}
        <Suspense>
          {proposing && (
            <ProposeDialog
              event={shown}
              start={each.start}
              end={each.end}
              allDay={each.allDay}
              onClose={() => propose(false)}
            />
          )}
        </Suspense>
        <footer>
          <button
            type="button"
            className="danger"
            disabled={!calendar.myRights.mayWriteAll && !may}
            onClick={() => {
              close();
              scoped(event, (scope) => void remove(event, scope));
            }}
          >
            <Trash2 />
            {t("calendar.delete")}
          </button>
          <span className="grow" />
          {may && (
            <button
              type="button"
              className="main"
              disabled={!whole}
              onClick={() => beginChange({ ...each, event: shown })}
            >
              <Pencil />
              {t("calendar.edit")}
            </button>
          )}
        </footer>
      </div>
    </Dialog>
  );
}

/** What happened to it, for who wants to know. */
export function History({ accountId, named, at }: { accountId: string; named: Named; at?: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <details className="history" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{t("calendar.history.title")}</summary>
      <Suspense>{open && <Timeline accountId={accountId} named={named} at={at} />}</Suspense>
    </details>
  );
}

function Fact({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <li>
      {icon}
      <span>{children}</span>
    </li>
  );
}

interface FactsProps {
  each: Shown;
  shown: CalendarEvent;
  colour: string;
  /** Whether they are said here: they have no fields of their own. */
  reminders: boolean;
}

function Facts({ each, shown, colour, reminders }: FactsProps) {
  const { t } = useTranslation();
  const place = placeNamed(shown);
  const web = webPlace(shown);
  const calendars = useCalendar((state) => state.calendars);
  const alerts = inWords(t, alertsOf(shown, calendars), each.allDay);
  return (
    <ul className="facts">
      <Fact icon={<Clock aria-hidden="true" />}>{whenText(each, t)}</Fact>
      {recurs(shown) && <Fact icon={<Repeat aria-hidden="true" />}>{t("calendar.series")}</Fact>}
      {place && <Fact icon={<MapPin aria-hidden="true" />}>{place}</Fact>}
      {web && (
        <Fact icon={<Video aria-hidden="true" />}>
          <a href={web} target="_blank" rel="noopener noreferrer">
            {web}
          </a>
        </Fact>
      )}
      {reminders && alerts && <Fact icon={<Bell aria-hidden="true" />}>{alerts}</Fact>}
      <Fact icon={<CalendarIcon aria-hidden="true" style={{ color: colour }} />}>{folderName(each.calendar)}</Fact>
      {shown.privacy && shown.privacy !== "public" && (
        <Fact icon={<Lock aria-hidden="true" />}>{t(`calendar.${shown.privacy}`)}</Fact>
      )}
      {shown.description && (
        <Fact icon={<AlignLeft aria-hidden="true" />}>
          <span className="description">{shown.description}</span>
        </Fact>
      )}
    </ul>
  );
}

/** Who was asked, and what each has answered. */
export function Guests({ event }: { event: CalendarEvent }) {
  const { t } = useTranslation();
  const all = guests(event);
  const owner = organizer(event);
  if (!all.length) return null;
  const count = (status: string) =>
    all.filter(([, each]) => (each.participationStatus ?? "needs-action") === status).length;
  const counts = ["accepted", "tentative", "declined", "needs-action"].filter((each) => count(each));
  return (
    <section className="who-comes" aria-label={t("calendar.guests")}>
      <h3>
        {t("calendar.guests")}{" "}
        <small>{counts.map((each) => `${count(each)} ${t(`calendar.status.${each}`)}`).join(", ")}</small>
      </h3>
      <ul>
        {owner && !all.some(([, each]) => each === owner) && (
          <li>
            <StatusSign status="accepted" />
            {mine().has(addressOf(owner)) ? t("calendar.you") : nameOf(owner)} <small>{t("calendar.organizer")}</small>
          </li>
        )}
        {all.map(([id, each]) => (
          <li key={id}>
            <StatusSign status={each.participationStatus} />
            {mine().has(addressOf(each)) ? t("calendar.you") : nameOf(each)}
            <small>
              {[
                each.roles?.owner && t("calendar.organizer"),
                each.roles?.optional && t("calendar.optional"),
                isRoom(each) && t("calendar.room"),
                each.participationComment,
              ]
                .filter(Boolean)
                .join(", ")}
            </small>
          </li>
        ))}
      </ul>
    </section>
  );
}

const ANSWERS = ["accepted", "tentative", "declined"] as const;

interface AnswersProps {
  status: Status | null;
  onAnswer: (status: Status) => void;
  /** Undefined: no other time can be proposed. */
  onPropose: (() => void) | undefined;
}

/** Yes, maybe, no; or another time. */
export function Answers({ status, onAnswer, onPropose }: AnswersProps) {
  const { t } = useTranslation();
  return (
    <fieldset className="answer-bar">
      <legend className="unseen">{t("calendar.doYouCome")}</legend>
      {ANSWERS.map((each) => (
        <button type="button" key={each} aria-pressed={status === each} onClick={() => onAnswer(each)}>
          {t(`calendar.say.${each}`)}
        </button>
      ))}
      {onPropose && (
        <button type="button" className="text" onClick={onPropose}>
          {t("calendar.propose")}…
        </button>
      )}
    </fieldset>
  );
}
