import { expect, it } from "vitest";
import { piecesOf } from "./links";

it("finds addresses of pages and of people, without the stops that follow them", () => {
  expect(piecesOf("See https://x.test/a?b=1. Or (http://y.test), or write to ann@z.test!")).toEqual([
    "See ",
    "https://x.test/a?b=1",
    ". Or (",
    "http://y.test",
    "), or write to ",
    "ann@z.test",
    "!",
  ]);
});
