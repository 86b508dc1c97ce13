"""Publishing results of jobs as products of the archive, with a row of ``ivoa.obscore`` and a file that stays."""

from __future__ import annotations

from obstap.products.rules import may_publish, require_publisher
from obstap.products.selectors import candidates, entity_id, is_public, product_of, products_of, shown_products
from obstap.products.service import publish_results, recover, withdraw_results
from obstap.products.signals import product_published, product_withdrawn

__all__ = [
    "candidates",
    "entity_id",
    "is_public",
    "may_publish",
    "product_of",
    "product_published",
    "product_withdrawn",
    "products_of",
    "publish_results",
    "recover",
    "require_publisher",
    "shown_products",
    "withdraw_results",
]
