// The sentences that the server rendered for this page, in its language. No words for people are written in the scripts.

/** Read `<template data-words>`. Returns `say(key, values)` and `count(key, n)`, which picks the language's plural form. */
export function readWords(template, language) {
  const words = new Map();
  for (const line of template.content.querySelectorAll("[data-word]")) {
    words.set(name(line.dataset.word, line.dataset.form), line.textContent.trim());
  }
  const rules = new Intl.PluralRules(language);
  const say = (key, values = {}) => fill(words.get(key) ?? "", values);
  return { say, count: (key, n) => say(name(key, rules.select(n)), { n }) };
}

function name(key, form) {
  return form ? `${key} ${form}` : key;
}

function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}
