"""What can go wrong, as one small family: catch `ClassifierError` to catch them all."""


class ClassifierError(Exception):
    """The root of every error this project raises on purpose; its text is one line for a person."""


class InputError(ClassifierError, ValueError):
    """Something handed in cannot be used: wrong type, unknown topic, unreadable file."""


class ModelError(ClassifierError):
    """A model folder cannot be trusted: missing, damaged, of another format or another library version."""
