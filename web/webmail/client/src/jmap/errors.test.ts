import i18next from "i18next";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import de from "../locales/de.json";
import en from "../locales/en.json";
import { refused, troubleOf } from "./errors";

const resources = { en: { translation: en }, de: { translation: de } };
beforeAll(() => i18next.init({ lng: "de", fallbackLng: "en", resources, interpolation: { escapeValue: false } }));
afterAll(() => i18next.changeLanguage("en"));

describe("what the server refuses", () => {
  const full = { type: "overQuota", description: "the store is full" };
  it("is said in the language of the page, not in that of the server", async () => {
    await i18next.changeLanguage("de");
    expect(refused(full)).toMatchObject({ kind: "overQuota", message: de.wrong.overQuota });
  });
  it("is said in the server's words, which tell more, where the page is English", async () => {
    await i18next.changeLanguage("en");
    expect(refused(full).message).toBe("the store is full");
    expect(refused({ type: "overQuota" }).message).toBe(en.wrong.overQuota);
  });
  it("names what of an object is not right", async () => {
    await i18next.changeLanguage("de");
    const told = { type: "invalidProperties", description: "no", properties: ["parentId", "colour"] };
    expect(refused(told).message).toBe(`${de.wrong.invalidProperties} (Ordner, colour)`);
  });
  it("says what a single thing is to be like", async () => {
    await i18next.changeLanguage("de");
    expect(refused({ type: "invalidProperties", properties: ["name"] }).message).toBe(de.wrong.invalid.name);
  });
  it("says the reason with its numbers, which tells more than the type", async () => {
    await i18next.changeLanguage("de");
    const told = { type: "overQuota", description: "no", reason: "tooManyFolders", facts: { most: 7 } };
    expect(refused(told).message).toBe("Es darf 7 Ordner geben: Löschen Sie zuerst welche.");
    expect(refused({ ...told, reason: "quiteNew" }).message).toBe(de.wrong.overQuota);
  });
  it("says what was wrong with what is fetched, and what pages beside JMAP call a code", async () => {
    await i18next.changeLanguage("de");
    expect(troubleOf({ error: "far.test: no", errorReason: "notLetIn" })).toBe(de.wrong.reason.notLetIn);
    expect(troubleOf({ error: "something new", errorReason: null })).toBe("something new");
    expect(refused({ status: 422, code: "elsewhere", description: "no" }).message).toBe(de.wrong.reason.elsewhere);
    await i18next.changeLanguage("en");
    expect(troubleOf({ error: "far.test: no", errorReason: "notLetIn" })).toBe("far.test: no");
  });
  it("names whom a letter cannot go to", async () => {
    await i18next.changeLanguage("de");
    const told = {
      type: "invalidRecipients",
      description: "550 5.1.1 No such user",
      invalidRecipients: ["x@far.test"],
    };
    expect(refused(told).message).toBe(`${de.wrong.invalidRecipients} (x@far.test)`);
  });
  it("is without the codes of mail servers", async () => {
    await i18next.changeLanguage("en");
    expect(refused({ type: "forbiddenFrom", description: "553 5.7.1 Not yours" }).message).toBe("Not yours");
  });
  it("is what the status says where there is no type, or one that says nothing", async () => {
    await i18next.changeLanguage("de");
    expect(refused({ status: 503 }).message).toBe(de.wrong.serverUnavailable);
    expect(refused({ type: "about:blank", status: 404, detail: "no blob" }).message).toBe(de.wrong.notFound);
    expect(refused({ type: "urn:ietf:params:jmap:error:limit", status: 413 }).message).toBe(de.wrong.tooLarge);
  });
  it("is said in the server's words where its type is not known", async () => {
    await i18next.changeLanguage("de");
    expect(refused({ type: "quiteNew", description: "something new" }).message).toBe("something new");
  });
});
