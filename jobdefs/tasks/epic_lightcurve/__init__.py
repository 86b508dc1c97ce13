"""epic-lightcurve: light curves of a source and of its background, and the one without the other."""
