// What may lead somebody to a person is found before anything is sent. The same rules as on the server
// (app/kernel/text/exposure.py, addresses.py); a test runs both over one list of examples.
//
// No lookbehind, which old browsers do not know: what must not stand before a finding is a pattern of its own.

const all = (...parts) => new RegExp(parts.map(({ source }) => source).join(""));
const any = (...parts) => new RegExp(`(?:${parts.map(({ source }) => source).join("|")})`);
/** A finding of a `kind`: its `pattern`, what must not stand before it, and where it `ends` when that is not simply its end. */
const rule = (kind, before, pattern, ends = (match) => match[0].length, flags = "giu") => ({
  kind,
  before: new RegExp(before.source, "u"),
  pattern: new RegExp(pattern.source, flags),
  ends,
});

const NOTHING = /^\b\B/;
const WORD = /[\p{L}\p{N}_]/;
const PHONE = all(
  any(
    /(?:\+|00)[ \u00a0./()-]{0,3}[1-9](?:[ \u00a0./()-]{0,3}\d){7,13}/,
    /\(?01[5-7]\d\)?(?:[ \u00a0./()-]{0,3}\d){7,8}/,
    /\(?0?5\d\d\)?(?:[ \u00a0./()-]{0,3}\d){7}/,
    /\(?0[2-4]\d\d\)?(?:[ \u00a0./()-]{0,3}\d){7}/,
    /\(?0[2-9]\d{1,4}\)?[ /-]{1,3}\d(?:[ \u00a0./()-]{0,3}\d){5,7}/,
    /\(?09\d\)?(?:[ \u00a0./()-]{0,3}\d){7}/,
    /\(?0[1-5][1-6]?\)?(?:[ \u00a0./()-]{0,3}\d){7}/,
    /0?(?:3|7[01689]|81)[ /-]?\d{3}[ -]?\d{3}/,
  ),
  /(?!\d|[.,]\d)/,
);
const MAP = all(
  /(?:https?:\/\/)?(?:www\.|m\.)?/,
  any(
    /(?:google|yandex)\.[a-z.]{2,6}\/maps/,
    /bing\.com\/maps|goo\.gl\/maps|maps\.app\.goo\.gl|maps\.google\.|maps\.apple\.com/,
    /openstreetmap\.org|osm\.org|waze\.com|plus\.codes|w3w\.co|what3words\.com/,
  ),
  /[^\s<>\u0022]{0,500}/,
);
const ARABIC = all(
  /[ولبف]?(?:شارع|حارة|جادة|زقاق|دخلة)[ ،,]{1,2}(?:[^\s،,]{1,30}[ ،,]{1,2}){1,5}/,
  any(
    /(?:بناء|بناية|عمارة|رقم|طابق|الطابق|منزل|بيت|دار|شقة|مبنى)[ ،,]{1,2}[^\s،,.]{1,20}/,
    /\d{1,4}(?![\p{L}\p{N}_]|[.:/]\d)/,
  ),
);
const ENGLISH = all(
  /\d{1,5}[a-z]?,? /,
  /(?:(?!(?:the|on|in|of|down|a|this|that|our|my|your|people|minutes) )\p{L}[\p{L}\p{N}_\u0027’.-]{0,30} ){1,3}/,
  /(?:street|st|avenue|ave|road|rd|lane|boulevard|blvd|drive|square)(?![\p{L}\p{N}_])/,
);
const GERMAN = all(
  any(
    /\p{L}[\p{L}\p{N}_.-]{0,40}(?:[ -]?(?:straße|strasse|str\.)|gasse|allee|platz)/,
    /\p{L}[\p{L}\p{N}_-]{1,40}(?:weg|damm|ufer)/,
    /(?:am|an der|auf der|im) \p{L}[\p{L}\p{N}_-]{1,40}(?:ring|ufer)/,
  ),
  / ?\d{1,4} ?(?:[a-h](?![\p{L}\p{N}_]))?(?![\p{L}\p{N}_]|[.:]\d| ?(?:min|st[du]|uhr|euro|leute|tag|jahr|km))/,
);
const TURKISH = all(
  /\p{L}[\p{L}\p{N}_.-]{0,40} /,
  /(?:mahallesi|mah\.?|mh\.?|sokağı|sokak|sok\.?|sk\.?|caddesi|cadde|cad\.?|cd\.?|bulvarı|blv\.?)[ ,]{1,2}/,
  /(?:[^\s,]{1,30}[ ,]{1,2}){0,6}(?:no|numara|daire|kat|d)[ .:]{0,2}\d{1,4}(?![\p{L}\p{N}_])/,
);
const DEGREES = /([-+]?\d{1,2}[.٫]\d{3,10})°?\s?[NSنج]?[\s,،;/]{1,3}([-+]?\d{1,3}[.٫]\d{3,10})(?![\d.]\d|\d)/;
const MINUTES =
  /\d{1,3}\s?°\s?\d{1,2}\s?[\u0027′’](?:\s?\d{1,2}(?:\.\d{1,4})?\s?(?:[\u0022″”]|\u0027\u0027)?)?(?:\s?[NSEW](?![\p{L}\p{N}_]))?/;

