"""The models that the application knows: where their weights are, and how to tell them."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import InputError
from core.sam.added import AddedCheckpoint, added_checkpoint, added_checkpoints

DEFAULT_MODEL = "cropmap_small"
"""The model that needs no download."""

_SAM_CITATION = "Kirillov, A. et al. (2023): Segment Anything. arXiv:2304.02643"
_SAM_BUCKET = "https://dl.fbaipublicfiles.com/segment_anything"


_ROUNDING = 0.05
"""Pixels of 3 m in degrees are never quite 3 m."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model.

    Parameters
    ----------
    architecture : str
        Name that ``core.sam.architectures.build`` knows.
    file_name : str
        Name of the weights file, in the bucket and on this machine.
    size_bytes : int
        Size of the file.
    sha256 : str
        Its published checksum; another file is refused.
    url : str
        Where it is published; empty where the file is part of the application, or a person's own.
    source_name : str
        The name that a person's own file had where it came from; empty for all others.
    seen_gsd_m : tuple of float, optional
        Metres per pixel of the finest and the coarsest imagery that it was trained on, where that
        is stated.
    well_seen_gsd_m : tuple of float, optional
        Likewise of the imagery that it was mostly trained on.
    """

    key: str
    title: str
    architecture: str
    url: str
    file_name: str
    size_bytes: int
    sha256: str
    licence: str
    citation: str
    source_name: str = ""
    seen_gsd_m: tuple[float, float] | None = None
    well_seen_gsd_m: tuple[float, float] | None = None

    def warning_at(self, gsd_m: float) -> str:
        """What a person is to know who asks it on such imagery; empty where nothing is stated."""
        imagery = f"{gsd_m:.2g} m imagery"
        if not _holds(self.seen_gsd_m, gsd_m):
            return f"This model has not seen {imagery}."
        if not _holds(self.well_seen_gsd_m, gsd_m):
            return f"This model has seen little {imagery}."
        return ""

    @property
    def own(self) -> bool:
        """Whether a person added the file."""
        return bool(self.source_name)

    @property
    def shipped(self) -> bool:
        """Whether the weights came with the application."""
        return not self.url and not self.own


def _holds(stated: tuple[float, float] | None, gsd_m: float) -> bool:
    """Whether a resolution lies in a range; any does where none is stated."""
    if stated is None:
        return True
    finest, coarsest = stated
    return finest * (1 - _ROUNDING) <= gsd_m <= coarsest * (1 + _ROUNDING)


def _sam(size: str, title: str, file_name: str, size_bytes: int, sha256: str) -> ModelSpec:
    return ModelSpec(
        key=f"sam_vit_{size}",
        title=title,
        architecture=f"vit_{size}",
        url=f"{_SAM_BUCKET}/{file_name}",
        file_name=file_name,
        size_bytes=size_bytes,
        sha256=sha256,
        licence="Apache-2.0",
        citation=_SAM_CITATION,
    )


MODELS: dict[str, ModelSpec] = {
    spec.key: spec
    for spec in (
        ModelSpec(
            key=DEFAULT_MODEL,
            title="Small model of this app (not Meta's SAM)",
            architecture="small",
            url="",
            file_name="small.safetensors",
            size_bytes=9_321_354,
            sha256="4e64b4897ffa18f9579a126be5370d9606049b747255e71ce3cf3dabefd821a7",
            licence="Apache-2.0",
            citation="Trained by training/ of this project; docs/model-card.md",
            # One place at 0.25 m and five tiles at 10 m; all others are aerial.
            seen_gsd_m=(0.25, 10.0),
            well_seen_gsd_m=(0.5, 3.0),
        ),
        ModelSpec(
            key="mobile_sam",
            title="MobileSAM (TinyViT), the fastest",
            architecture="mobile_sam",
            url="https://github.com/ChaoningZhang/MobileSAM/raw/master/weights/mobile_sam.pt",
            file_name="mobile_sam.pt",
            size_bytes=40_728_226,
            sha256="6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f",
            licence="Apache-2.0",
            citation="Zhang, C. et al. (2023): Faster Segment Anything. arXiv:2306.14289",
        ),
        _sam(
            "b",
            "Segment Anything ViT-B",
            "sam_vit_b_01ec64.pth",
            375_042_383,
            "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912",
        ),
        _sam(
            "l",
            "Segment Anything ViT-L",
            "sam_vit_l_0b3195.pth",
            1_249_524_607,
            "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622",
        ),
        _sam(
            "h",
            "Segment Anything ViT-H, the paper's",
            "sam_vit_h_4b8939.pth",
            2_564_550_879,
            "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e",
        ),
    )
}


def known_models() -> dict[str, ModelSpec]:
    """The models by key: those of the application, then those that people added here."""
    added = {key: _own(one) for key, one in added_checkpoints().items()}
    return {**MODELS, **{key: spec for key, spec in added.items() if key not in MODELS}}


def get_model(key: str) -> ModelSpec:
    """The model with this key.

    Raises
    ------
    InputError
        There is none; the hint lists the keys.
    """
    spec = MODELS.get(key)
    added = added_checkpoint(key) if spec is None else None
    if added is not None:
        spec = _own(added)
    if spec is None:
        raise InputError(f"There is no model '{key}'.", f"Known are: {', '.join(known_models())}.")
    return spec


def model_of_weights(key: str, sha256: str) -> ModelSpec | None:
    """The model with these weights, whatever it is called here; None where it is not known.

    Of several the one with the name ``key``.
    """
    alike = {one.key: one for one in known_models().values() if one.sha256 == sha256}
    return alike.get(key) or next(iter(alike.values()), None)


def _own(record: AddedCheckpoint) -> ModelSpec:
    return ModelSpec(
        key=record.key,
        title=f"{record.key} (your own {record.architecture})",
        architecture=record.architecture,
        url="",
        file_name=record.file_name,
        size_bytes=record.size_bytes,
        sha256=record.sha256,
        licence="your own",
        citation=f"{record.source_name}, added on {record.added_on}",
        source_name=record.source_name,
    )
