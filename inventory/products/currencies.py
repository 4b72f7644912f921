"""Currencies as they stand beside an amount: the codes of ISO 4217 and what else is written for them."""

from __future__ import annotations

from collections.abc import Mapping

_CODES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR
    SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED
    VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CODES = frozenset(_CODES.split())
_IN_LOWER_CASE = "aud brl cad chf czk dkk eur gbp inr jpy nok pln sek usd"
IN_LOWER_CASE = frozenset(_IN_LOWER_CASE.split())
"""Codes that are taken in lower case too. Others are words: `all`, `try`, `top`."""
_SYMBOLS = """
    € EUR euro EUR euros EUR £ GBP gb£ GBP e£ EGP £e EGP ¥ JPY jp¥ JPY 円 JPY yen JPY 元 CNY cn¥ CNY rmb CNY $ USD us$ USD
    $us USD usd$ USD dollars USD c$ CAD ca$ CAD $ca CAD $c CAD cdn$ CAD cad$ CAD a$ AUD au$ AUD $au AUD aud$ AUD nz$ NZD
    $nz NZD nzd$ NZD hk$ HKD $hk HKD hkd$ HKD s$ SGD sg$ SGD sgd$ SGD nt$ TWD mx$ MXN mex$ MXN $mx MXN mxn$ MXN ar$ ARS
    col$ COP clp$ CLP $u UYU r$ BRL ₹ INR ₩ KRW 원 KRW ₽ RUB руб RUB ₺ TRY tl TRY ₪ ILS ₫ VND đ VND ₴ UAH грн UAH zł PLN
    zl PLN kč CZK ft HUF lei RON лв BGN ฿ THB ₱ PHP ₦ NGN ₵ GHS gh₵ GHS gh¢ GHS ₡ CRC ₲ PYG gs PYG ₸ KZT ₮ MNT ₼ AZN ₾ GEL
    ৳ BDT ksh KES tsh TZS ush UGX fcfa - cfa - د.إ AED ر.س SAR fr CHF sfr CHF rm MYR rp IDR s/ PEN r ZAR kr - rs -
    din - bs -
"""
_WORDS = _SYMBOLS.split()
SYMBOLS: Mapping[str, str | None] = {
    symbol: None if code == "-" else code for symbol, code in zip(_WORDS[::2], _WORDS[1::2], strict=True)
}
"""What is written for a currency, in lower case; None for what several currencies share. `$` and `¥` alone are read as in
the United States and Japan: a feed of another country can say so with `currency: {value: CAD}`."""
THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_WITH_DOTS = """
    ARS BRL CLP COP CRC CZK DKK EUR HUF IDR ISK JPY KRW NOK PLN PYG RON RSD RUB SEK TRY UAH UYU VND
"""
DOT_GROUPS = frozenset(_WITH_DOTS.split())
"""Currencies in whose countries a dot separates thousands, or that have no decimals: hardly anybody writes three."""


class UnknownCurrency(ValueError):
    """A text beside an amount is not a currency."""


def currency_of(text: str) -> str | None:
    """The code of the currency that a text stands for, None for one that several share; `UnknownCurrency` otherwise."""
    bare = text.strip()
    if bare in CODES or bare in IN_LOWER_CASE:
        return bare.upper()
    symbol = "".join(bare.lower().rstrip(".").split())  # `US $`, `F CFA`
    if symbol not in SYMBOLS:
        raise UnknownCurrency(f"{bare!r} is not a currency")
    return SYMBOLS[symbol]
