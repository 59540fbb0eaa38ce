"""The small model that ships: one network that tells fields apart and answers prompts.

Not Meta's SAM, not distilled from it: an encoder that began as ImageNet's, trained here by
``training/``.  One embedding gives two answers (``docs/decisions/026-one-network-two-answers.md``):

- the *field map* of :mod:`core.sam.field_net`, which travels inside the embedding;
- masks for points, boxes and an earlier mask, with Segment Anything's interface.

Prompts are drawn as pictures beside the features, as interactive segmentation of one object does it
(Sofiiuk et al. 2021, arXiv:2102.06583), and a small U-Net answers.  A transformer over tokens, as
Segment Anything has it, must learn from its prompts' codes where they lie; a picture says so.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from core.sam.field_net import (
    COARSE_CHANNELS,
    FIELD_MAP_BANDS,
    FINE_CHANNELS,
    MIDDLE_CHANNELS,
    PIXEL_MEAN,
    PIXEL_STD,
    FieldFeatures,
    FieldNet,
    conv_block,
)

INPUT_SIDE = 512
STRIDE = 8
LOGIT_SIDE = INPUT_SIDE // 2
MASKS = 4
"""The single mask, and three that differ where a click is ambiguous."""

KEY_CHANNELS, KEY_MIDDLE, KEY_FINE = 48, 24, 8
_FOLDED = (KEY_CHANNELS, KEY_MIDDLE * 2**2, KEY_FINE * 4**2, FIELD_MAP_BANDS * 8**2)
EMBEDDING_CHANNELS = sum(_FOLDED)
NEGATIVE, POSITIVE, BOX_START, BOX_END = 0, 1, 2, 3
_PROMPT_BANDS = 6
_NARROW, _WIDE = 1.0, 8.0
"""Standard deviations of a click's picture, in cells of a quarter of the input."""

_UNDER = 0.7
"""Standard deviation of what counts as under a click, in cells of an eighth of the input."""

_MASK_LOGIT = 10.0


