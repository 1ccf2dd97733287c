/**
 * Ids of events: UUIDs of version 7 (RFC 9562).
 *
 * An id is made once, with its event. Whatever is sent again keeps its id, so the suite counts it once. Ids of one page
 * rise, also within a millisecond and when the clock is set back: the suite orders events of one instant by their ids.
 */
export class EventIds {
  #millis = 0;
  #counter = 0;

  /** The id of an event that is made at `now`, in milliseconds since 1970. */
  next(now: number): string {
    const random = crypto.getRandomValues(new Uint8Array(10));
    const view = new DataView(random.buffer);
    if (now > this.#millis) {
      this.#millis = now;
      // Eleven of the twelve bits, so that there is room to count.
      this.#counter = view.getUint16(0) & 0x7ff;
    } else if (this.#counter < 0xfff) {
      this.#counter += 1;
    } else {
      this.#millis += 1;
      this.#counter = 0;
    }
    view.setUint16(0, 0x7000 | this.#counter);
    view.setUint8(2, 0x80 | (view.getUint8(2) & 0x3f));
    const hex = this.#millis.toString(16).padStart(12, "0") + [...random].map(twoDigits).join("");
    return `evt_${hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")}`;
  }
}

function twoDigits(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
