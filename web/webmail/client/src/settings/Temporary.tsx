import { Copy, Plus, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { change, request } from "../jmap/client";
import { short } from "../mail/when";
import { IconButton } from "../shell/Button";
import { copied, ownAccount, say, useLoaded } from "./use";

interface TemporaryAddress {
  id: string;
  address: string;
  expires: string;
}

async function load(): Promise<TemporaryAddress[]> {
  const [answer] = await request([["TemporaryAddress/get", { accountId: ownAccount() }]]);
  return answer.list;
}

/** Addresses for once: they lead here for some days, and nobody can guess them. */
export function TemporaryAddresses() {
  const { t } = useTranslation();
  const [found, again] = useLoaded(load);
  const [wrong, setWrong] = useState("");
  const put = (given: Record<string, unknown>) =>
    change([["TemporaryAddress/set", { accountId: ownAccount(), ...given }]]).then(again);

  function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const days = Number(new FormData(event.currentTarget).get("days"));
    setWrong("");
    put({ create: { made: { days } } }).catch((error: Error) => setWrong(error.message));
  }

  return (
    <section aria-label={t("settings.temporary.title")}>
      <h2>{t("settings.temporary.title")}</h2>
      <p className="hint">{t("settings.temporary.hint")}</p>
      <ul className="entries">
        {(found ?? []).map((each) => (
          <li key={each.id}>
            <span className="grow">
              {each.address} <small>{t("settings.temporary.until", { when: short(each.expires) })}</small>
            </span>
            <IconButton
              label={t("settings.copyOf", { name: each.address })}
              onClick={() => void copied(each.address, t("settings.copied"))}
            >
              <Copy />
            </IconButton>
            <IconButton
              label={t("settings.temporary.drop", { name: each.address })}
              onClick={() => void put({ destroy: [each.id] }).catch(say)}
            >
              <Trash2 />
            </IconButton>
          </li>
        ))}
      </ul>
      <form className="inline" onSubmit={add}>
        <label>
          {t("settings.temporary.days")}{" "}
          <input name="days" type="number" min={1} max={3650} defaultValue={7} required />
        </label>
        <button type="submit">
          <Plus />
          {t("settings.temporary.add")}
        </button>
      </form>
      <p role="alert" className="wrong">
        {wrong}
      </p>
    </section>
  );
}
