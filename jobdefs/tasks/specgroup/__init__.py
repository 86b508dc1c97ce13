"""specgroup: groups the channels of a spectrum."""
