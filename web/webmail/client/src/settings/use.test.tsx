import { act } from "react";
import { createRoot } from "react-dom/client";
import { expect, it } from "vitest";
import { useLoaded } from "./use";

type Hook = ReturnType<typeof useLoaded<string>>;

function Holder({ load, hold }: { load: () => Promise<string>; hold: (hook: Hook) => void }) {
  hold(useLoaded(load));
  return null;
}

/** The hook at work, and what answers its questions, numbered in the order in which it asked. */
function sit() {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  const asked: ((value: string) => void)[] = [];
  const load = () => new Promise<string>((resolve) => asked.push(resolve));
  const held: Hook[] = [];
  act(() => createRoot(document.createElement("div")).render(<Holder load={load} hold={(hook) => held.push(hook)} />));
  const answer = (index: number, value: string) => act(async () => asked[index]?.(value));
  return { hook: () => held.at(-1) as Hook, answer };
}

it("does not show what was asked before something newer was shown", async () => {
  const { hook, answer } = sit();
  await answer(0, "first");
  act(() => hook()[1]());
  act(() => hook()[2]("newer"));
  await answer(1, "old");
  expect(hook()[0]).toBe("newer");
});

it("shows the answer to the last question, whichever comes last", async () => {
  const { hook, answer } = sit();
  act(() => hook()[1]());
  await answer(1, "last");
  await answer(0, "first");
  expect(hook()[0]).toBe("last");
});
