import { Menu as MenuIcon, PenLine } from "lucide-react";
import { lazy, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { begin } from "../compose/draft";
import { FolderTree } from "../mail/FolderTree";
import { MailList } from "../mail/MailList";
import { Reader } from "../mail/Reader";
import { SearchBox } from "../mail/SearchBox";
import { set, useApp } from "../store";
import { AccountMenu } from "./AccountMenu";
import { Brand } from "./Brand";
import { IconButton } from "./Button";
import { Help } from "./Help";
import { onKey } from "./keys";
import { SignIn } from "./SignIn";
import { Toasts } from "./Toasts";

const Composers = lazy(() => import("../compose/Composers"));

export function App() {
  const signedOut = useApp((state) => state.signedOut);
  const ready = useApp((state) => state.ready);
  useEffect(() => {
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <>
      {ready || !signedOut ? <Room hidden={signedOut} /> : null}
      {signedOut && <SignIn />}
      <Toasts />
    </>
  );
}

function Room({ hidden }: { hidden: boolean }) {
  const { t } = useTranslation();
  const reading = useApp((state) => state.place.emailId !== null);
  const drawer = useApp((state) => state.drawer);
  const writing = useApp((state) => state.drafts.length > 0);
  const helpShown = useApp((state) => state.helpShown);
  const online = useApp((state) => state.online);
  return (
    <div className="room" inert={hidden} data-reading={reading} data-drawer={drawer}>
      <a className="skip" href="#list">
        {t("app.skip")}
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
        <SearchBox />
        <AccountMenu />
      </header>
      <nav className="side" aria-label={t("app.folders")}>
        <button type="button" className="main compose" onClick={() => begin()}>
          <PenLine />
          {t("act.compose")}
        </button>
        <FolderTree />
      </nav>
      {drawer && (
        <button type="button" className="shade" aria-label={t("app.close")} onClick={() => set({ drawer: false })} />
      )}
      <MailList />
      <Reader />
      <button type="button" className="main fab" aria-label={t("act.compose")} onClick={() => begin()}>
        <PenLine />
      </button>
      {!online && (
        <p className="offline" role="status">
          {t("app.offline")}
        </p>
      )}
      <Suspense>{writing && <Composers />}</Suspense>
      {helpShown && <Help />}
    </div>
  );
}
