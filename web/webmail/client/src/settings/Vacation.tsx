import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { change, request } from "../jmap/client";
import { dayOf } from "../sharing/LevelFields";
import { toast } from "../store";
import { Bones } from "./SettingsRoom";
import { ownAccount, useLoaded } from "./use";

interface VacationResponse {
  isEnabled: boolean;
  fromDate: string | null;
  toDate: string | null;
  subject: string | null;
  textBody: string | null;
  htmlBody: string | null;
}

async function load(): Promise<VacationResponse> {
  const [answer] = await request([["VacationResponse/get", { accountId: ownAccount(), ids: ["singleton"] }]]);
  return answer.list[0];
}

function moment(day: string, time: string): string | null {
  return day ? new Date(`${day}T${time}`).toISOString().replace(/\.\d+Z$/, "Z") : null;
}

/** What is answered by itself while one is away. */
export default function Vacation() {
  const [found, , keepIt] = useLoaded(load);
  return found ? <Form found={found} onSaved={keepIt} /> : <Bones />;
}

function Form({ found, onSaved }: { found: VacationResponse; onSaved: (value: VacationResponse) => void }) {
  const { t } = useTranslation();
  const [wrong, setWrong] = useState("");
  const [on, turn] = useState(found.isEnabled);

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const text = (name: string) => String(given.get(name) ?? "");
    const patch: VacationResponse = {
      isEnabled: on,
      fromDate: moment(text("from"), "00:00:00"),
      toDate: moment(text("to"), "23:59:59"),
      subject: text("subject").trim() || null,
      textBody: text("text").trim() || null,
      htmlBody: null,
    };
    try {
      if (patch.fromDate && patch.toDate && patch.fromDate > patch.toDate)
        throw new Error(t("settings.vacation.order"));
      await change([["VacationResponse/set", { accountId: ownAccount(), update: { singleton: patch } }]]);
      setWrong("");
      onSaved(patch);
      toast(t(on ? "settings.vacation.nowOn" : "settings.saved"));
    } catch (error) {
      setWrong((error as Error).message);
    }
  }

  return (
    <form className="form" onSubmit={save}>
      <label className="check">
        <input type="checkbox" checked={on} onChange={(event) => turn(event.target.checked)} />
        {t("settings.vacation.on")}
      </label>
      <div className="pair">
        <label>
          {t("settings.vacation.from")}
          <input type="date" name="from" defaultValue={dayOf(found.fromDate)} />
        </label>
        <label>
          {t("settings.vacation.to")}
          <input type="date" name="to" defaultValue={dayOf(found.toDate)} />
        </label>
      </div>
      <label>
        {t("compose.subject")}
        <input name="subject" defaultValue={found.subject ?? ""} placeholder={t("settings.vacation.subject")} />
      </label>
      <label>
        {t("settings.vacation.text")}
        <textarea name="text" rows={7} defaultValue={found.textBody ?? ""} required={on} />
      </label>
      <p className="hint">{t("settings.vacation.once")}</p>
      <p role="alert" className="wrong">
        {wrong}
      </p>
      <footer className="left">
        <button type="submit" className="main">
          {t("app.save")}
        </button>
      </footer>
    </form>
  );
}
