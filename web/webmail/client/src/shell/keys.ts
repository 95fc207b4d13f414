/** The keyboard: what each room has, and what goes everywhere; the help shows it. */
import { useEffect } from "react";
import { visitRoom } from "../mail/load";
import { ROOMS, roomCalled } from "../rooms";
import { get, set, undoLast } from "../store";

export interface Key {
  keys: string;
  /** Of the words that say what it does. */
  says: string;
  act: () => void;
}

const EVERYWHERE: Key[] = [
  { keys: "z", says: "keys.undo", act: undoLast },
  { keys: "?", says: "keys.help", act: () => set({ helpShown: true }) },
];

/** Goes with the focus from one to the next of what a room shows. */
function step(those: string, by: number): void {
  const all = [...document.querySelectorAll<HTMLElement>(those)].filter((each) => each.offsetParent);
  const at = all.indexOf(document.activeElement as HTMLElement);
  all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by]?.focus();
}

/** The keys that do so, the same ones in every room; `those`: a selector. */
export function stepKeys(those: string): Key[] {
  return [
    { keys: "j", says: "keys.next", act: () => step(those, 1) },
    { keys: "k", says: "keys.previous", act: () => step(those, -1) },
  ];
}

let given: Key[] = [];

/** The keys of a room, as long as it is there. Give the same table each time. */
export function useKeys(keys: Key[]): void {
  useEffect(() => {
    given = keys;
    return () => {
      given = [];
    };
  }, [keys]);
}

/** All keys that do something now. */
export function keysHere(): Key[] {
  const rooms = ROOMS.length > 1 ? ROOMS.filter((each) => each.go) : [];
  const goes = rooms.map(({ key, go }) => ({ keys: `g ${go}`, says: `${key}.title`, act: () => visitRoom(key) }));
  return [...(roomCalled(get().place.room)?.keys ?? []), ...given, ...goes, ...EVERYWHERE];
}

const ALIASES: Record<string, string> = { ArrowDown: "j", ArrowUp: "k", Delete: "#", Escape: "u", o: "Enter" };
let before = "";

/** Whether the key belongs to what is typed into, or to a control that takes it itself. */
function taken(event: KeyboardEvent): boolean {
  const at = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  if (at.closest('input, textarea, select, [contenteditable="true"], [role="dialog"], [role="menu"], .composer'))
    return true;
  return event.key === "Enter" && at.closest("button, a") !== null;
}

/** Escape leaves what is typed into, and with that the keys do something again. */
function leave(event: KeyboardEvent): boolean {
  const at = event.target as HTMLElement;
  if (event.key !== "Escape" || event.defaultPrevented || !at.matches("input, textarea, select")) return false;
  if (at.closest('[role="dialog"], [role="menu"], .composer')) return false;
  at.blur();
  return true;
}

export function onKey(event: KeyboardEvent): void {
  if (leave(event)) return;
  if (taken(event)) return;
  const key = ALIASES[event.key] ?? event.key;
  const found = keysHere().find((each) => each.keys === (before ? `${before} ${key}` : key));
  before = !before && key === "g" ? "g" : "";
  if (!found) return;
  event.preventDefault();
  found.act();
}
