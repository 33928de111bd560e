"""Money, percentages, measures and fractions in English words."""

from __future__ import annotations

import re

from hiervox.processors.text.numbers import NUMBER, START, SpokenNumbers, plural

_SCALES = {
    "k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion", "t": "trillion",
    "tn": "trillion",
}  # fmt: skip
_SCALE = r"(?P<scale>[ ]?(?:thousand|million|billion|trillion|[MmBbTt]n(?![A-Za-z]))|[KkMmBbTt](?![A-Za-z]))"
_END = r"(?![0-9A-Za-z_])"

_CURRENCIES = {  # one, many, of its hundredths one and many
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₩": ("won", "won", "jeon", "jeon"),
    "₽": ("rouble", "roubles", "kopeck", "kopecks"),
    "₺": ("lira", "lira", "kurus", "kurus"),
    "₪": ("shekel", "shekels", "agora", "agorot"),
    "₴": ("hryvnia", "hryvnias", "kopiyka", "kopiykas"),
    "₿": ("bitcoin", "bitcoins", "bitcent", "bitcents"),
}
_CODES = {"USD": "$", "GBP": "£", "EUR": "€", "JPY": "¥", "INR": "₹", "KRW": "₩"}
_DOLLARS_OF = {
    "US": "U-S ", "A": "Australian ", "AU": "Australian ", "C": "Canadian ", "CA": "Canadian ",
    "HK": "Hong Kong ", "NZ": "New Zealand ", "": "",
}  # fmt: skip
_SIGN = f"[{''.join(_CURRENCIES)}]"
_AMOUNTS = rf"(?P<first>{NUMBER})(?:[ ]?[-–][ ]?{_SIGN}?(?P<last>{NUMBER}))?{_SCALE}?"
_BEFORE = re.compile(
    rf"(?<![0-9A-Za-z_])(?:(?P<of>US|AU?|CA?|HK|NZ)(?=\$))?"
    rf"(?:(?P<sign>{_SIGN})|(?P<code>{'|'.join(_CODES)})(?=[ ]?[0-9]))[ ]?"
    rf"{_AMOUNTS}"
)
_AFTER = re.compile(
    rf"{START}{_AMOUNTS}[ ]?"
    rf"(?:(?P<sign>{_SIGN})(?![0-9])|(?P<code>{'|'.join(_CODES)}){_END})"
)
_ARTICLE = re.compile(r"(?<![A-Za-z])[Aa]n?[ ]\Z")
_CENTS = re.compile(rf"{START}(?P<number>[0-9]+)¢")

