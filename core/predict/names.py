"""Names of the strategies, for those who choose one: importing what they run takes seconds."""

from __future__ import annotations

from typing import Final

WITHOUT_MODEL: Final = "classifier"
"""The one strategy that needs no model."""

WITH_MODEL: Final = "apt_plus"
"""The default strategy where a model is at hand."""

PUBLISHED: Final = "apt"
"""The published procedure."""

STRATEGY_NAMES: Final = (WITHOUT_MODEL, PUBLISHED, "joint", "per_field", WITH_MODEL)
"""In the order in which they are offered; ``core.predict.strategies.STRATEGIES`` runs them."""
