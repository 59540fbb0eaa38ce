"""Words for cropland and for what is none, in the languages of land cover legends.

English, German, French, Spanish, Portuguese, Italian, Dutch, Danish, Norwegian, Swedish, Polish,
Czech, Hungarian, Romanian, Russian, Ukrainian, Turkish and Chinese.  A line holds words,
or phrases
between commas.  Accents and capitals do not count.
"""

from __future__ import annotations

CROPS = """
crop, crops, cropland, croplands, crop land, cropped, cultivate, cropping, arable, cultivated,
cultivation,
tilled, tillage, paddy, paddies, farmland, row crops, wheat, barley, rye, oat, oats, triticale,
maize, corn, rice, sorghum, millet, soy, soya, soybean, soybeans, rapeseed, rape, canola,
sunflower,
sunflowers, sugar beet, sugar beets, sugar cane, sugarcane, potato, potatoes, cotton, bean, beans,
pea, peas, lentils, cereal, cereals, vegetables, flax, hemp, tobacco, groundnut, peanuts, cassava
acker, ackerland, ackerbau, ackerfläche, ackerflächen, feldfrüchte, weizen, winterweizen,
sommerweizen, gerste, wintergerste, sommergerste, roggen, winterroggen, hafer, dinkel, mais,
silomais, körnermais, raps, winterraps, zuckerrüben, zuckerrübe, rüben, kartoffel, kartoffeln,
sonnenblumen, soja, ackerbohnen, erbsen, getreide, wintergetreide, sommergetreide, gemüse
terre arable, terres arables, labour, labours, terre labourable, terres labourables, culture,
cultures, grandes cultures, cultivé, cultivés, cultivée, cultivées, blé, orge, colza, tournesol,
betterave, betteraves, pomme de terre, pommes de terre, céréale, céréales
cultivo, cultivos, cultivar, cultivado, cultivados, cultivada, cultivadas, tierra arable,
tierras arables,
arables, tierra de labor, tierras de labor, labranza, secano, regadío, trigo, cebada, maíz, arroz,
girasol, algodón, caña de azúcar, papa, papas, patata, patatas, cereales
lavoura, lavouras, terra arável, terras aráveis, cultura, culturas, milho, algodão, cana de açúcar,
cana, feijão, soja, grãos
seminativo, seminativi, coltivo, coltivi, coltivato, coltivata, coltivati, coltivate, coltura,
colture, arativo, arabile, arabili, grano, frumento, orzo, riso, risaia, risaie, barbabietola
akker, akkers, akkerland, akkerbouw, bouwland, gewas, gewassen, tarwe, gerst, aardappelen,
suikerbieten
agerjord, ager, agre, åker, åkermark, åkrar, åkerjord, dyrket, dyrkede, dyrka, fulldyrket,
fulldyrka, dyrkad, odlad, odlade, odlingsmark, hvede, vete, byg, bygg, korn, majs, raps
grunty orne, grunt orny, orne, orny, uprawa, uprawy, upraw, uprawne, uprawny, pszenica, jęczmień,
żyto, kukurydza, rzepak, ziemniaki
orná půda, orná pôda, orná, plodiny, pšenice, ječmen, kukuřice, řepka
szántó, szántóföld, arabil, teren arabil, cultivat, cultivate, culturi
пашня, пашни, пахотные, пахотная, пахота, посев, посевы, посевная, посевные, обрабатываемые,
обрабатываемая, возделываемые, культуры, пшеница, ячмень, кукуруза, подсолнечник, рис, рапс, соя
рілля, ріллі, орні, орна, посіви, пшениця, ячмінь, кукурудза, соняшник, ріпак
ekili, sürülü, işlenen, buğday, arpa, mısır
耕地, 农田, 農田, 水田, 旱地, 水浇地, 农作物, 農作物, 作物, 小麦, 水稻, 玉米, 大豆, 棉花, 油菜,
种植
"""

