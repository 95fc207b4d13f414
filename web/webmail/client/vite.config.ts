import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const OUT = "../dist";

/** Compressed forms of what is large enough to gain by it, beside each file. */
function compressed(): Plugin {
  const each = (folder: string): string[] =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? each(path) : [path];
    });
  return {
    name: "compressed",
    closeBundle() {
      for (const path of each(OUT).filter((name) => /\.(js|css|html|svg|webmanifest)$/.test(name))) {
        const octets = readFileSync(path);
        if (octets.length < 1024) continue;
        writeFileSync(`${path}.gz`, gzipSync(octets, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(octets, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
      }
    },
  };
}

export default defineConfig({
  base: "/mail/",
  plugins: [react(), compressed()],
  build: { outDir: OUT, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  test: { environment: "jsdom", pool: "threads", fileParallelism: false, isolate: false },
});
