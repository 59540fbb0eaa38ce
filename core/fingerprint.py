"""What a kept result depends on beside its inputs: the sources and the libraries that decide on it.

Nobody has to raise a number: whoever changes a constant in a strategy gives every result that is
kept from then on another key.  Comments, docstrings and layout of the sources do not count.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

EMBEDDING = (
    "core.sam.architectures",
    "core.sam.cache",
    "core.sam.field_map",
    "core.sam.field_net",
    "core.sam.onnx_export",
    "core.sam.onnx_runtime",
    "core.sam.protocol",
    "core.sam.small",
    "core.sam.torch_runtime",
    "core.sam.torchvision_compat",
)
"""What decides on the embedding of an image's stretched pixels by given weights."""

PREDICTION = (
    "core.crs",
    "core.grid",
    "core.imagery.band_choice",
    "core.imagery.band_names",
    "core.imagery.blocks",
    "core.imagery.collar",
    "core.imagery.equality",
    "core.imagery.first_look",
    "core.imagery.frame",
    "core.imagery.georeference",
    "core.imagery.identity",
    "core.imagery.open",
    "core.imagery.palette",
    "core.imagery.pixel_values",
    "core.imagery.scene",
    "core.imagery.scene_fingerprints",
    "core.imagery.scene_json",
    "core.imagery.scene_words",
    "core.imagery.sidecar",
    "core.imagery.stretch",
    "core.imagery.suspicion",
    "core.imagery.tile_plan",
    "core.imagery.value_range",
    "core.imagery.validity",
    "core.imagery.warp",
    "core.imagery.working_grid",
    "core.imagery.worldfile",
    "core.landcover",
    "core.parcels",
    "core.predict",
    "core.prompts",
    # Other models borrow the field map of the small one, whose weights are named here alone.
    "core.sam.load",
    "core.sam.registry",
    *EMBEDDING,
)
"""What decides on the automatic prediction of a tile, its fields included."""

LABEL = (*PREDICTION, "core.attributes", "core.label")
"""What decides on a tile's label: the prediction, and what a person's edits make of it."""

LIBRARIES = (
    "numpy",
    "onnxruntime",
    "pyproj",
    "rasterio",
    "scikit-image",
    "scikit-learn",
    "scipy",
    "segment-anything",
    "shapely",
    "timm",
    "torch",
)
"""Libraries whose arithmetic decides; the wheels of rasterio, pyproj and shapely bring their own
GDAL, PROJ and GEOS.
"""

_DATA = (".json",)
"""Suffixes of the data files in a package that decide as its code does."""


def code_hash(*packages: str, without: tuple[str, ...] = (), root: Path | None = None) -> str:
    """SHA-256 over the sources of modules and packages, in hexadecimal.

    Parameters
    ----------
    packages : str
        Dotted names, such as ``core.grid`` or ``core.predict``; a package with all that is in it.
    without : tuple of str
        Dotted names of modules in them that do not count.
    root : Path, optional
        Folder that holds the package ``core``; by default the one that is installed.

    Raises
    ------
    LookupError
        There is no such module or package.
    """
    if root is None:
        return _installed(packages, without)
    return _hash(root / "core", packages, without)


@cache
def environment_hash() -> str:
    """SHA-256 over the versions of the libraries that decide, in hexadecimal.

    Builds of one version for other devices (``2.13.0+cpu``) count as one.
    """
    versions = {name: library_version(name).partition("+")[0] for name in LIBRARIES}
    return hashlib.sha256(json.dumps(versions, sort_keys=True).encode()).hexdigest()


def library_version(name: str) -> str:
    """Version of an installed library, or ``not installed``."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def result_hash(*packages: str, without: tuple[str, ...] = ()) -> str:
    """SHA-256 over sources and libraries, in hexadecimal: for the key of a result that is kept."""
    both = code_hash(*packages, without=without) + environment_hash()
    return hashlib.sha256(both.encode()).hexdigest()


@cache
def _installed(packages: tuple[str, ...], without: tuple[str, ...]) -> str:
    return _hash(files("core"), packages, without)


def _hash(core: Traversable, packages: tuple[str, ...], without: tuple[str, ...]) -> str:
    if not core.joinpath("__init__.py").is_file():
        # Installed as byte code alone: the release is all that is known of it.
        return hashlib.sha256(version("cropmap").encode()).hexdigest()
    sources: dict[str, str] = {}
    for name in packages:
        found = dict(_sources(core, name))
        if not found:
            raise LookupError(f"there is no module {name}")
        sources.update(found)
    digests = {name: digest for name, digest in sources.items() if name not in without}
    return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()


def _sources(core: Traversable, name: str) -> Iterator[tuple[str, str]]:
    """Names and digests of a module, or of everything in a package."""
    place = core.joinpath(*name.split(".")[1:])
    if place.is_dir():
        yield from _folder(place, name)
        return
    module = core.joinpath(*name.split(".")[1:-1], name.rpartition(".")[2] + ".py")
    if module.is_file():
        yield name, _code(module.read_bytes())


def _folder(folder: Traversable, name: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _folder(entry, f"{name}.{entry.name}")
        elif entry.name.endswith(".py"):
            yield f"{name}.{entry.name.removesuffix('.py')}", _code(entry.read_bytes())
        elif entry.name.endswith(_DATA):
            yield f"{name}/{entry.name}", _data(entry.read_bytes())


@cache
def _code(source: bytes) -> str:
    """Digest of a module's syntax tree, without places and without strings that nobody uses."""
    tree = ast.parse(source)
    _strip(tree)
    return hashlib.sha256(ast.dump(tree).encode("utf-8", "surrogatepass")).hexdigest()


def _strip(node: ast.AST) -> None:
    """Remove the strings that nobody uses from a statement's blocks, and from those in them."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            block[:] = [one for one in block if not _is_docstring(one)]
            for one in block:
                _strip(one)


def _is_docstring(statement: ast.AST) -> bool:
    """Whether a statement is a string alone: of a module, class or function, or below a name."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _data(body: bytes) -> str:
    return hashlib.sha256(json.dumps(json.loads(body)).encode()).hexdigest()
