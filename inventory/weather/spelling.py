"""Spellings of names: which of them are one key, and which of them are compared as equal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

_DIACRITICS = re.compile("(?<![\u0400-\u052f])[\u0300-\u036f]")
"""Not those of Cyrillic letters, which are letters of their own: й is not и."""
_UNDECOMPOSED = {
    "æ": "ae", "ð": "d", "ø": "o", "þ": "th", "đ": "d", "ħ": "h", "ı": "i", "ł": "l", "ŋ": "n", "œ": "oe", "ŧ": "t",
    "ə": "a", "ɓ": "b", "ɖ": "d", "ɗ": "d", "ƙ": "k", "ɨ": "i",
}  # fmt: skip
"""Letters that Unicode does not decompose, as lists of places without them write them."""
_LETTERS = str.maketrans(_UNDECOMPOSED | {letter.upper(): plain for letter, plain in _UNDECOMPOSED.items()})
_SIGNS = str.maketrans(
    dict.fromkeys("`´‘’‛′ʹʻʼʽʾʿˈ＇ꞌ", "'") | dict.fromkeys("‐‑‒–—―−﹣－", "-") | dict.fromkeys("，،、﹐", ",")
)
"""Apostrophes, hyphens and commas of all scripts."""
_DIGRAPHS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Å": "Aa", "Ø": "Oe"}
)
_ABBREVIATIONS = {
    "st": "saint", "ste": "sainte", "sta": "santa", "sto": "santo", "ft": "fort", "mt": "mount", "cd": "ciudad",
    "gral": "general", "nva": "nueva", "nvo": "nuevo", "pto": "puerto", "&": "and",
}  # fmt: skip
_FIRST = {"n": "north", "s": "south", "e": "east", "w": "west"}
"""Abbreviations that only the first word of several may be."""
_ABBREVIATED = re.compile(r"\b(st|ste|sta|sto|ft|mt|cd|gral|nva|nvo|pto)\.(?=\w)|^([nsew])\.(?=\w{2})")
_BETWEEN_WORDS = re.compile(r"[-/,()\[\]_]+|(?=&)|(?<=&)")
_WORD = re.compile(r"\b(st|ste|sta|sto|ft|mt|cd|gral|nva|nvo|pto)(\.?-|\.? |\.)(?=\w)")
_TITLE = re.compile(
    r"^(?:tp|г|гор|м|kab)\. ?(?=\w)"
    r"|^(?:tp|thanh pho|city of|town of|ville de|stadt|hansestadt|landeshauptstadt|gemeinde"
    r"|comune di|municipio de|gmina|kota|kabupaten) "
)
"""What lists write before a city, in some languages: that it is one."""
_COMPASS = re.compile(r"^([nsew])(?:\. ?| )(?=\w{2})")
_GERMAN, _OF_GERMAN = re.compile(r" ([aiov])\. ?d\. ?(?=\w)"), {"a": "an", "i": "in", "o": "ob", "v": "vor"}
"""`a.d.` is `an der`."""
_AFTER = re.compile(r"(?<=\w) ?[/(\[]|(?<=\w{3}) (?=\w{1,2}\.|\w{3,4}\.$)|(?<=\w{3})[.']$")
"""What is left out: notes, abbreviations after a name (`Frankfurt a.M.`), and signs at its end (`Forli'`)."""
_CITY = re.compile(r"(?<=\w{3})(?: city|-shi|-ku|-to)$")
_ELIDED = re.compile(r"\b([dl]) (?=[aeiouh])|^(o) (?=\w)")
_DUTCH = re.compile(r"^s[- ](?=\w)")
_POSSESSIVE = re.compile(r"^(\w{2,}[^\Ws])s (?=\w)")
_SANKT = re.compile(r"^st(?:\.-?|-| ) ?(?=\w)")
LOST: Mapping[str, tuple[str, str]] = {
    "at": ("ss", "ß"),
    "de": ("ss", "ß"),
    "dk": ("o", "ø"),
    "no": ("o", "ø"),
    "pl": ("l", "ł"),
    "tr": ("i", "ı"),
}
"""Letters that folding has taken away and providers do not, by country."""
_PARTS = re.compile(r" ?[/(\[] ?")
_CUT = re.compile(r"[\s-]+|(?<=\.)(?=\w)")
_WITHIN_WORDS = re.compile(r"['.]")

_KINDS = frozenset((
    "aimag", "autonomnyy", "autonomous", "avtonomnaja", "avtonomnyj", "avtonomnyy", "bundesland", "canton", "capital",
    "city", "co", "comarca", "comunidad", "comunitat", "concelho", "county", "cty", "de", "del", "departamento",
    "departement", "department", "dept", "di", "district", "distrikt", "distrito", "division", "do", "emirate", "estado",
    "federal", "freie", "freistaat", "fu", "fylke", "governorate", "grad", "hansestadt", "ilce", "ili", "jalasy",
    "judet", "judetul", "kanton", "ken", "krai", "kraj", "kray", "lan", "land", "maakunta", "megye", "metropolitan",
    "muhafazat", "municipality", "obl", "oblast", "oblasti", "oblys", "oblysy", "obshtina", "of", "okres", "okrug",
    "opstina", "parish", "powiat", "prefecture", "prefektur", "prov", "province", "provincia", "provincie", "provins",
    "provinz", "raion", "rayon", "reg", "regiao", "region", "regione", "republic", "republika", "respublika", "rural",
    "sheng", "shi", "shire", "special", "state", "territory", "to", "tumani", "vilayet", "viloyati", "voblasc",
    "voblasts", "voivodeship", "woj", "wojewodztwo", "zizhiqu", "zupanija", "край", "обл", "область", "республика",
))  # fmt: skip
"""Words that say what kind of a region a name is of; lists and providers leave them out or translate them."""
_KIND_SIGNS = "省市县縣県府都"
"""The same at the end of Chinese and Japanese names."""

_WHOLE = frozenset(("district of columbia", "mexico city", "federal district", "distrito federal"))
"""Names of regions that without such words are those of others, or of none."""


def folded(text: str) -> str:
    """Lower case, without diacritics, invisible characters and doubled spaces; what is folded already stays as it is.

    Letters such as ł lose their strokes; there is one apostrophe, one hyphen and one comma. Once is not always enough:
    folding the case of a letter can bring up another one that decomposes.
    """
    while (once := _folded_once(text)) != text:
        text = once
    return text


def bare(text: str) -> str:
    """A name as it is compared: also without punctuation and the leading article, and with abbreviations written out."""
    plain = _ABBREVIATED.sub(r"\1\2 ", folded(text)).replace("ё", "е")
    words = _WITHIN_WORDS.sub("", _BETWEEN_WORDS.sub(" ", plain)).split()
    if len(words) > 1:
        words = [_FIRST.get(words[0], words[0]), *words[1:]] if len(words[1]) > 1 else words
        words = [_ABBREVIATIONS.get(word, word) for word in words]
        words = words[1:] if words[0] == "the" else words
    return " ".join(words)


def region_name(text: str) -> str:
    """The bare name of a region without the words for its kind (`Lower Silesian Voivodeship`), if more is left."""
    name = bare(text)
    if name in _WHOLE:
        return name
    if len(name) > 2 and name[-1] in _KIND_SIGNS:
        return name[:-1]
    words = name.split()
    return " ".join([word for word in words if word not in _KINDS] or words)


def written_out(name: str) -> str:
    """A folded name with its abbreviations written out, and without notes and the like after it."""
    begin = _COMPASS.sub(lambda found: f"{_FIRST[found[1]]} ", _TITLE.sub("", name))
    begin = _GERMAN.sub(lambda found: f" {_OF_GERMAN[found[1]]} der ", begin)
    begin = _WORD.sub(lambda found: _ABBREVIATIONS[found[1]] + ("-" if "-" in found[2] else " "), begin)
    return _AFTER.split(begin, maxsplit=1)[0].strip() or begin


def styles(name: str, country: str | None) -> Iterator[str]:
    """A folded name as others may write it: St. as Sankt, without that it is a city, with apostrophes, with hyphens for its
    blanks, or blanks for its hyphens if it has no blanks, and with a letter that folding has taken away.
    """
    yield _SANKT.sub("sankt ", name)
    other = _DUTCH.sub("'s-", _ELIDED.sub(r"\1\2'", _CITY.sub("", name)))
    yield other if other != name else name.replace(" ", "-") if " " in name else name.replace("-", " ")
    yield _POSSESSIVE.sub(r"\1's ", name)
    yield name.replace(*LOST.get(country or "", ("", "")))


def is_cut_short(short: str, name: str) -> bool:
    """Whether words with points, in a folded name, begin those of the other one: `frankfurt a.m.`, `Frankfurt am Main`."""
    words, whole = _CUT.split(short), _CUT.split(folded(name))
    return (
        "." in short
        and len(words) == len(whole)
        and all(
            full.startswith(word[:-1]) if word.endswith(".") else full == word
            for word, full in zip(words, whole, strict=True)
        )
    )


def spellings(name: str) -> frozenset[str]:
    """The bare forms of a name as it is written in full: without its marks, and with digraphs instead (Zuerich)."""
    return frozenset((bare(name), bare(unicodedata.normalize("NFC", name).translate(_DIGRAPHS))))


def forms(name: str) -> frozenset[str]:
    """The spellings of a name, and of each part of it: without a note, or in one of two languages (`Turku / Åbo`)."""
    first, *others = _PARTS.split(name)
    parts = (name, first, *(part for part in others if "/" in name)) if others else (name,)
    return frozenset(spelling for part in parts for spelling in spellings(part))


def _folded_once(text: str) -> str:
    if text.isascii():
        return " ".join(text.translate(_SIGNS).lower().split())
    shown = "".join(character for character in text.translate(_SIGNS) if unicodedata.category(character) != "Cf")
    plain = _DIACRITICS.sub("", unicodedata.normalize("NFKD", shown)).translate(_LETTERS)
    return " ".join(unicodedata.normalize("NFC", plain).casefold().split())
