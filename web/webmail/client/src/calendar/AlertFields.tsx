import { Plus, X } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { change as send } from "../jmap/client";
import { IconButton } from "../shell/Button";
import { wrong } from "./act";
import { beforeText, daysText, defaultsOf, inWords, minutesIn, OFFERED, OFFERED_DAYS, withMinutes } from "./alerts";
import type { FieldProps } from "./EventDialog";
import { refresh } from "./load";
import type { Calendar, CalendarEvent } from "./types";

const MOST = 5;

interface ListProps {
  legend: string;
  /** Minutes before. */
  value: number[];
  /** Whether they are of whole days. */
  days: boolean;
  onChange: (value: number[]) => void;
}

/** When one is reminded. */
function AlertList({ legend, value, days, onChange }: ListProps) {
  const { t } = useTranslation();
  const offered = days ? OFFERED_DAYS : OFFERED;
  const inText = days ? daysText : beforeText;
  const free = offered.find((each) => (days || each >= 10) && !value.includes(each));
  return (
    <fieldset className="alerts">
      <legend>{legend}</legend>
      {value.map((minutes, at) => (
        <span key={minutes}>
          <select
            aria-label={t("calendar.reminder")}
            value={minutes}
            onChange={({ target }) =>
              onChange([...new Set(value.map((each, other) => (other === at ? Number(target.value) : each)))])
            }
          >
            {[...new Set([...offered, minutes])].map((each) => (
              <option key={each} value={each}>
                {inText(t, each)}
              </option>
            ))}
          </select>
          <IconButton
            label={t("calendar.noReminder")}
            onClick={() => onChange(value.filter((each) => each !== minutes))}
          >
            <X />
          </IconButton>
        </span>
      ))}
      {free !== undefined && value.length < MOST && (
        <button type="button" className="text" onClick={() => onChange([...value, free])}>
          <Plus aria-hidden="true" />
          {t("calendar.addReminder")}
        </button>
      )}
    </fieldset>
  );
}

/** Those of an event: its own, or left to its calendar where that has some. */
export function AlertFields({ form, change }: FieldProps) {
  const { t } = useTranslation();
  const { alerts, allDay, useDefault } = form;
  const text = inWords(t, defaultsOf(form.calendar, allDay), allDay);
  return (
    <>
      {(text || useDefault) && (
        <label className="check">
          <input
            type="checkbox"
            checked={useDefault}
            onChange={({ target }) => change({ useDefault: target.checked })}
          />
          {t("calendar.useDefault", { when: text || t("calendar.noReminder") })}
        </label>
      )}
      {!useDefault && (
        <AlertList
          legend={t("calendar.reminders")}
          value={alerts}
          days={allDay}
          onChange={(next) => change({ alerts: next })}
        />
      )}
    </>
  );
}

/** One's own reminders of what one may only read: nobody else sees them, and of a series they are those of all. */
export function OwnAlerts({ event }: { event: CalendarEvent }) {
  const { t } = useTranslation();
  const [alerts, put] = useState(event.alerts);
  const save = (minutes: number[]) => {
    const next = withMinutes(alerts, minutes);
    put(next ?? undefined);
    const update = { [event.baseEventId ?? event.id]: { alerts: next } };
    send([["CalendarEvent/set", { accountId: event.accountId, update }]])
      .catch((error: unknown) => {
        put(alerts);
        wrong(error);
      })
      .then(refresh);
  };
  return (
    <AlertList
      legend={t("calendar.myReminders")}
      value={minutesIn(alerts)}
      days={Boolean(event.showWithoutTime)}
      onChange={save}
    />
  );
}

export type Defaults = Required<Pick<Calendar, "defaultAlertsWithTime" | "defaultAlertsWithoutTime">>;

/** What a calendar reminds by of its events: of those at a time, and of those of whole days. */
export function DefaultAlerts({ value, onChange }: { value: Defaults; onChange: (value: Defaults) => void }) {
  const { t } = useTranslation();
  const { defaultAlertsWithTime: timed, defaultAlertsWithoutTime: days } = value;
  return (
    <>
      <AlertList
        legend={t("calendar.defaultTimed")}
        value={minutesIn(timed)}
        days={false}
        onChange={(next) => onChange({ ...value, defaultAlertsWithTime: withMinutes(timed, next) })}
      />
      <AlertList
        legend={t("calendar.defaultDays")}
        value={minutesIn(days)}
        days
        onChange={(next) => onChange({ ...value, defaultAlertsWithoutTime: withMinutes(days, next) })}
      />
      <p className="hint">{t("calendar.defaultHint")}</p>
    </>
  );
}
