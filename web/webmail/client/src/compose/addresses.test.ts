import { expect, it } from "vitest";
import { addressesOf } from "./addresses";

it("reads addresses with and without names, however they are parted", () => {
  expect(addressesOf('Anna A <anna@x.test>; bob@x.test\n"Carol, C" <carol@x.test>').found).toEqual([
    { name: "Anna A", email: "anna@x.test" },
    { name: null, email: "bob@x.test" },
    { name: "Carol, C", email: "carol@x.test" },
  ]);
});

it("gives back what is no address", () => {
  expect(addressesOf("anna, bob@x.test")).toEqual({ found: [{ name: null, email: "bob@x.test" }], wrong: ["anna"] });
  expect(addressesOf("").found).toEqual([]);
});