WEAK_CROPS = """
field, fields, farm, farms, agriculture, agricultural, agri, agric, parcel, parcels
feld, felder, landwirtschaft, landwirtschaftlich, landwirtschaftliche, agrar, agrarfläche, flur
champ, champs, agricole, agricoles, parcelle, parcelles
agrícola, agrícolas, agricultura, parcela, parcelas, labor
agricolo, agricola, agricoli, agricoltura, campi
landbouw, landbouwgrond, veld, velden, landbrug, jordbruk, jordbruksmark, fält
rolnictwo, rolne, rolny, pola, pole, zemědělská, zemědělství, mezőgazdaság
поле, поля, сельскохозяйственные, сельхозугодья, сільськогосподарські, tarım, tarla
农业, 農業, 农用地, 农地, 農地, 田
"""
"""They mean cropland where nothing else is said."""

OTHER_LAND = """
grass, grasses, grassland, grasslands, pasture, pastures, pastureland, meadow, meadows, rangeland,
prairie, savanna, savannas, forest, forests, forested, forestry, wood, woods, wooded, woodland,
woodlands, tree, trees, shrub, shrubs, shrubland, shrublands, scrub, heath, heathland, moor,
moorland, bush, bushland, hedge, hedges, hedgerow, hedgerows, water, lake, lakes, river, rivers,
pond, ponds, sea, ocean, wetland, wetlands, marsh, marshes, swamp, bog, bogs, mangrove, mangroves,
urban, built, builtup, building, buildings, settlement, settlements, residential, industrial,
artificial, impervious, developed, road, roads, railway, track, tracks, path, paths, bare,
bareland,
barren, rock, rocks, rocky, sand, desert, snow, ice, glacier, glaciers, quarry, mine, uncultivated,
uncropped, untilled, noncropland, noncrop, nonarable, nonagricultural, nonagriculture,
noncultivated, margin, margins, edge, edges, border, borders, boundary, boundaries, strip, strips,
headland, headlands, ditch, verge, farmyard, farmstead, barn
gras, grünland, gruenland, dauergrünland, dauergruenland, wiese, wiesen, weide, weiden, mähwiese,
heide, wald, wälder, laubwald, nadelwald, mischwald, forst, gehölz, gehölze, baum, bäume, gebüsch,
hecke, hecken, wasser, gewässer, wasserfläche, fluss, bach, teich, sumpf, feuchtgebiet, siedlung,
siedlungen, siedlungsfläche, bebaut, bebauung, gebäude, straße, straßen, strasse, weg, wege,
feldweg, verkehr, verkehrsfläche, industrie, fels, feldrand, feldränder, ackerrand,
ackerrandstreifen,
feldrain, saum, rand, randstreifen, blühstreifen, unkultiviert, unbewirtschaftet, nichtacker,
nichtackerland, ödland
prairies, pâturage, pâturages, herbe, pré, prés, pelouse, forêt, forêts, bois, boisé, arbre,
arbres,
arbustes, buisson, lande, landes, haie, haies, eau, eaux, lac, rivière, étang, marais, humide,
humides, urbain, urbaine, bâti, bâtiment, bâtiments, route, routes, chemin, nu, nus, rocher,
rochers, neige, lisière, bordure, bordures, inculte, incultes
pasto, pastos, pastizal, pastizales, pradera, praderas, prado, prados, hierba, bosque, bosques,
forestal, árbol, árboles, arbolado, matorral, matorrales, arbusto, arbustos, agua, lago, río,
embalse, humedal, humedales, pantano, urbano, urbana, edificio, edificios, construido, carretera,
camino, caminos, desnudo, roca, nieve, glaciar, borde, bordes, linde, lindes, lindero, margen,
márgenes, inculto, incultos, erial
pastagem, pastagens, floresta, florestas, mata, árvore, árvores, savana, cerrado, água, represa,
úmida, edificação, estrada, exposto, rocha, silvicultura, borda, bordas
prato, prati, pascolo, pascoli, erba, bosco, boschi, foresta, foreste, alberi, albero, arbusti,
siepe, siepi, acqua, acque, fiume, palude, edificato, edifici, strada, strade, roccia, nudo, neve,
ghiacciaio, incolto, incolti, bordo, margine
grasland, weiland, bossen, bomen, struiken, heg, moeras, bebouwd, bebouwing, stedelijk, wegen,
kaal,
akkerrand
græs, græsmark, eng, skov, træer, hede, vand, sø, vådområde, bebyggelse, vej, gräs, äng, ängsmark,
bete, betesmark, skog, träd, vatten, sjö, våtmark, tätort, väg, beite, innmarksbeite, vann, vei,
myr, åkerkant, åkerholme, åkerholmer
łąka, łąki, pastwisko, pastwiska, trawa, lasy, zadrzewienia, krzewy, woda, wody, jezioro, mokradła,
zabudowa, zabudowane, droga, drogi, nieużytki, miedza
louka, louky, pastvina, pastviny, travní, tráva, lesy, stromy, keře, voda, vodní, zástavba,
zastavěná, silnice, cesta, mokřad
rét, legelő, gyep, erdő, víz, beépített, pășune, pășuni, fâneață, pajiște, pădure, păduri, apă
луг, луга, пастбище, пастбища, сенокос, сенокосы, трава, лес, леса, лесной, деревья, кустарник,
кустарники, вода, водоем, водоемы, озеро, река, болото, болота, застройка, населенный, населенные,
дорога, дороги, песок, непахотные, необрабатываемые, невозделываемые, межа, опушка
лука, луки, пасовище, пасовища, сіножаті, ліс, ліси, забудова
çayır, mera, otlak, orman, ağaç, göl, nehir, yerleşim, yol, bozkır
草地, 草原, 牧草地, 林地, 森林, 灌木, 灌木林, 灌丛, 水体, 水域, 湖泊, 河流, 湿地, 建设用地, 建筑,
城镇, 城市,
居民地, 不透水面, 道路, 裸地, 裸土, 荒地, 未利用地, 冰雪, 冰川, 雪, 田埂
"""

