import { addDays, format, set } from "date-fns";
import { useTranslation } from "react-i18next";
import MomentDialog from "../shell/MomentDialog";
import { allWait, bringBack, proposals, snooze } from "./snooze";

/** Until when emails are to wait. */
export default function SnoozeDialog({ ids, onClose }: { ids: string[]; onClose: () => void }) {
  const { t } = useTranslation();
  const now = new Date();
  const offers = proposals(now).map(({ key, moment }) => ({
    label: t(`snooze.${key}`),
    hint: format(moment, key === "later" || key === "evening" ? "p" : "EEE p"),
    moment,
  }));
  const back = () => {
    onClose();
    void bringBack(ids);
  };
  return (
    <MomentDialog
      title={t("snooze.action")}
      offers={offers}
      begin={set(addDays(now, 1), { hours: 8, minutes: 0, seconds: 0, milliseconds: 0 })}
      onChoose={(until) => void snooze(ids, until)}
      onClose={onClose}
    >
      {allWait(ids) && (
        <button type="button" onClick={back}>
          {t("snooze.now")}
        </button>
      )}
    </MomentDialog>
  );
}
