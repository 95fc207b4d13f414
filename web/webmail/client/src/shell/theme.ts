/** Light or dark: as the system has it, or as somebody chose. */

import { get, keep, set, type Theme } from "../store";
import { paintBrand } from "./branding";

const system = matchMedia("(prefers-color-scheme: dark)");

function paint(): void {
  const { theme } = get();
  const dark = theme === "dark" || (theme === "system" && system.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  paintBrand(dark);
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", dark ? "#14181a" : "#f1efe9");
}

export function followTheme(): void {
  paint();
  system.addEventListener("change", paint);
}

export function chooseTheme(theme: Theme): void {
  keep("theme", theme);
  set({ theme });
  paint();
}
