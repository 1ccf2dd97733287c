/** Keeps the tag's own trouble out of the shop's page. */

import type { Problem } from "./problem";

/** Told of problems; never throws itself. */
export type Report = (problem: Problem) => void;

/** A report that reaches the shop's callback. */
export function reportTo(callback: (problem: Problem) => void): Report {
  return (problem) => {
    try {
      callback(problem);
    } catch {
      // A fault in the shop's callback is the shop's: telling it of that could fail again.
    }
  };
}

/** Runs `act`, and reports what it throws. */
export function safely(report: Report, act: () => void): void {
  try {
    act();
  } catch (error) {
    report({ what: "internal", error });
  }
}
