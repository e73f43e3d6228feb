"""The commands of `qianmian`: read arguments, call the floors below, show the answer."""
