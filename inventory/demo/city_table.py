"""Real cities: name, country, region, latitude, longitude, population (rounded); several may have the same name."""

from __future__ import annotations

from collections.abc import Mapping

COUNTRY_TABLE = """
AR Argentina|AT Austria|AU Australia|BE Belgium|BR Brazil|CA Canada|CH Switzerland|CL Chile|CN China|CO Colombia
CR Costa Rica|CZ Czechia|DE Germany|DK Denmark|EG Egypt|ES Spain|FI Finland|FR France|GB United Kingdom|GR Greece
HU Hungary|IE Ireland|IN India|IS Iceland|IT Italy|JP Japan|KE Kenya|KR South Korea|MX Mexico|NG Nigeria
NL Netherlands|NO Norway|NZ New Zealand|PE Peru|PL Poland|PT Portugal|RO Romania|SE Sweden|SG Singapore|TR Türkiye
US United States|VE Venezuela|ZA South Africa
"""
COUNTRIES: Mapping[str, str] = {
    each[:2]: each[3:] for line in COUNTRY_TABLE.strip().splitlines() for each in line.split("|")
}

TABLE = """
Paris|US|Texas|33.66094|-95.55551|24800
Paris|FR|Île-de-France|48.85341|2.3488|2138551
London|CA|Ontario|42.98339|-81.23304|422324
London|GB|England|51.50853|-0.12574|8961989
Springfield|US|Illinois|39.80172|-89.64371|114394
Springfield|US|Missouri|37.21533|-93.29824|169176
Springfield|US|Massachusetts|42.10148|-72.58981|155929
Birmingham|US|Alabama|33.52066|-86.80249|200733
Birmingham|GB|England|52.48142|-1.89983|1144919
Cambridge|GB|England|52.2|0.11667|145700
Cambridge|US|Massachusetts|42.3751|-71.10561|118403
Valencia|VE|Carabobo|10.16202|-68.00765|1619470
Valencia|ES|Valencia|39.46975|-0.37739|792492
Córdoba|ES|Andalusia|37.89155|-4.77275|325708
Córdoba|AR|Cordoba|-31.4135|-64.18105|1428214
San José|US|California|37.33939|-121.89496|1026908
San José|CR|San José|9.93333|-84.08333|335007
Santiago|CL|Santiago Metropolitan|-33.45694|-70.64827|4837295
Berlin|DE|State of Berlin|52.52437|13.41053|3426354
München|DE|Bavaria|48.13743|11.57549|1260391
Düsseldorf|DE|North Rhine-Westphalia|51.22172|6.77616|620523
Hamburg|DE|Hamburg|53.55073|9.99302|1845229
Wien|AT|Vienna|48.20849|16.37208|1691468
Zürich|CH|Zurich|47.36667|8.55|341730
Genève|CH|Geneva|46.20222|6.14569|183981
Lyon|FR|Auvergne-Rhône-Alpes|45.74846|4.84671|522250
Marseille|FR|Provence-Alpes-Côte d'Azur|43.29695|5.38107|870731
Madrid|ES|Madrid|40.4165|-3.70256|3255944
Barcelona|ES|Catalonia|41.38879|2.15899|1620343
Sevilla|ES|Andalusia|37.38283|-5.97317|684234
Lisboa|PT|Lisbon|38.71667|-9.13333|517802
Roma|IT|Latium|41.89193|12.51133|2318895
Milano|IT|Lombardy|45.46427|9.18951|1371498
Athína|GR|Attica|37.98376|23.72784|664046
Bruxelles|BE|Brussels Capital|50.85045|4.34878|1019022
Amsterdam|NL|North Holland|52.37403|4.88969|741636
København|DK|Capital Region|55.67594|12.56553|1153615
Oslo|NO|Oslo|59.91273|10.74609|580000
Göteborg|SE|Västra Götaland|57.70716|11.96679|572799
Malmö|SE|Skåne|55.60587|13.00073|301706
Helsinki|FI|Uusimaa|60.16952|24.93545|658864
Reykjavík|IS|Capital Region|64.13548|-21.89541|118918
Dublin|IE|Leinster|53.33306|-6.24889|1024027
Warszawa|PL|Masovian|52.22977|21.01178|1702139
Kraków|PL|Lesser Poland|50.06143|19.93658|755050
Łódź|PL|Łódź Voivodeship|51.77058|19.47395|768755
Praha|CZ|Prague|50.08804|14.42076|1165581
Budapest|HU|Budapest|47.49801|19.03991|1741041
București|RO|Bucharest|44.43225|26.10626|1877155
İstanbul|TR|Istanbul|41.01384|28.94966|14804116
Cairo|EG|Cairo|30.06263|31.24967|9606916
Lagos|NG|Lagos|6.45407|3.39467|15388000
Nairobi|KE|Nairobi County|-1.28333|36.81667|2750547
Cape Town|ZA|Western Cape|-33.92584|18.42322|3433441
Mumbai|IN|Maharashtra|19.07283|72.88261|12691836
Delhi|IN|Delhi|28.65195|77.23149|10927986
Tokyo|JP|Tokyo|35.6895|139.69171|8336599
Seoul|KR|Seoul|37.566|126.9784|10349312
Beijing|CN|Beijing|39.9075|116.39723|18960744
Singapore|SG|Central Singapore|1.28967|103.85007|5638700
Sydney|AU|New South Wales|-33.86785|151.20732|4627345
Auckland|NZ|Auckland|-36.84853|174.76349|417910
São Paulo|BR|São Paulo|-23.5475|-46.63611|12400232
Bogotá|CO|Bogota D.C.|4.60971|-74.08175|7674366
Lima|PE|Lima Province|-12.04318|-77.02824|7737002
Mexico City|MX|Mexico City|19.42847|-99.12766|12294193
Montréal|CA|Quebec|45.50884|-73.58781|1762949
Toronto|CA|Ontario|43.70643|-79.39864|2731571
Chicago|US|Illinois|41.85003|-87.65005|2696453
Denver|US|Colorado|39.73915|-104.9847|716577
Anchorage|US|Alaska|61.21806|-149.90028|291247
"""
