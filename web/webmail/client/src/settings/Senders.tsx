import { X } from "lucide-react";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../shell/Button";
import { toast } from "../store";
import { Bones } from "./SettingsRoom";
import { loadSenders, type SenderSettings, saveSenders } from "./senders";
import { say, useLoaded } from "./use";

const ACTIONS = ["junk", "discard", "reject"];
const STRANGERS = ["pass", "moveToFilteredEmail", "moveToFilteredEmailWithIC", "sendNDR", "discard"];

/** Whose mail is welcome, whose is not, and what becomes of strangers'. */
export default function Senders() {
  const { t } = useTranslation();
  const [found, again, show] = useLoaded(loadSenders);
  if (!found) return <Bones />;

  /** Shown at once, taken back when the server refuses. */
  async function put(given: Partial<SenderSettings>, undo?: Partial<SenderSettings>) {
    if (!found) return;
    show({ ...found, ...given });
    try {
      await saveSenders(given);
      toast(t("settings.saved"), undo ? { undo: () => void put(undo) } : {});
    } catch (error) {
      say(error);
    }
    again();
  }

  return (
    <>
      {(["allowed", "blocked"] as const).map((name) => (
        <List
          key={name}
          name={name}
          words={found[name]}
          put={(words) => put({ [name]: words }, { [name]: found[name] })}
        />
      ))}
      <section>
        <div className="form rows">
          <label>
            {t("settings.senders.action")}
            <select value={found.blockedAction} onChange={(event) => void put({ blockedAction: event.target.value })}>
              {ACTIONS.map((each) => (
                <option key={each} value={each}>
                  {t(`settings.senders.actions.${each}`)}
                </option>
              ))}
            </select>
          </label>
          <label>
            {t("settings.senders.strangers")}
            <select value={found.strangers} onChange={(event) => void put({ strangers: event.target.value })}>
              {STRANGERS.map((each) => (
                <option key={each} value={each}>
                  {t(`settings.senders.ways.${each}`)}
                </option>
              ))}
            </select>
          </label>
          <label className="check">
            <input
              type="checkbox"
              checked={found.contactsAllowed}
              onChange={(event) => void put({ contactsAllowed: event.target.checked })}
            />
            {t("settings.senders.contacts")}
          </label>
        </div>
      </section>
    </>
  );
}

interface ListProps {
  name: "allowed" | "blocked";
  words: string[];
  put: (words: string[]) => Promise<void>;
}

function List({ name, words, put }: ListProps) {
  const { t } = useTranslation();
  function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const given = String(new FormData(form).get("sender") ?? "")
      .toLowerCase()
      .split(/[\s,;]+/)
      .filter(Boolean);
    if (given.length) void put([...new Set([...words, ...given])]).then(() => form.reset());
  }
  return (
    <section aria-label={t(`settings.senders.${name}`)}>
      <h2>{t(`settings.senders.${name}`)}</h2>
      <p className="hint">{t(`settings.senders.${name}Hint`)}</p>
      <ul className="chips">
        {words.map((each) => (
          <li key={each}>
            {each}
            <IconButton
              label={t("settings.senders.drop", { name: each })}
              onClick={() => void put(words.filter((one) => one !== each))}
            >
              <X />
            </IconButton>
          </li>
        ))}
      </ul>
      <form className="inline" onSubmit={add}>
        <input
          name="sender"
          aria-label={t("settings.senders.sender")}
          placeholder="ann@example.org, example.org, *@news.example.org"
        />
        <button type="submit">{t("settings.senders.add")}</button>
      </form>
    </section>
  );
}
