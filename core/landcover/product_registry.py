"""All land cover products that the application knows, by key."""

from __future__ import annotations

from core.errors import LandCoverError
from core.landcover.global_products import GLOBAL_PRODUCTS
from core.landcover.national_products import NATIONAL_PRODUCTS
from core.landcover.product import Product

PRODUCTS: dict[str, Product] = {p.key: p for p in (*GLOBAL_PRODUCTS, *NATIONAL_PRODUCTS)}


def get_product(key: str) -> Product:
    """The product with this key.

    Raises
    ------
    LandCoverError
        There is none; the hint lists the keys.
    """
    try:
        return PRODUCTS[key]
    except KeyError:
        raise LandCoverError(
            f"There is no land cover product '{key}'.", f"Known are: {', '.join(PRODUCTS)}."
        ) from None
