import type { MouseEvent } from "react";
import { useTranslation } from "react-i18next";
import { visitRoom } from "../mail/load";
import { MAIL_ROOM } from "../place";
import { ROOMS } from "../rooms";
import { useApp, withRole } from "../store";

/** From room to room: beside everything on a wide screen, below it on a phone. */
export function Rail() {
  const { t } = useTranslation();
  const here = useApp((state) => state.place.room);
  const own = useApp((state) => state.accounts.find((each) => each.own)?.id ?? null);
  const unread = useApp(() => withRole(own, "inbox")?.unreadEmails ?? 0);
  const visit = (key: string) => (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    visitRoom(key);
  };
  return (
    <nav className="rail" aria-label={t("app.rooms")}>
      {ROOMS.filter((each) => !each.inMenu).map(({ key, icon: Icon, go }) => (
        <a
          key={key}
          href={key === MAIL_ROOM ? "/mail/" : `/mail/${key}`}
          aria-current={key === here ? "page" : undefined}
          title={go ? `${t(`${key}.title`)} (g ${go})` : undefined}
          onClick={visit(key)}
        >
          <span className="sign">
            <Icon />
            {key === MAIL_ROOM && unread > 0 && here !== MAIL_ROOM && <i aria-hidden="true" />}
          </span>
          {t(`${key}.title`)}
        </a>
      ))}
    </nav>
  );
}
