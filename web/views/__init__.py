"""Views of the pages: each reads the request, calls one service or selector and renders."""
