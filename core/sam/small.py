"""The small promptable model trained here: Segment Anything's interface at a fraction of its size.

Not Meta's SAM and not distilled from it: the prompt encoder and the two-way transformer are
``segment_anything.modeling``'s at 96 channels, the encoder is a plain convolutional network with a
little attention at its coarsest level, and everything was trained from random values by
``training/``.  Two things differ from SAM's decoder on purpose:

- Each prompt first *looks up* what lies under it.  A prompt's position code and the image's are
  the same function, so their dot product peaks at the prompt; SAM learns this look-up from eleven
  million images, a small model is given it.  Then every cell is told the kinds of the prompts
  under which a field like its own lies: cells have codes, trained to be alike within a field.
- Finer features than the embedding's 1/8 scale reach the mask, as in SAM 2 (arXiv:2408.00714): 32
  channels at 1/4 and 8 at 1/2 of the input.  They travel inside the embedding, folded into its
  channels, so that an embedding remains one array (1, 352, 64, 64).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

import core.sam.torchvision_compat  # noqa: F401  isort: skip  (must come before the next)
from segment_anything.modeling import MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
from segment_anything.modeling.common import LayerNorm2d
from segment_anything.modeling.mask_decoder import MLP

INPUT_SIDE = 512
STRIDE = 8
KEY_CHANNELS = 96
CODE_CHANNELS = 64
ALIKE = 3.0
"""Logit of two cells with equal codes; it falls with their squared distance."""
MIDDLE_CHANNELS, MIDDLE_FOLD = 32, 2
FINE_CHANNELS, FINE_FOLD = 8, 4
EMBEDDING_CHANNELS = KEY_CHANNELS + MIDDLE_CHANNELS * MIDDLE_FOLD**2 + FINE_CHANNELS * FINE_FOLD**2
PIXEL_MEAN = [110.0, 115.0, 100.0]
PIXEL_STD = [50.0, 45.0, 42.0]
_WIDTHS = (24, 48, 96, 160, 224)
_HEADS = 4


def _conv(inputs: int, outputs: int, *, side: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class _Residual(nn.Module):
    """Two 3 x 3 convolutions around which the input passes unchanged."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(x + self.norm(self.second(self.first(x))))


