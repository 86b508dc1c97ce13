"""epic-spectrum: spectra of a source and of its background, grouped, with responses where SAS is."""
