import { CalendarClock } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { momentsOf, shownTimes, whenText } from "./events";
import { answerProposal, type Proposal } from "./meetings";

/** When it would be, in words. */
export function proposedTime(each: Proposal, t: (key: string) => string): string {
  if (!each.start) return "";
  const { start, timeZone, showWithoutTime } = each;
  const said = { start, duration: each.duration ?? "PT0S", timeZone, showWithoutTime };
  return whenText(shownTimes({ ...said, ...momentsOf(said) }), t);
}

/** Other times that are proposed for one's own meetings: taken, or declined with a word why. */
export function Proposals({ all, titled }: { all: Proposal[]; titled?: boolean }) {
  const { t } = useTranslation();
  const [declined, decline] = useState("");
  const [comment, setComment] = useState("");
  const [busy, setBusy] = useState(false);
  if (!all.length) return null;
  const act = async (one: Proposal, accept: boolean) => {
    setBusy(true);
    await answerProposal(one, accept, comment.trim());
    setBusy(false);
    decline("");
    setComment("");
  };
  return (
    <ul className="proposals" aria-label={t("calendar.proposals")}>
      {all.map((each) => (
        <li key={each.id}>
          <CalendarClock aria-hidden="true" />
          <div>
            <strong>{titled ? each.title : t("calendar.proposedBy", { name: each.by })}</strong>
            <span>{proposedTime(each, t)}</span>
            {titled && <small>{each.by}</small>}
            {each.place && <small>{each.place}</small>}
            {each.comment && <q>{each.comment}</q>}
            {declined === each.id && (
              <input
                aria-label={t("calendar.declineComment")}
                placeholder={t("calendar.declineComment")}
                maxLength={500}
                value={comment}
                onChange={({ target }) => setComment(target.value)}
              />
            )}
            <span className="buttons">
              {declined !== each.id && (
                <button type="button" className="main" disabled={busy} onClick={() => void act(each, true)}>
                  {t("calendar.takeProposal")}
                </button>
              )}
              <button
                type="button"
                disabled={busy}
                onClick={() => (declined === each.id ? void act(each, false) : decline(each.id))}
              >
                {t(declined === each.id ? "calendar.declineProposal" : "calendar.keepTime")}
              </button>
            </span>
          </div>
        </li>
      ))}
    </ul>
  );
}
