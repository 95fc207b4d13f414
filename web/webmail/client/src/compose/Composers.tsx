import { useEffect } from "react";
import { useApp } from "../store";
import { Composer } from "./Composer";
import { saveAgain, saveHidden, unsaved } from "./draft";

function ask(event: BeforeUnloadEvent): void {
  if (unsaved()) event.preventDefault();
}

/** The letters that are being written, side by side. */
export default function Composers() {
  const drafts = useApp((state) => state.drafts);
  const there = useApp((state) => state.online && !state.signedOut);
  useEffect(() => {
    addEventListener("beforeunload", ask);
    document.addEventListener("visibilitychange", saveHidden);
    return () => {
      removeEventListener("beforeunload", ask);
      document.removeEventListener("visibilitychange", saveHidden);
    };
  }, []);
  useEffect(() => {
    if (there) saveAgain();
  }, [there]);
  return (
    <div className="composers">
      {drafts.map((each) => (
        <Composer key={each.key} draft={each} />
      ))}
    </div>
  );
}
