/** What sections have in common: something that is fetched, and errors that are said. */
import { useCallback, useEffect, useRef, useState } from "react";
import { get, toast } from "../store";

export function say(error: unknown): void {
  toast((error as Error).message, { error: true });
}

/** What `load` gives, null until it is there; a way to ask again; and one to show what will be there. What was asked
 * before either of them is no longer of interest: it would undo on the screen what was done since. */
export function useLoaded<T>(load: () => Promise<T>): [T | null, () => void, (value: T) => void] {
  const [found, setFound] = useState<T | null>(null);
  const turn = useRef(0);
  const show = useCallback((value: T) => {
    turn.current += 1;
    setFound(value);
  }, []);
  const again = useCallback(() => {
    turn.current += 1;
    const mine = turn.current;
    load().then((value) => mine === turn.current && setFound(value), say);
  }, [load]);
  useEffect(again, [again]);
  return [found, again, show];
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
