import pytest

from tests.unit.tools.lints.samples import lines_found
from tools.lints.impure_floor import PURE_FLOORS, RULE
from tools.lints.walk import ROOT


@pytest.mark.parametrize(
    "text",
    [
        "import random",
        "from random import choice",
        "import secrets as s",
        "from logging import getLogger",
        "import time\nnow = time.time()",
        "from time import monotonic as tick\nnow = tick()",
        "import time as t\nnow = t.perf_counter_ns()",
        "import datetime as dt\nnow = dt.datetime.now()",
        "from datetime import datetime\nnow = datetime.utcnow()",
        "import datetime\nclock = datetime.datetime.now",  # passed on is as bad as called
        "import os\nhome = os.environ['HOME']",
        "from os import environ\nhome = environ.get('HOME')",
        "import os\nhome = os.getenv('HOME')",
        "import uuid\nkey = uuid.uuid4()",
        "import numpy as np\nx = np.random.rand()",
        "import numpy as np\nx = np.random.default_rng()",
        "from numpy.random import default_rng\nx = default_rng()",
        "async def step(): ...",
    ],
)
def test_what_a_function_cannot_be_given_is_found(text: str) -> None:
    assert len(lines_found(RULE, text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import datetime as dt\nday = dt.datetime.fromtimestamp(0, dt.UTC)",
        "import time",  # importing is no reading of the clock
        "from numpy.random import Generator\ndef draw(rng: Generator): return rng.random()",
        "import numpy as np\nx = np.random.default_rng(7).random()",
        "import os\nname = os.path.basename('x')",
        "import uuid\nkey = uuid.uuid5(uuid.NAMESPACE_URL, 'x')",
        "class Clock:\n    def time(self): ...\nnow = Clock().time()",
    ],
)
def test_what_depends_on_arguments_alone_passes(text: str) -> None:
    assert lines_found(RULE, text) == []


def test_floors_from_the_runtime_up_may_read_the_clock() -> None:
    text = "import time\nnow = time.time()"
    assert lines_found(RULE, text, "src/qianmian/runtime/shard.py") == []
    assert lines_found(RULE, text, "src/qianmian/errors.py") == [2]


def test_every_pure_floor_exists() -> None:
    product = ROOT / "src" / "qianmian"
    present = {path.name.removesuffix(".py") for path in product.iterdir()}
    assert present >= PURE_FLOORS
