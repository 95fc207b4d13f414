import { RefreshCw } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/Dialog";
import { wrong } from "./act";
import { Colours } from "./Colours";
import { changeCalendar } from "./calendars";
import { colourOf } from "./events";
import { changeSource, fetchNow, openLinks, type Source, saidOf, subscribe, unsubscribe } from "./sources";
import { useCalendar } from "./store";
import type { Calendar } from "./types";

/** Minutes between two fetches that one may choose; 0: as the calendar says itself. */
const INTERVALS = [0, 60, 360, 1440, 10080];

interface Props {
  /** The calendar to be changed; null: a new one. */
  calendar: Calendar | null;
  /** What a new one is at, where somebody has followed a link to it. */
  url?: string | null;
  onClose: () => void;
}

/** Where a calendar is filled from, how that goes, and what becomes of it. */
export default function SubscribeDialog({ calendar, url, onClose }: Props) {
  const { t } = useTranslation();
  const sources = useCalendar((state) => state.sources);
  const source = (calendar && sources.find((each) => each.id === calendar.id)) ?? null;
  const [refused, refuse] = useState("");
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const text = (name: string) => String(given.get(name) ?? "").trim();
    const wish = {
      url: text("url"),
      minutes: Number(text("minutes")) || null,
      keepAlarms: given.get("alarms") !== null,
    };
    const name = text("name");
    setBusy(true);
    try {
      if (calendar && source) {
        const includeInAvailability = given.get("busy") !== null ? "all" : "none";
        await changeCalendar(calendar, { includeInAvailability });
        await changeSource(source, { ...wish, isEnabled: true });
      } else await subscribe({ ...wish, ...(name ? { name } : {}) });
      onClose();
    } catch (error) {
      refuse((error as Error).message);
      setBusy(false);
    }
  }

  const title = calendar ? t("calendar.subscribed.settings") : t("calendar.subscribed.add");
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        {calendar && source ? <How calendar={calendar} source={source} /> : null}
        <label>
          {t("calendar.subscribed.url")}
          <input
            name="url"
            required
            maxLength={2000}
            inputMode="url"
            autoComplete="off"
            spellCheck={false}
            defaultValue={source?.url ?? url ?? undefined}
            placeholder="https://calendar.example.org/holidays.ics"
          />
        </label>
        {!calendar && (
          <>
            <p className="hint">{t("calendar.subscribed.hint")}</p>
            {openLinks && (
              <button type="button" className="text" onClick={openLinks}>
                {t("calendar.subscribed.links")}
              </button>
            )}
            <label>
              {t("calendar.name")}
              <input name="name" maxLength={200} placeholder={t("calendar.subscribed.asItself")} />
            </label>
          </>
        )}
        <label>
          {t("calendar.subscribed.interval")}
          <select name="minutes" defaultValue={source?.minutes ?? 0}>
            {[...new Set([...INTERVALS, source?.minutes ?? 0])].map((each) => (
              <option key={each} value={each}>
                {everyOf(t, each)}
              </option>
            ))}
          </select>
        </label>
        <label className="check">
          <input type="checkbox" name="alarms" defaultChecked={source?.keepAlarms ?? false} />
          {t("calendar.subscribed.alarms")}
        </label>
        {calendar && (
          <label className="check">
            <input type="checkbox" name="busy" defaultChecked={calendar.includeInAvailability !== "none"} />
            {t("calendar.subscribed.busy")}
          </label>
        )}
        <p role="alert" className="wrong">
          {refused}
        </p>
        <footer>
          {calendar && source ? (
            <button
              type="button"
              className="danger"
              onClick={() => {
                onClose();
                unsubscribe(calendar, source).catch(wrong);
              }}
            >
              {t("calendar.subscribed.drop")}
            </button>
          ) : (
            <button type="button" onClick={onClose}>
              {t("app.cancel")}
            </button>
          )}
          <button type="submit" className="main" disabled={busy}>
            {calendar ? t("app.save") : t("calendar.subscribed.do")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function everyOf(t: ReturnType<typeof useTranslation>["t"], minutes: number): string {
  if (!minutes) return t("calendar.subscribed.intervals.itself");
  if (minutes % 1440 === 0) return t("calendar.subscribed.intervals.days", { count: minutes / 1440 });
  if (minutes % 60 === 0) return t("calendar.subscribed.intervals.hours", { count: minutes / 60 });
  return t("calendar.subscribed.intervals.minutes", { count: minutes });
}

/** How fetching goes, in words. */
function How({ calendar, source }: { calendar: Calendar; source: Source }) {
  const { t } = useTranslation();
  const calendars = useCalendar((state) => state.calendars);
  const colour = colourOf(calendar, calendars);
  return (
    <>
      <div className="fetched">
        <p className={source.error ? "wrong" : "hint"} role="status">
          {saidOf(t, source)}
        </p>
        <button
          type="button"
          disabled={source.isFetching || !source.isEnabled}
          onClick={() => fetchNow(source).catch(wrong)}
        >
          <RefreshCw />
          {t("calendar.subscribed.now")}
        </button>
      </div>
      {source.leftOut && <p className="hint">{t("calendar.subscribed.leftOut", { why: source.leftOut })}</p>}
      <label>
        {t("calendar.name")}
        <input
          maxLength={200}
          required
          defaultValue={calendar.name}
          onBlur={({ target }) => {
            const name = target.value.trim();
            if (name && name !== calendar.name) void changeCalendar(calendar, { name });
          }}
        />
      </label>
      <Colours first={colour} chosen={colour} onChoose={(color) => void changeCalendar(calendar, { color })} />
    </>
  );
}
