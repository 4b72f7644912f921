"""What a caller's city means: one key for all spellings, and an error for what is not a city."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.errors import InvalidRequest
from inventory.weather.areas import country_code
from inventory.weather.cities import MAX_LENGTH, City
from inventory.weather.matching import candidates
from inventory.weather.spelling import bare, folded, region_name
from inventory.weather.tables import country_codes, regions


@pytest.mark.parametrize(
    ("key", "spellings"),
    [
        (
            "zurich",
            ["Zürich", "ZURICH", "zu\u0308rich", "  Zurich ", "Zürich,", "Ｚｕｒｉｃｈ", "\ufeffzurich", "Zu\u00adrich"],
        ),
        ("zurich,ch", ["Zürich, CH", "zurich,ch", "ZÜRICH ,  Switzerland", "Zürich，CH", "zurich,sWITZERLAND"]),
        ("new york", ["New York", "new  york", "NEW\u00a0YORK", "New\u2003York"]),
        ("birmingham,gb", ["Birmingham, UK", "Birmingham, United Kingdom", "birmingham, great  britain", "Birmingham,GB"]),
        ("abidjan,ci", ["Abidjan, Côte d'Ivoire", "ABIDJAN, ivory coast"]),
        ("istanbul,tr", ["İstanbul, Türkiye", "Istanbul, TURKEY"]),
        ("giessen", ["Gießen", "GIESSEN", "Gieẞen"]),
        ("athina", ["Athina"]),
        ("αθηνα", ["Αθήνα", "ΑΘΗΝΑ", "ΑΘΉΝΑ"]),
        ("нижний новгород", ["Нижний Новгород", "НИЖНИЙ НОВГОРОД", "Нижнии\u0306 Новгород"]),
        ("東京", ["東京", " 東京"]),
        ("ガボローネ", ["ガボローネ", "ｶﾞﾎﾞﾛｰﾈ"]),
        ("서울", ["서울", unicodedata.normalize("NFD", "서울")]),
        ("مكة", ["مكة", "\u200fمكة"]),
        ("नई दिल्ली", ["नई दिल्ली"]),
        ("l'aquila", ["L'Aquila"]),
        ("saint-denis,re", ["Saint-Denis, Réunion"]),
        (
            "paris,tx,us",
            ["Paris, Texas", "paris, TX, US", "Paris,Texas,USA", "PARIS, us-tx", "Paris, TX, United States", "Paris, Tex."],
        ),
        ("paris,atlantis", ["Paris, Atlantis"]),
        ("paris,fr", ["Paris (France)", "Paris(FR)", "Paris (Frankreich), Europe", "Paris, Europe, France", "Paris, FRA"]),
        ("halle (saale),de", ["Halle (Saale), Germany"]),
        ("springfield,il", ["Springfield, IL", "springfield , Israel", "Springfield,, il,"]),
        (
            "springfield,il,us",
            [
                "Springfield, Illinois",
                "Springfield, IL, U.S.A.",
                "Springfield, Ill.",
                "Springfield, IL, IL, US",
                "Springfield, IL 62701, USA",
            ],
        ),
        ("springfield,clark county,oh,us", ["Springfield, Clark County, Ohio, USA"]),
        ("portland,or,us", ["Portland, Oregon", "portland, or, usa"]),
        ("paris", ["75001 Paris", "F-75001 Paris", "Paris 75001", "Paris, 75001"]),
        (
            "berlin,de",
            ["Berlin - Germany", "Berlin; Germany", "Berlin / DE", "Berlin | Deutschland", "Berlin, 10115, Germany"],
        ),
        ("san francisco,ca,us", ["San Francisco, CA, 94103, USA", "San Francisco, California 94103-1234"]),
        ("london,gb", ["London, SW1A 1AA, UK", "London UK", "London GB"]),
        ("springfield,il", ["Springfield IL", "Springfield IL 62701"]),
        ("bolzano/bozen", ["Bolzano/Bozen"]),
        ("frankfurt/main", ["Frankfurt/Main"]),
        ("milano,mi", ["Milano (MI)", "Milano/MI", "Milano - MI", "Milano, MI"]),
        ("south jordan", ["South Jordan"]),
        ("ciudad de mexico", ["Ciudad de México", "CIUDAD DE MEXICO"]),
        ("la pa", ["La Pa", "LA PA"]),
        ("portland,or", ["Portland, OR", "Portland, Or."]),
        ("bogota,dc", ["Bogotá, D.C.", "BOGOTA, DC"]),
        ("mexico,cmx,mx", ["México, D.F., México", "México, CDMX", "Mexico, Mexico City, MX"]),
        ("koln,nw,de", ["Köln, NRW", "Köln, Nordrhein-Westfalen", "Köln, NW, DE"]),
        ("washington,dc,us", ["Washington, DC, USA", "Washington, District of Columbia"]),
        ("new york,ny,us", ["New York, New York", "New York, NY, US", "new york, N.Y., USA"]),
        ("toronto,on,ca", ["Toronto, Ontario", "Toronto, ON, CA", "Toronto, ON, Canada", "Toronto, Ont."]),
        ("sydney,nsw,au", ["Sydney, NSW", "Sydney, New South Wales, Australia", "Sydney, N.S.W."]),
        ("london,eng,gb", ["London, England", "London, England, UK"]),
        ("munchen,by,de", ["München, Bayern", "München, BY, DE", "Munchen, Bavaria, Deutschland"]),
        ("sapporo,hokkaido,jp", ["Sapporo, Hokkaido", "Sapporo, Hokkaidō, Japan", "Sapporo, JP-01"]),
        ("los angeles,ca,us", ["Los Angeles, California", "Los Angeles, CA, US", "Los Angeles, US, CA"]),
        ("tbilisi,ge", ["Tbilisi, Georgia", "Tbilisi, GE", "Tbilisi, საქართველო"]),
        ("augusta,ga,us", ["Augusta, GA, US", "Augusta, Georgia, USA"]),
        ("san juan,pr", ["San Juan, PR", "San Juan, Puerto Rico", "San Juan, PR, US", "San Juan, Puerto Rico, USA"]),
        (
            "seoul,kr",
            ["Seoul, South Korea", "Seoul, Korea, Republic of", "Seoul, KOR", "Seoul, 대한민국", "Seoul, Republic of Korea"],
        ),
        ("hong kong,hk", ["Hong Kong, China", "Hong Kong, HK", "Hong Kong, Hong Kong SAR, China"]),
        ("lodz", ["Łódź", "LODZ", "łódz", "Lodz"]),
        ("tonder,dk", ["Tønder, Danmark", "TØNDER, DK"]),
        ("diyarbakir,tr", ["Diyarbakır, Türkiye", "DİYARBAKIR, TUR"]),
        ("saeby", ["Sæby", "SAEBY"]),
        ("thorlakshofn", ["Þorlákshöfn", "THORLAKSHOFN"]),
        ("oersted", ["Œrsted"]),
        ("dakovo", ["Đakovo", "Ðakovo"]),
        ("hawai'i", ["Hawaiʻi", "Hawai’i", "Hawai‘i", "Hawai`i", "Hawai´i", "HAWAI'I"]),
        ("saint-denis", ["Saint‑Denis", "Saint–Denis", "SAINT-DENIS"]),
        ("東京,jp", ["東京、日本", "東京, 日本"]),
        ("y", ["Y", "ý"]),
    ],
)
def test_every_spelling_of_a_city_has_one_key(key: str, spellings: list[str]) -> None:
    assert {City.read(spelling).key for spelling in spellings} == {key}


def test_a_letter_with_a_mark_that_makes_it_another_one_stays_apart() -> None:
    assert City.read("Бийск").key != City.read("Бииск").key
    assert City.read("가").key != City.read("나").key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        ",",
        ", FR",
        "75001",
        "…",
        "\u0301",
        "_",
        "Paris\0",
        "Par\nis",
        "Paris\t",
        "Paris\x7f",
        "Paris\x85",
        "Paris\ud800",
        "Paris\ue000",
        "Paris\U000e0000\U000effff",
        "Paris, 75",
        "a, b, c, d, e",
        "a，b，c，d，e",
        "x" * (MAX_LENGTH + 1),
        " " * MAX_LENGTH + "x",
        "\ufdfa" * 10,  # one letter that is eighteen when it is written out
    ],
)
def test_what_is_no_city_is_refused_with_what_to_send_instead(text: str) -> None:
    with pytest.raises(InvalidRequest, match=f"up to {MAX_LENGTH} characters.*Paris, US") as caught:
        City.read(text)

    assert list(caught.value.errors or ()) == ["city"]
    str(caught.value).encode("utf-8", "surrogatepass")
    assert len(str(caught.value)) < 300


def test_a_name_may_be_as_long_as_the_longest() -> None:
    assert len(City.read("x" * MAX_LENGTH).key) == MAX_LENGTH
    assert len(City.read("é" * MAX_LENGTH).key) == MAX_LENGTH


def check(text: str) -> None:
    """The key of a text, if it has one, is its own key, and means the same city."""
    try:
        city = City.read(text)
    except InvalidRequest:
        return
    assert City.read(city.key) == city
    assert 0 < len(city.key) <= MAX_LENGTH
    assert city.key.isprintable()
    assert folded(city.key) == city.key


MARKED = st.text(
    st.sampled_from("aAiIıİßÅйиГ가ｶﾞ,，، \u00a0\u0300\u0308\u0345\u0338\u0306\u200d\ufeff'-12ﷺŉᾳσς"), max_size=30
)


@given(st.one_of(st.text(max_size=MAX_LENGTH + 5), MARKED))
@settings(max_examples=2_000, deadline=None)
def test_a_key_is_the_key_of_itself_and_nothing_but_a_refusal_is_raised(text: str) -> None:
    check(text)


def test_so_it_is_for_every_single_character() -> None:
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        if unicodedata.normalize("NFKD", character) != character or character.casefold() != character:
            check(f"a{character}")
            check(f"й{character}b, {character}c")


AREAS = st.sampled_from(
    [*country_codes(), *regions().named, *regions().by_code, *(code.partition("-")[2] for code in regions().by_code), "foo"]
)


@given(st.lists(AREAS, max_size=3))
@settings(max_examples=2_000, deadline=None)
def test_so_it_is_wherever_the_city_is(areas: list[str]) -> None:
    check(", ".join(["Paris", *areas]))


def test_names_of_countries_are_written_as_they_are_compared_and_have_codes() -> None:
    codes = country_codes()
    assert [name for name in codes if bare(name) != name] == []
    assert all(len(code) == 2 and code.isascii() and code.islower() for code in codes.values())
    assert len(set(codes.values())) == 250, "249 of ISO 3166, and Kosovo"


def test_names_of_regions_are_written_as_they_are_compared_and_are_of_a_country() -> None:
    assert [name for name in regions().named if region_name(name) != name] == []
    assert {code.partition("-")[0] for code in regions().by_code} <= set(country_codes().values())
    assert {region.within for region in regions().by_code.values()} <= {"", *regions().by_code}


COUNTRIES = {
    "AT": "Austria; Österreich; Oesterreich; AUT; Republic of Austria",
    "BE": "Belgium; België; Belgique; Belgien",
    "BO": "Bolivia, Plurinational State of; Bolivia",
    "BR": "Brasil; Brazil; Brésil; Federative Republic of Brazil",
    "CD": "Congo, The Democratic Republic of the; DRC; DR Congo; Congo - Kinshasa; Congo, Dem. Rep.; Zaire",
    "CG": "Congo; Republic of the Congo; Congo, Rep.; Congo-Brazzaville",
    "CH": "Schweiz; Suisse; Svizzera; Svizra; CHE; Swiss Confederation" ,
    "CI": "Côte d'Ivoire; Côte d’Ivoire; Cote dIvoire; Ivory Coast; Elfenbeinküste",
    "CN": "China; 中国; 中國; P.R. China; People's Republic of China",
    "CV": "Cabo Verde; Cape Verde",
    "CZ": "Czech Republic; Czechia; Česko; Česká republika; CZE; Tschechien",
    "DE": "Deutschland; Germany; Allemagne; GERMANY; DEU; Federal Republic of Germany; Alemania; Tyskland; Niemcy; ドイツ",
    "EG": "Egypt, Arab Rep.; مصر",
    "ES": "España; Espagne; Kingdom of Spain",
    "FM": "Micronesia, Federated States of",
    "GB": "UK; U.K.; United Kingdom; Great Britain; GBR; Britain; Großbritannien; Royaume-Uni; Reino Unido; the UK",
    "GR": "Greece; Ελλάδα; Hellas; EL",
    "GW": "Guinea-Bissau; Guinea Bissau",
    "IE": "Éire; Ireland; Republic of Ireland",
    "IR": "Iran; Iran, Islamic Republic of; Iran (Islamic Republic of); Islamic Republic of Iran",
    "JP": "日本; Japan; JPN; Japon; Nippon",
    "KP": "North Korea; Korea, Democratic People's Republic of; DPRK",
    "KR": "South Korea; Korea, Republic of; Korea (Republic of); Korea, South; Korea; 대한민국; 한국; Südkorea; KOR",
    "LA": "Laos; Lao People's Democratic Republic; Lao PDR",
    "LC": "St. Lucia; Saint Lucia; St Lucia",
    "MK": "North Macedonia; Macedonia; FYROM",
    "MM": "Myanmar; Burma; Myanmar (Burma)",
    "NL": "Holland; The Netherlands; Netherlands; Nederland; NLD; Pays-Bas",
    "PL": "Polska; Poland",
    "RU": "Россия; Russia; Russian Federation; RUS",
    "SE": "Sverige; Sweden; Schweden; SWE",
    "SZ": "Eswatini; Swaziland",
    "TL": "Timor-Leste; East Timor",
    "TR": "Türkiye; Turkey; TURKIYE; TUR; Turkiye",
    "TT": "Trinidad and Tobago; Trinidad & Tobago",
    "TW": "Taiwan; Taiwan, Province of China; 台灣",
    "TZ": "Tanzania, United Republic of; Tanzania",
    "UA": "Україна; Ukraine",
    "US": "USA; U.S.A.; US; U.S.; United States; United States of America; Vereinigte Staaten; EE. UU.; 美国; États-Unis",
    "VA": "Vatican City; Holy See; Holy See (Vatican City State)",
    "VE": "Venezuela, Bolivarian Republic of; Venezuela, RB; Venezuela",
    "VN": "Viet Nam; Vietnam; Việt Nam",
    "XK": "Kosovo; Kosova; XKX",
}  # fmt: skip


@pytest.mark.parametrize(("code", "names"), COUNTRIES.items(), ids=COUNTRIES)
def test_a_country_is_known_by_every_name_that_lists_write(code: str, names: str) -> None:
    for name in names.split("; "):
        city = City.read(f"Paris, {name}")
        assert code.lower() in {area.country for area in city.areas}, name
        assert city.key == f"paris,{code.lower()}", name


@pytest.mark.parametrize("name", ["Atlantis", "Republic of Atlantis", "Utopia", "xx"])
def test_what_is_no_country_has_no_code(name: str) -> None:
    assert country_code(name) is None


@pytest.mark.parametrize(
    ("city", "code", "country", "meant"),
    [
        ("Paris", "FR", "France", True),
        ("Paris", None, None, True),
        ("Paris, FR", "FR", "France", True),
        ("Paris, fr", "fr", None, True),
        ("Paris, France", "FR", None, True),
        ("Paris, France", None, "France", True),
        ("Paris, US", "FR", "France", False),
        ("Paris, Frankreich", "FR", "Frankreich", True),
        ("Paris, Frankreich", None, "France", True),
        ("Москва, Россия", "RU", "Россия", True),
        ("Paris, None", None, None, False),
        ("Paris, Atlantis", None, "Atlantis", True),
    ],
)
def test_a_country_is_known_by_its_code_and_by_its_name(
    city: str, code: str | None, country: str | None, meant: bool
) -> None:
    read = City.read(city)
    assert bool(candidates(read, [{"name": read.name, "country_code": code, "country": country}])) is meant


@pytest.mark.parametrize(
    ("city", "language"),
    [
        ("Paris", "en"),
        ("München", "en"),
        ("Москва", "ru"),
        ("Αθήνα", "el"),
        ("東京", "zh"),
        ("とうきょう", "ja"),
        ("北九州シ", "ja"),
        ("서울", "ko"),
        ("القاهرة", "ar"),
        ("กรุงเทพ", "th"),
    ],
)
def test_a_name_is_looked_for_in_a_language_of_its_script(city: str, language: str) -> None:
    assert City.read(city).language == language
