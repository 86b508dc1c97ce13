"""evselect: filters event lists; makes images, spectra, rate curves and histograms."""
