// Times and days in the reader's own time zone, with Levantine month names in Arabic and Latin digits everywhere.

const REGIONS = { ar: "ar-SY", en: "en-GB", ku: "ku-TR", tr: "tr-TR" };

/** Formats instants (anything `Date` accepts): `time`, `day` (in words), `zone` (its name at that instant) and `dayKey` (YYYY-MM-DD, equal within one local day). */
export function clock(language) {
  const locale = `${REGIONS[language] ?? language}-u-nu-latn`;
  const time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
  const zone = new Intl.DateTimeFormat(locale, { timeZoneName: "longGeneric" });
  return {
    zone: (instant) => zone.formatToParts(new Date(instant)).find(({ type }) => type === "timeZoneName").value,
    time: (instant) => time.format(new Date(instant)),
    day: (instant) => day.format(new Date(instant)),
    dayKey: (instant) => {
      const date = new Date(instant);
      const part = (number) => String(number).padStart(2, "0");
      return `${date.getFullYear()}-${part(date.getMonth() + 1)}-${part(date.getDate())}`;
    },
  };
}
