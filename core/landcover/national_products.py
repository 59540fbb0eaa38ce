"""National and continental products: USDA CDL, CLCD, CORINE."""

from __future__ import annotations

from core.landcover.product import Product, parse_legend

_USDA_CITATION = (
    "USDA National Agricultural Statistics Service Cropland Data Layer. Published crop-specific "
    "data layer [Online]. USDA-NASS, Washington, DC."
)

_CDL_NOT_CROPLAND = frozenset(
    {63, 64, 65, 82, 83, 87, 88, 92, 111, 112, 121, 122, 123, 124, 131, 141, 142, 143, 152, 176}
    | {190, 195}
)
"""Forest, shrub, barren, developed, water, wetland, aquaculture and grassland / pasture.

Everything else is a crop; fallow (61) and hay (36, 37) are cropland, as in the Cultivated Layer.
"""

_CDL_LEGEND = parse_legend(
    """
        1 | Corn | ffd300
        2 | Cotton | ff2525
        3 | Rice | 00a8e2
        4 | Sorghum | ff9e09
        5 | Soybeans | 256f00
        6 | Sunflower | ffff00
        10 | Peanuts | 6fa600
        11 | Tobacco | 00af49
        12 | Sweet corn | dea609
        13 | Popcorn or ornamental corn | dea609
        14 | Mint | 7cd3ff
        21 | Barley | e2007c
        22 | Durum wheat | 896053
        23 | Spring wheat | d9b56b
        24 | Winter wheat | a66f00
        25 | Other small grains | d59ebc
        26 | Double crop winter wheat / soybeans | 6f6f00
        27 | Rye | ab007c
        28 | Oats | a05889
        29 | Millet | 6f0049
        30 | Speltz | d59ebc
        31 | Canola | d1ff00
        32 | Flaxseed | 7c99ff
        33 | Safflower | d5d500
        34 | Rape seed | d1ff00
        35 | Mustard | 00af49
        36 | Alfalfa | ffa6e2
        37 | Other hay, not alfalfa | a6f18b
        38 | Camelina | 00af49
        39 | Buckwheat | d59ebc
        41 | Sugarbeets | a800e2
        42 | Dry beans | a60000
        43 | Potatoes | 6f2500
        44 | Other crops | 00af49
        45 | Sugarcane | af7cff
        46 | Sweet potatoes | 6f2500
        47 | Miscellaneous vegetables and fruits | ff6666
        48 | Watermelons | ff6666
        49 | Onions | ffcc66
        50 | Cucumbers | ff6666
        51 | Chick peas | 00af49
        52 | Lentils | 00deaf
        53 | Peas | 53ff00
        54 | Tomatoes | f1a278
        55 | Caneberries | ff6666
        56 | Hops | 00af49
        57 | Herbs | 7cd3ff
        58 | Clover / wildflowers | e8beff
        59 | Sod / grass seed | afffde
        60 | Switchgrass | 00af49
        61 | Fallow / idle cropland | bebe78
        63 | Forest | 93cc93
        64 | Shrubland | c6d59e
        65 | Barren | ccbea2
        66 | Cherries | ff00ff
        67 | Peaches | ff8fab
        68 | Apples | b9004f
        69 | Grapes | 6f4589
        70 | Christmas trees | 007878
        71 | Other tree crops | af996f
        72 | Citrus | ffff7c
        74 | Pecans | b56f5c
        75 | Almonds | 00a682
        76 | Walnuts | e8d5af
        77 | Pears | af996f
        82 | Developed | 999999
        83 | Water | 496fa2
        87 | Wetlands | 7cafaf
        88 | Nonagricultural / undefined | e8ffbe
        92 | Aquaculture | 00ffff
        111 | Open water | 496fa2
        112 | Perennial ice / snow | d3e2f9
        121 | Developed, open space | 999999
        122 | Developed, low intensity | 999999
        123 | Developed, medium intensity | 999999
        124 | Developed, high intensity | 999999
        131 | Barren | ccbea2
        141 | Deciduous forest | 93cc93
        142 | Evergreen forest | 93cc93
        143 | Mixed forest | 93cc93
        152 | Shrubland | c6d59e
        176 | Grassland / pasture | e8ffbe
        190 | Woody wetlands | 7cafaf
        195 | Herbaceous wetlands | 7cafaf
        204 | Pistachios | 00ff8b
        205 | Triticale | d59ebc
        206 | Carrots | ff6666
        207 | Asparagus | ff6666
        208 | Garlic | ff6666
        209 | Cantaloupes | ff6666
        210 | Prunes | ff8fab
        211 | Olives | 334933
        212 | Oranges | e26f25
        213 | Honeydew melons | ff6666
        214 | Broccoli | ff6666
        215 | Avocados | 66994d
        216 | Peppers | ff6666
        217 | Pomegranates | af996f
        218 | Nectarines | ff8fab
        219 | Greens | ff6666
        220 | Plums | ff8fab
        221 | Strawberries | ff6666
        222 | Squash | ff6666
        223 | Apricots | ff8fab
        224 | Vetch | 00af49
        225 | Double crop winter wheat / corn | ffd300
        226 | Double crop oats / corn | ffd300
        227 | Lettuce | ff6666
        228 | Double crop triticale / corn | ffd300
        229 | Pumpkins | ff6666
        230 | Double crop lettuce / durum wheat | 896053
        231 | Double crop lettuce / cantaloupe | ff6666
        232 | Double crop lettuce / cotton | ff2525
        233 | Double crop lettuce / barley | e2007c
        234 | Double crop durum wheat / sorghum | ff9e09
        235 | Double crop barley / sorghum | ff9e09
        236 | Double crop winter wheat / sorghum | a66f00
        237 | Double crop barley / corn | ffd300
        238 | Double crop winter wheat / cotton | a66f00
        239 | Double crop soybeans / cotton | 256f00
        240 | Double crop soybeans / oats | 256f00
        241 | Double crop corn / soybeans | ffd300
        242 | Blueberries | 000099
        243 | Cabbage | ff6666
        244 | Cauliflower | ff6666
        245 | Celery | ff6666
        246 | Radishes | ff6666
        247 | Turnips | ff6666
        248 | Eggplants | ff6666
        249 | Gourds | ff6666
        250 | Cranberries | ff6666
        254 | Double crop barley / soybeans | 256f00
    """,
    frozenset(),
)

