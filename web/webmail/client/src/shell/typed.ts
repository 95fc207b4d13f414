/** What was typed into a form and is not stored yet: kept through Back and a reload, and asked about before the tab is closed. */
import { useEffect, useState } from "react";

const KEPT = "postroom.typed.";
const unsaved = new Set<symbol>();

addEventListener("beforeunload", (event) => {
  if (unsaved.size) event.preventDefault();
});

/** The browser asks before it closes the page while something is not stored. */
export function useUnsaved(is: boolean): void {
  useEffect(() => {
    if (!is) return;
    const mark = Symbol();
    unsaved.add(mark);
    return () => {
      unsaved.delete(mark);
    };
  }, [is]);
}

export function hasTyped(key: string): boolean {
  return sessionStorage.getItem(KEPT + key) !== null;
}

export function keepTyped(key: string, value: unknown): void {
  sessionStorage.setItem(KEPT + key, JSON.stringify(value));
}

/** What a form begins with, or had when it was left; a way to keep more of it; and one to forget it. */
export function useTyped<T>(key: string, begin: () => T): [T, (value: T) => void, () => void] {
  const [value, setValue] = useState<T>(() => {
    const kept = sessionStorage.getItem(KEPT + key);
    return kept === null ? begin() : (JSON.parse(kept) as T);
  });
  const [dirty, setDirty] = useState(() => hasTyped(key));
  useUnsaved(dirty);
  const put = (next: T) => {
    keepTyped(key, next);
    setValue(next);
    setDirty(true);
  };
  const forget = () => {
    sessionStorage.removeItem(KEPT + key);
    setDirty(false);
  };
  return [value, put, forget];
}

/** Nobody who uses the browser next finds it. */
export function forgetTyped(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(KEPT)) sessionStorage.removeItem(key);
}
