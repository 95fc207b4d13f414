import { Check, Minus, Plus } from "lucide-react";
import { type KeyboardEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Label } from "../jmap/types";
import { Dialog } from "../shell/Dialog";
import { get, toast, useApp } from "../store";
import { freshColor, labelName, labelsOf, makeLabel, setLabel } from "./labels";

/** Gives labels to emails and takes them away, by typing or choosing; what is typed and is none yet can be made. */
export default function LabelDialog({ ids, onClose }: { ids: string[]; onClose: () => void }) {
  const { t } = useTranslation();
  const id = useId();
  const labels = useApp((state) => state.labels);
  const emails = useApp((state) => state.emails);
  const [typed, type] = useState("");
  const [at, setAt] = useState(0);
  const there = ids.map((each) => emails[each]).filter((each) => each !== undefined);
  const used = there.flatMap((each) => labelsOf(each, labels));
  const all = [
    ...new Map([...labels.filter((each) => !each.isHidden), ...used].map((each) => [each.keyword, each])).values(),
  ];
  const word = typed.trim().toLowerCase();
  const shown = all.filter((each) => labelName(each).toLowerCase().includes(word));
  const isNew = word !== "" && !all.some((each) => labelName(each).toLowerCase() === word);
  const count = (each: Label) => there.filter((email) => email.keywords[each.keyword]).length;

  function toggle(each: Label) {
    void setLabel(ids, each, count(each) < there.length);
  }

  async function make() {
    try {
      const made = await makeLabel(typed.trim(), freshColor(get().labels));
      type("");
      if (made) await setLabel(ids, made, true);
    } catch (error) {
      toast((error as Error).message, { error: true });
    }
  }

  function onKeyDown(event: KeyboardEvent) {
    const last = shown.length - (isNew ? 0 : 1);
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, last));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key !== "Enter") return;
    else if (shown[at]) toggle(shown[at]);
    else if (isNew) void make();
    event.preventDefault();
  }

  return (
    <Dialog title={t("label.choose", { count: ids.length })} onClose={onClose}>
      <div className="form label-dialog">
        <input
          role="combobox"
          aria-label={t("label.find")}
          placeholder={t("label.find")}
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={`${id}-${at}`}
          autoComplete="off"
          autoFocus
          maxLength={100}
          value={typed}
          onChange={(event) => {
            type(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
        <div role="listbox" aria-multiselectable="true" aria-label={t("label.title")} id={`${id}-list`}>
          {shown.map((each, index) => {
            const many = count(each);
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field
              <div
                key={each.keyword}
                id={`${id}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={many === there.length}
                className={index === at ? "at" : undefined}
                onClick={() => toggle(each)}
              >
                <span className="tick">{many === there.length ? <Check /> : many > 0 ? <Minus /> : null}</span>
                <span className={`dot ${each.color}`} aria-hidden="true" />
                {labelName(each)}
              </div>
            );
          })}
          {isNew && (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field
            <div
              id={`${id}-${shown.length}`}
              role="option"
              tabIndex={-1}
              aria-selected="false"
              className={at === shown.length ? "at" : undefined}
              onClick={() => void make()}
            >
              <span className="tick">
                <Plus />
              </span>
              {t("label.make", { name: typed.trim() })}
            </div>
          )}
        </div>
      </div>
    </Dialog>
  );
}
