"""`python -m qianmian.cli`: the same as `qianmian`."""

from qianmian.cli.main import main

main()
