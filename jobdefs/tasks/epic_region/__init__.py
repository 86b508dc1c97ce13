"""epic-region: centres the region of a source and finds the radius with the best ratio of signal to noise."""
