import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { addressesOf } from "../../compose/addresses";
import { Bones } from "../SettingsRoom";
import { Notices } from "./Notices";
import { useFilters } from "./useFilters";

/** Everything that comes in, sent on. */
export default function Forwarding() {
  const { t } = useTranslation();
  const { kept, put, saving } = useFilters();
  const [wrong, setWrong] = useState("");
  if (!kept) return <Bones />;
  const { forward } = kept.filters;

  function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!kept) return;
    const given = new FormData(event.currentTarget);
    const { found, wrong: bad } = addressesOf(String(given.get("to") ?? ""));
    const on = given.get("on") !== null;
    if (bad[0]) return setWrong(t("compose.badAddress", { address: bad[0] }));
    if (on && !found.length) return setWrong(t("settings.forwarding.whereTo"));
    setWrong("");
    const next = { on, to: found.map((each) => each.email), keep: given.get("keep") !== null };
    void put({ ...kept.filters, forward: next });
  }

  return (
    <form className="form" onSubmit={save}>
      <Notices kept={kept} />
      <label className="check">
        <input type="checkbox" name="on" defaultChecked={forward.on} />
        {t("settings.forwarding.on")}
      </label>
      <label>
        {t("settings.forwarding.to")}
        <input name="to" defaultValue={forward.to.join(", ")} inputMode="email" />
      </label>
      <label className="check">
        <input type="checkbox" name="keep" defaultChecked={forward.keep} />
        {t("settings.forwarding.keep")}
      </label>
      <p role="alert" className="wrong">
        {wrong}
      </p>
      <footer className="left">
        <button type="submit" className="main" disabled={saving}>
          {t("app.save")}
        </button>
      </footer>
    </form>
  );
}
