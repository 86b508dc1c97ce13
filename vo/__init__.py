"""Leaf package of the Virtual Observatory's small values: errors, DALI literals, regions, text in XML."""