REST = """
other, others, rest, background, sonstige, sonstiges, andere, übrige, autre, autres, otro, otros,
otra, otras, outro, outros, outra, outras, altro, altri, overig, overige, øvrige, annet, andet,
övrigt, annat, inne, ostatní, egyéb, прочее, прочие, другое, інше, diğer, 其他, 其它
"""
"""They mean other land where no cropland is named; an 'other crop' is a crop."""

SHORT_OTHER_LAND = "las, les, see, su, moor, rain, by, bos"
"""Other land as the whole value; in another language they are articles or something else."""

UNDECIDED = """
fallow, brache, ackerbrache, stilllegung, jachère, jachères, friche, friches, barbecho, barbechos,
pousio, maggese, braak, träda, ugór, úhor, пар, залежь, nadas, 休耕地, 撂荒地, set aside, setaside
orchard, orchards, vineyard, vineyards, vine, vines, plantation, plantations, fruit, fruits,
berries,
nuts, olive, olives, permanent crop, permanent crops, greenhouse, greenhouses, garden, gardens,
nursery, nurseries, obst, obstbau, obstanlage, wein, weinbau, weinberg, rebfläche, reben, plantage,
verger, vergers, vigne, vignes, vignoble, viña, viñas, viñedo, viñedos, olivar, olivares, olivo,
frutal, frutales, huerto, huerta, pomar, vinhedo, vinha, frutteto, frutteti, vigneto, vigneti,
oliveto, oliveti, boomgaard, sady, vinice, сад, сады, виноградник, виноградники, 园地, 果园, 茶园
temporary grass, temporary grassland, ley, leys, perene, perenes, perennial, agroforestry,
agropecuária, campo, campos, unknown, unclassified, nodata, no data, clouds, cloud, unsure,
undefined
"""
"""Cropland by some definitions, or by none."""

