import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./tokens.css";
import "./base.css";
import "./app.css";
import "./list.css";
import "./mail/labels.css";
import "./mail/search.css";
import "./reader.css";
import "./compose.css";
import "./narrow.css";
import "./rail.css";
import { whenBack } from "./back";
import { prepare } from "./i18n";
import { whenSignedOut } from "./jmap/client";
import { boot, reconnect, visitPlace } from "./mail/load";
import { placeOf } from "./place";
import { applyPrefs } from "./prefs";
import { App } from "./shell/App";
import { followTheme } from "./shell/theme";
import { set, toast } from "./store";

followTheme();
whenSignedOut(() => set({ signedOut: true }));
whenBack(() => void visitPlace(placeOf(location.pathname)));
addEventListener("online", () => void reconnect().catch(() => set({ online: false })));
addEventListener("offline", () => set({ online: false }));

await prepare();
applyPrefs();
createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
boot().catch((error: Error) => toast(error.message, { error: true }));
