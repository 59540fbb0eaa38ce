"""Trains a small network on exported chips: python examples/train_from_chips.py EXPORT_FOLDER

What is not reviewed carries the code 3 and counts for nothing: hence ``ignore_index``.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

IGNORE = 3


class Chips(torch.utils.data.Dataset):
    """Image (3, rows, columns) 0 to 1 and mask (rows, columns) of each chip of a split."""

    def __init__(self, export: Path, split: str) -> None:
        self.masks = sorted((export / "masks" / split).glob("*.png"))
        self.images = [export / "images" / split / mask.name for mask in self.masks]

    def __len__(self) -> int:
        return len(self.masks)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        image = torch.from_numpy(np.array(Image.open(self.images[index])))
        mask = torch.from_numpy(np.array(Image.open(self.masks[index])))
        return image.permute(2, 0, 1) / 255, mask.long()


def train(export: Path, steps: int, seed: int = 0) -> list[float]:
    """Train on the chips of ``train`` and return the loss of each step."""
    torch.manual_seed(seed)
    layers = [nn.Conv2d(3, 16, 5, padding=2), nn.ReLU(), nn.Conv2d(16, 16, 5, padding=2)]
    model = nn.Sequential(*layers, nn.ReLU(), nn.Conv2d(16, 3, 1))
    loader = torch.utils.data.DataLoader(Chips(export, "train"), batch_size=4, shuffle=True)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    losses: list[float] = []
    while len(losses) < steps:
        for image, mask in loader:
            loss = nn.functional.cross_entropy(model(image), mask, ignore_index=IGNORE)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    return losses[:steps]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=Path)
    parser.add_argument("--steps", type=int, default=100)
    chosen = parser.parse_args()
    losses = train(chosen.export, chosen.steps)
    print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f} after {len(losses)} steps")
