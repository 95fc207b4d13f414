/** Days in words, as the language writes them. */
import { format, getDefaultOptions } from "date-fns";

/** `format`, whose `d` before a month is a number in order where the language has it so: 28. November. */
export function dated(at: Date, form: string): string {
  return format(at, getDefaultOptions().locale?.code === "de" ? form.replace(/\bd (?=M)/, "d. ") : form);
}
