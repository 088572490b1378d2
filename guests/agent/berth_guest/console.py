"""Lines for the machine's console, where the provider reads them, and the one exception that ends
the agent's work with such a line."""


class Refused(Exception):
    """Something that only a person or Berth can put right. The message says what is wrong, in one
    line without secrets."""


def say(message):
    """The unit's output goes to the journal and to the console."""
    print(f"berth: {message}", flush=True)
