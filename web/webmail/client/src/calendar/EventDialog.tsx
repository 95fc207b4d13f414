import { format } from "date-fns";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { folderName } from "../names";
import { Dialog } from "../shell/Dialog";
import { useUnsaved } from "../shell/typed";
import { toast, useApp } from "../store";
import { AlertFields } from "./AlertFields";
import { add, alter, scoped } from "./act";
import { FreeBusy } from "./FreeBusy";
import { type Form, formOf, newOf, patchOf, timesIn, writable } from "./form";
import { Guests } from "./Guests";
import type { Taken } from "./layout";
import { RepeatFields } from "./Repeat";
import { type Edited, get, set, useCalendar, zone } from "./store";
import { between, dayText, localOf, shifted } from "./time";
import type { CalendarEvent } from "./types";

type Change = (more: Partial<Form>) => void;

/** A new event, or one that is changed: a few fields first, all of them when they are wanted. */
export function EventDialog({ edited }: { edited: Edited }) {
  const { t } = useTranslation();
  const [form, setForm] = useState(() => edited.form ?? formOf(edited));
  const [full, setFull] = useState(edited.full ?? false);
  const [busy, setBusy] = useState(false);
  const dirty = form !== null && JSON.stringify(form) !== JSON.stringify(formOf(edited));
  useUnsaved(dirty);
  const close = () => set({ edited: null });
  if (!form)
    return (
      <Dialog title={t("calendar.newEvent")} onClose={close}>
        <p>{t("calendar.noCalendar")}</p>
      </Dialog>
    );
  const change: Change = (more) => setForm({ ...form, ...more });
  const again = () => set({ edited: { ...edited, form, full } });

  /** Nothing is stored; what was typed can be had back. */
  function leave() {
    close();
    if (dirty) toast(t("calendar.notKept"), { undo: again });
  }

  async function save(event: FormEvent) {
    event.preventDefault();
    if (!form) return;
    const { start, end } = timesIn(form);
    if (end < start) return void toast(t("calendar.endsBefore"), { error: true });
    setBusy(true);
    const known = edited.event?.id ? (edited.event as CalendarEvent) : null;
    if (!known) {
      const stored = await add(form.calendar, newOf(form));
      setBusy(false);
      if (stored) {
        close();
        edited.done?.();
      }
      return;
    }
    const patch = patchOf(form, known);
    close();
    if (!Object.keys(patch).length) return;
    scoped(known, (scope) => void alter(known, patch, scope).then((stored) => stored || get().edited || again()));
  }

  return (
    <Dialog
      title={t(edited.event?.id ? "calendar.change" : "calendar.newEvent")}
      onClose={leave}
      size={full ? "wide" : undefined}
    >
      <form className={full ? "form event-form full" : "form event-form"} onSubmit={save}>
        <input
          className="event-title"
          aria-label={t("calendar.eventTitle")}
          placeholder={t("calendar.eventTitle")}
          autoFocus
          maxLength={500}
          value={form.title}
          onChange={(event) => change({ title: event.target.value })}
        />
        <div className="event-main">
          <Times form={form} change={change} zones={full} />
          {full && <RepeatFields form={form} change={change} one={Boolean(edited.event?.baseEventId)} />}
          {full && <Where form={form} change={change} />}
          <CalendarField form={form} change={change} />
          {full && <Further form={form} change={change} />}
        </div>
        {full && <People form={form} change={change} own={ownTime(edited)} />}
        <footer>
          {!full && (
            <button type="button" onClick={() => setFull(true)}>
              {t("calendar.moreOptions")}
            </button>
          )}
          <span className="grow" />
          <button type="button" onClick={leave}>
            {t("app.cancel")}
          </button>
          <button type="submit" className="main" disabled={busy}>
            {t(form.guests.length ? "calendar.saveAndTell" : "app.save")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

export interface FieldProps {
  form: Form;
  change: Change;
}

interface TimesProps extends FieldProps {
  zones: boolean;
  /** Hours stay hours, and days stay days. */
  fixed?: boolean;
}

export function Times({ form, change, zones, fixed }: TimesProps) {
  const { t } = useTranslation();
  const clock = (at: Date) => format(at, "HH:mm");
  const joined = (day: string, time: string) => localOf(`${day}T${time || "00:00"}:00`);
  const lasts = form.end.getTime() - form.start.getTime();
  const put = (which: "start" | "end", at: Date) => {
    if (Number.isNaN(at.getTime())) return;
    change(which === "end" ? { end: at } : { start: at, end: new Date(at.getTime() + lasts) });
  };
  return (
    <fieldset className="times">
      <legend className="unseen">{t("calendar.when")}</legend>
      {(["start", "end"] as const).map((which) => (
        <div className="span" key={which}>
          <span aria-hidden="true">{t(`calendar.${which}s`)}</span>
          <input
            type="date"
            aria-label={t(`calendar.${which}Day`)}
            required
            min={which === "end" ? dayText(form.start) : undefined}
            value={dayText(form[which])}
            onChange={({ target }) => put(which, joined(target.value, clock(form[which])))}
          />
          {!form.allDay && (
            <input
              type="time"
              aria-label={t(`calendar.${which}Time`)}
              required
              value={clock(form[which])}
              onChange={({ target }) => put(which, joined(dayText(form[which]), target.value))}
            />
          )}
        </div>
      ))}
      <div>
        {!fixed && (
          <label className="check">
            <input
              type="checkbox"
              checked={form.allDay}
              onChange={({ target }) =>
                change(
                  target.checked
                    ? { allDay: true }
                    : { allDay: false, start: shifted(form.start, 0, 0), end: shifted(form.start, 0, 60) },
                )
              }
            />
            {t("calendar.allDay")}
          </label>
        )}
        {!form.allDay && (zones || form.zone !== zone()) && (
          <select
            aria-label={t("calendar.zone")}
            value={form.zone}
            onChange={({ target }) => change({ zone: target.value })}
          >
            {zoneNames(form.zone).map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
        {!form.allDay && form.zone !== zone() && (
          <small>{t("calendar.here", { time: format(between(form.zone, zone(), form.start), "EEE p") })}</small>
        )}
      </div>
    </fieldset>
  );
}

let allZones: string[] | null = null;

export function zoneNames(also: string): string[] {
  allZones ??= ["Etc/UTC", ...Intl.supportedValuesOf("timeZone").filter((each) => each !== "UTC")];
  return [...new Set([also, ...allZones])].filter(Boolean).sort();
}

function Where({ form, change }: FieldProps) {
  const { t } = useTranslation();
  return (
    <>
      <label>
        {t("calendar.place")}
        <input value={form.place} maxLength={1000} onChange={({ target }) => change({ place: target.value })} />
      </label>
      <label>
        {t("calendar.web")}
        <input
          type="url"
          placeholder="https://"
          pattern="https?://.*"
          value={form.web}
          maxLength={2000}
          onChange={({ target }) => change({ web: target.value })}
        />
      </label>
    </>
  );
}

function CalendarField({ form, change }: FieldProps) {
  const { t } = useTranslation();
  const calendars = useCalendar((state) => state.calendars);
  const accounts = useApp((state) => state.accounts);
  const here = form.calendar.accountId;
  // What is there stays in its account: another one would be another event.
  const may = writable(calendars);
  const nameOf = (accountId: string) => accounts.find((each) => each.id === accountId && !each.own)?.name;
  return (
    <label>
      {t("calendar.title")}
      <select
        value={`${here} ${form.calendar.id}`}
        onChange={({ target }) => {
          const found = may.find((each) => `${each.accountId} ${each.id}` === target.value);
          if (found) change({ calendar: found });
        }}
      >
        {may.map((each) => (
          <option key={each.id} value={`${each.accountId} ${each.id}`}>
            {[folderName(each), nameOf(each.accountId)].filter(Boolean).join(" · ")}
          </option>
        ))}
      </select>
    </label>
  );
}

function Further({ form, change }: FieldProps) {
  const { t } = useTranslation();
  return (
    <>
      <AlertFields form={form} change={change} />
      <div className="two">
        <label>
          {t("calendar.shownAs")}
          <select
            value={form.free ? "free" : "busy"}
            onChange={({ target }) => change({ free: target.value === "free" })}
          >
            <option value="busy">{t("calendar.busy")}</option>
            <option value="free">{t("calendar.free")}</option>
          </select>
        </label>
        <label>
          {t("calendar.privacy")}
          <select value={form.privacy} onChange={({ target }) => change({ privacy: target.value as Form["privacy"] })}>
            {["public", "private", "secret"].map((each) => (
              <option key={each} value={each}>
                {t(`calendar.${each}`)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <label>
        {t("calendar.description")}
        <textarea
          rows={4}
          maxLength={50_000}
          value={form.description}
          onChange={({ target }) => change({ description: target.value })}
        />
      </label>
    </>
  );
}

/** When an event takes place that is there. */
function ownTime({ event, start, end }: Edited): Taken | null {
  return event?.id ? { from: start.getTime(), to: end.getTime() } : null;
}

function People({ form, change, own }: FieldProps & { own: Taken | null }) {
  const { start, end } = timesIn(form);
  const lasts = form.end.getTime() - form.start.getTime();
  const move = (to: Date) => {
    const at = form.allDay ? to : between(zone(), form.zone, to);
    change({ start: at, end: new Date(at.getTime() + lasts) });
  };
  return (
    <div className="event-people">
      <Guests value={form.guests} start={start} end={end} onChange={(guests) => change({ guests })} />
      {form.guests.length > 0 && <FreeBusy guests={form.guests} start={start} end={end} own={own} onMove={move} />}
    </div>
  );
}
