/** Translations: English comes with the app, another language is fetched when it is wanted. */
import { setDefaultOptions } from "date-fns";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./locales/en.json";
import { applyPrefs } from "./prefs";

export const LANGUAGES: Record<string, string> = { en: "English", de: "Deutsch" };

/** The language that is kept, or that of the browser. */
function wanted(): string {
  const kept = localStorage.getItem("postroom.language");
  if (kept && kept in LANGUAGES) return kept;
  return navigator.languages.map((each) => each.slice(0, 2)).find((each) => each in LANGUAGES) ?? "en";
}

export async function speak(language: string): Promise<void> {
  if (language === "de") {
    const [words, { de }] = await Promise.all([import("./locales/de.json"), import("date-fns/locale/de")]);
    i18next.addResourceBundle("de", "translation", words.default);
    setDefaultOptions({ locale: de });
  } else {
    const american = navigator.languages.find((each) => each.startsWith("en")) === "en-US";
    setDefaultOptions({ locale: american ? undefined : (await import("date-fns/locale/en-GB")).enGB });
  }
  document.documentElement.lang = language;
  await i18next.changeLanguage(language);
}

export async function choose(language: string): Promise<void> {
  localStorage.setItem("postroom.language", language);
  await speak(language);
  applyPrefs();
}

export async function prepare(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
  });
  await speak(wanted());
}
