import { format } from "date-fns";
import { Ban, CalendarClock, CircleCheck, MailWarning, Send } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { mine } from "./events";
import { type Happening, inWords, type Named, timelineOf } from "./meetings";
import { zone } from "./store";
import { shownIn } from "./time";

const ICONS: Record<string, typeof Send> = {
  sent: Send,
  "not sent": MailWarning,
  returned: MailWarning,
  ignored: Ban,
  counter: CalendarClock,
  declinecounter: CalendarClock,
};

/** What happened to an event, the latest last: invitations, answers, and what was ignored with the reason. */
export default function Timeline({ accountId, named, at }: { accountId: string; named: Named; at?: string }) {
  const { t } = useTranslation();
  const [lines, setLines] = useState<Happening[] | null>(null);
  const [wrong, setWrong] = useState("");
  const key = JSON.stringify(named);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked for again when the event is another one than it was
  useEffect(() => {
    timelineOf(accountId, JSON.parse(key)).then(setLines, (error: Error) => setWrong(error.message));
  }, [accountId, key, at]);
  if (wrong) return <p className="wrong">{wrong}</p>;
  if (!lines) return <span className="bone" aria-hidden="true" />;
  if (!lines.length) return <p className="quiet">{t("calendar.history.none")}</p>;
  return (
    <ol className="timeline">
      {lines.map((each, number) => {
        const { said, more } = inWords(each);
        const Icon = ICONS[each.what] ?? CircleCheck;
        const when = shownIn(zone(), new Date(each.at));
        const by = mine().has(each.by.toLowerCase()) ? t("calendar.you") : each.by;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines are only added, and have no names
          <li key={number} data-what={each.what}>
            <Icon aria-hidden="true" />
            <div>
              <strong>{said}</strong>
              {more && <span>{more}</span>}
              <small>
                <time dateTime={each.at}>{format(when, "PP p")}</time>
                {by && ` · ${by}`}
                {each.client === "mail" && ` · ${t("calendar.history.byMail")}`}
              </small>
            </div>
          </li>
        );
      })}
    </ol>
  );
}
