"""Spellings of names: which of them are one key, and which of them are compared as equal."""

from __future__ import annotations

import re
import unicodedata

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
_ABBREVIATIONS = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount", "&": "and"}
_ABBREVIATED = re.compile(r"\b(st|ste|ft|mt)\.(?=\w)")
_BETWEEN_WORDS = re.compile(r"[-/,()\[\]_]+|(?=&)|(?<=&)")
_WORD = re.compile(r"\b(st|ste|ft|mt)(\.?-|\.? |\.)(?=\w)")
_BEHIND = re.compile(r"[/(\[]")
_WITHIN_WORDS = re.compile(r"['.]")

_KINDS = frozenset((
    "aimag", "autonomnyy", "autonomous", "avtonomnaja", "avtonomnyj", "avtonomnyy", "bundesland", "canton", "capital",
    "city", "comarca", "comunidad", "comunitat", "concelho", "county", "departamento", "departement", "department",
    "district", "distrikt", "distrito", "do", "emirate", "estado", "federal", "fu", "governorate", "grad", "ilce",
    "ili", "jalasy", "judet", "judetul", "ken", "krai", "kraj", "kray", "lan", "land", "megye", "metropolitan",
    "muhafazat", "municipality", "oblast", "oblys", "of", "okres", "okrug", "parish", "powiat", "prefecture",
    "province", "provincia", "provincie", "provins", "provinz", "raion", "regiao", "region", "regione", "republic",
    "republika", "respublika", "rural", "sheng", "shi", "shire", "special", "state", "territory", "to", "tumani",
    "vilayet", "viloyati", "voivodeship", "wojewodztwo", "zizhiqu", "zupanija",
))  # fmt: skip
"""Words that say what kind of a region a name is of; lists and providers leave them out or translate them."""

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
    plain = _ABBREVIATED.sub(r"\1 ", folded(text)).replace("ё", "е")
    words = _WITHIN_WORDS.sub("", _BETWEEN_WORDS.sub(" ", plain)).split()
    if len(words) > 1:
        words = [_ABBREVIATIONS.get(word, word) for word in words]
        words = words[1:] if words[0] == "the" else words
    return " ".join(words)


def region_name(text: str) -> str:
    """The bare name of a region without the words for its kind (`Lower Silesian Voivodeship`), if more is left."""
    name = bare(text)
    if name in _WHOLE:
        return name
    words = name.split()
    return " ".join([word for word in words if word not in _KINDS] or words)


def written_out(name: str) -> str:
    """A folded name with its abbreviations written out, and without what is after a slash or a bracket."""
    begin = _BEHIND.split(name, maxsplit=1)[0].strip() or name
    return _WORD.sub(lambda found: _ABBREVIATIONS[found[1]] + ("-" if "-" in found[2] else " "), begin)


def hyphens_turned(name: str) -> str:
    """A name with hyphens for its blanks, or blanks for its hyphens if it has no blanks."""
    return name.replace(" ", "-") if " " in name else name.replace("-", " ")


def spellings(name: str) -> frozenset[str]:
    """The bare forms of a name as it is written in full: without its marks, and with digraphs instead (Zuerich)."""
    return frozenset((bare(name), bare(unicodedata.normalize("NFC", name).translate(_DIGRAPHS))))


def _folded_once(text: str) -> str:
    shown = "".join(character for character in text.translate(_SIGNS) if unicodedata.category(character) != "Cf")
    plain = _DIACRITICS.sub("", unicodedata.normalize("NFKD", shown)).translate(_LETTERS)
    return " ".join(unicodedata.normalize("NFC", plain).casefold().split())
