import type { MouseEvent, ReactNode } from "react";
import { set } from "../store";

interface Props {
  href: string;
  /** Whether it is what is shown. */
  here: boolean;
  icon: ReactNode;
  name: string;
  go: () => void;
}

/** A place in the side of a room; with a key held down the browser opens it as it likes. */
export function TreeLine({ href, here, icon, name, go }: Props) {
  function click(event: MouseEvent) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    set({ drawer: false });
    go();
  }
  return (
    <a href={href} aria-current={here ? "page" : undefined} onClick={click}>
      {icon}
      <span className="name">{name}</span>
    </a>
  );
}
