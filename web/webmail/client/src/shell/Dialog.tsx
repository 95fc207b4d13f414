import * as Radix from "@radix-ui/react-dialog";
import { X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { over } from "../back";

interface Props {
  title: string;
  onClose: () => void;
  size?: "middle" | "wide";
  children: ReactNode;
}

/** What had the focus last beside dialogs and menus: it has it again afterwards, also when a menu led to the dialog. */
let outside: HTMLElement | null = null;
addEventListener("focusin", ({ target }) => {
  const at = target as HTMLElement;
  if (!at.closest('[role="dialog"], [role="menu"]')) outside = at;
});

function giveBack(event: Event): void {
  if (!outside?.isConnected || document.querySelector('[role="dialog"]')) return;
  event.preventDefault();
  outside.focus({ preventScroll: true });
}

/** Back closes what is shown, while it is `open`. */
export function useBack(open: boolean, close: () => void): void {
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => (open ? over(() => latest.current()) : undefined), [open]);
}

/** A dialog over everything; Escape, Back and a click beside it close it. */
export function Dialog({ title, onClose, size, children }: Props) {
  const { t } = useTranslation();
  useBack(true, onClose);
  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="veil" />
        <Radix.Content
          className={size ? `dialog ${size}` : "dialog"}
          aria-describedby={undefined}
          onCloseAutoFocus={giveBack}
          onInteractOutside={(event) => {
            const at = event.detail.originalEvent.target;
            // What was clicked on there may have gone already.
            if (at instanceof Element && (!at.isConnected || at.closest(".toasts"))) event.preventDefault();
          }}
        >
          <header>
            <Radix.Title>{title}</Radix.Title>
            <Radix.Close className="icon" aria-label={t("app.close")}>
              <X />
            </Radix.Close>
          </header>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
