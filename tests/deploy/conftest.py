"""The image and the stack, made once for all tests that want them."""

from collections.abc import Iterator

import pytest

from tests.conftest import without
from tests.deploy.compose import Compose
from tests.deploy.image import Image
from tests.deploy.stack import Stack
from tests.servers.processes import MissingServerError


@pytest.fixture(scope="session")
def image() -> Image:
    """The image of a worker, built by the Dockerfile's own instructions."""
    try:
        return Image()
    except MissingServerError as error:
        without(str(error))


@pytest.fixture(scope="session")
def stack(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Kafka and Redis run, and the topics are there."""
    # As .env could say it: few pages, and time for each on a busy machine.
    environ = {"DEMO_COPIES": "3", "PAGESIEVE_PAGE_DEADLINE": "50"}
    try:
        stack = Stack(tmp_path_factory.mktemp("stack"), image, Compose(environ))
    except MissingServerError as error:
        without(str(error))
    try:
        stack.start_services()
        yield stack
    except MissingServerError as error:
        without(str(error))
    finally:
        stack.close()
