"""Global products at 10 to 500 m: legends, colours, licences, citations.

Each ``source`` names the document that codes, names and colours come from.  What counts as cropland
is the product's own cropland class; mosaics (half crops, half natural) do not count, because a
prompt placed there is wrong as often as right.
"""

from __future__ import annotations

from core.landcover.product import Product, parse_legend

_WORLDCOVER_LEGEND = parse_legend(
    """
    10 | Tree cover | 006400
    20 | Shrubland | ffbb22
    30 | Grassland | ffff4c
    40 | Cropland | f096ff
    50 | Built-up | fa0000
    60 | Bare / sparse vegetation | b4b4b4
    70 | Snow and ice | f0f0f0
    80 | Permanent water bodies | 0064c8
    90 | Herbaceous wetland | 0096a0
    95 | Mangroves | 00cf75
    100 | Moss and lichen | fae6a0
    """,
    frozenset({40}),
)

WORLDCOVER_V200 = Product(
    key="worldcover_v200",
    title="ESA WorldCover 2021 v200",
    publisher="European Space Agency",
    years="2021",
    resolution_m=10,
    crs="EPSG:4326",
    classes=_WORLDCOVER_LEGEND,
    nodata=(0,),
    licence="CC BY 4.0",
    citation="Zanaga, D. et al. (2022): ESA WorldCover 10 m 2021 v200. doi:10.5281/zenodo.7254221",
    source="WorldCover Product User Manual v2.0, table 3; colour table of the product's own tiles",
    url="https://esa-worldcover.org/en/data-access",
    name_patterns=(r"worldcover",),
)

WORLDCOVER_V100 = Product(
    key="worldcover_v100",
    title="ESA WorldCover 2020 v100",
    publisher="European Space Agency",
    years="2020",
    resolution_m=10,
    crs="EPSG:4326",
    classes=_WORLDCOVER_LEGEND,
    nodata=(0,),
    licence="CC BY 4.0",
    citation="Zanaga, D. et al. (2021): ESA WorldCover 10 m 2020 v100. doi:10.5281/zenodo.5571936",
    source="WorldCover Product User Manual v1.0, table 3; colour table of the product's own tiles",
    url="https://esa-worldcover.org/en/data-access",
    name_patterns=(r"worldcover(?!.*v200).*(v100|(?<!\d)2020(?!\d))",),
)

ESRI_LULC = Product(
    key="esri_lulc",
    title="Esri / Impact Observatory annual land cover (9 classes)",
    publisher="Esri, Impact Observatory",
    years="2017 onwards",
    resolution_m=10,
    crs="UTM zones (EPSG:326xx, EPSG:327xx)",
    classes=parse_legend(
        """
        1 | Water | 419bdf
        2 | Trees | 397d49
        4 | Flooded vegetation | 7a87c6
        5 | Crops | e49635
        7 | Built area | c4281b
        8 | Bare ground | a59b8f
        9 | Snow / ice | a8ebff
        10 | Clouds | 616161
        11 | Rangeland | e3e2c3
        """,
        frozenset({5}),
    ),
    nodata=(0,),
    licence="CC BY 4.0",
    citation=(
        "Karra, K. et al. (2021): Global land use/land cover with Sentinel-2 and deep learning. "
        "IGARSS 2021. doi:10.1109/IGARSS47720.2021.9553499"
    ),
    source="Sentinel-2 10 m Land Use/Land Cover Time Series item description, 9-class legend",
    url="https://livingatlas.arcgis.com/landcover/",
    name_patterns=(r"^\d{2}[a-z]_\d{8}-\d{8}", r"esri.*(lulc|land_?cover)", r"io[-_]lulc"),
)

DYNAMIC_WORLD = Product(
    key="dynamic_world",
    title="Dynamic World (label band)",
    publisher="Google, World Resources Institute",
    years="2015 onwards",
    resolution_m=10,
    crs="UTM zones (EPSG:326xx, EPSG:327xx)",
    classes=parse_legend(
        """
        0 | Water | 419bdf
        1 | Trees | 397d49
        2 | Grass | 88b053
        3 | Flooded vegetation | 7a87c6
        4 | Crops | e49635
        5 | Shrub and scrub | dfc35a
        6 | Built | c4281b
        7 | Bare | a59b8f
        8 | Snow and ice | b39fe1
        """,
        frozenset({4}),
    ),
    nodata=(255,),
    licence="CC BY 4.0",
    citation=(
        "Brown, C. F. et al. (2022): Dynamic World, near real-time global 10 m land use land cover "
        "mapping. Scientific Data 9, 251. doi:10.1038/s41597-022-01307-4"
    ),
    source="Brown et al. (2022), table 1; GOOGLE/DYNAMICWORLD/V1 class table",
    url="https://dynamicworld.app/",
    name_patterns=(r"dynamic_?world", r"(^|[_-])dw(_|-)label"),
)

