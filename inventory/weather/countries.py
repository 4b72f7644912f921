"""The countries of ISO 3166-1: their codes (alpha-2, lower case) by their English names and what else they are called."""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = """
ad andorra
ae united arab emirates; uae
af afghanistan
ag antigua and barbuda
ai anguilla
al albania
am armenia
ao angola
aq antarctica
ar argentina
as american samoa
at austria
au australia
aw aruba
ax aland islands; aland
az azerbaijan
ba bosnia and herzegovina; bosnia-herzegovina
bb barbados
bd bangladesh
be belgium
bf burkina faso
bg bulgaria
bh bahrain
bi burundi
bj benin
bl saint barthelemy; st. barthelemy
bm bermuda
bn brunei; brunei darussalam
bo bolivia
bq caribbean netherlands; bonaire
br brazil
bs bahamas; the bahamas
bt bhutan
bv bouvet island
bw botswana
by belarus
bz belize
ca canada
cc cocos (keeling) islands; cocos islands
cd dr congo; democratic republic of the congo; congo-kinshasa
cf central african republic
cg congo; republic of the congo; congo-brazzaville
ch switzerland
ci ivory coast; cote d'ivoire
ck cook islands
cl chile
cm cameroon
cn china; people's republic of china
co colombia
cr costa rica
cu cuba
cv cape verde; cabo verde
cw curacao
cx christmas island
cy cyprus
cz czechia; czech republic
de germany
dj djibouti
dk denmark
dm dominica
do dominican republic
dz algeria
ec ecuador
ee estonia
eg egypt
eh western sahara
er eritrea
es spain
et ethiopia
fi finland
fj fiji
fk falkland islands; falkland islands (malvinas)
fm micronesia; federated states of micronesia
fo faroe islands
fr france
ga gabon
gb united kingdom; uk; great britain; united kingdom of great britain and northern ireland
gd grenada
ge georgia
gf french guiana
gg guernsey
gh ghana
gi gibraltar
gl greenland
gm gambia; the gambia
gn guinea
gp guadeloupe
gq equatorial guinea
gr greece
gs south georgia and the south sandwich islands; south georgia
gt guatemala
gu guam
gw guinea-bissau
gy guyana
hk hong kong
hm heard island and mcdonald islands
hn honduras
hr croatia
ht haiti
hu hungary
id indonesia
ie ireland
il israel
im isle of man
in india
io british indian ocean territory
iq iraq
ir iran; islamic republic of iran
is iceland
it italy
je jersey
jm jamaica
jo jordan
jp japan
ke kenya
kg kyrgyzstan
kh cambodia
ki kiribati
km comoros
kn saint kitts and nevis; st kitts and nevis
kp north korea
kr south korea; republic of korea; korea
kw kuwait
ky cayman islands
kz kazakhstan
la laos; lao people's democratic republic
lb lebanon
lc saint lucia; st lucia
li liechtenstein
lk sri lanka
lr liberia
ls lesotho
lt lithuania
lu luxembourg
lv latvia
ly libya
ma morocco
mc monaco
md moldova; republic of moldova
me montenegro
mf saint martin
mg madagascar
mh marshall islands
mk north macedonia; macedonia
ml mali
mm myanmar; burma
mn mongolia
mo macao; macau
mp northern mariana islands
mq martinique
mr mauritania
ms montserrat
mt malta
mu mauritius
mv maldives
mw malawi
mx mexico
my malaysia
mz mozambique
na namibia
nc new caledonia
ne niger
nf norfolk island
ng nigeria
ni nicaragua
nl netherlands; the netherlands; holland
no norway
np nepal
nr nauru
nu niue
nz new zealand
om oman
pa panama
pe peru
pf french polynesia
pg papua new guinea
ph philippines; the philippines
pk pakistan
pl poland
pm saint pierre and miquelon
pn pitcairn; pitcairn islands
pr puerto rico
ps palestine; palestinian territory; state of palestine
pt portugal
pw palau
py paraguay
qa qatar
re reunion
ro romania
rs serbia
ru russia; russian federation
rw rwanda
sa saudi arabia
sb solomon islands
sc seychelles
sd sudan
se sweden
sg singapore
sh saint helena; st helena
si slovenia
sj svalbard and jan mayen
sk slovakia
sl sierra leone
sm san marino
sn senegal
so somalia
sr suriname
ss south sudan
st sao tome and principe
sv el salvador
sx sint maarten
sy syria; syrian arab republic
sz eswatini; swaziland
tc turks and caicos islands
td chad
tf french southern territories
tg togo
th thailand
tj tajikistan
tk tokelau
tl timor-leste; timor leste; east timor
tm turkmenistan
tn tunisia
to tonga
tr turkey; turkiye
tt trinidad and tobago
tv tuvalu
tw taiwan
tz tanzania; united republic of tanzania
ua ukraine
ug uganda
um united states minor outlying islands
us united states; usa; united states of america; u.s.a.; u.s.
uy uruguay
uz uzbekistan
va vatican; vatican city; holy see
vc saint vincent and the grenadines; st vincent and the grenadines
ve venezuela
vg british virgin islands
vi u.s. virgin islands; us virgin islands
vn vietnam; viet nam
vu vanuatu
wf wallis and futuna
ws samoa
xk kosovo
ye yemen
yt mayotte
za south africa
zm zambia
zw zimbabwe
"""


def _by_name() -> dict[str, str]:
    lines = (line.split(" ", 1) for line in _NAMES.strip().splitlines())
    return {name: code for code, names in lines for name in names.split("; ")}


CODES: Mapping[str, str] = _by_name()
"""`xk` is no code of ISO's, but the one that maps use for Kosovo."""