USDA_CDL = Product(
    key="usda_cdl",
    title="USDA Cropland Data Layer",
    publisher="USDA National Agricultural Statistics Service",
    years="1997 onwards, yearly",
    resolution_m=30,
    crs="EPSG:5070",
    classes=tuple(
        type(c)(c.code, c.name, c.colour, c.code not in _CDL_NOT_CROPLAND) for c in _CDL_LEGEND
    ),
    nodata=(0, 81),
    licence="Public domain (USDA)",
    citation=_USDA_CITATION,
    source="CDL metadata, codes and names; colours of the colour table in the 2021 files",
    url="https://nassgeodata.gmu.edu/CropScape/",
    name_patterns=(r"(^|[_-])cdl([_-]|\d|$)", r"cropland_?data_?layer", r"^(19|20)\d\d_30m_cdls"),
)

USDA_CULTIVATED = Product(
    key="usda_cultivated",
    title="USDA Cultivated Layer",
    publisher="USDA National Agricultural Statistics Service",
    years="2013 onwards",
    resolution_m=30,
    crs="EPSG:5070",
    classes=parse_legend(
        "1 | Not cultivated | d3d3d3\n2 | Cultivated | b1b58c",
        frozenset({2}),
    ),
    nodata=(0,),
    licence="Public domain (USDA)",
    citation=_USDA_CITATION,
    source="USDA/NASS/CDL class table, band 'cultivated'",
    url="https://www.nass.usda.gov/Research_and_Science/Cropland/Release/",
    name_patterns=(r"cultivated",),
)

CLCD = Product(
    key="clcd",
    title="China annual Land Cover Dataset (CLCD)",
    publisher="Wuhan University",
    years="1985, 1990 onwards, yearly",
    resolution_m=30,
    crs="EPSG:4326 or Albers",
    classes=parse_legend(
        """
        1 | Cropland | fae39c
        2 | Forest | 446f33
        3 | Shrub | 33a02c
        4 | Grassland | abd37b
        5 | Water | 1e69b4
        6 | Snow / ice | a6cee3
        7 | Barren | cfbda3
        8 | Impervious | e24290
        9 | Wetland | 289be8
        """,
        frozenset({1}),
    ),
    nodata=(0,),
    licence="CC BY 4.0",
    citation=(
        "Yang, J., Huang, X. (2021): The 30 m annual land cover dataset and its dynamics in China "
        "from 1990 to 2019. Earth System Science Data 13. doi:10.5194/essd-13-3907-2021"
    ),
    source="Colour map published with the data set, doi:10.5281/zenodo.4417809",
    url="https://zenodo.org/records/12779975",
    name_patterns=(r"clcd",),
)

