import { expect, it } from "vitest";
import de from "./de.json";
import en from "./en.json";

const names = (value: object, at = ""): string[] =>
  Object.entries(value).flatMap(([key, each]) =>
    typeof each === "string" ? [`${at}${key}`] : names(each, `${at}${key}.`),
  );
const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((each) => each[1]).sort();
const at = (value: object, path: string) =>
  path.split(".").reduce<unknown>((found, key) => (found as Record<string, unknown>)[key], value) as string;

it("says everything in every language, about the same", () => {
  expect(names(de)).toEqual(names(en));
  for (const each of names(en)) expect(holes(at(de, each)), each).toEqual(holes(at(en, each)));
});
