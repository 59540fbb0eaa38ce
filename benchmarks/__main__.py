"""``python -m benchmarks`` runs all of them."""

from benchmarks import models, tiles

models.main()
tiles.main()
