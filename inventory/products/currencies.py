"""Currencies as they stand beside an amount: the codes of ISO 4217 and what else is written for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

_CODES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR
    SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED
    VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_FORMER = "BYR CNH CUC EEK HRK LTL LVL MRO SLL STD VEF ZWL"
CODES = frozenset(f"{_CODES} {_FORMER}".split())
_IN_ANY_CASE = "aud brl cad chf cny czk dkk eur gbp hkd huf inr jpy mxn nok nzd php pln ron sek sgd thb usd zar"
IN_ANY_CASE = frozenset(_IN_ANY_CASE.split())
"""Codes that are taken in any case beside an amount. Others are words: `all`, `try`, `top`."""
_SYMBOLS = """
    € EUR euro EUR euros EUR £ GBP gb£ GBP e£ EGP £e EGP ¥ JPY jp¥ JPY 円 JPY yen JPY 元 CNY cn¥ CNY rmb CNY $ USD us$ USD
    $us USD dollars USD c$ CAD ca$ CAD $ca CAD $c CAD cdn$ CAD a$ AUD au$ AUD $au AUD nz$ NZD $nz NZD hk$ HKD $hk HKD
    s$ SGD sg$ SGD nt$ TWD mx$ MXN mex$ MXN $mx MXN ar$ ARS col$ COP $u UYU r$ BRL ₹ INR ₩ KRW 원 KRW ₽ RUB руб RUB ₺ TRY
    tl TRY ₪ ILS ₫ VND đ VND ₴ UAH грн UAH zł PLN zl PLN kč CZK ft HUF lei RON лв BGN ฿ THB ₱ PHP ₦ NGN ₵ GHS gh₵ GHS
    gh¢ GHS ₡ CRC ₲ PYG gs PYG ₸ KZT ₮ MNT ₼ AZN ₾ GEL ৳ BDT ksh KES tsh TZS ush UGX fcfa - cfa - fr CHF sfr CHF rm MYR
    rp IDR s/ PEN r ZAR kr - rs - din - bs - dh - dhs AED دإ AED رس SAR جم EGP دك KWD دب BHD رع OMR رق QAR دم MAD دت TND
    دج DZD دأ JOD لل LBP دع IQD br - км BAM km BAM لس SYP دل LYD جس SDG ري YER أم MRU nfk ERN fdj DJF fg GNF fbu BIF
    fc CDF rf - ar MGA le SLE fcfp XPF mtn MZN mt MZN cf KMF sr - t$ TOP vt VUV q GTQ da DZD сом KGS сўм UZS сум UZS
    so'm UZS kz AOA ден MKD дин RSD mk MWK ws$ WST rd$ DOP b/ PAB ֏ AMD ៛ KHR ₭ LAK नेरू NPR रु - afl AWG db STN j$ JMD
    tt$ TTD bz$ BZD bds$ BBD ec$ XCD fj$ FJD g$ GYD l$ LRD n$ NAD ci$ KYD si$ SBD ريال - ریال - درهم - دينار - جنيه -
    บาท THB đồng VND vnđ VND р RUB рублей RUB тг KZT kd KWD bd BHD jd JOD dt TND دا JOD can$ CAD gy$ GYD yuan CNY nis ILS
    ש״ח ILS ש"ח ILS hrn UAH kn HRK ؋ AFN щд USD تومان - us USD
"""
_WORDS = _SYMBOLS.split()
SYMBOLS: Mapping[str, str | None] = {
    symbol: None if code == "-" else code for symbol, code in zip(_WORDS[::2], _WORDS[1::2], strict=True)
}
"""What is written for a currency, in lower case and without points; None for what several currencies share. `$` and `¥`
alone are read as in the United States and Japan: a feed of another country can say so with `currency: {value: CAD}`."""
THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "LYD", "OMR", "TND"})
_WITH_DOTS = """
    ARS BIF BRL CLP COP CRC CZK DJF DKK EUR GNF HUF IDR IQD ISK JPY KMF KRW MGA NOK PLN PYG RON RSD RUB RWF SEK TRY UAH UGX
    UYU VND VUV XAF XOF XPF
"""
DOT_GROUPS = frozenset(_WITH_DOTS.split())
"""Currencies in whose countries a dot separates thousands, or that have no decimals: hardly anybody writes three."""


class UnknownCurrency(ValueError):
    """A text beside an amount is not a currency."""


def currency_of(text: str) -> str | None:
    """The code of the currency that a text stands for, None for one that several share; `UnknownCurrency` otherwise."""
    bare = text.strip()
    if bare in CODES or bare.lower() in IN_ANY_CASE:
        return bare.upper()
    symbol = "".join(bare.lower().replace(".", "").split())  # `US $`, `F CFA`, `U.S.`
    if bare[:3] in CODES and symbol[3:] in SYMBOLS:  # `COP $`
        return bare[:3]
    if bare[-3:] in CODES and symbol[:-3] in SYMBOLS:  # `$ SGD`
        return bare[-3:]
    if symbol not in SYMBOLS:
        raise UnknownCurrency(f"{bare!r} is not a currency")
    return SYMBOLS[symbol]


@lru_cache(maxsize=256)
def code_of(text: str) -> str:
    """The code of the currency that a field of its own names, in any spelling; the text as it is, if that is unknown."""
    try:
        return text.upper() if text.upper() in CODES else currency_of(text) or text
    except UnknownCurrency:
        return text
