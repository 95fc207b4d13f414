/** Where Back leads: first away from what lies over the page, such as a dialog, then to the page before.
 *
 * 1. Each layer that is open has an entry of its own in the browser's history, above that of the page.
 * 2. What becomes of layers is put into the history when what has opened and closed them is drawn: one dialog that
 *    follows another takes over its entry, and nobody can go elsewhere before.
 */

interface Layer {
  close: () => void;
}

interface Entry {
  /** How many layers are open there. */
  depth: number;
  /** The page from which one came. */
  under: string | null;
}

const here = (): Entry => history.state ?? { depth: 0, under: null };

const layers: Layer[] = [];
/** Entries of the history that stand for layers of the page that is shown; of one that was loaded anew those before. */
let entries = here().depth;
let path = location.pathname;
let leaving = false;
let planned = false;

function push(entry: Entry, to: string): void {
  history.pushState(entry, "", to);
}

function settle(): void {
  if (planned) return;
  planned = true;
  queueMicrotask(() => {
    planned = false;
    if (leaving) return;
    while (entries < layers.length) {
      entries += 1;
      push({ ...here(), depth: entries }, location.href);
    }
    if (entries === layers.length) return;
    leaving = true;
    history.go(layers.length - entries);
  });
}

/** Another page, by its path. */
export function enter(to: string, replace: boolean): void {
  if (to === location.pathname) return;
  path = to;
  if (replace) history.replaceState(here(), "", to);
  else {
    push({ depth: 0, under: location.pathname }, to);
    entries = 0;
    settle();
  }
}

/** Whether that page is the one before this: then it is gone back to. */
export function returned(to: string): boolean {
  if (here().under !== to || here().depth || layers.length) return false;
  history.back();
  return true;
}

/** Something lies over the page, which Back takes away by `close`, until what is given back is called. */
export function over(close: () => void): () => void {
  const layer = { close };
  layers.push(layer);
  settle();
  return () => {
    layers.splice(layers.indexOf(layer), 1);
    settle();
  };
}

/** Calls `visit` when Back or Forward lead to another page. */
export function whenBack(visit: () => void): void {
  settle();
  addEventListener("popstate", () => {
    const { depth } = here();
    if (leaving) {
      leaving = false;
      entries = depth;
      // Somebody went on to another page meanwhile.
      if (location.pathname !== path) {
        push({ depth: 0, under: location.pathname }, path);
        entries = 0;
      }
      return settle();
    }
    const closed = location.pathname === path && depth < entries ? layers.slice(depth).reverse() : null;
    path = location.pathname;
    entries = depth;
    if (closed) for (const each of closed) each.close();
    else visit();
    settle();
  });
}
