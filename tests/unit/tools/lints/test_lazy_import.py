from tests.unit.tools.lints.samples import lines_found
from tools.lints.lazy_import import RULE


def test_an_import_inside_a_function_is_found_once() -> None:
    text = """\
    def outer():
        def inner():
            import json
        from os import path
    async def later():
        if True:
            import csv
    """
    assert sorted(lines_found(RULE, text)) == [3, 4, 7]


def test_imports_at_the_top_and_in_a_guarded_block_pass() -> None:
    text = """\
    import json
    try:
        import csp
    except ImportError:
        csp = None
    """
    assert lines_found(RULE, text) == []
