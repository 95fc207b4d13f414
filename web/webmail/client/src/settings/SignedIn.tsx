import { formatDistanceToNow } from "date-fns";
import { useTranslation } from "react-i18next";
import { browserSessions, endSession } from "../jmap/client";
import { say, useLoaded } from "./use";

const BROWSERS = ["Firefox", "Edg", "OPR", "Chrome", "Safari"];
const SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "Macintosh", "CrOS", "Linux"];

/** What people call a browser that calls itself something long. */
function called(agent: string): string {
  const name = BROWSERS.find((each) => agent.includes(each)) ?? agent.slice(0, 40);
  const system = SYSTEMS.find((each) => agent.includes(each)) ?? /\(([^;)]+)/.exec(agent)?.[1] ?? "";
  return [name.replace("Edg", "Edge").replace("OPR", "Opera"), system].filter(Boolean).join(" · ");
}

/** The browsers that are signed in. */
export function SignedIn() {
  const { t } = useTranslation();
  const [found, again] = useLoaded(browserSessions);
  return (
    <section aria-label={t("menu.sessions")}>
      <h2>{t("menu.sessions")}</h2>
      <ul className="entries">
        {(found ?? []).map((each) => (
          <li key={each.id}>
            <span className="grow">
              {called(each.agent) || each.peer} {each.here && <em>{t("sessions.here")}</em>}
              <small>
                {each.peer} ·{" "}
                {t("sessions.used", { when: formatDistanceToNow(new Date(each.used), { addSuffix: true }) })}
              </small>
            </span>
            {!each.here && (
              <button type="button" onClick={() => void endSession(each.id).then(again, say)}>
                {t("sessions.end")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
