"""Gamma-ray event lists of data level 3: GADF 0.2 (EVENTS with RA, DEC, ENERGY and the pointing in the header)."""
