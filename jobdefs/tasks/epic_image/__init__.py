"""epic-image: images of the sky in bands of energy from EPIC event lists, and their picture in colours."""
