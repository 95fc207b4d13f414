/** What the webmail calls itself under this name of the server: the server has put it into the page. */

export interface BrandSaid {
  name: string;
  /** `#rrggbb`, or "". */
  colour: string;
  logo: string;
}

const PAPER = { light: "#ffffff", dark: "#1b2023" };
/** Contrast that text has to have. WCAG 2.2, 1.4.3. */
const ENOUGH = 4.6;

function told(): BrandSaid {
  const plain = { name: "Postroom", colour: "", logo: "" };
  try {
    const said = document.querySelector<HTMLMetaElement>('meta[name="brand"]')?.content;
    return said ? { ...plain, ...JSON.parse(said) } : plain;
  } catch {
    return plain;
  }
}

export const brand = told();

type Rgb = [number, number, number];

function rgbOf(colour: string): Rgb {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as Rgb;
}

function hexOf(rgb: Rgb): string {
  return `#${rgb.map((each) => Math.round(each).toString(16).padStart(2, "0")).join("")}`;
}

function light(rgb: Rgb): number {
  const [red, green, blue] = rgb.map((each) => {
    const part = each / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function contrast(one: string, other: string): number {
  const [low, high] = [light(rgbOf(one)), light(rgbOf(other))].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** The colour, made darker or lighter until it can be read on paper; and that of words on it. */
export function shadesOf(colour: string, dark: boolean): { accent: string; ink: string } {
  const [paper, to] = dark ? [PAPER.dark, 255] : [PAPER.light, 0];
  let accent = colour;
  for (let step = 0; step <= 20 && contrast(accent, paper) < ENOUGH; step++)
    accent = hexOf(rgbOf(colour).map((each) => each + ((to - each) * step) / 20) as Rgb);
  return { accent, ink: contrast(accent, "#ffffff") >= contrast(accent, "#101417") ? "#ffffff" : "#101417" };
}

/** Gives the page its colour. */
export function paintBrand(dark: boolean): void {
  if (!brand.colour) return;
  const { style } = document.documentElement;
  const { accent, ink } = shadesOf(brand.colour, dark);
  style.setProperty("--accent", accent);
  style.setProperty("--accent-ink", ink);
  style.setProperty("--accent-soft", `color-mix(in srgb, ${accent} ${dark ? 24 : 14}%, var(--paper))`);
}
