import { Plus, Trash2 } from "lucide-react";
import { type FormEvent, lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Label } from "../jmap/types";
import { COLORS, changeLabel, deleteLabel, labelName, makeLabel } from "../mail/labels";
import { IconButton } from "../shell/Button";
import { useApp } from "../store";
import { say } from "./use";

const NameDialog = lazy(() => import("../shell/NameDialog"));

/** Names and colours of labels, and which are shown. */
export default function LabelSettings() {
  const { t } = useTranslation();
  const labels = useApp((state) => state.labels);
  const [going, go] = useState<Label | null>(null);

  async function make(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    await makeLabel(String(given.get("name")).trim(), String(given.get("color"))).then(() => form.reset(), say);
  }

  return (
    <>
      <p className="hint">{t("settings.labels.hint")}</p>
      <ul className="entries label-settings">
        {labels.map((each) => (
          <li key={each.id}>
            <Color label={each} />
            <input
              aria-label={t("label.name", { name: labelName(each) })}
              defaultValue={labelName(each)}
              maxLength={100}
              onBlur={(event) => {
                const name = event.target.value.trim();
                if (name && name !== labelName(each)) changeLabel(each, { name }).catch(say);
              }}
              onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
            />
            <label className="check">
              <input
                type="checkbox"
                checked={!each.isHidden}
                onChange={(event) => void changeLabel(each, { isHidden: !event.target.checked }).catch(say)}
              />
              {t("settings.labels.shown")}
            </label>
            {each.mayDelete ? (
              <IconButton label={t("label.delete", { name: labelName(each) })} onClick={() => go(each)}>
                <Trash2 />
              </IconButton>
            ) : (
              <span className="icon" aria-hidden="true" />
            )}
          </li>
        ))}
      </ul>
      <form className="label-new" onSubmit={make}>
        <select name="color" aria-label={t("label.color")} defaultValue="teal">
          {COLORS.map((each) => (
            <option key={each} value={each}>
              {t(`label.colors.${each}`)}
            </option>
          ))}
        </select>
        <input name="name" required maxLength={100} aria-label={t("label.new")} placeholder={t("label.new")} />
        <button type="submit">
          <Plus />
          {t("label.add")}
        </button>
      </form>
      <Suspense>
        {going && (
          <NameDialog
            title={t("label.delete", { name: labelName(going) })}
            name={null}
            ask={t("label.deleteAsk", { name: labelName(going) })}
            onClose={() => go(null)}
            onName={() => deleteLabel(going)}
          />
        )}
      </Suspense>
    </>
  );
}

function Color({ label }: { label: Label }) {
  const { t } = useTranslation();
  return (
    <span className="label-color">
      <span className={`dot ${label.color}`} aria-hidden="true" />
      <select
        aria-label={t("label.colorOf", { name: labelName(label) })}
        value={label.color}
        onChange={(event) => void changeLabel(label, { color: event.target.value }).catch(say)}
      >
        {COLORS.map((each) => (
          <option key={each} value={each}>
            {t(`label.colors.${each}`)}
          </option>
        ))}
      </select>
    </span>
  );
}
