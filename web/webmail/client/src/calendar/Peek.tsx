import { format, isSameDay } from "date-fns";
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
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/Dialog";
import { answer, remove, scoped, wrong } from "./act";
import { beginChange } from "./begin";
import {
  addressOf,
  colourOf,
  guests,
  isRoom,
  mayChange,
  mine,
  myStatus,
  nameOf,
  organizer,
  placeNamed,
  recurs,
  webPlace,
} from "./events";
import { StatusSign } from "./Guests";
import { wholeOf } from "./load";
import { beforeText } from "./Repeat";
import { type Shown, set, useCalendar } from "./store";
import { minutesOf, shifted } from "./time";
import type { CalendarEvent, Status } from "./types";

export function whenText(each: Shown, t: (key: string) => string): string {
  const { start, end, allDay } = each;
  const last = allDay ? shifted(end, -1, 0) : end;
  const day = (at: Date) => format(at, "EEEE, d MMMM yyyy");
  if (allDay) return isSameDay(start, last) ? `${day(start)}, ${t("calendar.allDay")}` : `${day(start)} – ${day(last)}`;
  if (isSameDay(start, end)) return `${day(start)}, ${format(start, "p")} – ${format(end, "p")}`;
  return `${day(start)}, ${format(start, "p")} – ${day(end)}, ${format(end, "p")}`;
}

/** An event, to read; and what can be done with it. */
export function Peek({ each }: { each: Shown }) {
  const { t } = useTranslation();
  const calendars = useCalendar((state) => state.calendars);
  const [whole, setWhole] = useState<CalendarEvent | null>(null);
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
  return (
    <Dialog title={event.title || t("calendar.noTitle")} onClose={close}>
      <div className="peek">
        {event.status === "cancelled" && <p className="notice">{t("calendar.cancelled")}</p>}
        <Facts each={each} shown={shown} colour={event.color ?? colourOf(calendar, calendars)} />
        <Guests event={shown} />
        {status && (
          <Answers status={status} onAnswer={(to) => scoped(event, (scope) => void answer(shown, to, scope))} />
        )}
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

function Fact({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <li>
      {icon}
      <span>{children}</span>
    </li>
  );
}

function Facts({ each, shown, colour }: { each: Shown; shown: CalendarEvent; colour: string }) {
  const { t } = useTranslation();
  const place = placeNamed(shown);
  const web = webPlace(shown);
  const alerts = Object.values(shown.alerts ?? {}).filter((alert) => alert.trigger.offset !== undefined);
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
      {alerts.length > 0 && (
        <Fact icon={<Bell aria-hidden="true" />}>
          {alerts.map((alert) => beforeText(t, -minutesOf(alert.trigger.offset))).join(", ")}
        </Fact>
      )}
      <Fact icon={<CalendarIcon aria-hidden="true" style={{ color: colour }} />}>{each.calendar.name}</Fact>
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

/** Yes, maybe, no. */
export function Answers({ status, onAnswer }: { status: Status | null; onAnswer: (status: Status) => void }) {
  const { t } = useTranslation();
  return (
    <fieldset className="answer-bar">
      <legend className="unseen">{t("calendar.doYouCome")}</legend>
      {ANSWERS.map((each) => (
        <button type="button" key={each} aria-pressed={status === each} onClick={() => onAnswer(each)}>
          {t(`calendar.say.${each}`)}
        </button>
      ))}
    </fieldset>
  );
}
