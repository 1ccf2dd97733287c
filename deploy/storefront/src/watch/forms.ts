/**
 * Forms that refuse what the shopper typed. Only the name of a field is told, never what is in it.
 *
 * One refusal is one event, however many fields are wrong: the suite counts how often a form was sent in vain.
 */

import { formError } from "../payload";
import { fit, NAME_BYTES } from "../text";
import { listen } from "./watch";
import type { Watch } from "./watch";

/** A form is sent by a click or by Enter; what a script finds wrong while the shopper still types is no refusal. */
const SENT_MS = 1_000;

export function watchFormErrors(watch: Watch): void {
  let sentAt = -Infinity;
  const refused = new Set<HTMLFormElement | null>();
  listen(watch, document, "click", () => {
    sentAt = performance.now();
  });
  listen<KeyboardEvent>(watch, document, "keydown", (event) => {
    if (event.key === "Enter") {
      sentAt = performance.now();
    }
  });
  listen(watch, document, "invalid", (event) => {
    const field = event.target as Partial<HTMLInputElement>;
    const form = field.form ?? null;
    if (refused.has(form) || performance.now() - sentAt > SENT_MS) {
      return;
    }
    // All fields of one refusal are found wrong in one go.
    refused.add(form);
    setTimeout(() => refused.delete(form));
    watch.tell(() => formError(fieldName(field)));
  });
}

/** A name of the field that the contract takes. */
export function fieldName({ name, id }: Partial<HTMLInputElement>): string {
  return fit(name ?? "", NAME_BYTES) || fit(id ?? "", NAME_BYTES) || "unnamed";
}
