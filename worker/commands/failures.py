"""How a command ends that cannot go on."""


class CommandError(Exception):
    """A failure that the user can mend: one clear line, and an exit code of sysexits.h."""

    def __init__(self, exit_code: int, message: str):
        super().__init__(message)
        self.exit_code = exit_code
