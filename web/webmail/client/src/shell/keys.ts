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

export function onKey(event: KeyboardEvent): void {
  if (taken(event)) return;
  const key = ALIASES[event.key] ?? event.key;
  const found = keysHere().find((each) => each.keys === (before ? `${before} ${key}` : key));
  before = !before && key === "g" ? "g" : "";
  if (!found) return;
  event.preventDefault();
  found.act();
}