_UNITS = {
    "tsp": "teaspoon", "tbsp": "tablespoon", "km": "kilometer", "cm": "centimeter", "mm": "millimeter",
    "µm": "micrometer", "μm": "micrometer",
    "nm": "nanometer", "m": "meter", "mi": "mile", "yd": "yard", "ft": "foot", "ha": "hectare", "px": "pixel",
    "kg": "kilogram", "g": "gram", "mg": "milligram", "µg": "microgram", "μg": "microgram", "lb": "pound",
    "lbs": "pound", "oz": "ounce", "L": "liter", "l": "liter", "ml": "milliliter", "mL": "milliliter",
    "cl": "centiliter", "h": "hour", "hr": "hour", "hrs": "hour", "min": "minute", "mins": "minute",
    "s": "second", "sec": "second", "secs": "second", "ms": "millisecond", "µs": "microsecond",
    "μs": "microsecond", "ns": "nanosecond", "yr": "year", "yrs": "year", "Hz": "hertz", "kHz": "kilohertz",
    "MHz": "megahertz", "GHz": "gigahertz", "dB": "decibel", "W": "watt", "kW": "kilowatt", "MW": "megawatt",
    "GW": "gigawatt", "Wh": "watt hour", "kWh": "kilowatt hour", "V": "volt", "kV": "kilovolt",
    "mA": "milliampere", "mAh": "milliampere hour", "Ω": "ohm", "kΩ": "kiloohm", "J": "joule",
    "kJ": "kilojoule", "cal": "calorie", "kcal": "kilocalorie", "Pa": "pascal", "kPa": "kilopascal",
    "hPa": "hectopascal", "kB": "kilobyte", "KB": "kilobyte", "MB": "megabyte", "GB": "gigabyte",
    "TB": "terabyte", "kbps": "kilobit per second", "Mbps": "megabit per second",
    "Gbps": "gigabit per second",
    "mph": "mile per hour", "kph": "kilometer per hour", "rpm": "revolution per minute",
    "fps": "frame per second", "%": "percent", "‰": "per mille", "°": "degree", "°C": "degree Celsius",
    "°F": "degree Fahrenheit", "℃": "degree Celsius", "℉": "degree Fahrenheit",
}  # fmt: skip
_MANY = {
    "foot": "feet", "hertz": "hertz", "kilohertz": "kilohertz", "megahertz": "megahertz",
    "gigahertz": "gigahertz", "percent": "percent", "per mille": "per mille",
    "degree Celsius": "degrees Celsius", "degree Fahrenheit": "degrees Fahrenheit",
}  # fmt: skip
_POWERS = {"²": "square", "2": "square", "³": "cubic", "3": "cubic"}
_POWERED = "km|cm|mm|m|mi|ft|yd"
_PER = {
    "h": "hour", "hr": "hour", "min": "minute", "s": "second", "kg": "kilogram", "m": "meter",
    "km": "kilometer", "l": "liter", "L": "liter", "day": "day",
}  # fmt: skip
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_MEASURE = re.compile(
    rf"{START}(?P<first>{NUMBER})(?:[%°]?[ ]?[-–][ ]?(?P<last>{NUMBER}))?"
    r"(?P<space>[ \u00a0\u202f]?|-(?=[A-Za-zµμ]))"
    rf"(?:(?P<powered>{_POWERED})(?P<power>[²³]|[23](?![0-9A-Za-z]))|(?P<unit>{_UNIT}))"
    rf"(?:/(?P<per>{'|'.join(sorted(_PER, key=len, reverse=True))}))?(?![0-9A-Za-z_²³])"
    r"(?:(?<=[a-zA-Z])\.(?=\s+[a-z]|[,;)]))?"
)
_LETTERS = frozenset("mghsVWLlJ")  # units of one letter; after a hyphen they may be anything
_INCHES = re.compile(rf"{START}(?P<number>{NUMBER})(?:[ ]?in\.(?=\s[a-z]|[,;)])|in(?![0-9A-Za-z_]))")
_FEET_AND_INCHES = re.compile(rf"{START}([0-9]{{1,2}})['′]([0-9]{{1,2}})(?:\"|″|'')(?![0-9A-Za-z])")

_VULGAR = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5",
    "⅘": "4/5", "⅙": "1/6", "⅚": "5/6", "⅐": "1/7", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
    "⅑": "1/9", "⅒": "1/10",
}  # fmt: skip
_VULGAR_FRACTION = re.compile(f"(?<=[0-9])?([{''.join(_VULGAR)}])")
_FRACTION = re.compile(
    rf"{START}(?:(?P<whole>[0-9]{{1,4}}) )?(?P<top>[0-9]{{1,3}})/(?P<bottom>[0-9]{{1,4}})(?!/)"
    rf"(?:[ ]?(?P<unit>{_UNIT})(?![0-9A-Za-z_/²³])|{_END})"
)
_DENOMINATORS = frozenset((*range(2, 11), 12, 16, 20, 24, 25, 32, 50, 64, 100, 1000))
_SAYINGS = {
    "24/7": "twenty-four seven",
    "9/11": "nine eleven",
    "50/50": "fifty fifty",
    "20/20": "twenty twenty",
}


