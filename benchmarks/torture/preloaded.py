"""Everything that the app and the command line load, loaded once: children are forked from here.

A fresh Python takes seconds to import it; a child that is forked from a process that has it takes
a tenth of one.  ONNX Runtime is left out: it starts a thread, and threads are not forked.
"""

from __future__ import annotations

from importlib import import_module

_MODULES = (
    "app",
    "geopandas",
    "pyogrio",
    "scipy.ndimage",
    "skimage.measure",
    "torch",
    "uvicorn",
    "uvicorn.protocols.http.h11_impl",
    "websockets",
    "core.cli.main",
    "core.existing.handover",
    "core.export.delivery",
    "core.export.map_files",
    "core.export.run_record",
    "core.export.scene_map",
    "core.export.write_export",
    "core.mapping.map_tiles",
    "core.predict.strategies",
    "core.session.adding_scenes",
    "core.session.workspaces",
)

for _name in _MODULES:
    import_module(_name)
