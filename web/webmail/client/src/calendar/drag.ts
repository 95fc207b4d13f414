/** Dragging in the views: over times of days, and over days. */
import { max } from "date-fns";
import { type PointerEvent as Pointer, type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { reschedule, scoped } from "./act";
import { beginAt } from "./begin";
import { mayChange } from "./events";
import type { Shown } from "./store";
import { atMinute, localOf, minuteOfDay, shifted } from "./time";

export const STEP = 15;
const THRESHOLD = 4;
/** Milliseconds that a finger rests before it drags; one that moves before scrolls. */
const HOLD = 350;
const TREMBLES = 10;

export interface Spot {
  day: Date;
  minute: number;
}

export interface Dragged {
  kind: "create" | "move" | "resize";
  each: Shown | null;
  start: Date;
  end: Date;
}

/** The day below a point, and how far down in it; the nearest one of what is within. */
export function spotAt(within: HTMLElement, x: number, y: number): Spot | null {
  const columns = [...within.querySelectorAll<HTMLElement>("[data-day]")];
  let nearest: HTMLElement | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const each of columns) {
    const { left, right, top, bottom } = each.getBoundingClientRect();
    const away = Math.max(left - x, x - right, 0) + Math.max(top - y, y - bottom, 0);
    if (away < least) [least, nearest] = [away, each];
  }
  if (!nearest) return null;
  const { top, height } = nearest.getBoundingClientRect();
  const minute = Math.round((((y - top) / height) * 1440) / STEP) * STEP;
  return { day: localOf(nearest.dataset.day as string), minute: Math.min(Math.max(minute, 0), 1440) };
}

interface Begun {
  kind: Dragged["kind"];
  each: Shown | null;
  from: Spot;
  x: number;
  y: number;
  moved: boolean;
}

/** Where what is dragged comes to be. */
function dragged({ kind, each, from }: Begun, to: Spot, byDay: boolean): Dragged {
  const days = Math.round((to.day.getTime() - from.day.getTime()) / 86_400_000);
  if (kind === "move" && each) {
    const minutes = byDay ? 0 : to.minute - from.minute;
    return { kind, each, start: shifted(each.start, days, minutes), end: shifted(each.end, days, minutes) };
  }
  if (kind === "resize" && each) {
    const end = byDay ? shifted(each.end, days, 0) : atMinute(to.day, to.minute);
    const least = byDay ? shifted(each.start, 1, 0) : shifted(each.start, 0, STEP);
    return { kind, each, start: each.start, end: max([end, least]) };
  }
  const one = byDay ? from.day : atMinute(from.day, from.minute);
  const other = byDay ? to.day : atMinute(from.day, to.minute);
  const [start, end] = one <= other ? [one, other] : [other, one];
  if (byDay) return { kind, each, start, end: shifted(end, 1, 0) };
  return { kind, each, start, end: end > start ? end : shifted(start, 0, STEP) };
}

/** Dragging within an element whose days have `data-day`. `byDay`: times of day stay. */
export function useDrag(within: RefObject<HTMLElement | null>, byDay: boolean) {
  const begun = useRef<Begun | null>(null);
  const ended = useRef(0);
  const holding = useRef<{ timer: ReturnType<typeof setTimeout>; x: number; y: number } | null>(null);
  const [shown, show] = useState<Dragged | null>(null);

  const stop = useCallback(() => {
    clearTimeout(holding.current?.timer);
    holding.current = null;
    begun.current = null;
    show(null);
  }, []);

  useEffect(() => {
    const onMove = (event: PointerEvent) => {
      const at = begun.current;
      const rests = holding.current;
      if (rests && !at && Math.hypot(event.clientX - rests.x, event.clientY - rests.y) > TREMBLES) stop();
      if (!at || !within.current) return;
      if (!at.moved && Math.hypot(event.clientX - at.x, event.clientY - at.y) < THRESHOLD) return;
      at.moved = true;
      const to = spotAt(within.current, event.clientX, event.clientY);
      if (to) show(dragged(at, to, byDay));
    };
    const onUp = (event: PointerEvent) => {
      const at = begun.current;
      const to = at?.moved && within.current ? spotAt(within.current, event.clientX, event.clientY) : null;
      if (at && to) {
        ended.current = performance.now();
        finish(dragged(at, to, byDay), byDay);
      }
      stop();
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && begun.current) stop();
    };
    /** What is dragged by finger neither scrolls the page nor opens a menu. */
    const keep = (event: Event) => {
      if (begun.current && holding.current) event.preventDefault();
    };
    addEventListener("pointermove", onMove);
    addEventListener("pointerup", onUp);
    addEventListener("pointercancel", stop);
    addEventListener("keydown", onKey);
    addEventListener("touchmove", keep, { passive: false });
    addEventListener("contextmenu", keep);
    return () => {
      removeEventListener("pointermove", onMove);
      removeEventListener("pointerup", onUp);
      removeEventListener("pointercancel", stop);
      removeEventListener("keydown", onKey);
      removeEventListener("touchmove", keep);
      removeEventListener("contextmenu", keep);
    };
  }, [byDay, stop, within]);

  /** Begins; a finger has to rest first. */
  const begin = (kind: Dragged["kind"], each: Shown | null) => (event: Pointer<HTMLElement>) => {
    if (event.button !== 0 || !within.current) return;
    if (each && !mayChange(each.event, each.calendar)) return;
    event.stopPropagation();
    const from = spotAt(within.current, event.clientX, event.clientY);
    if (!from) return;
    const at: Begun = { kind, each, from, x: event.clientX, y: event.clientY, moved: false };
    if (event.pointerType !== "touch") {
      begun.current = at;
      return;
    }
    const timer = setTimeout(() => {
      begun.current = at;
      show(dragged(at, from, byDay));
    }, HOLD);
    holding.current = { timer, x: at.x, y: at.y };
  };
  return { shown, begin, justEnded: () => performance.now() - ended.current < 300 };
}

function finish({ kind, each, start, end }: Dragged, byDay: boolean): void {
  if (kind === "create") beginAt(start, end, byDay);
  else if (each && (start.getTime() !== each.start.getTime() || end.getTime() !== each.end.getTime()))
    scoped(each.event, (scope) => void reschedule(each, start, end, each.allDay, scope));
}

/** The events as they are to be seen while one is dragged. */
export function withDragged(all: Shown[], drag: Dragged | null): Shown[] {
  if (!drag?.each) return all;
  const { id } = drag.each;
  return all.map((each) => (each.id === id ? { ...each, start: drag.start, end: drag.end } : each));
}

/** The half hour that was clicked. */
export function clicked(spot: Spot): { start: Date; end: Date } {
  const start = atMinute(spot.day, Math.floor(spot.minute / 30) * 30);
  const last = 1440 - minuteOfDay(start);
  return { start, end: shifted(start, 0, Math.min(60, last)) };
}