def speak_money(text: str, spoken: SpokenNumbers) -> str:
    """$3.50, £1m, 20 €, US$5, $5-10 million, EUR 30, 50¢."""

    def in_words(match: re.Match[str]) -> str:
        groups = match.groupdict()
        sign = groups["sign"] or _CODES[groups["code"]]
        one, many, hundredth, hundredths = _CURRENCIES[sign]
        of = _DOLLARS_OF[groups.get("of") or ""]
        first, last = groups["first"].replace(",", ""), groups["last"]
        scale = (groups["scale"] or "").strip()
        if _after_article(match):
            many = one
        if scale or last:
            amount = spoken.number(first) + (f" to {spoken.number(last)}" if last else "")
            scale_word = f" {_SCALES.get(scale.lower(), scale)}" if scale else ""
            return f"{amount}{scale_word} {of}{many}"
        whole, _, decimals = first.partition(".")
        if decimals and len(decimals) != 2:
            return f"{spoken.number(first)} {of}{many}"
        parts = []
        if int(whole or 0) or not int(decimals or 0):
            parts.append(spoken.count(str(int(whole or 0)), f"{of}{one}", f"{of}{many}"))
        if int(decimals or 0):
            parts.append(spoken.count(str(int(decimals)), hundredth, hundredths))
        return " and ".join(parts)

    text = _AFTER.sub(in_words, _BEFORE.sub(in_words, text))
    return _CENTS.sub(lambda match: spoken.count(match["number"], "cent", "cents"), text)


def speak_measures(text: str, spoken: SpokenNumbers) -> str:
    """5 km, 20°C, 3kg, 5-7%, 100 km/h, 30 m², 5'10"."""

    def in_words(match: re.Match[str]) -> str:
        unit = match["unit"] or match["powered"]
        if match["space"] == "-" and (unit in _LETTERS or match["last"]):
            return match[0]
        one = _UNITS[unit]
        many = _many(one)
        number = spoken.number(match["first"])
        if match["last"]:
            number += f" to {spoken.number(match['last'])}"
        single = match["first"] == "1" and not match["last"]
        name = one if single or match["space"] == "-" or _after_article(match) else many
        power = f" {_POWERS[match['power']]}" if match["power"] else ""
        per = f" per {_PER[match['per']]}" if match["per"] else ""
        return f"{number}{power} {name}{per}"

    text = _FEET_AND_INCHES.sub(
        lambda match: f"{spoken.count(match[1], 'foot', 'feet')} {spoken.cardinal(int(match[2]))}", text
    )
    text = _INCHES.sub(lambda match: spoken.count(match["number"], "inch", "inches"), text)
    return _MEASURE.sub(in_words, text)


def _after_article(match: re.Match[str]) -> bool:
    """A $5 bill is a five dollar bill, a 10 km run a ten kilometer run."""
    return _ARTICLE.search(match.string, max(0, match.start() - 4), match.start()) is not None


def _many(one: str) -> str:
    """kilometer → kilometers, mile per hour → miles per hour."""
    head, per, rest = one.partition(" per ")
    return _MANY.get(one) or f"{plural(head)}{per}{rest}"


def speak_fractions(text: str, spoken: SpokenNumbers) -> str:
    """½, 3/4, 2 1/2 km; what is no common fraction is read as one number over the other."""

    def in_words(match: re.Match[str]) -> str:
        if match[0] in _SAYINGS:
            return _SAYINGS[match[0]]
        words = _fraction(match["whole"], int(match["top"]), int(match["bottom"]), spoken)
        if not match["unit"]:
            return words
        unit = _UNITS[match["unit"]]
        return f"{words} {_many(unit) if match['whole'] else unit}"

    def written_out(match: re.Match[str]) -> str:
        after_digit = match.start() > 0 and match.string[match.start() - 1].isdecimal()
        return (" " if after_digit else "") + _VULGAR[match[1]]

    return _FRACTION.sub(in_words, _VULGAR_FRACTION.sub(written_out, text))


def _fraction(whole: str | None, top: int, bottom: int, spoken: SpokenNumbers) -> str:
    before = f"{spoken.number(whole)} " if whole else ""
    if bottom not in _DENOMINATORS or top >= bottom:
        return f"{before}{spoken.cardinal(top)} over {spoken.cardinal(bottom)}"
    one = {2: "half", 4: "quarter"}.get(bottom) or spoken.ordinal(bottom)
    if top == 1:
        return f"{before}and a {one}" if before else f"one {one}"
    return f"{before}{'and ' if before else ''}{spoken.cardinal(top)} {plural(one)}"
