import type { CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import { COLOURS } from "./events";

interface Props {
  /** The one that there was, whether it is among the usual ones or not. */
  first: string;
  chosen: string;
  onChoose: (colour: string) => void;
}

/** Which colour a calendar has. */
export function Colours({ first, chosen, onChoose }: Props) {
  const { t } = useTranslation();
  return (
    <fieldset className="colours">
      <legend>{t("calendar.colour")}</legend>
      {[...new Set([...COLOURS, ...(first ? [first] : [])])].map((each, at) => (
        <label key={each} style={{ "--c": each } as CSSProperties}>
          <input
            type="radio"
            name="colour"
            aria-label={t("calendar.colourNumber", { number: at + 1 })}
            checked={chosen === each}
            onChange={() => onChoose(each)}
          />
        </label>
      ))}
    </fieldset>
  );
}
