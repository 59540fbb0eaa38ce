"""What software and what machine a result was made with, for the records beside it."""

from __future__ import annotations

import os
import platform

import pyproj
import rasterio
import shapely

from core.fingerprint import LABEL, code_hash, library_version

_PACKAGES = (
    "cropmap",
    "torch",
    "onnxruntime",
    "segment-anything",
    "timm",
    "numpy",
    "scipy",
    "scikit-learn",
    "scikit-image",
    "rasterio",
    "pyproj",
    "shapely",
)


def software() -> dict[str, str]:
    """Versions by name: Python, the packages that decide on a result, and the libraries in them.

    ``code`` begins the SHA-256 of the sources that decide on a label.
    """
    return {
        "python": platform.python_version(),
        "code": code_hash(*LABEL)[:16],
        **{name: library_version(name) for name in _PACKAGES},
        "GDAL": rasterio.__gdal_version__,
        "PROJ": pyproj.proj_version_str,
        "GEOS": shapely.geos_version_string,
    }


def machine() -> dict[str, str]:
    """Kind of system, processor and number of processors; nothing that names the machine."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "processor": platform.machine(),
        "processors": str(os.cpu_count() or 0),
    }