DOUBTS = """
abandoned, former, formerly, potential, possible, probable, uncertain, mosaic, mosaics, mixed,
mixture, converted, conversion, lost, failed, failure, verlassen, aufgegeben, ehemalig, ehemaliger,
ehemaliges, abandonné, abandonnée, abandonado, abandonada, abandonados, mosaico, mosaïque, mosaik,
ancien, ancienne, antiguo, antigua, заброшенные, бывшая
"""
"""They make cropland doubtful, and nothing of other land."""

QUALIFIERS = """
rainfed, rain fed, irrigated, irrigation, dry, wet, permanently, permanent, annual, temporary,
winter, spring, summer, autumn, intensive, extensive, small, large, general, herbaceous
bewässert, intensiv, extensiv, einjährig, irrigué, irriguée, irriguées, pluvial, annuelle,
annuelles, temporaire, temporaires, irrigado, irrigada, irrigados, anual, anuales, anuais,
temporal, temporales, temporária, temporárias, irriguo, irrigui, annuali, non irriguo
"""

FILLING = """
land, lands, area, areas, cover, class, type, of, and, or, the, an, with, in, on, for, used, use,
as,
is, are, fläche, flächen, boden, nutzung, und, oder, für, als, ist, wird, terre, terres, sol, sols,
zone, zones, surface, de, des, du, la, le, les, et, ou, en, est, comme, tierra, tierras, suelo,
zona,
zonas, área, áreas, uso, el, los, las, del, para, es, terra, terras, da, do, das, dos, di, della,
dei, aree, terreno, terreni, suolo, grond, van, jord, mark, af, av, grunty, ziemie, půda, teren,
terenuri, земли, земля, земель, alan, arazi, arazisi, 用地, 土地, 区
"""

NEGATIONS = """
no, non, not, none, without, never, nicht, kein, keine, keinen, keiner, ohne, pas, sans, aucun,
aucune, sin, ningún, ninguna, ningun, sem, não, nenhum, nenhuma, senza, nessun, nessuna, niet,
geen,
zonder, ikke, ingen, uden, inte, ej, utan, uten, nie, bez, brak, ne, není, žádná, nem, nincs, fără,
не, нет, без, ні, немає, değil, yok, 非, 不, 不是, 无, 無, 未, 没有
"""

YES = "1, true, yes, ja, oui, si, sim, da, да, так, tak, ano, evet, 是"
NO = "0, false, no, nein, non, nao, nee, nej, nei, ne, nie, нет, ні, hayır, 否"

CLASS_COLUMNS = """
class, classname, klass, klasse, clase, classe, classi, klasa, třída, landclass, landcover,
landuse,
lulc, lc, lu, lcclass, nutzung, landnutzung, bodenbedeckung, uso, usosuelo, usosolo, usotierra,
usosuolo, cobertura, coberturasuelo, occupation, occupationsol, occsol, couverture, copertura,
bodengebruik, landgebruik, arealbrug, arealtype, markanvändning, użytkowanie, użytek, pokrycie,
класс, клас, угодье, угодья, видугодий, категория, землепользование, угіддя, dlmc, 地类, 地类名称,
类型, 土地利用, landtype, covertype, cover, cultivated, iscrop, iscropland, cropland, arable
"""
KIND_COLUMNS = (
    "type, typ, tipo, label, category, categoria, kategorie, kategoria, категория, тип, вид"
)
CROP_COLUMNS = """
crop, crops, croptype, cropname, culture, cultures, cultivo, cultivos, cultura, coltura, gewas,
kultur, kulturart, uprawa, plodina, культура, 作物
"""
"""Their values are kinds of crops, of which nobody knows all names."""
