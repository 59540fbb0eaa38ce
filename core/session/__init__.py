"""A tile being worked on: its prompts, its mask, the workers that answer, and the label."""

from typing import TYPE_CHECKING

from core.faces import load_lazily

if TYPE_CHECKING:
    from core.session.adding_scenes import (
        add_scene,
        change_landcover,
        change_nodata,
        change_view,
        copy_into,
        keep_landcover,
        safe_stem,
    )
    from core.session.appending import changed_since
    from core.session.asker import Asker
    from core.session.batch import predict_all
    from core.session.idle import IDLE
    from core.session.in_vain import FindsNothingError
    from core.session.kept_files import KeptFiles, clear_kept, what_is_kept
    from core.session.label_json import line_json, parts_json
    from core.session.layers import LayerName, layers_overlay, layers_version, value_picture
    from core.session.locking import LockedError
    from core.session.made_project import make_demo
    from core.session.moved_imagery import (
        Found,
        OtherImageryError,
        ReplacedImageryError,
        imagery_problem,
        look_at,
        missing_imagery,
        relink,
    )
    from core.session.opened import (
        OpenedScene,
        archive_project,
        damages_of,
        delete_project,
        open_project,
        open_project_scene,
        replacement,
        restore_project,
    )
    from core.session.own_attributes import attributes_json
    from core.session.place import model_of, unseen_imagery
    from core.session.place_on_ground import scene_place
    from core.session.scene_parcels import changed_tiles, chosen_tiles
    from core.session.state import in_file, stamp, verdict_json, verdict_name
    from core.session.taking_new import take_imagery, take_landcover
    from core.session.taking_over import STAGE, Stake, TakenOver, stake_of, take_over
    from core.session.workspace import Workspace
    from core.session.workspaces import Workspaces, get_workspaces

__getattr__ = load_lazily(
    __name__,
    {
        "adding_scenes": (
            "add_scene",
            "change_landcover",
            "change_nodata",
            "change_view",
            "copy_into",
            "keep_landcover",
            "safe_stem",
        ),
        "batch": ("predict_all",),
        "idle": ("IDLE",),
        "in_vain": ("FindsNothingError",),
        "kept_files": ("KeptFiles", "clear_kept", "what_is_kept"),
        "label_json": ("line_json", "parts_json"),
        "layers": (
            "LayerName",
            "layers_overlay",
            "layers_version",
            "value_picture",
        ),
        "locking": ("LockedError",),
        "made_project": ("make_demo",),
        "appending": ("changed_since",),
        "asker": ("Asker",),
        "moved_imagery": (
            "Found",
            "OtherImageryError",
            "ReplacedImageryError",
            "imagery_problem",
            "look_at",
            "missing_imagery",
            "relink",
        ),
        "opened": (
            "OpenedScene",
            "archive_project",
            "attributes_json",
            "damages_of",
            "delete_project",
            "open_project",
            "open_project_scene",
            "replacement",
            "restore_project",
        ),
        "scene_parcels": ("changed_tiles", "chosen_tiles"),
        "own_attributes": ("attributes_json",),
        "place": ("model_of", "unseen_imagery"),
        "place_on_ground": ("scene_place",),
        "state": (
            "for_browser_with",
            "in_file",
            "stamp",
            "verdict_json",
            "verdict_name",
        ),
        "taking_new": ("take_imagery", "take_landcover"),
        "taking_over": (
            "STAGE",
            "Stake",
            "TakenOver",
            "stake_of",
            "take_over",
        ),
        "undoing": ("NotOwnStepError", "can_redo", "can_undo"),
        "workspace": ("Workspace",),
        "workspaces": (
            "Workspaces",
            "get_workspaces",
        ),
    },
)

__all__ = [
    "IDLE",
    "STAGE",
    "Asker",
    "FindsNothingError",
    "Found",
    "KeptFiles",
    "LayerName",
    "LockedError",
    "NotOwnStepError",
    "OpenedScene",
    "OtherImageryError",
    "ReplacedImageryError",
    "Stake",
    "TakenOver",
    "Workspace",
    "Workspaces",
    "add_scene",
    "archive_project",
    "attributes_json",
    "can_redo",
    "can_undo",
    "change_landcover",
    "change_nodata",
    "change_view",
    "changed_since",
    "changed_tiles",
    "chosen_tiles",
    "clear_kept",
    "copy_into",
    "damages_of",
    "delete_project",
    "for_browser_with",
    "get_workspaces",
    "imagery_problem",
    "in_file",
    "keep_landcover",
    "layers_overlay",
    "layers_version",
    "line_json",
    "look_at",
    "make_demo",
    "missing_imagery",
    "model_of",
    "open_project",
    "open_project_scene",
    "parts_json",
    "predict_all",
    "relink",
    "replacement",
    "restore_project",
    "safe_stem",
    "scene_place",
    "stake_of",
    "stamp",
    "take_imagery",
    "take_landcover",
    "take_over",
    "unseen_imagery",
    "value_picture",
    "verdict_json",
    "verdict_name",
    "what_is_kept",
]
