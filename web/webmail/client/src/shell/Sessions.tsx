import { formatDistanceToNow } from "date-fns";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { type BrowserSession, browserSessions, endSession } from "../jmap/client";
import { toast } from "../store";
import { Dialog } from "./Dialog";

const BROWSERS = ["Firefox", "Edg", "OPR", "Chrome", "Safari"];

/** What people call a browser that calls itself something long. */
function called(agent: string): string {
  const name = BROWSERS.find((each) => agent.includes(each)) ?? agent.slice(0, 40);
  const system = /\(([^;)]+)/.exec(agent)?.[1] ?? "";
  return [name.replace("Edg", "Edge").replace("OPR", "Opera"), system].filter(Boolean).join(" · ");
}

export default function Sessions({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [found, setFound] = useState<BrowserSession[]>([]);
  const load = useCallback(() => {
    browserSessions().then(setFound, (error: Error) => toast(error.message, { error: true }));
  }, []);
  useEffect(load, [load]);
  return (
    <Dialog title={t("menu.sessions")} onClose={onClose}>
      <ul className="sessions">
        {found.map((each) => (
          <li key={each.id}>
            <div>
              <strong>{called(each.agent) || each.peer}</strong> {each.here && <em>{t("sessions.here")}</em>}
              <small>
                {each.peer} ·{" "}
                {t("sessions.used", { when: formatDistanceToNow(new Date(each.used), { addSuffix: true }) })}
              </small>
            </div>
            {!each.here && (
              <button type="button" onClick={() => void endSession(each.id).then(load)}>
                {t("sessions.end")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
