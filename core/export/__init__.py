"""Export: rasters and vectors that QGIS opens at the right place."""
