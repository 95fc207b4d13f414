import { useApp } from "../store";
import { Composer } from "./Composer";

/** The letters that are being written, side by side. */
export default function Composers() {
  const drafts = useApp((state) => state.drafts);
  return (
    <div className="composers">
      {drafts.map((each) => (
        <Composer key={each.key} draft={each} />
      ))}
    </div>
  );
}
