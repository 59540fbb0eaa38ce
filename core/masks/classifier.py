"""The classifier that is trained on each image's own land cover: no weights, no labels.

Extra trees (Geurts et al. 2006, doi:10.1007/s10994-006-6226-1) on colour and texture.  Land cover
is wrong in clumps and shifted at borders; a field is not: what most of a field's pixels say wins,
because many trees average over the clumps.  It is the default where no model weights are at hand
and the baseline that every model has to beat.  It is never to be shown as Segment Anything.
"""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from sklearn.ensemble import ExtraTreesClassifier

from core.imagery.scene import SceneImage
from core.landcover.source import LandCoverTile
from core.masks.features import colour_texture_features, downsample
from core.masks.prediction import TilePrediction
from core.prompts.prompt import PromptSet

CLASSIFIER_GSD_M = 2.0
"""The classifier looks at about this resolution, or the image's own where that is coarser."""

_SAMPLES = 24_000
_TREES = 60
_LEAF = 15
_SMOOTHING_M = 4.0


def classify(image: SceneImage, landcover: LandCoverTile, seed: int = 0) -> TilePrediction:
    """Cropland probability of one tile from its own land cover.

    Parameters
    ----------
    image : SceneImage
    landcover : LandCoverTile
        On the image's grid.
    seed : int
        Of the sample and of the trees; the same seed gives the same result.

    Returns
    -------
    TilePrediction
        Uncertainty is 1 where the probability is 0.5 and 0 where it is 0 or 1.  Where the land
        cover has one class alone there is nothing to learn, and its own answer comes back.
    """
    factor = max(1, round(CLASSIFIER_GSD_M / image.grid.gsd_m))
    rgb, seen = downsample(image, factor)
    crop = _shrink(landcover.cropland, factor)
    known = _shrink(landcover.valid & image.valid, factor) & seen
    if not (crop & known).any() or not (~crop & known).any():
        return _finish(landcover.cropland.astype(np.float32), image, landcover)
    gsd_m = image.grid.gsd_m * factor
    features = colour_texture_features(rgb, gsd_m)
    probability = _fit_predict(features, crop, known, seed)
    probability = _smooth(probability, known, _SMOOTHING_M / gsd_m)
    return _finish(_enlarge(probability, factor, image.valid.shape), image, landcover)


def _fit_predict(
    features: npt.NDArray[np.float32],
    crop: npt.NDArray[np.bool_],
    known: npt.NDArray[np.bool_],
    seed: int,
) -> npt.NDArray[np.float32]:
    generator = np.random.default_rng(seed)
    places = np.flatnonzero(known)
    chosen = generator.choice(places, size=min(_SAMPLES, places.size), replace=False)
    table = features.reshape(-1, features.shape[-1])
    trees = ExtraTreesClassifier(
        n_estimators=_TREES,
        min_samples_leaf=_LEAF,
        max_features=6,
        n_jobs=os.cpu_count() or 1,
        random_state=seed,
    )
    trees.fit(table[chosen], crop.ravel()[chosen])
    cropland_column = list(trees.classes_).index(True)
    predicted = trees.predict_proba(table)[:, cropland_column]
    return np.asarray(predicted, dtype=np.float32).reshape(crop.shape)


def _smooth(
    probability: npt.NDArray[np.float32], known: npt.NDArray[np.bool_], sigma: float
) -> npt.NDArray[np.float32]:
    """Gaussian mean over the known pixels alone."""
    weight = ndimage.gaussian_filter(known.astype(np.float32), sigma, mode="nearest")
    total = ndimage.gaussian_filter(np.where(known, probability, 0.0), sigma, mode="nearest")
    return np.asarray(np.where(weight > 1e-3, total / np.maximum(weight, 1e-3), probability))


def _shrink(flags: npt.NDArray[np.bool_], factor: int) -> npt.NDArray[np.bool_]:
    """The flag at the middle of each block of ``factor`` x ``factor`` pixels."""
    rows, columns = flags.shape
    padded = np.pad(flags, ((0, -rows % factor), (0, -columns % factor)), mode="edge")
    return padded[factor // 2 :: factor, factor // 2 :: factor]


def _enlarge(
    values: npt.NDArray[np.float32], factor: int, shape: tuple[int, int]
) -> npt.NDArray[np.float32]:
    """Bilinear onto ``factor`` times as many pixels, aligned at the pixels' corners."""
    if factor == 1:
        return values
    out: npt.NDArray[np.float32] = ndimage.zoom(
        values, factor, order=1, mode="nearest", grid_mode=True
    )
    return out[: shape[0], : shape[1]]


def _finish(
    probability: npt.NDArray[np.float32], image: SceneImage, landcover: LandCoverTile
) -> TilePrediction:
    known = image.valid & landcover.valid
    missing = np.float32(np.nan)
    final = np.where(known, np.clip(probability, 0.0, 1.0), missing).astype(np.float32)
    uncertainty = (1.0 - np.abs(2.0 * final - 1.0)).astype(np.float32)
    return TilePrediction(final, uncertainty, None, PromptSet())