class SmallEncoder(nn.Module):
    """Image encoder: (N, 3, 512, 512) to (N, 464, 64, 64), every level folded into one array."""

    def __init__(self, img_size: int = INPUT_SIDE) -> None:
        super().__init__()
        self.img_size = img_size
        self.net = FieldNet()
        self.to_key = nn.Conv2d(COARSE_CHANNELS, KEY_CHANNELS, 1)
        self.to_middle = nn.Conv2d(MIDDLE_CHANNELS, KEY_MIDDLE, 1)
        self.to_fine = nn.Conv2d(FINE_CHANNELS, KEY_FINE, 1)

    def project(self, found: FieldFeatures) -> torch.Tensor:
        """What the decoder reads, folded."""
        return fold(
            self.to_key(found.coarse),
            self.to_middle(found.middle),
            self.to_fine(found.fine),
            found.field_map,
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Embedding of normalised, padded images."""
        return self.project(self.net(image))


class PromptDecoder(nn.Module):
    """A U-Net over features and pictures of the prompts."""

    def __init__(self) -> None:
        super().__init__()
        self.start = conv_block(KEY_MIDDLE + FIELD_MAP_BANDS + _PROMPT_BANDS, 32)
        self.down_eighth = conv_block(32, 48, stride=2)
        self.mix_eighth = nn.Sequential(
            conv_block(48 + KEY_CHANNELS + 2, 48, side=1), conv_block(48, 48)
        )
        self.down_16 = nn.Sequential(conv_block(48, 64, stride=2), conv_block(64, 64))
        self.down_32 = nn.Sequential(conv_block(64, 96, stride=2), conv_block(96, 96))
        self.down_64 = nn.Sequential(conv_block(96, 96, stride=2), conv_block(96, 96))
        self.up_32 = nn.Sequential(conv_block(192, 96, side=1), conv_block(96, 96))
        self.up_16 = nn.Sequential(conv_block(160, 64, side=1), conv_block(64, 64))
        self.up_eighth = nn.Sequential(conv_block(112, 48, side=1), conv_block(48, 48))
        self.up_quarter = nn.Sequential(conv_block(80, 24, side=1), conv_block(24, 24))
        self.coarse_masks = nn.Conv2d(24, MASKS * 4, 3, padding=1)
        self.fine_masks = nn.Sequential(
            conv_block(MASKS + KEY_FINE + FIELD_MAP_BANDS, 16), nn.Conv2d(16, MASKS, 3, padding=1)
        )
        self.rate = nn.Sequential(nn.Linear(48 + 3, 48), nn.ReLU(), nn.Linear(48, 1))

    def forward(
        self,
        embedding: torch.Tensor,
        places: torch.Tensor,
        labels: torch.Tensor,
        mask: torch.Tensor,
        has_mask: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (queries, 4, side / 2, side / 2) and logits of predicted IoU (queries, 4).

        Parameters
        ----------
        embedding : float32 (1 or queries, 464, side / 8, side / 8)
        places : float32 (queries, n, 2)
            x and y in pixels of the input whose corner is 0.
        labels : int64 (queries, n)
            1 and 0 for points, 2 and 3 for a box's corners, -1 for padding.
        mask : float32 (queries, 1, side / 2, side / 2)
            Logits of an earlier answer.
        has_mask : float32 (1,)
            0 where there is none.
        """
        queries = places.shape[0]
        key, middle, fine, field_map = unfold(embedding)
        likely = torch.sigmoid(field_map)
        pictures = draw_prompts(places, labels, middle.shape[-1], middle.shape[-2])
        given = functional.avg_pool2d(mask.clamp(-_MASK_LOGIT, _MASK_LOGIT), 2) / _MASK_LOGIT
        quarter = torch.cat((middle, functional.avg_pool2d(likely, 4)), dim=1)
        first = torch.cat(
            (quarter.expand(queries, -1, -1, -1), pictures, given * has_mask.reshape(-1, 1, 1, 1)),
            dim=1,
        )
        a = self.start(first)
        own = key.expand(queries, -1, -1, -1)
        b = torch.cat((self.down_eighth(a), own, like_prompts(key, places, labels)), dim=1)
        b = self.mix_eighth(b)
        c = self.down_16(b)
        d = self.down_32(c)
        e = self.down_64(d)
        d = self.up_32(torch.cat((_twice(e), d), dim=1))
        c = self.up_16(torch.cat((_twice(d), c), dim=1))
        b = self.up_eighth(torch.cat((_twice(c), b), dim=1))
        a = self.up_quarter(torch.cat((_twice(b), a), dim=1))
        coarse = functional.pixel_shuffle(self.coarse_masks(a), 2)
        half = torch.cat((fine, functional.avg_pool2d(likely, 2)), dim=1)
        logits = coarse + self.fine_masks(
            torch.cat((coarse / _MASK_LOGIT, half.expand(queries, -1, -1, -1)), dim=1)
        )
        return logits, self._rated(logits, b)

    def _rated(self, logits: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """Logits of each mask's IoU, from what lies inside it and how sure its edge is."""
        inside = torch.sigmoid(logits)
        small = functional.avg_pool2d(inside, 4).flatten(2)
        size = small.sum(dim=-1, keepdim=True)
        mean = small @ features.flatten(2).transpose(1, 2) / (size + 1e-3)
        doubt = (4 * inside * (1 - inside)).mean(dim=(2, 3)).unsqueeze(-1)
        share = inside.mean(dim=(2, 3)).unsqueeze(-1)
        facts = torch.cat((mean, share, doubt, doubt / (share + 1e-3)), dim=-1)
        out: torch.Tensor = self.rate(facts).squeeze(-1)
        return out


class SmallModel(nn.Module):
    """Encoder and decoder, with the interface of Segment Anything's ``DecoderGraph``."""

    pixel_mean: torch.Tensor
    pixel_std: torch.Tensor

    def __init__(self, input_side: int = INPUT_SIDE) -> None:
        super().__init__()
        self.image_encoder = SmallEncoder(input_side)
        self.decoder = PromptDecoder()
        self.register_buffer("pixel_mean", torch.tensor(PIXEL_MEAN).reshape(3, 1, 1), False)
        self.register_buffer("pixel_std", torch.tensor(PIXEL_STD).reshape(3, 1, 1), False)

    def preprocess(self, image: torch.Tensor) -> torch.Tensor:
        """Colours (N, 3, rows, columns), 0 to 255, normalised and padded to the square input."""
        side = self.image_encoder.img_size
        normal = (image - self.pixel_mean) / self.pixel_std
        return functional.pad(normal, (0, side - image.shape[-1], 0, side - image.shape[-2]))

    def forward(
        self,
        features: torch.Tensor,
        coordinates: torch.Tensor,
        labels: torch.Tensor,
        mask_input: torch.Tensor,
        has_mask: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits and predicted IoU of all four masks; coordinates as Segment Anything has them."""
        logits, quality = self.decoder(features, coordinates + 0.5, labels, mask_input, has_mask)
        return logits, torch.sigmoid(quality)


def draw_prompts(
    places: torch.Tensor, labels: torch.Tensor, columns: int, rows: int
) -> torch.Tensor:
    """Pictures (queries, 5, rows, columns) on cells of a quarter of the input.

    Clicks that want their field, narrow and wide; those that do not, narrow and wide; the box.
    """
    scale = STRIDE / 2
    x = (torch.arange(columns, dtype=torch.float32, device=places.device) + 0.5).reshape(1, 1, -1)
    y = (torch.arange(rows, dtype=torch.float32, device=places.device) + 0.5).reshape(1, 1, -1)
    across, down = places[..., 0:1] / scale, places[..., 1:2] / scale
    pictures = []
    for label in (POSITIVE, NEGATIVE):
        asked = (labels == label).float().unsqueeze(-1)
        for reach in (_NARROW, _WIDE):
            beside = torch.exp(-((x - across) ** 2) / (2 * reach**2)) * asked
            below = torch.exp(-((y - down) ** 2) / (2 * reach**2))
            # The sum of separable bells is one product; where bells overlap it is cut at 1.
            drawn = (below.transpose(1, 2) @ beside).clamp(max=1.0)
            pictures.append(drawn)
    start = (labels == BOX_START).float().unsqueeze(-1)
    end = (labels == BOX_END).float().unsqueeze(-1)
    left, right = ((across * flag).sum(dim=1, keepdim=True) for flag in (start, end))
    top, bottom = ((down * flag).sum(dim=1, keepdim=True) for flag in (start, end))
    inside_x = torch.sigmoid(2 * (x - left)) * torch.sigmoid(2 * (right - x))
    inside_y = torch.sigmoid(2 * (y - top)) * torch.sigmoid(2 * (bottom - y))
    boxed = (inside_y.transpose(1, 2) @ inside_x) * start.amax(dim=1, keepdim=True)
    return torch.stack((*pictures, boxed), dim=1)


def like_prompts(key: torch.Tensor, places: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """How alike each cell is to what lies under the clicks of either label, -1 to 1.

    (queries, 2, rows, columns) of the cells of ``key``, an eighth of the input.
    """
    rows, columns = key.shape[-2:]
    x = (torch.arange(columns, dtype=torch.float32, device=key.device) + 0.5).reshape(1, 1, -1)
    y = (torch.arange(rows, dtype=torch.float32, device=key.device) + 0.5).reshape(1, 1, -1)
    beside = torch.exp(-((x - places[..., 0:1] / STRIDE) ** 2) / (2 * _UNDER**2))
    below = torch.exp(-((y - places[..., 1:2] / STRIDE) ** 2) / (2 * _UNDER**2))
    flat = functional.normalize(key, dim=1).flatten(2)
    alike = []
    for label in (POSITIVE, NEGATIVE):
        asked = (labels == label).float().unsqueeze(-1)
        under = (below.transpose(1, 2) @ (beside * asked)).flatten(1).unsqueeze(1)
        found = under @ flat.transpose(1, 2)
        found = found / (found.norm(dim=-1, keepdim=True) + 1e-4)
        alike.append((found @ flat).reshape(-1, 1, rows, columns))
    return torch.cat(alike, dim=1)


def build_small(input_side: int = INPUT_SIDE) -> SmallModel:
    """The small model, randomly initialised, in training mode."""
    return SmallModel(input_side)


def fold(*levels: torch.Tensor) -> torch.Tensor:
    """Levels at 1/8, 1/4, 1/2 and 1/1 as one array: finer cells become channels."""
    return torch.cat(
        [functional.pixel_unshuffle(level, 2**n) if n else level for n, level in enumerate(levels)],
        dim=1,
    )


def unfold(
    embedding: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """What ``fold`` took: keys, middle and fine features and the field map's logits."""
    key, middle, fine, field_map = torch.split(embedding, list(_FOLDED), dim=1)
    return (
        key,
        functional.pixel_shuffle(middle, 2),
        functional.pixel_shuffle(fine, 4),
        functional.pixel_shuffle(field_map, 8),
    )


def _twice(x: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
