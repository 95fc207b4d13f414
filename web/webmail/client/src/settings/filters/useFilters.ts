import { t } from "i18next";
import { useState } from "react";
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

  async function put(filters: Filters): Promise<boolean> {
    if (!kept) return false;
    const before = kept.filters;
    if (sieveOf(filters) === sieveOf(before) && kept.foreign === null) return true;
    show({ ...kept, filters });
    setSaving(true);
    try {
      await saveFilters(filters);
      show({ filters, foreign: null, other: null });
      const undo = () => void saveFilters(before).then(again, say);
      toast(t("settings.saved"), kept.foreign === null ? { undo } : {});
      return true;
    } catch (error) {
      show(kept);
      say(error);
      return false;
    } finally {
      setSaving(false);
    }
  }

  return { kept, saving, put };
}
