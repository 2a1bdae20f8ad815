"""A whole worker of another version: it says so, and so do its fingerprint and the schema of its records."""

import os
import sys

from worker import app, assembly
from worker.environment import load_settings
from worker.pipeline import routing
from worker.settings import PREFIX

VERSION = "99.0.0"
SCHEMA_VERSION = 99

if __name__ == "__main__":
    vars(assembly)["__version__"] = VERSION
    routing.SCHEMA_VERSION = SCHEMA_VERSION
    environment = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    sys.exit(app.run(load_settings(environment)))
