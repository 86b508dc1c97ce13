"""HTTP pieces that every view of the service shares: streams, files with ranges, authentication."""