class _Attention(nn.Module):
    """A transformer block over all cells of the coarsest level.

    Position comes from a depthwise convolution, so that any image size will do.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.position = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm1 = nn.LayerNorm(channels)
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.project = nn.Linear(channels, channels)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(
            nn.Linear(channels, 2 * channels), nn.GELU(), nn.Linear(2 * channels, channels)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.position(x)
        queries, channels, rows, columns = x.shape
        flat = x.flatten(2).transpose(1, 2)
        packed = self.query_key_value(self.norm1(flat))
        packed = packed.reshape(queries, rows * columns, 3, _HEADS, channels // _HEADS)
        query, key, value = packed.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value)
        flat = flat + self.project(seen.transpose(1, 2).reshape(flat.shape))
        flat = flat + self.mlp(self.norm2(flat))
        out: torch.Tensor = flat.transpose(1, 2).reshape(x.shape)
        return out


class SmallEncoder(nn.Module):
    """Image encoder: (N, 3, side, side) to (N, 352, side / 8, side / 8).

    Convolutional, so ``side`` may be any multiple of 32; ``img_size`` is what the model is used at.
    """

    def __init__(self, img_size: int = INPUT_SIDE) -> None:
        super().__init__()
        self.img_size = img_size
        half, quarter, eighth, sixteenth, coarsest = _WIDTHS
        self.stem = nn.Sequential(_conv(3, half, stride=2), _conv(half, half))
        self.quarter = nn.Sequential(
            _conv(half, quarter, stride=2), _Residual(quarter), _Residual(quarter)
        )
        self.eighth = nn.Sequential(
            _conv(quarter, eighth, stride=2), _Residual(eighth), _Residual(eighth)
        )
        self.sixteenth = nn.Sequential(
            _conv(eighth, sixteenth, stride=2), _Residual(sixteenth), _Residual(sixteenth)
        )
        self.coarsest = nn.Sequential(
            _conv(sixteenth, coarsest, stride=2),
            _Residual(coarsest),
            _Attention(coarsest),
            _Attention(coarsest),
        )
        keys = KEY_CHANNELS
        self.from_coarsest = nn.Conv2d(coarsest, keys, 1)
        self.from_sixteenth = nn.Conv2d(sixteenth, keys, 1)
        self.join_sixteenth = _conv(keys, keys)
        self.from_eighth = nn.Conv2d(eighth, keys, 1)
        self.join_eighth = nn.Sequential(_Residual(keys), nn.Conv2d(keys, keys, 1))
        self.norm = LayerNorm2d(keys)
        self.down_quarter = nn.Conv2d(keys, MIDDLE_CHANNELS, 1)
        self.from_quarter = nn.Conv2d(quarter, MIDDLE_CHANNELS, 1)
        self.join_quarter = nn.Sequential(
            _conv(MIDDLE_CHANNELS, MIDDLE_CHANNELS), nn.Conv2d(MIDDLE_CHANNELS, MIDDLE_CHANNELS, 1)
        )
        self.down_half = nn.Conv2d(MIDDLE_CHANNELS, 2 * FINE_CHANNELS, 1)
        self.from_half = nn.Conv2d(half, 2 * FINE_CHANNELS, 1)
        self.join_half = nn.Sequential(
            _conv(2 * FINE_CHANNELS, 2 * FINE_CHANNELS),
            nn.Conv2d(2 * FINE_CHANNELS, FINE_CHANNELS, 1),
        )

    def levels(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Keys (N, 96, s/8, s/8), middle (N, 32, s/4, s/4) and fine (N, 8, s/2, s/2) features."""
        half = self.stem(image)
        quarter = self.quarter(half)
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        top = _twice(self.from_coarsest(self.coarsest(sixteenth)))
        top = _twice(self.join_sixteenth(top + self.from_sixteenth(sixteenth)))
        keys = self.norm(self.join_eighth(top + self.from_eighth(eighth)))
        middle = self.join_quarter(
            functional.relu(_twice(self.down_quarter(keys)) + self.from_quarter(quarter))
        )
        fine = self.join_half(
            functional.relu(_twice(self.down_half(middle)) + self.from_half(half))
        )
        return keys, middle, fine

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Features of normalised, padded images, all levels folded into one array."""
        return fold(*self.levels(image))


class SmallMaskDecoder(MaskDecoder):  # type: ignore[misc]
    """Segment Anything's mask decoder with a look-up before it and finer features after it."""

    def __init__(self) -> None:
        channels = KEY_CHANNELS
        super().__init__(
            num_multimask_outputs=3,
            transformer=TwoWayTransformer(
                depth=2, embedding_dim=channels, mlp_dim=4 * channels, num_heads=_HEADS
            ),
            transformer_dim=channels,
            iou_head_depth=3,
            iou_head_hidden_dim=channels,
        )
        self.look_up = nn.Linear(channels, channels)
        self.codes = nn.Sequential(
            nn.Conv2d(2 * channels, channels, 1),
            nn.ReLU(),
            nn.Conv2d(channels, CODE_CHANNELS, 1),
        )
        self.tell = nn.Linear(channels, channels)
        self.output_upscaling = nn.ConvTranspose2d(channels, MIDDLE_CHANNELS, 2, 2)
        self.middle_norm = LayerNorm2d(MIDDLE_CHANNELS)
        self.middle_mix = nn.Conv2d(MIDDLE_CHANNELS, MIDDLE_CHANNELS, 1)
        weights = MIDDLE_CHANNELS + FINE_CHANNELS + 1
        self.output_hypernetworks_mlps = nn.ModuleList(
            MLP(channels, channels, weights, 3) for _ in range(self.num_mask_tokens)
        )

    def predict_masks(
        self,
        image_embeddings: torch.Tensor,
        image_pe: torch.Tensor,
        sparse_prompt_embeddings: torch.Tensor,
        dense_prompt_embeddings: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (queries, 4, s/2, s/2) and predicted IoU (queries, 4); 0 is the single mask.

        ``image_embeddings`` and ``image_pe`` have one row for all queries, or one for each.
        """
        queries = sparse_prompt_embeddings.shape[0]
        keys, middle, fine = unfold(image_embeddings)
        seen, told = self._look_up(sparse_prompt_embeddings, image_pe, keys)
        own = torch.cat([self.iou_token.weight, self.mask_tokens.weight], dim=0)
        tokens = torch.cat((own.unsqueeze(0).expand(queries, -1, -1), seen), dim=1)
        source = keys + dense_prompt_embeddings + told
        answered, source = self.transformer(source, image_pe.expand(source.shape), tokens)
        source = source.transpose(1, 2).reshape(queries, KEY_CHANNELS, *keys.shape[-2:])
        mixed = functional.gelu(self.middle_norm(self.output_upscaling(source) + middle))
        mixed = functional.gelu(self.middle_mix(mixed))
        masks = answered[:, 1 : 1 + self.num_mask_tokens]
        weights = torch.stack(
            [mlp(masks[:, i]) for i, mlp in enumerate(self.output_hypernetworks_mlps)], dim=1
        )
        coarse, edge, bias = torch.split(weights, [MIDDLE_CHANNELS, FINE_CHANNELS, 1], dim=-1)
        logits = _times(coarse, mixed) + bias.unsqueeze(-1)
        logits = _twice(logits) + _times(edge, fine.expand(queries, -1, -1, -1))
        return logits, self.iou_prediction_head(answered[:, 0])

    def cell_codes(self, keys: torch.Tensor, image_pe: torch.Tensor) -> torch.Tensor:
        """Codes (N, 64, s/8, s/8) of the cells, alike within a field."""
        codes: torch.Tensor = self.codes(torch.cat((keys, image_pe), dim=1))
        return codes

    def _look_up(
        self, prompts: torch.Tensor, image_pe: torch.Tensor, keys: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Prompts (queries, n, 96) that know their place's features; what each cell is told.

        The latter is (queries, 96, rows, columns).
        """
        codes = self.cell_codes(keys, image_pe).flatten(2)
        # Not in half precision: the peak is a few units high on a product of fifty.
        with torch.autocast(prompts.device.type, enabled=False):
            near = torch.softmax(prompts.float() @ image_pe.float().flatten(2), dim=-1)
            found = near @ keys.float().flatten(2).transpose(1, 2)
            under = near @ codes.float().transpose(1, 2)
            like = torch.sigmoid(likeness(under, codes.float()))
        seen = prompts + self.look_up(found)
        told = self.tell(seen).transpose(1, 2) @ (like / (1.0 + like.sum(dim=1, keepdim=True)))
        return seen, told.reshape(prompts.shape[0], KEY_CHANNELS, *keys.shape[-2:])


def likeness(some: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """Logits that cells belong to one field: codes (..., n, 64) and (..., 64, m) to (..., n, m)."""
    apart = (
        some.square().sum(dim=-1, keepdim=True)
        + codes.square().sum(dim=-2, keepdim=True)
        - 2 * some @ codes
    )
    logits: torch.Tensor = ALIKE - apart * CODE_CHANNELS**-0.5
    return logits


def build_small(input_side: int = INPUT_SIDE) -> Sam:
    """The small model, randomly initialised, in training mode."""
    side = input_side // STRIDE
    prompts = PromptEncoder(
        embed_dim=KEY_CHANNELS,
        image_embedding_size=(side, side),
        input_image_size=(input_side, input_side),
        mask_in_chans=16,
    )
    with torch.no_grad():
        # Small beside the position codes, or they would drown the look-up from the start.
        for kind in (*prompts.point_embeddings, prompts.not_a_point_embed):
            kind.weight.mul_(0.05)
    return Sam(
        image_encoder=SmallEncoder(input_side),
        prompt_encoder=prompts,
        mask_decoder=SmallMaskDecoder(),
        pixel_mean=PIXEL_MEAN,
        pixel_std=PIXEL_STD,
    )


def fold(keys: torch.Tensor, middle: torch.Tensor, fine: torch.Tensor) -> torch.Tensor:
    """All levels as one array: finer ones give their neighbouring cells as channels."""
    return torch.cat(
        (
            keys,
            functional.pixel_unshuffle(middle, MIDDLE_FOLD),
            functional.pixel_unshuffle(fine, FINE_FOLD),
        ),
        dim=1,
    )


def unfold(embedding: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What ``fold`` took: keys, middle and fine features."""
    sizes = [
        KEY_CHANNELS,
        MIDDLE_CHANNELS * MIDDLE_FOLD**2,
        FINE_CHANNELS * FINE_FOLD**2,
    ]
    keys, middle, fine = torch.split(embedding, sizes, dim=1)
    return (
        keys,
        functional.pixel_shuffle(middle, MIDDLE_FOLD),
        functional.pixel_shuffle(fine, FINE_FOLD),
    )


def _twice(x: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def _times(weights: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    """Weighted sums of channels: (q, masks, c) and (q, c, rows, columns) to (q, masks, r, c)."""
    product = weights @ features.flatten(2)
    return product.reshape(*weights.shape[:2], *features.shape[-2:])
