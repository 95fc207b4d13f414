import { format } from "date-fns";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "./Dialog";

export interface Offer {
  label: string;
  hint?: string;
  moment: Date;
}

interface Props {
  title: string;
  /** Moments that one is likely to want, each a click. */
  offers?: Offer[];
  begin: Date;
  onChoose: (moment: string) => void;
  onClose: () => void;
  children?: React.ReactNode;
}

/** A moment as JMAP writes it. */
export const utc = (moment: Date) => moment.toISOString().replace(/\.\d+Z$/, "Z");

/** Asks for a moment that is to come. */
export default function MomentDialog({ title, offers = [], begin, onChoose, onClose, children }: Props) {
  const { t } = useTranslation();
  function go(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    event.stopPropagation();
    const chosen = new Date(String(new FormData(event.currentTarget).get("when")));
    onClose();
    onChoose(utc(chosen));
  }
  const take = (each: Offer) => {
    onClose();
    onChoose(utc(each.moment));
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {offers.length > 0 && (
        <div className="offers">
          {offers.map((each, at) => (
            // biome-ignore lint/a11y/noAutofocus: one has come to choose one of them
            <button type="button" key={each.label} autoFocus={at === 0} onClick={() => take(each)}>
              <span>{each.label}</span>
              <small>{each.hint}</small>
            </button>
          ))}
        </div>
      )}
      <form className="form" onSubmit={go}>
        <label>
          {t("compose.when")}
          <input
            type="datetime-local"
            name="when"
            required
            min={format(new Date(), "yyyy-MM-dd'T'HH:mm")}
            defaultValue={format(begin, "yyyy-MM-dd'T'HH:mm")}
          />
        </label>
        <footer>
          {children}
          <button type="button" onClick={onClose}>
            {t("app.cancel")}
          </button>
          <button type="submit" className="main">
            {title}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
