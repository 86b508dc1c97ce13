"""Job engine and its IVOA UWS 1.1 face."""
