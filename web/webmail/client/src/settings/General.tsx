import { useState } from "react";
import { useTranslation } from "react-i18next";
import { choose, LANGUAGES } from "../i18n";
import { openList } from "../mail/lists";
import { choosePref, type Day, density, receipts, weekStart, zone } from "../prefs";
import { chooseTheme } from "../shell/theme";
import { get, keep, set, type Theme, useApp } from "../store";

const DAYS: Day[] = [1, 0, 6];

/** How the app looks and speaks, on this device. */
export function General() {
  const { t, i18n } = useTranslation();
  const theme = useApp((state) => state.theme);
  const conversations = useApp((state) => state.conversations);
  const [, drawAgain] = useState(0);
  const pref = (name: "zone" | "weekStart" | "density" | "receipts", value: unknown) => {
    choosePref(name, value);
    drawAgain((number) => number + 1);
    set({ list: null });
  };
  return (
    <div className="form rows">
      <p className="hint">{t("settings.general.here")}</p>
      <label>
        {t("menu.language")}
        <select value={i18n.language} onChange={(event) => void choose(event.target.value)}>
          {Object.entries(LANGUAGES).map(([code, name]) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("menu.theme")}
        <select value={theme} onChange={(event) => chooseTheme(event.target.value as Theme)}>
          {["system", "light", "dark"].map((each) => (
            <option key={each} value={each}>
              {t(`menu.${each}`)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("settings.general.density")}
        <select value={density()} onChange={(event) => pref("density", event.target.value)}>
          {["normal", "compact"].map((each) => (
            <option key={each} value={each}>
              {t(`settings.general.${each}`)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("settings.general.zone")}
        <select value={zone()} onChange={(event) => pref("zone", event.target.value)}>
          <option value="">
            {t("settings.general.device", { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}
          </option>
          {Intl.supportedValuesOf("timeZone").map((each) => (
            <option key={each} value={each}>
              {each.replaceAll("_", " ")}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("settings.general.week")}
        <select
          value={weekStart() ?? ""}
          onChange={(event) => pref("weekStart", event.target.value === "" ? null : Number(event.target.value))}
        >
          <option value="">{t("settings.general.usual")}</option>
          {DAYS.map((each) => (
            <option key={each} value={each}>
              {new Intl.DateTimeFormat(i18n.language, { weekday: "long", timeZone: "UTC" }).format(
                new Date(Date.UTC(2023, 0, 1 + each)),
              )}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("receipt.setting")}
        <select value={receipts()} onChange={(event) => pref("receipts", event.target.value)}>
          {["ask", "always", "never"].map((each) => (
            <option key={each} value={each}>
              {t(`receipt.${each}`)}
            </option>
          ))}
        </select>
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={conversations}
          onChange={(event) => {
            keep("conversations", event.target.checked);
            set({ conversations: event.target.checked });
            openList(get().place);
          }}
        />
        {t("settings.general.conversations")}
      </label>
    </div>
  );
}
