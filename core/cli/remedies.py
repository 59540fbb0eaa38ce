"""What a person can do about an error, in the words of the command line."""

from __future__ import annotations

from core.errors import CropMapError, Remedy

COMMAND_WORDS: dict[Remedy, str] = {
    Remedy.STATE_CRS: "State it, for example --crs EPSG:32633.",
    Remedy.STATE_LANDCOVER_CRS: "State it, for example --landcover-crs EPSG:32633.",
    Remedy.STATE_LANDCOVER_NODATA: "--landcover-nodata {value} takes it as nodata, "
    "--landcover-nodata none as the class.",
    Remedy.SAVE_WITH_CRS: "Write it into the file: gdal_edit.py -a_srs EPSG:32633 FILE",
    Remedy.CHECK_CRS: "Check its CRS; where the file has none, state the right one with --crs.",
    Remedy.FIND_IMAGERY: "Put it back, or show in the app where it is now (cropmap app); points, "
    "edits and verdicts are kept.",
    Remedy.PUT_BACK_IMAGERY: "Put the right file back, or use this one as new imagery in the app "
    "(cropmap app).",
    Remedy.PUT_BACK_LANDCOVER: "Put the right file back, or use this one as new land cover in the "
    "app (cropmap app).",
    Remedy.GIVE_LANDCOVER: "Pass the file with --landcover FILE.",
    Remedy.LEAVE_OUT_LANDCOVER: "Leave out --landcover.",
    Remedy.CHOOSE_LANDCOVER: "Choose one in the app (cropmap app), or add the scene again with "
    "--landcover FILE.",
    Remedy.NAME_PRODUCT: "Name it with --product KEY (see: cropmap landcovers).",
    Remedy.CHOOSE_MODEL: "Name one with --model (see: cropmap weights list), or use "
    "--strategy classifier.",
    Remedy.FETCH_WEIGHTS: "Fetch them ({megabytes} MB): cropmap weights fetch {model} "
    "(or put the file at {path} yourself)",
    Remedy.FETCH_WEIGHTS_AGAIN: "Where it is a checkpoint of your own, add it under a name of its "
    "own: cropmap weights add {path} --architecture {architecture} --name NAME. Else delete it and "
    "fetch it again: cropmap weights fetch {model}",
    Remedy.ADD_WEIGHTS: "Where it is a checkpoint of your own, add it: cropmap weights add {path} "
    "--architecture vit_b (or vit_l, vit_h, mobile_sam).",
    Remedy.ADD_BUNDLES_WEIGHTS: "Ask whoever made the bundle for the file, and add it: cropmap "
    "weights add FILE --architecture {architecture} --name {model}",
    Remedy.CHOOSE_DEVICE: "Use --device auto or --device cpu.",
    Remedy.CHOOSE_RUNTIME: "Use --runtime torch on this device.",
    Remedy.MAP_TILES: "Map the tiles first: cropmap project map PROJECT",
    Remedy.ACCEPT_TILES: "Accept tiles in the app first (cropmap app).",
    Remedy.ACCEPT_OR_TAKE_ALL: "Accept tiles in the app (cropmap app), or leave out "
    "--accepted-only.",
    Remedy.LABEL_TRUTH: "Correct and accept tiles in the app (cropmap app), or take a file.",
    Remedy.NAME_REGION: "Name a folder with --region.",
    Remedy.NAME_SCENE: "Name the image that they were drawn on with --scene.",
    Remedy.LIST_PAIRS: "Or list the pairs in a table with --pairs.",
    Remedy.FEWER_LABELS: "Ask for fewer with --labels.",
    Remedy.FEWER_LABELS_OR_OTHER_CURVE: "Ask for fewer with --labels, or choose another --curve.",
    Remedy.FEWER_PROCESSES: "Or take fewer processes with --jobs 1.",
    Remedy.RESTORE_BACKUP: "Restore a backup of the project in the app (cropmap app).",
    Remedy.CHOOSE_LAYER: "Name one with --layer (of the prediction with --prediction-layer, of the "
    "area with --area-layer), or for a region as layer in its region.json.",
    Remedy.CHOOSE_CROPLAND: "Say it with --cropland (of the prediction with "
    "--prediction-cropland, for a region as cropland in its region.json), for example "
    "--cropland '{example}'.",
    Remedy.ASK_AGAIN: "Run the command again.",
}
"""A sentence for every remedy; ``{name}`` is a fact that comes with the error."""


def command_hint(error: CropMapError) -> str:
    """What to do about an error, for the terminal; empty where the message says it."""
    return error.hint_in(COMMAND_WORDS)
