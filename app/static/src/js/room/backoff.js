// When to come back after a break. After a restart of the server a thousand pages must not do so in one moment, so that
// each waits for any part of a time which grows with every failure ("full jitter").

const FIRST_MS = 3000;
const LONGEST_MS = 20000;

/** How long to wait (ms) after so many failures in a row; `chance` is from 0 to 1. */
export function wait(failures, chance = Math.random()) {
  return chance * Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
}
