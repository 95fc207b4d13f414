import i18next from "i18next";
import { expect, it } from "vitest";
import de from "./locales/de.json";
import { folderName } from "./names";

it("calls what the server makes in the reader's language, and nothing else", async () => {
  await i18next.init({ lng: "de", resources: { de: { translation: de } } });
  expect(folderName({ name: "Calendar" })).toBe("Kalender");
  expect(folderName({ name: "INBOX", role: "inbox", parentId: null })).toBe("Posteingang");
  expect(folderName({ name: "Archive", parentId: "F7" })).toBe("Archive");
  expect(folderName({ name: "Club" })).toBe("Club");
  expect(folderName({ name: "Held", role: "quarantine" })).toBe("Held");
});
