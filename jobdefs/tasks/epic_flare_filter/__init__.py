"""epic-flare-filter: cuts flares of the background out of an event list."""