CGLS_LC100 = Product(
    key="cgls_lc100",
    title="Copernicus Global Land Cover 100 m, collection 3",
    publisher="Copernicus Global Land Service",
    years="2015 to 2019",
    resolution_m=100,
    crs="EPSG:4326",
    classes=parse_legend(
        """
        20 | Shrubs | ffbb22
        30 | Herbaceous vegetation | ffff4c
        40 | Cultivated and managed vegetation / agriculture | f096ff
        50 | Urban / built up | fa0000
        60 | Bare / sparse vegetation | b4b4b4
        70 | Snow and ice | f0f0f0
        80 | Permanent water bodies | 0032c8
        90 | Herbaceous wetland | 0096a0
        100 | Moss and lichen | fae6a0
        111 | Closed forest, evergreen needle leaf | 58481f
        112 | Closed forest, evergreen broad leaf | 009900
        113 | Closed forest, deciduous needle leaf | 70663e
        114 | Closed forest, deciduous broad leaf | 00cc00
        115 | Closed forest, mixed | 4e751f
        116 | Closed forest, other | 007800
        121 | Open forest, evergreen needle leaf | 666000
        122 | Open forest, evergreen broad leaf | 8db400
        123 | Open forest, deciduous needle leaf | 8d7400
        124 | Open forest, deciduous broad leaf | a0dc00
        125 | Open forest, mixed | 929900
        126 | Open forest, other | 648c00
        200 | Oceans, seas | 000080
        """,
        frozenset({40}),
    ),
    nodata=(0, 255),
    licence="Free and open (Copernicus), attribution required",
    citation=(
        "Buchhorn, M. et al. (2020): Copernicus Global Land Service: Land Cover 100m: "
        "collection 3. doi:10.5281/zenodo.3939050"
    ),
    source="CGLS-LC100 Product User Manual v3, discrete classification table",
    url="https://land.copernicus.eu/en/products/global-dynamic-land-cover",
    name_patterns=(r"probav_lc100", r"c3s?_?lc100", r"cgls.*lc100", r"discrete-classification"),
)

GLAD_CROPLAND = Product(
    key="glad_cropland",
    title="GLAD Global Cropland Expansion",
    publisher="University of Maryland, GLAD",
    years="2003 to 2019, in four-year epochs",
    resolution_m=30,
    crs="EPSG:4326",
    # The maps are distributed without a colour table: these two colours are ours.
    classes=parse_legend("0 | No cropland | ffffff\n1 | Cropland | e49635", frozenset({1})),
    nodata=(255,),
    licence="CC BY 4.0",
    citation=(
        "Potapov, P. et al. (2022): Global maps of cropland extent and change show accelerated "
        "cropland expansion in the twenty-first century. Nature Food 3. "
        "doi:10.1038/s43016-021-00429-z"
    ),
    source="GLAD Global Cropland data page: 0 no cropland or no data, 1 cropland",
    url="https://glad.umd.edu/dataset/croplands",
    name_patterns=(r"global_cropland", r"glad.*crop", r"cropland_(19|20)\d\d"),
)