_CORINE_CLASSES = """
111 | Continuous urban fabric | e6004d
112 | Discontinuous urban fabric | ff0000
121 | Industrial or commercial units | cc4df2
122 | Road and rail networks and associated land | cc0000
123 | Port areas | e6cccc
124 | Airports | e6cce6
131 | Mineral extraction sites | a600cc
132 | Dump sites | a64d00
133 | Construction sites | ff4dff
141 | Green urban areas | ffa6ff
142 | Sport and leisure facilities | ffe6ff
211 | Non-irrigated arable land | ffffa8
212 | Permanently irrigated land | ffff00
213 | Rice fields | e6e600
221 | Vineyards | e68000
222 | Fruit trees and berry plantations | f2a64d
223 | Olive groves | e6a600
231 | Pastures | e6e64d
241 | Annual crops associated with permanent crops | ffe6a6
242 | Complex cultivation patterns | ffe64d
243 | Agriculture with significant areas of natural vegetation | e6cc4d
244 | Agro-forestry areas | f2cca6
311 | Broad-leaved forest | 80ff00
312 | Coniferous forest | 00a600
313 | Mixed forest | 4dff00
321 | Natural grasslands | ccf24d
322 | Moors and heathland | a6ff80
323 | Sclerophyllous vegetation | a6e64d
324 | Transitional woodland-shrub | a6f200
331 | Beaches, dunes, sands | e6e6e6
332 | Bare rocks | cccccc
333 | Sparsely vegetated areas | ccffcc
334 | Burnt areas | 000000
335 | Glaciers and perpetual snow | a6e6cc
411 | Inland marshes | a6a6ff
412 | Peat bogs | 4d4dff
421 | Salt marshes | ccccff
422 | Salines | e6e6ff
423 | Intertidal flats | a6a6e6
511 | Water courses | 00ccf2
512 | Water bodies | 80f2e6
521 | Coastal lagoons | 00ffa6
522 | Estuaries | a6ffe6
523 | Sea and ocean | e6f2ff
"""
_CORINE_CROPLAND = frozenset({211, 212, 213, 221, 222, 223, 241, 242})
"""Arable land, permanent crops and complex cultivation; not pastures (231) nor the mosaics with
natural vegetation (243, 244)."""


def _corine_grid_legend() -> str:
    """The legend of the raster, whose cells hold 1 to 44 in the order of the class codes."""
    lines = _CORINE_CLASSES.strip().splitlines()
    return "\n".join(
        f"{number} | {line.split('|', maxsplit=1)[1]}" for number, line in enumerate(lines, start=1)
    )


def _corine_grid_cropland() -> frozenset[int]:
    codes = [int(line.split("|", maxsplit=1)[0]) for line in _CORINE_CLASSES.strip().splitlines()]
    return frozenset(n for n, code in enumerate(codes, start=1) if code in _CORINE_CROPLAND)


_CORINE_CITATION = (
    "European Union's Copernicus Land Monitoring Service: CORINE Land Cover 2018. "
    "doi:10.2909/960998c1-1870-4e82-8051-6485205ebbac"
)
_CORINE_SOURCE = "CORINE Land Cover nomenclature guidelines, and the legend shipped with the raster"
_CORINE_URL = "https://land.copernicus.eu/en/products/corine-land-cover"

CORINE = Product(
    key="corine",
    title="CORINE Land Cover (class codes 111 to 523)",
    publisher="Copernicus Land Monitoring Service",
    years="1990, 2000, 2006, 2012, 2018",
    resolution_m=100,
    crs="EPSG:3035",
    classes=parse_legend(_CORINE_CLASSES, _CORINE_CROPLAND),
    nodata=(0, 990, 995, 999),
    licence="Free and open (Copernicus), attribution required",
    citation=_CORINE_CITATION,
    source=_CORINE_SOURCE,
    url=_CORINE_URL,
    name_patterns=(r"corine", r"clc\d{4}", r"clc_?\d{2,4}"),
)

CORINE_GRID = Product(
    key="corine_grid",
    title="CORINE Land Cover (raster, codes 1 to 44)",
    publisher="Copernicus Land Monitoring Service",
    years="1990, 2000, 2006, 2012, 2018",
    resolution_m=100,
    crs="EPSG:3035",
    classes=parse_legend(_corine_grid_legend(), _corine_grid_cropland()),
    nodata=(0, 48, 128, 255),
    licence="Free and open (Copernicus), attribution required",
    citation=_CORINE_CITATION,
    source=_CORINE_SOURCE,
    url=_CORINE_URL,
    name_patterns=(r"corine", r"clc\d{4}", r"clc_?\d{2,4}"),
)

NATIONAL_PRODUCTS = (USDA_CDL, USDA_CULTIVATED, CLCD, CORINE, CORINE_GRID)
