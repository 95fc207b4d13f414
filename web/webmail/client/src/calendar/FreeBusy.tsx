import { addDays, isSameDay, startOfDay } from "date-fns";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { type CSSProperties, type MouseEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { dated } from "../dates";
import { IconButton } from "../shell/Button";
import { useApp } from "../store";
import { wrong } from "./act";
import { type BusyTime, busyOf } from "./busy";
import type { Form } from "./form";
import { nextFree, type Taken } from "./layout";
import { useCalendar } from "./store";
import { atMinute, dayText, minuteOfDay, minutesBetween } from "./time";

interface Props {
  guests: Form["guests"];
  /** As clocks of the view show them. */
  start: Date;
  end: Date;
  /** When it takes place as it is stored: nobody is busy by it. */
  own: Taken | null;
  onMove: (start: Date) => void;
}

/** The times without one of them. */
function without(all: BusyTime[], own: Taken | null): BusyTime[] {
  if (!own) return all;
  return all
    .flatMap((each) => [
      { ...each, to: Math.min(each.to, own.from) },
      { ...each, from: Math.max(each.from, own.to) },
    ])
    .filter((each) => each.from < each.to);
}

/** Who has time when: a line for each, over the hours of a day. */
export function FreeBusy({ guests, start, end, own, onMove }: Props) {
  const { t } = useTranslation();
  const me = useApp((state) => state.me) ?? "";
  const prefs = useCalendar((state) => state.prefs);
  const [day, setDay] = useState(() => startOfDay(start));
  const [found, setFound] = useState<Record<string, BusyTime[] | null>>({});
  const key = dayText(start);
  useEffect(() => setDay(startOfDay(new Date(`${key}T00:00:00`))), [key]);
  const addresses = [me, ...guests.map((each) => each.email.toLowerCase())];
  const asked = addresses.join(" ");
  const from = dayText(day);
  useEffect(() => {
    let here = true;
    busyOf(asked.split(" "), new Date(`${from}T00:00:00`)).then((all) => here && setFound(all), wrong);
    return () => {
      here = false;
    };
  }, [asked, from]);

  const busy = Object.fromEntries(
    Object.entries(found).map(([address, all]) => [address, all && without(all, own)]),
  ) as typeof found;
  const low = Math.min(Math.floor(prefs.workFrom / 60), start.getHours());
  const high = Math.max(Math.ceil(prefs.workTo / 60), isSameDay(start, end) ? Math.ceil(minuteOfDay(end) / 60) : 24);
  const hours = Array.from({ length: high - low }, (_, at) => low + at);
  const minutes = Math.max(15, minutesBetween(start, end));
  const place = (at: number) => {
    const minute = (at - day.getTime()) / 60_000 - low * 60;
    return Math.min(Math.max(minute / ((high - low) * 60), 0), 1) * 100;
  };
  const bar = (one: number, other: number): CSSProperties => ({
    left: `${place(one)}%`,
    width: `${place(other) - place(one)}%`,
  });
  const choose = (event: MouseEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const minute = low * 60 + ((event.clientX - left) / width) * (high - low) * 60;
    onMove(atMinute(day, Math.floor(minute / 30) * 30));
  };
  const next = () => {
    const taken = Object.values(busy).flatMap((each) => each ?? []);
    const works = { from: prefs.workFrom, to: prefs.workTo, days: prefs.workDays };
    const found = nextFree(taken, new Date(Math.max(start.getTime() + 60_000, day.getTime())), minutes, works);
    if (found) onMove(found);
    else wrong(new Error(t("calendar.noFree")));
  };
  const name = (address: string) =>
    address === me ? t("calendar.you") : (guests.find((each) => each.email.toLowerCase() === address)?.name ?? address);
  const clash = addresses.filter((each) =>
    busy[each]?.some((time) => time.from < end.getTime() && time.to > start.getTime()),
  );
  const said = () => {
    if (clash.length) return t("calendar.clash", { names: clash.map(name).join(", ") });
    if (addresses.some((each) => busy[each] === undefined)) return t("app.loading");
    return t(addresses.some((each) => busy[each] === null) ? "calendar.unknownBusy" : "calendar.allFree");
  };
  return (
    <section className="freebusy" aria-label={t("calendar.freeBusy")}>
      <header>
        <IconButton label={t("calendar.previous")} onClick={() => setDay(addDays(day, -1))}>
          <ChevronLeft />
        </IconButton>
        <strong>{dated(day, "EEE, d MMM")}</strong>
        <IconButton label={t("calendar.next")} onClick={() => setDay(addDays(day, 1))}>
          <ChevronRight />
        </IconButton>
        <span className="grow" />
        <button type="button" onClick={next}>
          {t("calendar.nextFree")}
        </button>
      </header>
      <div className="fb-hours" aria-hidden="true">
        {hours.map((hour) => (
          <span key={hour}>{hour}</span>
        ))}
      </div>
      <ul>
        {addresses.map((address) => (
          <li key={address}>
            <span className="fb-name" title={address}>
              {name(address)}
            </span>
            {/* biome-ignore lint/a11y/noStaticElementInteractions: the keyboard has the fields for the time */}
            {/* biome-ignore lint/a11y/useKeyWithClickEvents: the same */}
            <div
              className={busy[address] === null ? "fb-line unknown" : "fb-line"}
              style={{ "--hours": hours.length } as CSSProperties}
              onClick={choose}
            >
              {(busy[address] ?? [])
                .filter((time) => time.from < addDays(day, 1).getTime() && time.to > day.getTime())
                .map((time) => (
                  <i key={`${time.from} ${time.status}`} className={time.status} style={bar(time.from, time.to)} />
                ))}
              {start < addDays(day, 1) && end > day && <b style={bar(start.getTime(), end.getTime())} />}
            </div>
          </li>
        ))}
      </ul>
      <p role="status" className={clash.length ? "clash" : ""}>
        {said()}
      </p>
    </section>
  );
}
