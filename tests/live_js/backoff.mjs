// When pages come back after a break, by the page's own reckoning.

import assert from "node:assert/strict";
import { wait } from "../../app/static/src/js/room/backoff.js";

const PAGES = 1000;
const inBuckets = (failures) => {
  const buckets = new Map();
  for (let page = 0; page < PAGES; page += 1) {
    const tenth = Math.floor(wait(failures) / 100);
    buckets.set(tenth, (buckets.get(tenth) ?? 0) + 1);
  }
  return [...buckets.values()];
};
assert.ok(Math.max(...inBuckets(0)) < PAGES / 10, "no tenth of a second takes a tenth of the pages");
assert.ok(Math.max(...inBuckets(5)) < PAGES / 50);
assert.ok(wait(50, 1) <= 20000, "and nobody waits longer than twenty seconds, however often it failed");
assert.equal(wait(0, 0), 0);
