/** What sections have in common: something that is fetched, and errors that are said. */
import { useCallback, useEffect, useState } from "react";
import { get, toast } from "../store";

export function say(error: unknown): void {
  toast((error as Error).message, { error: true });
}

/** What `load` gives, null until it is there; and a way to ask again. */
export function useLoaded<T>(load: () => Promise<T>): [T | null, () => void, (value: T) => void] {
  const [found, setFound] = useState<T | null>(null);
  const again = useCallback(() => {
    load().then(setFound, say);
  }, [load]);
  useEffect(again, [again]);
  return [found, again, setFound];
}

export function ownAccount(): string {
  return get().accounts.find((each) => each.own)?.id ?? "";
}

export async function copied(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(said);
  } catch (error) {
    say(error);
  }
}
