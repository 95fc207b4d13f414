import { format } from "date-fns";
import { Lock, Repeat } from "lucide-react";
import type { CSSProperties, KeyboardEvent, PointerEvent } from "react";
import { useTranslation } from "react-i18next";
import { dated } from "../dates";
import { folderName } from "../names";
import { reschedule, scoped } from "./act";
import { colourOf, mayChange, myStatus, placeNamed, recurs } from "./events";
import { get, type Shown, set, useCalendar } from "./store";
import { minutesBetween, shifted } from "./time";

export function timesText({ start, end }: Pick<Shown, "start" | "end">): string {
  return minutesBetween(start, end) ? `${format(start, "p")} – ${format(end, "p")}` : format(start, "p");
}

/** How it looks: whether it counts, and what one has answered. */
export function looks({ event }: Shown): string {
  const status = myStatus(event);
  return [
    event.status === "cancelled" || status === "declined" ? "off" : "",
    status === "needs-action" ? "asked" : "",
    status === "tentative" || event.status === "tentative" ? "maybe" : "",
    event.freeBusyStatus === "free" ? "free" : "",
  ]
    .filter(Boolean)
    .join(" ");
}

/** What the arrow keys do with Alt: by a quarter of an hour or a day, with Shift the end alone. */
function moved(each: Shown, event: KeyboardEvent): { start: Date; end: Date } | null {
  const [days, minutes] =
    { ArrowUp: [0, -15], ArrowDown: [0, 15], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key] ?? [];
  if (!event.altKey || days === undefined || minutes === undefined || (each.allDay && minutes)) return null;
  const end = shifted(each.end, days, minutes);
  if (event.shiftKey) return end > each.start ? { start: each.start, end } : null;
  return { start: shifted(each.start, days, minutes), end };
}

interface Props {
  each: Shown;
  style?: CSSProperties;
  className?: string;
  /** In one line: with its time before it. */
  line?: boolean;
  onPointerDown?: (event: PointerEvent<HTMLElement>) => void;
  /** Whether a drag has just ended here, so that the click is none. */
  dragged?: () => boolean;
  children?: React.ReactNode;
}

/** An event in a view. */
export function EventBox({ each, style, className, line, onPointerDown, dragged, children }: Props) {
  const { t } = useTranslation();
  const calendars = useCalendar((state) => state.calendars);
  const { event, calendar, allDay } = each;
  const title = event.title || t("calendar.noTitle");
  const place = placeNamed(event);
  const when = allDay ? t("calendar.allDay") : timesText(each);
  const day = dated(each.start, "EEEE, d MMMM");
  const label = [title, day, when, place, folderName(calendar)].filter(Boolean).join(", ");
  const colour = event.color ?? colourOf(calendar, calendars);
  const onKeyDown = (key: KeyboardEvent) => {
    const next = moved(each, key);
    if (!next || !mayChange(event, calendar)) return;
    key.preventDefault();
    scoped(event, (scope) => void reschedule(each, next.start, next.end, allDay, scope));
  };
  return (
    <button
      type="button"
      className={`event ${line ? "line" : ""} ${allDay ? "whole" : ""} ${looks(each)} ${className ?? ""}`}
      style={{ ...style, "--c": colour } as CSSProperties}
      title={label}
      data-event={event.id}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onClick={() => {
        if (!dragged?.()) set({ open: get().open?.id === each.id ? null : each });
      }}
    >
      {line && !allDay && <time>{format(each.start, "p")}</time>}
      <strong>{title}</strong>
      {!line && !allDay && <span className="when">{when}</span>}
      {!line && place && <span className="where">{place}</span>}
      <span className="unseen">
        {[line ? when : "", line ? place : "", day, folderName(calendar)].filter(Boolean).join(", ")}
      </span>
      {recurs(event) && <Repeat aria-hidden="true" className="mark" />}
      {event.privacy && event.privacy !== "public" && <Lock aria-hidden="true" className="mark" />}
      {children}
    </button>
  );
}
