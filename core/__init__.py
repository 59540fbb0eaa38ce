"""Cropland maps from one image: imagery, land cover, prompts, embedding, mask, correction, export.

Importing this package sets GDAL's environment, before any of the bundled GDAL libraries loads:
rasterio and pyogrio each carry their own and read these variables when they first start.  So does
ONNX Runtime with what it reports.
"""

from __future__ import annotations

import os

_GDAL_ENVIRONMENT = {
    # Drivers that read other files or the network on behalf of whoever made a file.  The list of
    # drivers given when a raster is opened does not cover its sidecars (.ovr, .msk); this does.
    "GDAL_SKIP": (
        "VRT,WMS,WMTS,WCS,PLMOSAIC,PLSCENES,NGW,EEDA,EEDAI,DAAS,OGCAPI,STACIT,STACTA,GTI,HTTP,"
        "MRF,DERIVED,DIMAP,TIL,PRF,RS2,TSX,SAFE,SENTINEL2,PDS,PDS4,ISIS2,ISIS3,VICAR,ERS,MAP,"
        "KMLSUPEROVERLAY,RPFTOC,ECRGTOC"
    ),
    "OGR_SKIP": "OGR_VRT",
    # Block cache in MB, so that a preview of a large scene stays small in memory.
    "GDAL_CACHEMAX": "128",
    "GDAL_HTTP_CONNECTTIMEOUT": "10",
    "GDAL_HTTP_TIMEOUT": "60",
    "GDAL_HTTP_MAX_RETRY": "2",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif,.tiff,.ovr",
    # Auxiliary XML beside a raster would be written into the person's folders.
    "GDAL_PAM_ENABLED": "NO",
}

_NO_REPORTS = {
    # ONNX Runtime tells its makers that it is used; nothing leaves this machine unasked.
    "ORT_DISABLE_TELEMETRY": "1",
}

for _name, _value in (_GDAL_ENVIRONMENT | _NO_REPORTS).items():
    os.environ.setdefault(_name, _value)
