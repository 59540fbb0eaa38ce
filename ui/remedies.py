"""What a person can do about an error, in the words of the pages."""

from __future__ import annotations

from core.errors import CropMapError, Remedy

PAGE_WORDS: dict[Remedy, str] = {
    Remedy.STATE_CRS: "State it, for example EPSG:32633.",
    Remedy.STATE_LANDCOVER_CRS: "Save it with its CRS (in QGIS: Export, Save As), and add it "
    "again.",
    Remedy.STATE_LANDCOVER_NODATA: "Choose it under Nodata.",
    Remedy.SAVE_WITH_CRS: "Save it with its CRS (in QGIS: Export, Save As), and add it again.",
    Remedy.CHECK_CRS: "Check its CRS; where the file has none, state the right one when you add "
    "it.",
    Remedy.FIND_IMAGERY: "On the Scenes page, show where it is now; points, edits and verdicts "
    "are "
    "kept.",
    Remedy.PUT_BACK_IMAGERY: "Put the right file back, or use this one as new imagery on the "
    "Scene page.",
    Remedy.PUT_BACK_LANDCOVER: "Put the right file back, or use this one as new land cover on the "
    "Scene page.",
    Remedy.GIVE_LANDCOVER: "Add it here as a file.",
    Remedy.LEAVE_OUT_LANDCOVER: "Leave the land cover out.",
    Remedy.CHOOSE_LANDCOVER: "Choose one on the Scenes page.",
    Remedy.NAME_PRODUCT: "Choose it under Product.",
    Remedy.CHOOSE_MODEL: "Choose one in the settings.",
    Remedy.FETCH_WEIGHTS: "Download them ({megabytes} MB) in the settings, or put the file at "
    "{path} yourself.",
    Remedy.FETCH_WEIGHTS_AGAIN: "Where it is a checkpoint of your own, add it in the settings as "
    "{architecture}, under a name of its own. Else delete it, and download {model} again there.",
    Remedy.ADD_WEIGHTS: "Where it is a checkpoint of your own, add it in the settings: {path}.",
    Remedy.ADD_BUNDLES_WEIGHTS: "Ask whoever made the bundle for the file, and add it in the "
    "settings as {architecture}, under the name {model}.",
    Remedy.CHOOSE_DEVICE: "Start the app again; it then uses a processor that is there.",
    Remedy.CHOOSE_RUNTIME: "Start the app again; it then uses what this processor can do.",
    Remedy.MAP_TILES: "Map all tiles on the Review page, or open one on the Annotate page.",
    Remedy.ACCEPT_TILES: "Accept tiles on the Annotate page first.",
    Remedy.ACCEPT_OR_TAKE_ALL: "Accept tiles on the Annotate page, or export all of them.",
    Remedy.LABEL_TRUTH: "Correct tiles on the Annotate page and accept them, or use a file.",
    Remedy.NAME_REGION: "Choose at least one scene.",
    Remedy.NAME_SCENE: "Choose the image that they were drawn on.",
    Remedy.LIST_PAIRS: "Or choose the files one by one.",
    Remedy.FEWER_LABELS: "Ask for fewer labelled crops.",
    Remedy.FEWER_LABELS_OR_OTHER_CURVE: "Ask for fewer labelled crops, or for other regions.",
    Remedy.FEWER_PROCESSES: "Then start it again.",
    Remedy.RESTORE_BACKUP: "Restore a backup of the project on the Start page.",
    Remedy.CHOOSE_LAYER: "Choose one.",
    Remedy.CHOOSE_CROPLAND: "Choose the values that are cropland.",
    Remedy.ASK_AGAIN: "Load the page again.",
}
"""A sentence for every remedy; ``{name}`` is a fact that comes with the error."""


def page_hint(error: CropMapError) -> str:
    """What to do about an error, for a page; empty where the message says it."""
    return error.hint_in(PAGE_WORDS)
