from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something to be changed, with what would be right instead."""
    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}"
