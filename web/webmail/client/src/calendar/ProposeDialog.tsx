import { type FormEvent, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/Dialog";
import { toast } from "../store";
import { timesOf } from "./act";
import { Times } from "./EventDialog";
import { addressOf, mine, organizer } from "./events";
import { FreeBusy } from "./FreeBusy";
import { type Form, formOf, timesIn } from "./form";
import { propose } from "./meetings";
import { zone } from "./store";
import { between } from "./time";
import type { CalendarEvent } from "./types";

interface Props {
  event: CalendarEvent;
  start: Date;
  end: Date;
  allDay: boolean;
  onClose: () => void;
  /** Called once the organizer has been told. */
  done?: () => void;
}

/** Another time for a meeting that somebody else organizes. */
export default function ProposeDialog({ event, start, end, allDay, onClose, done }: Props) {
  const { t } = useTranslation();
  const [form, setForm] = useState<Form | null>(() => formOf({ event, start, end, allDay }));
  const [comment, setComment] = useState("");
  const [busy, setBusy] = useState(false);
  const owner = organizer(event);
  const guests = useMemo(() => {
    const all = form?.guests.filter((each) => !mine().has(each.email)) ?? [];
    const chair = owner && addressOf(owner);
    if (!chair || all.some((each) => each.email === chair)) return all;
    return [{ name: owner.name ?? null, email: chair, room: false, optional: false, stored: null }, ...all];
  }, [form?.guests, owner]);
  if (!form) return null;
  const now = timesIn(form);
  const lasts = form.end.getTime() - form.start.getTime();
  const move = (to: Date) => {
    const at = form.allDay ? to : between(zone(), form.zone, to);
    setForm({ ...form, start: at, end: new Date(at.getTime() + lasts) });
  };

  async function submit(submitted: FormEvent) {
    submitted.preventDefault();
    if (now.end < now.start) return void toast(t("calendar.endsBefore"), { error: true });
    setBusy(true);
    const times = timesOf(now.start, now.end, allDay, event.timeZone ?? null);
    const sent = await propose(event.id, times, comment.trim());
    setBusy(false);
    if (!sent) return;
    onClose();
    done?.();
  }

  return (
    <Dialog title={t("calendar.propose")} onClose={onClose} size="middle">
      <form className="form" onSubmit={submit}>
        <p className="hint">{t("calendar.proposeHint", { name: owner?.name || (owner && addressOf(owner)) || "" })}</p>
        <Times form={form} change={(more) => setForm({ ...form, ...more })} zones={false} fixed />
        <FreeBusy
          guests={guests}
          start={now.start}
          end={now.end}
          own={{ from: start.getTime(), to: end.getTime() }}
          onMove={move}
        />
        <label>
          {t("calendar.comment")}
          <textarea rows={2} maxLength={1000} value={comment} onChange={({ target }) => setComment(target.value)} />
        </label>
        <footer>
          <button type="button" onClick={onClose}>
            {t("app.cancel")}
          </button>
          <button type="submit" className="main" disabled={busy}>
            {t("calendar.proposeSend")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
