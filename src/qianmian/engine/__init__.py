"""The function (state, log message) to (state, firings), over columns of viewers."""
