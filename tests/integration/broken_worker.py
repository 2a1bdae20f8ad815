"""A whole worker of a broken deploy: `run` with a cleaner that finds nothing in any page."""

import os
import sys

from tests.poison import build_broken_worker
from worker.app import run
from worker.environment import load_settings
from worker.settings import PREFIX

if __name__ == "__main__":
    environment = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    sys.exit(run(load_settings(environment), build_broken_worker))
