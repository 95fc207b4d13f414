import { Menu as MenuIcon } from "lucide-react";
import { lazy, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { MAIL_ROOM } from "../place";
import { ROOMS, roomCalled } from "../rooms";
import { set, useApp } from "../store";
import { AccountMenu } from "./AccountMenu";
import { Brand } from "./Brand";
import { IconButton } from "./Button";
import { useBack } from "./Dialog";
import { Help } from "./Help";
import { onKey } from "./keys";
import { Rail } from "./Rail";
import { SignIn } from "./SignIn";
import { Toasts } from "./Toasts";

const Reminders = lazy(() => import("../calendar/ReminderList"));
const Composers = lazy(() => import("../compose/Composers"));

/** Milliseconds after which one is told of events and requests: what one has come for is first. */
const REMIND_AFTER = 2_500;

function remind(): void {
  import("../calendar/reminders").then(
    ({ followReminders }) => followReminders(),
    () => undefined,
  );
  import("../sharing/requests").then(
    ({ followRequests }) => followRequests(),
    () => undefined,
  );
}

export function App() {
  const signedOut = useApp((state) => state.signedOut);
  const ready = useApp((state) => state.ready);
  useEffect(() => {
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  useEffect(() => {
    if (!ready || signedOut) return;
    const timer = setTimeout(remind, REMIND_AFTER);
    return () => clearTimeout(timer);
  }, [ready, signedOut]);
  return (
    <>
      {ready || !signedOut ? <House hidden={signedOut} /> : null}
      {signedOut && <SignIn />}
      <Toasts />
    </>
  );
}

function House({ hidden }: { hidden: boolean }) {
  const { t } = useTranslation();
  const reading = useApp((state) => state.place.emailId !== null);
  const drawer = useApp((state) => state.drawer);
  const writing = useApp((state) => state.drafts.length > 0);
  const helpShown = useApp((state) => state.helpShown);
  const reminded = useApp((state) => state.reminders.length > 0);
  const online = useApp((state) => state.online);
  const key = useApp((state) => state.place.room);
  useBack(drawer, () => set({ drawer: false }));
  const here = roomCalled(key) ?? (ROOMS[0] as (typeof ROOMS)[0]);
  const { room: Room, bar: Bar } = here;
  return (
    <div
      className="room"
      inert={hidden}
      data-room={here.key}
      data-rooms={ROOMS.length > 1}
      data-reading={reading}
      data-drawer={drawer}
    >
      <a className="skip" href={here.key === MAIL_ROOM ? "#list" : "#stage"}>
        {t(here.key === MAIL_ROOM ? "app.skip" : "app.skipContent")}
      </a>
      <header className="top">
        <IconButton
          label={t("app.menu")}
          className="burger"
          aria-expanded={drawer}
          onClick={() => set({ drawer: !drawer })}
        >
          <MenuIcon />
        </IconButton>
        <Brand />
        <Suspense fallback={<span className="search" />}>{Bar && <Bar />}</Suspense>
        <AccountMenu />
      </header>
      {ROOMS.length > 1 && <Rail />}
      {drawer && (
        <button type="button" className="shade" aria-label={t("app.close")} onClick={() => set({ drawer: false })} />
      )}
      <Suspense fallback={<main className="stage" id="stage" aria-busy="true" />}>
        <Room />
      </Suspense>
      {!online && (
        <p className="offline" role="status">
          {t("app.offline")}
        </p>
      )}
      <Suspense>{reminded && <Reminders />}</Suspense>
      <Suspense>{writing && <Composers />}</Suspense>
      {helpShown && <Help />}
    </div>
  );
}
