"""What a postal address looks like in the languages of those who write here: a street with a house in it."""

import re

#: All run on text whose digits are Latin. Repetitions are bounded, so that no text costs quadratic time.
ARABIC = re.compile(
    r"""(?<!\w)[ولبف]?(?:شارع|حارة|جادة|زقاق|دخلة)[ ،,]{1,2}
    (?:[^\s،,]{1,30}[ ،,]{1,2}){1,5}
    (?: (?:بناء|بناية|عمارة|رقم|طابق|الطابق|منزل|بيت|دار|شقة|مبنى)[ ،,]{1,2}[^\s،,.]{1,20}
      | \d{1,4}(?!\w|[.:/]\d) )""",
    re.VERBOSE,
)
ENGLISH = re.compile(
    r"""(?<![\w.,])\d{1,5}[a-z]?,?[ ]
    (?:(?!(?:the|on|in|of|down|a|this|that|our|my|your|people|minutes)[ ])[^\W\d_][\w'’.-]{0,30}[ ]){1,3}
    (?:street|st|avenue|ave|road|rd|lane|boulevard|blvd|drive|square)(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)
GERMAN = re.compile(
    r"""(?<!\w)
    (?: [^\W\d_][\w.-]{0,40}(?:[ -]?(?:straße|strasse|str\.)|gasse|allee|platz)
      | [^\W\d_][\w-]{1,40}(?:weg|damm|ufer)
      | (?:am|an[ ]der|auf[ ]der|im)[ ][^\W\d_][\w-]{1,40}(?:ring|ufer) )
    [ ]?\d{1,4}[ ]?(?:[a-h](?!\w))?(?!\w|[.:]\d|[ ]?(?:min|st[du]|uhr|euro|leute|tag|jahr|km))""",
    re.IGNORECASE | re.VERBOSE,
)
TURKISH = re.compile(
    r"""(?<!\w)[^\W\d_][\w.-]{0,40}[ ]
    (?:mahallesi|mah\.?|mh\.?|sokağı|sokak|sok\.?|sk\.?|caddesi|cadde|cad\.?|cd\.?|bulvarı|blv\.?)[ ,]{1,2}
    (?:[^\s,]{1,30}[ ,]{1,2}){0,6}
    (?:no|numara|daire|kat|d)[ .:]{0,2}\d{1,4}(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)
PATTERNS = (ARABIC, ENGLISH, GERMAN, TURKISH)
