import { t } from "i18next";
import { useRef, useState } from "react";
import { toast } from "../../store";
import { say, useLoaded } from "../use";
import { type Filters, sieveOf } from "./model";
import { type Kept, loadFilters, saveFilters } from "./store";

export interface Desk {
  kept: Kept | null;
  saving: boolean;
  /** Shown at once, taken back when the server refuses; the toast takes it back as well. */
  put: (filters: Filters) => Promise<boolean>;
}

/** The filters, and a way to change them. */
export function useFilters(): Desk {
  const [kept, again, show] = useLoaded(loadFilters);
  const [saving, setSaving] = useState(false);
  const turn = useRef(0);
  const last = useRef<Promise<unknown>>(Promise.resolve());

  async function put(filters: Filters): Promise<boolean> {
    if (!kept) return false;
    const before = kept.filters;
    if (sieveOf(filters) === sieveOf(before) && kept.foreign === null) return true;
    turn.current += 1;
    const mine = turn.current;
    show({ ...kept, filters });
    setSaving(true);
    const done = last.current.then(() => saveFilters(filters)); // one behind the other, so that the last one stays
    last.current = done.catch(() => undefined);
    try {
      await done;
      if (mine === turn.current) show({ filters, foreign: null, other: null });
      const undo = () => void saveFilters(before).then(again, say);
      toast(t("settings.saved"), kept.foreign === null ? { undo } : {});
      return true;
    } catch (error) {
      again();
      say(error);
      return false;
    } finally {
      if (mine === turn.current) setSaving(false);
    }
  }

  return { kept, saving, put };
}