MCD12Q1 = Product(
    key="mcd12q1_igbp",
    title="MODIS MCD12Q1 land cover, IGBP scheme (LC_Type1)",
    publisher="NASA LP DAAC",
    years="2001 onwards",
    resolution_m=500,
    crs="MODIS sinusoidal",
    # Class 14, cropland / natural vegetation mosaics, is 40 to 60 % cultivated: not counted.
    classes=parse_legend(
        """
        1 | Evergreen needleleaf forests | 05450a
        2 | Evergreen broadleaf forests | 086a10
        3 | Deciduous needleleaf forests | 54a708
        4 | Deciduous broadleaf forests | 78d203
        5 | Mixed forests | 009900
        6 | Closed shrublands | c6b044
        7 | Open shrublands | dcd159
        8 | Woody savannas | dade48
        9 | Savannas | fbff13
        10 | Grasslands | b6ff05
        11 | Permanent wetlands | 27ff87
        12 | Croplands | c24f44
        13 | Urban and built-up lands | a5a5a5
        14 | Cropland / natural vegetation mosaics | ff6d4c
        15 | Permanent snow and ice | 69fff8
        16 | Barren | f9ffa4
        17 | Water bodies | 1c0dff
        """,
        frozenset({12}),
    ),
    nodata=(255,),
    licence="Public domain (NASA), citation asked for",
    citation=(
        "Friedl, M., Sulla-Menashe, D.: MCD12Q1 MODIS/Terra+Aqua Land Cover Type Yearly L3 Global "
        "500m SIN Grid V061. doi:10.5067/MODIS/MCD12Q1.061"
    ),
    source="MCD12 Collection 6.1 User Guide, table 3; colours of the MODIS/061/MCD12Q1 class table",
    url="https://lpdaac.usgs.gov/products/mcd12q1v061/",
    name_patterns=(r"mcd12q1", r"lc_type1"),
)

FROM_GLC10 = Product(
    key="from_glc10",
    title="FROM-GLC10",
    publisher="Tsinghua University",
    years="2017",
    resolution_m=10,
    crs="EPSG:4326",
    # Distributed without a colour table: the colours follow the legend of its maps.
    classes=parse_legend(
        """
        10 | Cropland | a3ff73
        20 | Forest | 267300
        30 | Grass | 4ce600
        40 | Shrub | 70a800
        50 | Wetland | 00ffc5
        60 | Water | 005ce6
        70 | Tundra | ffdf9a
        80 | Impervious | ff0000
        90 | Bareland | ffebbe
        100 | Snow / ice | bee8ff
        """,
        frozenset({10}),
    ),
    nodata=(0,),
    licence="Free for use with citation; check the publisher's terms",
    citation=(
        "Gong, P. et al. (2019): Stable classification with limited sample: transferring a 30-m "
        "resolution sample set collected in 2015 to mapping 10-m resolution global land cover in "
        "2017. Science Bulletin 64. doi:10.1016/j.scib.2019.03.002"
    ),
    source="Gong et al. (2019), classification scheme; colours not confirmed by the publisher",
    url="https://data-starcloud.pcl.ac.cn/",
    name_patterns=(r"from[-_]?glc", r"fromglc10"),
)

GLOBELAND30 = Product(
    key="globeland30",
    title="GlobeLand30",
    publisher="National Geomatics Center of China",
    years="2000, 2010, 2020",
    resolution_m=30,
    crs="UTM zones (EPSG:326xx, EPSG:327xx)",
    classes=parse_legend(
        """
        10 | Cultivated land | f9a0ff
        20 | Forest | 006400
        30 | Grassland | 64ff00
        40 | Shrubland | 00ff78
        50 | Wetland | 0064ff
        60 | Water bodies | 0000ff
        70 | Tundra | 646432
        80 | Artificial surfaces | ff0000
        90 | Bareland | bebebe
        100 | Permanent snow and ice | c8f0ff
        """,
        frozenset({10}),
    ),
    nodata=(0, 255),
    licence="Free for non-commercial use with registration; check the publisher's terms",
    citation=(
        "Chen, J. et al. (2015): Global land cover mapping at 30 m resolution: a POK-based "
        "operational approach. ISPRS J. 103. doi:10.1016/j.isprsjprs.2014.09.002"
    ),
    source="GlobeLand30 product description, 10 first-level classes; colours not confirmed",
    url="https://www.webmap.cn/commres.do?method=globeIndex",
    name_patterns=(r"globeland", r"^[ns]\d{2}_\d{2}_(2000|2010|2020)lc"),
)

# The more specific name comes first: both WorldCover versions have one legend.
GLOBAL_PRODUCTS = (
    WORLDCOVER_V100,
    WORLDCOVER_V200,
    ESRI_LULC,
    DYNAMIC_WORLD,
    CGLS_LC100,
    GLAD_CROPLAND,
    MCD12Q1,
    FROM_GLC10,
    GLOBELAND30,
)
