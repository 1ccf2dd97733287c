/**
 * Texts that the page brings along, made to fit the contract.
 *
 * Only what the tag finds by itself is cut. What the shop tells goes out as it is: the suite says what is wrong with it.
 */

/** Longest name of a form field, in bytes. */
export const NAME_BYTES = 64;

/** Longest name of a page, in bytes. */
export const PAGE_BYTES = 256;

/** The text without control characters, cut to so many bytes of UTF-8 at the end of a character. */
export function fit(text: string, maxBytes: number): string {
  const clean = text.replace(/\p{Cc}/gu, "").trim();
  const encoder = new TextEncoder();
  let kept = "";
  let bytes = 0;
  for (const character of clean) {
    bytes += encoder.encode(character).length;
    if (bytes > maxBytes) {
      break;
    }
    kept += character;
  }
  return kept;
}

/** A page's path alone: what follows it may name the shopper. */
export function pathOnly(path: string): string {
  return fit(path.replace(/[?#].*$/su, ""), PAGE_BYTES);
}