/** The first of two that overlap is kept. */
const RULES = [
  rule("email", /[\p{L}\p{N}_.+-]/, /[\p{L}\p{N}_.+-]{1,64}@(?:[\p{L}\p{N}_-]{1,63}\.){1,6}\p{L}{2,24}/),
  rule("map", NOTHING, MAP),
  rule("map", WORD, /geo:-?\d[^\s<>\u0022]{0,100}/),
  rule("place", /[\d.]/, DEGREES, (match) => (degrees(match[1]) <= 90 && degrees(match[2]) <= 180 ? match[0].length : 0)),
  rule("place", /\d/, MINUTES),
  rule("iban", /[A-Za-z0-9]/, /[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])/, accountEnd),
  rule("phone", /[\p{L}\p{N}_+.,/-]/, PHONE),
  rule("identity", /[\p{L}\p{N}_.,+]/, /(?:\d{9,16}|[A-Z]{1,2} ?\d{7,9})(?![\p{L}\p{N}_]|[.,]\d)/, undefined, "gu"),
  rule("address", WORD, ARABIC),
  rule("address", /[\p{L}\p{N}_.,]/, ENGLISH),
  rule("address", WORD, GERMAN),
  rule("address", WORD, TURKISH),
];
const OTHER_DIGITS = /[٠-٩۰-۹]/g;

/** What may give somebody away in `text`, in order, without overlaps: `{kind, words}`. */
export function givesAway(text) {
  const read = text.replace(OTHER_DIGITS, latin);
  const found = [];
  for (const { kind, before, pattern, ends } of RULES) {
    pattern.lastIndex = 0;
    for (let match; (match = pattern.exec(read)); ) {
      const start = match.index;
      const end = start + ends(match);
      if (before.test(charBefore(read, start))) pattern.lastIndex = start + 1;
      else if (end > start && !found.some((one) => one.start < end && start < one.end)) found.push({ kind, start, end });
    }
  }
  return found.sort((one, other) => one.start - other.start).map(({ kind, start, end }) => ({ kind, words: text.slice(start, end) }));
}

/** Which of the reader's private names (bare, as the server writes them into the page) stand in `text`. */
export function privateIn(text, names) {
  const line = ` ${bare(text)} `;
  return names.filter((name) => {
    if (!/^[\u0600-\u06ff]/.test(name)) return line.includes(` ${name} `);
    return line.split(name).some((before, place, parts) => {
      const after = parts[place + 1];
      return after?.startsWith(" ") && / [وفبلك]{0,2}(?:ال)?$/.test(before);
    });
  });
}

/** What says that this very text goes out although it may give somebody away (FNV-1a, 32 bits). */
export function confirmation(text) {
  let mark = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) mark = Math.imul(mark ^ byte, 0x01000193) >>> 0;
  return mark.toString(16).padStart(8, "0");
}

/** As `fold` on the server, as far as names need it. */
const LEVELS = [
  [/[ٱٲٳ]/g, "\u0627"],
  [/[ةەہھۃ]/g, "\u0647"],
  [/[ىیېےێ]/g, "\u064a"],
  [/[کڪ]/g, "\u0643"],
  [/ۆ/g, "\u0648"],
  [/ڕ/g, "\u0631"],
  [/ڵ/g, "\u0644"],
  [/[ءٴـ]/g, ""],
  [/ı/g, "i"],
  [/ø/g, "o"],
  [/ł/g, "l"],
  [/đ/g, "d"],
  [/æ/g, "ae"],
  [/œ/g, "oe"],
  [/ß/g, "ss"],
  [OTHER_DIGITS, latin],
];

function bare(text) {
  const spread = text.normalize("NFKD").toLowerCase().normalize("NFKD").replace(/[\p{Mn}\p{Cf}]/gu, "");
  const level = LEVELS.reduce((so, [letters, one]) => so.replace(letters, one), spread);
  return level.normalize("NFKC").replace(/[^\p{L}\p{N}_]+/gu, " ").trim();
}

function latin(digit) {
  return digit.charCodeAt(0) & 0xf;
}

function charBefore(text, start) {
  return start ? String.fromCodePoint(text.codePointAt(start - (/[\udc00-\udfff]/.test(text[start - 1]) ? 2 : 1))) : "";
}

function degrees(written) {
  return Math.abs(Number(written.replace(/٫/, ".")));
}

/** Where an account number with right control digits ends (ISO 13616); words after it look like more of it. */
function accountEnd([written]) {
  const ends = [...written.matchAll(/[A-Za-z0-9](?![A-Za-z0-9])/g)].map(({ index }) => index + 1);
  return ends.reverse().find((end) => addsUp(written.slice(0, end).replace(/[ -]/g, "").toUpperCase())) ?? 0;
}

function addsUp(account) {
  if (account.length < 15 || account.length > 34) return false;
  const turned = account.slice(4) + account.slice(0, 4);
  let rest = 0;
  for (const character of turned) for (const digit of String(Number.parseInt(character, 36))) rest = (rest * 10 + Number(digit)) % 97;
  return rest === 1;
}
