import type { ButtonHTMLAttributes, ReactNode } from "react";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  label: string;
  keys?: string;
  children: ReactNode;
}

/** A button that is an icon; its label is read out, and shown when one points at it. */
export function IconButton({ label, keys, children, className, ...more }: Props) {
  return (
    <button
      type="button"
      className={className ? `icon ${className}` : "icon"}
      aria-label={label}
      title={keys ? `${label} (${keys})` : label}
      {...more}
    >
      {children}
    </button>
  );
}
