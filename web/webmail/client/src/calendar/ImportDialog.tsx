import { useTranslation } from "react-i18next";
import { ImportForm } from "../shell/ImportForm";
import { type Existing, importFile } from "./files";
import { writable } from "./form";
import { useCalendar } from "./store";
import type { Calendar } from "./types";

const EXISTING: Existing[] = ["skip", "replace"];

/** Events from a file, with what becomes of those that are there already. Nobody is told of them. */
export default function ImportDialog({ into, onClose }: { into: Calendar; onClose: () => void }) {
  const { t } = useTranslation();
  const calendars = writable(useCalendar((state) => state.calendars));
  return (
    <ImportForm
      room="calendar"
      accept=".ics,.ical,text/calendar"
      places={calendars}
      into={into.id}
      existing={{
        label: t("calendar.existing"),
        choices: EXISTING.map((value) => ({ value, text: t(`calendar.existings.${value}`) })),
      }}
      hint={t("calendar.importHint")}
      run={(place, file, existing) =>
        importFile(calendars.find((each) => each.id === place) ?? into, file, existing as Existing)
      }
      onClose={onClose}
    />
  );
}
