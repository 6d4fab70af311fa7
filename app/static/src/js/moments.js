// Moments in the reader's own time zone. The server knows no zone of theirs, and says UTC where scripts do not run.
import { clock } from "./clock.js";

/** Writes every `time[data-moment]` in local time, in the server's words: the day, what stands between, the time of day. One that
 *  people meet by (`data-moment="zone"`) says by which clock. */
export function localiseMoments(root) {
  const { day, time, zone } = clock(root.documentElement.lang);
  for (const moment of root.querySelectorAll("time[data-moment]")) {
    const between = /\d{4}(\D+)\d\d:\d\d/.exec(moment.textContent)?.[1];
    if (!between) continue;
    moment.textContent = day(moment.dateTime) + between + time(moment.dateTime);
    if (moment.dataset.moment === "zone") moment.textContent += ` (${zone(moment.dateTime)})`;
  }
}
