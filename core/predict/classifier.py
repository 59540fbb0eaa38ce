"""The classifier that is trained on each image's own land cover: no weights, no labels.

Extra trees (Geurts et al. 2006, doi:10.1007/s10994-006-6226-1) on colour and texture.  Land cover
is wrong in clumps and shifted at borders; a field is not: what most of a field's pixels say wins,
because many trees average over the clumps.  It is the default where no model weights are at hand
and the baseline that every model has to beat.  It is never to be shown as Segment Anything.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.segmentation import felzenszwalb

from core.imagery.scene import SceneImage
from core.landcover.source import LandCoverTile
from core.predict.features import (
    LAB,
    colour_texture_features,
    downsample,
    enlarge,
    fill_missing,
    shrink_flags,
)
from core.predict.prediction import TilePrediction
from core.predict.registration import find_shift, move_flags
from core.processors import processors
from core.prompts.prompt import PromptSet

CLASSIFIER_GSD_M = 2.0
"""The classifier looks at about this resolution, or the image's own where that is coarser."""

_SMOOTHING_M = 4.0
_REGION_SCALE = 30.0
_SMALLEST_REGION_M2 = 250.0
_ROWS_AT_ONCE = 65_536

Features = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Forest:
    """How many trees, and how many land cover cells the samples of one leaf amount to.

    Land cover is wrong by the cell, and all pixels of a cell are wrong together: what keeps a
    leaf from learning an error is the number of cells in it, not that of pixels.
    """

    trees: int
    leaf_cells: float

    def leaf(self, samples: int, cells: float) -> int:
        """Least samples in a leaf where ``samples`` are spread over ``cells``."""
        return int(np.clip(round(self.leaf_cells * samples / cells), 5, max(5, samples // 200)))


# Large leaves follow colours and not the land cover's errors, which is what registration needs.
_ROUGH = _Forest(trees=24, leaf_cells=60.0)
_FINE = _Forest(trees=60, leaf_cells=12.0)
_MOST_SAMPLES = 24_000


def classify(image: SceneImage, landcover: LandCoverTile, seed: int = 0) -> TilePrediction:
    """Cropland probability of one tile from its own land cover.

    Parameters
    ----------
    image : SceneImage
        Pixels of any size; the classifier looks at about 2 m, never finer than the image.
    landcover : LandCoverTile
        On the image's grid.
    seed : int
        Of the sample and of the trees; the same seed gives the same result, bit for bit,
        whatever the number of processors.

    Returns
    -------
    TilePrediction
        Probability on the image's grid, NaN where image or land cover holds nothing.  Uncertainty
        is 1 where the probability is 0.5 and 0 where it is 0 or 1.  Where the land cover has one
        class alone there is nothing to learn, and its own cropland fraction comes back.

    Notes
    -----
    A rough forest first tells how far the land cover lies beside the image
    (:func:`core.predict.registration.find_shift`); the fine one learns from the moved labels.  Its
    answer is averaged half and half with its mean over regions of like colour.
    """
    factor = max(1, round(CLASSIFIER_GSD_M / image.grid.gsd_m))
    gsd_m = image.grid.gsd_m * factor
    crop = shrink_flags(landcover.cropland, factor)
    known = shrink_flags(landcover.valid & image.valid, factor)
    if not _two_classes(crop[known]):
        return _finish(landcover.cropland_fraction, image, landcover)
    features = colour_texture_features(fill_missing(*downsample(image, factor)), gsd_m)
    cell_pixels = landcover.product.resolution_m / gsd_m
    probability = _fit_predict(features, crop, known, _ROUGH, cell_pixels, seed)
    if probability is not None:
        shift = find_shift(probability, crop, known, cell_pixels)
        crop, taught = move_flags(crop, shift), known & move_flags(known, shift)
        probability = _fit_predict(features, crop, taught, _FINE, cell_pixels, seed)
    if probability is None:
        return _finish(landcover.cropland_fraction, image, landcover)
    outvoted = _region_means(probability, features, known, gsd_m)
    probability = _smooth((probability + outvoted) / np.float32(2), known, _SMOOTHING_M / gsd_m)
    return _finish(enlarge(probability, factor, image.valid.shape), image, landcover)


def _two_classes(labels: Flags) -> bool:
    return bool(labels.any()) and not bool(labels.all())


def _fit_predict(
    features: Features, crop: Flags, known: Flags, forest: _Forest, cell_pixels: float, seed: int
) -> npt.NDArray[np.float32] | None:
    """Probability of every pixel, float32 (rows, columns); None where the sample has one class."""
    generator = np.random.default_rng(seed)
    places = np.flatnonzero(known)
    chosen = generator.choice(places, size=min(_MOST_SAMPLES, places.size), replace=False)
    labels = crop.ravel()[chosen]
    if not _two_classes(labels):
        return None
    table = features.reshape(-1, features.shape[-1])
    # scikit-learn takes a second to import: not before a file was opened that needs it.
    from sklearn.ensemble import ExtraTreesClassifier  # noqa: PLC0415

    threads = processors()
    trees = ExtraTreesClassifier(
        n_estimators=forest.trees,
        min_samples_leaf=forest.leaf(chosen.size, places.size / max(1.0, cell_pixels) ** 2),
        max_features=6,
        n_jobs=threads,
        random_state=seed,
    )
    trees.fit(table[chosen], labels)
    # One thread adds the trees of its pixels in order: with threads over trees the sum, and so the
    # last digit, would depend on which finishes first.
    trees.n_jobs = 1
    starts = range(0, len(table), _ROWS_AT_ONCE)
    with ThreadPoolExecutor(threads) as pool:
        parts = pool.map(lambda s: trees.predict_proba(table[s : s + _ROWS_AT_ONCE])[:, 1], starts)
        predicted = np.concatenate(list(parts))
    return predicted.astype(np.float32).reshape(crop.shape)


def _region_means(
    probability: npt.NDArray[np.float32], features: Features, known: Flags, gsd_m: float
) -> npt.NDArray[np.float32]:
    """Mean probability of the region of like colour around each pixel, float32 (rows, columns).

    Regions after Felzenszwalb and Huttenlocher 2004 (doi:10.1023/B:VISI.0000022288.19776.77) on
    Lab: they end at the edges of fields, so what the forest mistakes inside a field is outvoted
    there without blurring its border.
    """
    regions = felzenszwalb(
        np.ascontiguousarray(features[..., LAB] / 100.0),
        scale=_REGION_SCALE,
        sigma=0.8,
        min_size=max(4, round(_SMALLEST_REGION_M2 / gsd_m**2)),
    )
    inside = regions[known]
    count = np.bincount(inside, minlength=int(regions.max()) + 1)
    total = np.bincount(inside, weights=probability[known], minlength=count.size)
    means = (total / np.maximum(count, 1)).astype(np.float32)
    return np.asarray(means[regions])


def _smooth(
    probability: npt.NDArray[np.float32], known: Flags, sigma: float
) -> npt.NDArray[np.float32]:
    """Gaussian mean over the known pixels alone."""
    weight = ndimage.gaussian_filter(known.astype(np.float32), sigma, mode="nearest")
    total = ndimage.gaussian_filter(np.where(known, probability, 0.0), sigma, mode="nearest")
    smooth = np.where(weight > 1e-3, total / np.maximum(weight, 1e-3), probability)
    return np.asarray(smooth, dtype=np.float32)


def _finish(
    probability: npt.NDArray[np.float32], image: SceneImage, landcover: LandCoverTile
) -> TilePrediction:
    known = image.valid & landcover.valid
    missing = np.float32(np.nan)
    final = np.where(known, np.clip(probability, 0.0, 1.0), missing).astype(np.float32)
    uncertainty = (1.0 - np.abs(2.0 * final - 1.0)).astype(np.float32)
    return TilePrediction(final, uncertainty, None, PromptSet())
